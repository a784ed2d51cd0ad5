package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.readout.LogitLens.Target;
import dev.weir.readout.LogitLens.Variant;
import dev.weir.readout.Places;
import dev.weir.readout.lens.Directions;
import dev.weir.readout.lens.LensReadings;
import dev.weir.readout.lens.LensSurvey;
import dev.weir.readout.lens.Translators;
import dev.weir.readout.lens.UpdateLens;
import dev.weir.readout.lens.WeightLens;
import dev.weir.readout.lens.WrittenDirections;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.LensReport;
import dev.weir.view.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir lens`: what the stream, a write, a weight or a direction would say.
@Command(
    name = "lens",
    description =
        "Say what the model would answer if it stopped early: the logit lens or a tuned lens at every place of the stream, for one text or on average over many; or what single writes, heads, neurons and directions of a file speak for. With --train, tune a lens.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir lens \"Once upon a time, there was a little\"",
      "  weir lens --text bundled --limit 32",
      "  weir lens --of heads \"Once upon a time, there was a little\"",
      "  weir lens --of head:4.1",
      "  weir lens --of direction.npy",
      "  weir lens --train lens/ --text bundled --steps 100",
      "  weir lens --lens tuned:lens/ --out lens.html \"Once upon a time\""
    })
final class LensCommand implements Callable<Integer> {
  private static final Pattern PART = Pattern.compile("(neuron|head):(\\d{1,6})\\.(\\d{1,9})");
  private static final int DIRECTIONS_SHOWN = 10;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();
  @Mixin private LensTuning tuning = new LensTuning();

  @Option(
      names = "--of",
      paramLabel = "WHAT",
      defaultValue = "stream",
      description =
          "stream, updates, heads, neuron:L.J, head:L.H (the singular vectors of what it writes), or a file of directions: .npy, .safetensors or .json. Default: ${DEFAULT-VALUE}.")
  private String of = "stream";

  @Option(
      names = "--lens",
      paramLabel = "LENS",
      defaultValue = "logit",
      description = "logit, or tuned:FOLDER. Default: ${DEFAULT-VALUE}.")
  private String lens = "logit";

  @Option(
      names = "--norm",
      paramLabel = "WHICH",
      defaultValue = "recomputed",
      description =
          "The final norm: recomputed at each place, or final, with the scale of the final stream. Default: ${DEFAULT-VALUE}.")
  private NormChoice norm = NormChoice.RECOMPUTED;

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      defaultValue = "-1",
      description = "Which position to show; negative counts from the end. Default: the last.")
  private int position = -1;

  @Option(
      names = {"--target", "--token"},
      paramLabel = "TOKEN",
      description =
          "Follow this token (its text, or its id after #) instead of the model's own answer.")
  private Optional<String> target = Optional.empty();

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "3",
      description = "How many tokens to name. Default: ${DEFAULT-VALUE}.")
  private int top = 3;

  @Option(
      names = "--without-first",
      description = "Leave the first token, which behaves unlike all others, out of the means.")
  private boolean withoutFirst;

  @Option(
      names = "--tensor",
      paramLabel = "NAME",
      description = "Which tensor of a .safetensors file holds the directions, for instance W_dec.")
  private Optional<String> tensor = Optional.empty();

  @Option(
      names = "--index",
      paramLabel = "I",
      split = ",",
      description = "Which rows of a file of directions: 0,5,9. Default: the first ten.")
  private List<Integer> indices = List.of();

  enum NormChoice {
    RECOMPUTED,
    FINAL
  }

  LensCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    check();
    try (Tokenizer tokenizer = analysis.openTokenizer(terminal);
        Transformer model = analysis.open(terminal)) {
      analysis.emit(report(model, tokenizer), terminal);
    }
    return 0;
  }

  private void check() {
    if (top < 1) {
      throw CliException.notHere("--top %d is not possible".formatted(top), "use 1 or more");
    }
    boolean tuned = lens.startsWith("tuned:");
    if (!tuned && !lens.equals("logit")) {
      throw CliException.notHere(
          "There is no lens '%s'".formatted(lens), "use logit or tuned:FOLDER");
    }
    if (tuned && (norm == NormChoice.FINAL || !of.equals("stream"))) {
      throw CliException.notHere(
          "A tuned lens was tuned to the stream with its norm recomputed",
          "leave --norm and --of out");
    }
    if (!analysis.hasTexts() && (tuning.wanted() || needsRun())) {
      throw CliException.nothingToRun();
    }
  }

  private boolean needsRun() {
    return List.of("stream", "updates", "heads").contains(of);
  }

  private Report report(Transformer model, Tokenizer tokenizer) {
    if (tuning.wanted()) {
      return tuning.run(analysis, model, tokenizer, terminal);
    }
    return switch (of) {
      case "stream" -> stream(model, tokenizer);
      case "updates" -> updates(model, tokenizer, UpdateLens.Parts.SUBLAYERS);
      case "heads" -> updates(model, tokenizer, UpdateLens.Parts.HEADS);
      default -> directions(model, tokenizer);
    };
  }

  private LensReport view(Transformer model, Tokenizer tokenizer, String... notes) {
    List<String> all =
        new ArrayList<>(List.of(model.spec().family() + ", run in " + model.dtype()));
    all.addAll(Arrays.asList(notes));
    return new LensReport(analysis.name(terminal), tokenizer::token, all);
  }

  // ---------------------------------------------------------------- the stream

  private Report stream(Transformer model, Tokenizer tokenizer) {
    if (!lens.startsWith("tuned:")) {
      return stream(model, tokenizer, LensReader.logit(options(tokenizer)));
    }
    Path folder = Path.of(lens.substring("tuned:".length()));
    try (Translators translators = Translators.open(folder, model)) {
      return stream(model, tokenizer, LensReader.tuned(translators, top, target(tokenizer)));
    }
  }

  private LogitLens.Options options(Tokenizer tokenizer) {
    Variant variant =
        switch (norm) {
          case RECOMPUTED -> Variant.NORM_RECOMPUTED;
          case FINAL -> Variant.FINAL_SCALE;
        };
    return new LogitLens.Options(Places.SUBLAYERS, variant, top, target(tokenizer));
  }

  private Target target(Tokenizer tokenizer) {
    return target
        .<Target>map(text -> new Target.Token(NamedToken.id(text, tokenizer)))
        .orElseGet(Target.FinalTop::new);
  }

  private Report stream(Transformer model, Tokenizer tokenizer, LensReader reader) {
    LensSurvey survey = LensSurvey.from(withoutFirst ? 1 : 0);
    AnalysisOptions.Text[] last = new AnalysisOptions.Text[1];
    LensReadings[] readings = new LensReadings[1];
    analysis
        .texts(tokenizer, model, terminal)
        .forEach(text -> {
          readings[0] = reader.read(model, text.ids());
          last[0] = text;
          survey.add(readings[0]);
        });
    LensReport view = view(model, tokenizer, last[0].bos());
    if (survey.texts() != 1) {
      return view.survey(readings[0].lens(), readings[0].norm(), survey);
    }
    return view.text(
        words(last[0], tokenizer),
        readings[0],
        survey,
        index(last[0].ids().length),
        analysis.whole() ? LensReport.Detail.WHOLE : LensReport.Detail.SHORT);
  }

  private static List<String> words(AnalysisOptions.Text text, Tokenizer tokenizer) {
    return IntStream.of(text.ids()).mapToObj(tokenizer::token).toList();
  }

  private int index(int length) {
    int index = position < 0 ? length + position : position;
    if (index < 0 || index >= length) {
      throw CliException.notHere(
          "There is no position %d in a text of %d tokens".formatted(position, length),
          "use --position 0 to %d, or count from the end with negative numbers"
              .formatted(length - 1));
    }
    return index;
  }

  // ---------------------------------------------------------------- writes and weights

  /// What a run must keep at the position that is shown; where the pathway mixes positions, all.
  private StreamTrace run(Transformer model, Capture capture, int[] ids) {
    int index = index(ids.length);
    Capture kept = model.pathway().mixesPositions() ? capture : capture.at(index);
    return model.trace(List.of(ids), kept, Hooks.none());
  }

  private int kept(StreamTrace trace, int length) {
    return trace.positions().indexOf(index(length));
  }

  private Report updates(Transformer model, Tokenizer tokenizer, UpdateLens.Parts parts) {
    AnalysisOptions.Text text = analysis.texts(tokenizer, model, terminal).only();
    int length = text.ids().length;
    try (StreamTrace trace = run(model, UpdateLens.capture(), text.ids())) {
      int index = kept(trace, length);
      int followed =
          switch (target(tokenizer)) {
            case Target.Token(int id) -> id;
            case Target.FinalTop() ->
                (int) trace.logits().at("pos", index).argmax("d_vocab").item();
          };
      return view(model, tokenizer, text.bos())
          .updates(
              String.join("", words(text, tokenizer)),
              index(length),
              followed,
              UpdateLens.of(model, trace, parts, index, followed, top));
    }
  }

  private Report directions(Transformer model, Tokenizer tokenizer) {
    Matcher part = PART.matcher(of);
    if (!part.matches() && !Files.exists(Path.of(of))) {
      throw CliException.notHere(
          "There is nothing called '%s' to look at through a lens".formatted(of),
          "use stream, updates, heads, neuron:L.J, head:L.H, or a file of directions");
    }
    if (!part.matches()) {
      Directions all = Directions.read(Path.of(of), tensor, model.spec().dModel());
      Directions shown =
          all.at(
              indices.isEmpty()
                  ? IntStream.range(0, Math.min(DIRECTIONS_SHOWN, all.all().size()))
                      .boxed()
                      .toList()
                  : indices);
      return view(
              model,
              tokenizer,
              "%d of %d directions, read as they stand at the end of the stream"
                  .formatted(shown.all().size(), all.all().size()))
          .directions(of, WeightLens.atTheEnd(model, shown.all(), top));
    }
    int layer = Integer.parseInt(part.group(2));
    int index = Integer.parseInt(part.group(3));
    WrittenDirections written =
        shortened(
            part.group(1).equals("head")
                ? WrittenDirections.head(model, layer, index)
                : WrittenDirections.neuron(model, layer, index));
    if (!analysis.hasTexts()) {
      return view(model, tokenizer).directions(of, WeightLens.of(model, written, top));
    }
    AnalysisOptions.Text text = analysis.texts(tokenizer, model, terminal).only();
    try (StreamTrace trace = run(model, WeightLens.capture(), text.ids())) {
      int kept = kept(trace, text.ids().length);
      return view(model, tokenizer, text.bos())
          .directions(of, WeightLens.of(model, trace, kept, written, top));
    }
  }

  /// On the terminal, the first directions only: singular vectors come longest first.
  private WrittenDirections shortened(WrittenDirections all) {
    int shown =
        analysis.whole()
            ? all.directions().size()
            : Math.min(DIRECTIONS_SHOWN, all.directions().size());
    return new WrittenDirections(all.site(), all.directions().subList(0, shown));
  }
}
