package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.lens.Direction;
import dev.weir.readout.lens.Directions;
import dev.weir.readout.steer.DirectionalAblation;
import dev.weir.readout.steer.SteeringSweep;
import dev.weir.readout.steer.SteeringSweep.Change;
import dev.weir.readout.steer.SteeringVector;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Scope;
import dev.weir.text.Bos;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.Report;
import dev.weir.view.SteerReport;
import dev.weir.view.VectorFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir steer`: changes what a model says by a vector.
@Command(
    name = "steer",
    description =
        "Add a vector to the stream, more and more of it, or take its direction out everywhere, and see what the model says. The vector comes from a file, from two prompts (--plus, --minus: activation addition) or from many (--pairs: difference of means).",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir steer --plus \"happy\" --minus \"sad\" --layer 2 \"Tim was\"",
      "  weir steer --pairs pairs.jsonl --layer 2 --ablate \"Tim was\"",
      "  weir steer --pairs pairs.jsonl --select --target \" sad\" \"Tim was\"",
      "  weir steer --vector direction.json --coefficient -8,0,8 --target \" happy\" \"Tim was\""
    })
final class SteerCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--vector",
      paramLabel = "FILE",
      description =
          "A vector from a file: .json, .npy or .safetensors. Several rows are for the first positions.")
  private Optional<Path> vector = Optional.empty();

  @Option(
      names = "--plus",
      paramLabel = "TEXT",
      description = "A prompt that has what is wanted; --minus is taken from it.")
  private Optional<String> plus = Optional.empty();

  @Option(names = "--minus", paramLabel = "TEXT", description = "A prompt that has not.")
  private Optional<String> minus = Optional.empty();

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Many prompts that have it and as many that have not: lines with 'prompt' and 'minus'.")
  private Optional<Path> pairs = Optional.empty();

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "At which block. A .json file that weir wrote says so itself.")
  private Optional<Integer> layer = Optional.empty();

  @Option(
      names = "--place",
      paramLabel = "WHERE",
      defaultValue = "resid_pre",
      description =
          "Where in the block: resid_pre, resid_mid, resid_post, attn_out or mlp_out. Default: ${DEFAULT-VALUE}.")
  private String place = "resid_pre";

  @Option(
      names = {"-c", "--coefficient"},
      paramLabel = "C",
      split = ",",
      defaultValue = "0,1,2,4,8",
      description = "How much of the vector to add. Default: ${DEFAULT-VALUE}.")
  private List<Double> coefficients = List.of(0.0, 1.0, 2.0, 4.0, 8.0);

  @Option(
      names = "--ablate",
      description =
          "Take the direction out of the embeddings, all streams and all writes instead of adding it.")
  private boolean ablate;

  @Option(
      names = "--select",
      description =
          "With --pairs and --target: try the difference of means of every layer below 0.8 of the depth, and ablate the one that leaves least of the target.")
  private boolean select;

  @Option(
      names = {"--target", "--token"},
      paramLabel = "TOKEN",
      split = ",",
      description = "Follow these tokens (their text, or their id after #).")
  private List<String> targets = List.of();

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      defaultValue = "20",
      description = "How many tokens to add to the prompt, greedily. Default: ${DEFAULT-VALUE}.")
  private int maxTokens = 20;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "3",
      description = "How many of the likeliest next tokens to name. Default: ${DEFAULT-VALUE}.")
  private int top = 3;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "Write the vector: .json, .npy or .safetensors.")
  private Optional<Path> save = Optional.empty();

  SteerCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    check();
    try (Tokenizer tokenizer = analysis.openTokenizer(terminal);
        Transformer model = analysis.open(terminal);
        Scope _ = Scope.open()) {
      AnalysisOptions.Text prompt = analysis.texts(tokenizer, model, terminal).only();
      List<Integer> followed =
          targets.stream().map(target -> NamedToken.id(target, tokenizer)).toList();
      requireExist(followed, model);
      Optional<DirectionalAblation> selection =
          select ? Optional.of(selected(model, tokenizer, Set.copyOf(followed))) : Optional.empty();
      SteeringVector steering =
          selection
              .map(SteerCommand::best)
              .orElseGet(() -> vector(model, tokenizer))
              .requireFits(model);
      SteeringSweep sweep =
          SteeringSweep.of(
              model,
              prompt.ids(),
              changes(steering),
              new SteeringSweep.Options(top, followed, maxTokens, tokenizer.eosTokens()));
      Report report =
          new SteerReport(
                  analysis.name(terminal),
                  tokenizer::token,
                  ids -> tokenizer.decode(ids),
                  List.of(prompt.bos(), model.spec().family() + ", run in " + model.dtype()))
              .of(prompt.ids(), steering, followed, sweep, selection);
      save.ifPresent(file -> save(steering, file));
      analysis.emit(report, terminal);
    }
    return 0;
  }

  private void save(SteeringVector steering, Path file) {
    VectorFile.write(steering, file);
    terminal.note("wrote " + file);
  }

  private void check() {
    analysis.check();
    save.ifPresent(VectorFile::requireKnown);
    int ways =
        (vector.isPresent() ? 1 : 0) + (plus.isPresent() ? 1 : 0) + (pairs.isPresent() ? 1 : 0);
    if (ways != 1 || plus.isPresent() != minus.isPresent()) {
      throw CliException.notHere(
          "It is not clear which vector to use",
          "give one of: --vector FILE, --plus TEXT with --minus TEXT, or --pairs FILE");
    }
    if (!analysis.hasTexts()) {
      throw CliException.nothingToRun();
    }
    if (maxTokens < 0 || top < 1) {
      throw CliException.notHere(
          "--max-tokens %d and --top %d are not possible".formatted(maxTokens, top),
          "use 0 or more, and 1 or more");
    }
    if (select && (pairs.isEmpty() || targets.isEmpty())) {
      throw CliException.notHere(
          "--select needs prompts and a behaviour", "give --pairs FILE and --target TOKEN");
    }
    if (layer.isEmpty() && !select && vector.isEmpty()) {
      throw CliException.notHere("There is no layer to add the vector at", "give --layer L");
    }
  }

  private static void requireExist(List<Integer> tokens, Transformer model) {
    for (int token : tokens) {
      if (token >= model.spec().dVocabOut()) {
        throw CliException.notHere(
            "There is no token %d".formatted(token),
            "use an id below %d".formatted(model.spec().dVocabOut()));
      }
    }
  }

  private List<Change> changes(SteeringVector steering) {
    if (ablate || select) {
      return List.of(Change.none(), new Change("ablated", Double.NaN, steering.ablating()));
    }
    return coefficients.stream()
        .map(c -> new Change(String.valueOf(c), c, c == 0 ? List.of() : steering.adding(c)))
        .toList();
  }

  // ---------------------------------------------------------------- where the vector comes from

  private SteeringVector vector(Transformer model, Tokenizer tokenizer) {
    if (vector.isPresent()) {
      return ofFile(vector.get(), model);
    }
    if (pairs.isPresent()) {
      SteeringVector.Contrast contrast =
          new SteeringVector.Contrast(model, point(model, layer.orElseThrow()), -1);
      forEachPair(tokenizer, contrast::plus, contrast::minus);
      return contrast.vector();
    }
    int[] with = analysis.encode(plus.orElseThrow(), tokenizer);
    int[] without = analysis.encode(minus.orElseThrow(), tokenizer);
    int length = Math.max(with.length, without.length);
    return SteeringVector.activationAddition(
        model,
        point(model, layer.orElseThrow()),
        padded(with, length, tokenizer),
        padded(without, length, tokenizer));
  }

  private HookPoint point(Transformer model, int block) {
    HookPoint point = HookPoint.parse("blocks.%d.hook_%s".formatted(block, place));
    var _ = Capture.of(point).resolve(model.hookPoints());
    return point;
  }

  /// A prompt filled up with spaces at the end.
  private static int[] padded(int[] tokens, int length, Tokenizer tokenizer) {
    if (tokens.length == length) {
      return tokens;
    }
    int[] space = tokenizer.encode(" ", Bos.NONE).ids();
    if (space.length != 1) {
      throw CliException.notHere(
          "--plus and --minus have different numbers of tokens, and a space is no token by which to fill one up",
          "give prompts of equal length");
    }
    int[] filled = Arrays.copyOf(tokens, length);
    Arrays.fill(filled, tokens.length, length, space[0]);
    return filled;
  }

  private SteeringVector ofFile(Path file, Transformer model) {
    List<Direction> rows = Directions.readRows(file, Optional.empty(), model.spec().dModel()).all();
    String[] named = rows.getFirst().label().split("@", 2);
    boolean says = named[0].startsWith("blocks.") && layer.isEmpty();
    if (!says && layer.isEmpty()) {
      throw CliException.notHere(
          "The file does not say where its vector belongs", "give --layer L");
    }
    HookPoint point = says ? HookPoint.parse(named[0]) : point(model, layer.orElseThrow());
    boolean front = rows.size() > 1 || named.length > 1;
    return front
        ? SteeringVector.front(point, rows.stream().map(Direction::vector).toArray(double[][]::new))
        : SteeringVector.everywhere(point, rows.getFirst().vector());
  }

  private void forEachPair(Tokenizer tokenizer, Consumer<int[]> with, Consumer<int[]> without) {
    PromptFile.open(pairs.orElseThrow())
        .forEach(line -> {
          with.accept(line.tokens().orElseGet(() -> analysis.encode(line.prompt(), tokenizer)));
          String other = line.fields().get("minus");
          if (other == null) {
            throw CliException.missingField(line.where(), "minus");
          }
          without.accept(analysis.encode(other, tokenizer));
        });
  }

  private DirectionalAblation selected(
      Transformer model, Tokenizer tokenizer, Set<Integer> behaviour) {
    List<int[]> with = new ArrayList<>();
    List<int[]> without = new ArrayList<>();
    forEachPair(tokenizer, with::add, without::add);
    return DirectionalAblation.of(
        model, with, without, DirectionalAblation.Options.usual(behaviour));
  }

  private static SteeringVector best(DirectionalAblation selection) {
    return selection
        .best()
        .orElseThrow(() ->
            CliException.notHere(
                "No direction is within the bounds: "
                    + selection.candidates().stream()
                        .map(c ->
                            "%s has KL %.3f and steering %.2f"
                                .formatted(c.vector().point().name(), c.kl(), c.steering()))
                        .collect(Collectors.joining("; ")),
                "use other pairs or another --target"))
        .vector();
  }
}
