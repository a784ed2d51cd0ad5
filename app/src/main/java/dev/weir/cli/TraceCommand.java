package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.text.Tokenizer;
import dev.weir.view.NpyArray;
import dev.weir.view.NpzWriter;
import dev.weir.view.Progress;
import dev.weir.weights.SafetensorsWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir trace`: writes values of a run to a file.
@Command(
    name = "trace",
    description =
        "Run a text and write the values at hook points to a file, under their TransformerLens names, with `tokens` and `logits`. Several prompts are filled up on the left; a batch axis then stands in front, and `tokens` is -1 where there is none.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir trace --points 'blocks.*.hook_resid_post' --out stream.npz \"Once upon a time\"",
      "  weir trace --tokens 1,403,407 --points 'blocks.0.*,ln_final.*' --out x.safetensors",
      "  weir models --points lists the hook points of a model."
    })
final class TraceCommand implements Callable<Integer> {
  private static final List<String> ENDINGS = List.of(".npz", ".safetensors");

  private final Terminal terminal;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompt = new PromptOptions();

  @Option(
      names = "--points",
      paramLabel = "GLOB",
      split = ",",
      defaultValue = "hook_embed,blocks.*.hook_resid_*",
      description = "Which hook points; * stands for anything. Default: ${DEFAULT-VALUE}.")
  private List<String> points = List.of();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      required = true,
      description = "Where to: a file that ends in .npz or .safetensors.")
  private Path out = Path.of("");

  @Option(
      names = "--position",
      paramLabel = "POS",
      description = "Keep this position only; negative counts from the end.")
  private List<Integer> position = List.of();

  @Option(
      names = "--no-logits",
      description = "Leave the logits out, and the blocks after the last one needed with them.")
  private boolean noLogits;

  @Option(names = "--json", description = "Print what was written as JSON.")
  private boolean json;

  TraceCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (ENDINGS.stream().noneMatch(out.toString()::endsWith)) {
      throw CliException.badOut(out, ENDINGS);
    }
    List<PromptOptions.Prompt> prompts = prompts();
    try (Transformer transformer = model.open(terminal);
        Progress progress = terminal.progress("running", transformer.spec().nLayers(), "blocks");
        StreamTrace trace =
            transformer.trace(
                prompts.stream().map(PromptOptions.Prompt::ids).toList(),
                capture(),
                new BlockProgress(progress));
        Scope _ = Scope.open()) {
      Map<String, Tensor> values = values(trace);
      write(values);
      report(values, prompts);
    }
    return 0;
  }

  private List<PromptOptions.Prompt> prompts() {
    if (!prompt.needsTokenizer() || prompt.isEmpty()) {
      return prompt.prompts(() -> model.openTokenizer(terminal));
    }
    try (Tokenizer tokenizer = model.openTokenizer(terminal)) {
      return prompt.prompts(() -> tokenizer);
    }
  }

  private Capture capture() {
    Capture all = Capture.matching(points.toArray(String[]::new));
    Capture some = position.isEmpty() ? all : all.at(position.getLast());
    return noLogits ? some.withoutLogits() : some;
  }

  private static Map<String, Tensor> values(StreamTrace trace) {
    Map<String, Tensor> values = new LinkedHashMap<>();
    values.put("tokens", tokens(trace.tokens()));
    for (HookPoint point : trace.points()) {
      values.put(point.name(), storable(trace.get(point)));
    }
    if (trace.hasLogits()) {
      values.put("logits", storable(trace.logits()));
    }
    return values;
  }

  /// NumPy has no bfloat16.
  private static Tensor storable(Tensor value) {
    return value.dtype() == DType.BFLOAT16 || value.dtype() == DType.FLOAT16
        ? value.to(DType.FLOAT32)
        : value.copy();
  }

  private static Tensor tokens(List<int[]> texts) {
    int length = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
    long[] ids = new long[texts.size() * length];
    for (int row = 0; row < texts.size(); row++) {
      int padding = length - texts.get(row).length;
      for (int i = 0; i < length; i++) {
        ids[row * length + i] = i < padding ? -1 : texts.get(row)[i - padding];
      }
    }
    Axis pos = new Axis("pos", length);
    return texts.size() == 1
        ? Tensor.of(ids, Shape.of(pos))
        : Tensor.of(ids, Shape.of(new Axis("batch", texts.size()), pos));
  }

  private void write(Map<String, Tensor> values) {
    if (out.toString().endsWith(".npz")) {
      NpzWriter.write(out, npz -> addAll(values, npz));
      return;
    }
    List<SafetensorsWriter.Item> items = new ArrayList<>();
    values.forEach((name, value) ->
        items.add(
            SafetensorsWriter.Item.of(
                name,
                value.dtype(),
                value.shape().axes().stream().map(Axis::size).toList(),
                value.memory())));
    SafetensorsWriter.write(out, items, Map.of("format", "weir trace"));
  }

  private static void addAll(Map<String, Tensor> values, NpzWriter npz) {
    for (var entry : values.entrySet()) {
      Tensor value = entry.getValue();
      NpyArray.Type type =
          switch (value.dtype()) {
            case FLOAT64 -> NpyArray.Type.FLOAT64;
            case INT64 -> NpyArray.Type.INT64;
            case FLOAT32, BFLOAT16, FLOAT16, INT32, BOOL -> NpyArray.Type.FLOAT32;
          };
      npz.add(entry.getKey(), NpyArray.of(type, value.memory(), value.shape().sizes()));
    }
  }

  private void report(Map<String, Tensor> values, List<PromptOptions.Prompt> prompts) {
    prompts.forEach(p -> terminal.note(p.bos()));
    if (json) {
      Json result = new Json();
      result.begin();
      result.put("file", out.toString());
      result.put("arrays", List.copyOf(values.keySet()));
      result.put("bos", prompts.stream().map(PromptOptions.Prompt::bos).toList());
      result.end();
      terminal.out().println(result);
      return;
    }
    terminal.note("wrote %d arrays to %s".formatted(values.size(), out));
  }
}
