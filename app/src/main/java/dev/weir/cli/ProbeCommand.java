package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.probe.ClockAndPizza;
import dev.weir.readout.probe.FourierCircles;
import dev.weir.readout.probe.ProbeData;
import dev.weir.readout.probe.ProbeKind;
import dev.weir.readout.probe.ProbeSweep;
import dev.weir.readout.steer.SteeringVector;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.text.Tokenizer;
import dev.weir.view.CirclesReport;
import dev.weir.view.ProbeReport;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import dev.weir.view.VectorFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir probe`: what can be read from the stream.
@Command(
    name = "probe",
    description =
        "Fit a linear probe for a label at every layer and judge it on texts it has not seen, beside a control task with random labels. The texts are lines of --prompts with a field 'label' and, if wanted, 'position'. With --cyclic, find the circles of a cyclic vocabulary instead.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir probe --prompts labelled.jsonl",
      "  weir probe --prompts labelled.jsonl --probe lda --place resid_mid --erase --out probe.html",
      "  weir probe --prompts numbers.jsonl --probe ridge --layers 0,3",
      "  weir probe --model path/to/model --cyclic 59 --first 0 --addition"
    })
final class ProbeCommand implements Callable<Integer> {
  private static final int TRIPLES = 512;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--probe",
      paramLabel = "KIND",
      defaultValue = "logistic",
      description =
          "ridge, logistic, mean (difference of means) or lda. Ridge reads numbers where all labels are numbers. Default: ${DEFAULT-VALUE}.")
  private ProbeKind kind = ProbeKind.LOGISTIC;

  @Option(
      names = "--place",
      paramLabel = "WHERE",
      defaultValue = "resid_post",
      description =
          "Where in each layer: resid_pre, resid_mid, resid_post, attn_out, mlp_out, or a name within the block such as mlp.hook_post. Default: ${DEFAULT-VALUE}.")
  private String place = "resid_post";

  @Option(
      names = "--layers",
      paramLabel = "L",
      split = ",",
      description = "Which layers: 0,3,5. Default: all.")
  private List<Integer> layers = List.of();

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      split = ",",
      defaultValue = "-1",
      description =
          "Which positions, each with a probe of its own; negative counts from the end. A field 'position' of a line goes before. Default: the last.")
  private List<Integer> positions = List.of(-1);

  @Option(
      names = "--penalty",
      paramLabel = "P",
      defaultValue = "0.001",
      description = "On the weights, for standardised values. Default: ${DEFAULT-VALUE}.")
  private double penalty = 1e-3;

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      defaultValue = "0.2",
      description = "Which share of the texts the probe does not see. Default: ${DEFAULT-VALUE}.")
  private double heldOut = 0.2;

  @Option(names = "--classes", description = "Labels are names of classes even if all are numbers.")
  private boolean classes;

  @Option(
      names = "--erase",
      description = "Erase the label with LEACE and probe again: what is left should be chance.")
  private boolean erase;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description =
          "Write the direction of the best place's probe, for weir steer: .json, .npy or .safetensors.")
  private Optional<Path> save = Optional.empty();

  @Option(
      names = "--cyclic",
      paramLabel = "N",
      description = "Find the circles of N tokens that follow one another round and round.")
  private Optional<Integer> cyclic = Optional.empty();

  @Option(
      names = "--first",
      paramLabel = "ID",
      defaultValue = "0",
      description = "The id of the first of the N tokens. Default: ${DEFAULT-VALUE}.")
  private int first;

  @Option(
      names = "--addition",
      description =
          "With --cyclic: the model reads two of the tokens and answers their sum modulo N; say whether by the clock or the pizza.")
  private boolean addition;

  @Option(
      names = "--after",
      paramLabel = "IDS",
      split = ",",
      description = "With --addition: token ids that follow the two numbers, such as that of '='.")
  private List<Integer> after = List.of();

  ProbeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    save.ifPresent(VectorFile::requireKnown);
    if (cyclic.isEmpty() && !analysis.hasTexts()) {
      throw CliException.notHere(
          "There are no labelled texts",
          "give --prompts FILE with lines such as {\"prompt\": \"...\", \"label\": \"...\"}");
    }
    try (Transformer model = analysis.open(terminal)) {
      Report report = cyclic.isPresent() ? circles(model, cyclic.get()) : probes(model);
      analysis.emit(report, terminal);
    }
    return 0;
  }

  private Report probes(Transformer model) {
    try (Tokenizer tokenizer = analysis.openTokenizer(terminal);
        ProbeData data = ProbeData.open(model, places(model))) {
      String[] bos = {""};
      analysis
          .texts(tokenizer, model, terminal)
          .forEach(text -> {
            bos[0] = text.bos();
            data.add(text.ids(), text.required("label"), position(text));
          });
      ProbeSweep.Options options =
          new ProbeSweep.Options(kind, penalty, heldOut, classes, erase, analysis.seed());
      try (Progress progress = terminal.progress("probing", data.places().size(), "places")) {
        ProbeSweep sweep = ProbeSweep.of(data, options, progress::reached);
        save.ifPresent(file -> save(sweep, file));
        return ProbeReport.of(
            sweep,
            analysis.name(terminal),
            List.of(bos[0], model.spec().family() + ", run in " + model.dtype()));
      }
    }
  }

  private List<ProbeData.Place> places(Transformer model) {
    List<Integer> wanted =
        layers.isEmpty() ? IntStream.range(0, model.spec().nLayers()).boxed().toList() : layers;
    String local = place.contains("hook_") ? place : "hook_" + place;
    List<ProbeData.Place> places = new ArrayList<>();
    for (int position : positions) {
      for (int layer : wanted) {
        HookPoint point = HookPoint.parse("blocks.%d.%s".formatted(layer, local));
        var _ = Capture.of(point).resolve(model.hookPoints());
        places.add(new ProbeData.Place(point, position));
      }
    }
    return places;
  }

  private static OptionalInt position(AnalysisOptions.Text text) {
    String field = text.fields().getOrDefault("position", "");
    if (field.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      return OptionalInt.of(Integer.parseInt(field));
    } catch (NumberFormatException _) {
      throw CliException.badPromptLine(text.where(), "has a position that is no whole number");
    }
  }

  private void save(ProbeSweep sweep, Path file) {
    ProbeSweep.Result best = sweep.best();
    int last = best.probe().outputs().size() - 1;
    VectorFile.write(
        SteeringVector.everywhere(best.place().point(), best.probe().direction(last)), file);
    terminal.note(
        "wrote the direction towards '%s' at %s to %s"
            .formatted(best.probe().outputs().get(last), best.place().point().name(), file));
  }

  // ---------------------------------------------------------------- circles

  private Report circles(Transformer model, int modulus) {
    if (modulus < 3 || first < 0 || first + modulus > model.spec().dVocab()) {
      throw CliException.notHere(
          "A vocabulary of %d has no %d tokens from %d on"
              .formatted(model.spec().dVocab(), modulus, first),
          "use --cyclic 3 or more, and --first such that all of them exist");
    }
    List<CirclesReport.Place> places = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      Tensor embedding = model.parameters().get("embed.W_E");
      places.add(
          place(
              "embedding", embedding.slice("d_vocab", first, modulus).rename("d_vocab", "member")));
      List<int[]> texts =
          IntStream.range(first, first + modulus).mapToObj(token -> new int[] {token}).toList();
      Capture streams = Capture.matching("blocks.*.hook_resid_post").withoutLogits();
      try (StreamTrace trace = model.trace(texts, streams, Hooks.none())) {
        for (HookPoint point : trace.points()) {
          places.add(place(point.name(), trace.get(point).at("pos", 0).rename("batch", "member")));
        }
      }
    }
    return CirclesReport.of(
        analysis.name(terminal),
        places,
        addition ? Optional.of(clockOrPizza(model, modulus)) : Optional.empty());
  }

  private static CirclesReport.Place place(String name, Tensor vectors) {
    return new CirclesReport.Place(name, FourierCircles.of(vectors.rename("d_model", "feature")));
  }

  private ClockAndPizza clockOrPizza(Transformer model, int modulus) {
    return ClockAndPizza.of(
        model,
        new ClockAndPizza.Question(modulus, first, after),
        ClockAndPizza.draw(modulus, TRIPLES, analysis.random()));
  }
}
