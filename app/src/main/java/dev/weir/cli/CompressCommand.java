package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerCost;
import dev.weir.readout.depth.AngularDistance;
import dev.weir.readout.depth.BlockRanking;
import dev.weir.readout.depth.Compression;
import dev.weir.readout.depth.DepthEffects;
import dev.weir.readout.depth.DepthExperiment;
import dev.weir.readout.depth.LinearMapFit;
import dev.weir.readout.depth.ModelCosts;
import dev.weir.readout.depth.ModelDraft;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.text.Tokenizer;
import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.DocumentRule;
import dev.weir.train.RunData;
import dev.weir.train.RunTokenizer;
import dev.weir.train.Schedule;
import dev.weir.train.TokenFile;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import dev.weir.view.CompressionReport;
import dev.weir.view.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir compress`: a model with fewer blocks.
@Command(
    name = "compress",
    description =
        "Make a model smaller: drop the blocks that matter least, or average a group of them into one, perhaps heal what remains, and say what that saves and loses. The result is a folder that opens like any other model. Three of four texts choose and fit, every fourth measures.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir compress --text bundled --drop 1 --to small",
      "  weir compress --text bundled --drop 2 --by angle --heal linear --to small",
      "  weir compress --text bundled --blocks 3,4 --heal 200 --data stories.txt --to small",
      "  weir compress --text bundled --merge 2-3 --to small"
    })
final class CompressCommand implements Callable<Integer> {
  private static final int HELD_OUT = 4;
  private static final int ROUNDS = 31;
  private static final int LONGEST_TIMED = 256;
  private static final int LONGEST_WINDOW = 128;
  private static final double RIDGE = 1e-4;
  private static final double LOOKED_AT = 0.05;

  private enum Measure {
    INFLUENCE,
    ANGLE
  }

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--to",
      paramLabel = "FOLDER",
      required = true,
      description = "Where the smaller model goes; must not be there yet.")
  private Path to = Path.of("");

  @Option(
      names = "--drop",
      paramLabel = "N",
      description = "Drop the N blocks that matter least, as --by says.")
  private Optional<Integer> drop = Optional.empty();

  @Option(
      names = "--blocks",
      paramLabel = "BLOCKS",
      description = "Drop these blocks: 3, 3,4 or 2-5.")
  private Optional<String> blocks = Optional.empty();

  @Option(
      names = "--merge",
      paramLabel = "GROUP",
      description =
          "Average a group of blocks into one: 2-4, or how many, for the group that turns the stream least.")
  private Optional<String> merge = Optional.empty();

  @Option(
      names = "--by",
      paramLabel = "MEASURE",
      defaultValue = "influence",
      description =
          "What says which blocks matter least: influence (ShortGPT: block by block), or angle (Gromov et al.: a group side by side). Default: ${DEFAULT-VALUE}.")
  private Measure by = Measure.INFLUENCE;

  @Option(
      names = "--heal",
      paramLabel = "HOW",
      description =
          "linear: a fitted linear map takes the place of a dropped group; or a number of training steps on --data.")
  private Optional<String> heal = Optional.empty();

  @Option(
      names = {"-d", "--data"},
      paramLabel = "PATH",
      description = "With --heal STEPS: a file or folder of text, JSON or tokens to learn from.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description = "With --heal STEPS: how many windows a step reads. Default: ${DEFAULT-VALUE}.")
  private int batch = 16;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      defaultValue = "5e-4",
      description = "With --heal STEPS: the highest learning rate. Default: ${DEFAULT-VALUE}.")
  private double learningRate = 5e-4;

  CompressCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    requireOneWay();
    OptionalInt steps = steps();
    ModelDraft.requireFree(to);
    analysis.orBundledText(terminal);
    try (Transformer model = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      Texts texts = new Texts(analysis.texts(tokenizer, model, terminal));
      List<Integer> group = group(model, texts);
      try (ModelDraft draft = ModelDraft.begin(to);
          Scope _ = Scope.open()) {
        Compression compression = compression(model, group, texts);
        try (Transformer smaller = compression.over(model)) {
          write(model, smaller, compression.describe(), steps, draft, texts);
        }
      }
    }
    return 0;
  }

  private void requireOneWay() {
    int ways =
        (drop.isPresent() ? 1 : 0) + (blocks.isPresent() ? 1 : 0) + (merge.isPresent() ? 1 : 0);
    if (ways != 1) {
      throw CliException.notHere(
          "It is not said which blocks go", "give one of --drop N, --blocks 3,4 or --merge 2-4");
    }
    if (drop.isPresent() && drop.get() < 1) {
      throw CliException.notHere(
          "--drop %d drops nothing".formatted(drop.get()), "drop at least one block");
    }
    if (merge.isPresent() && isLinear()) {
      throw CliException.notHere(
          "A merged group has no place for a linear map",
          "use --heal linear with --drop or --blocks");
    }
  }

  private boolean isLinear() {
    return heal.filter("linear"::equalsIgnoreCase).isPresent();
  }

  /// How many steps heal; none where nothing or a linear map does.
  private OptionalInt steps() {
    if (heal.isEmpty() || isLinear()) {
      return OptionalInt.empty();
    }
    if (!heal.get().matches("[1-9]\\d{0,6}")) {
      throw CliException.notHere(
          "--heal %s is not possible".formatted(heal.get()),
          "use linear, or a number of training steps");
    }
    if (data.isEmpty()) {
      throw CliException.notHere(
          "There is nothing to heal with", "name texts to learn from with --data");
    }
    return OptionalInt.of(Integer.parseInt(heal.get()));
  }

  // ---------------------------------------------------------------- texts

  /// The texts, apart: those that choose and fit, and those that measure. Where there are fewer
  /// than four, all do both.
  private static final class Texts {
    private final AnalysisOptions.Texts all;
    private final int count;

    Texts(AnalysisOptions.Texts all) {
      this.all = all;
      int[] found = {0};
      all.forEach(_ -> found[0]++);
      this.count = found[0];
    }

    boolean apart() {
      return count >= HELD_OUT;
    }

    void toFit(Consumer<int[]> reader) {
      each(index -> index % HELD_OUT != HELD_OUT - 1, reader);
    }

    void toMeasure(Consumer<int[]> reader) {
      each(index -> index % HELD_OUT == HELD_OUT - 1, reader);
    }

    private void each(java.util.function.IntPredicate chosen, Consumer<int[]> reader) {
      int[] index = {0};
      all.forEach(text -> {
        if (!apart() || chosen.test(index[0])) {
          reader.accept(text.ids());
        }
        index[0]++;
      });
    }
  }

  // ---------------------------------------------------------------- which blocks

  private List<Integer> group(Transformer model, Texts texts) {
    if (blocks.isPresent()) {
      return BlockLists.parse("--blocks", blocks.get());
    }
    if (merge.isPresent() && merge.get().contains("-")) {
      return BlockLists.parse("--merge", merge.get());
    }
    BlockRanking ranking = BlockRanking.over(model, AngularDistance.Positions.LAST);
    texts.toFit(ids -> {
      try (StreamTrace trace = model.trace(ids, BlockRanking.capture())) {
        ranking.add(trace);
      }
    });
    int layers = model.spec().nLayers();
    if (merge.isPresent()) {
      return ranking.byAngle(BlockLists.number("--merge", merge.get(), merge.get()));
    }
    int count = drop.orElseThrow();
    return by == Measure.ANGLE
        ? ranking.byAngle(count)
        : ranking.byInfluence().subList(0, Math.min(count, layers)).stream().sorted().toList();
  }

  private Compression compression(Transformer model, List<Integer> group, Texts texts) {
    int first = group.getFirst();
    int last = group.getLast();
    if (merge.isPresent()) {
      return new Compression.Averaged(first, last);
    }
    if (!isLinear()) {
      return new Compression.Dropped(group);
    }
    if (last - first + 1 != group.size()) {
      throw CliException.notHere(
          "One linear map cannot stand for blocks %s, which are apart".formatted(group),
          "use --by angle, or name a group such as --blocks 2-4");
    }
    try (LinearMapFit fit = LinearMapFit.over(model, first, last)) {
      texts.toFit(fit::add);
      return fit.fitted(RIDGE);
    }
  }

  // ---------------------------------------------------------------- healing and writing

  private void write(
      Transformer model,
      Transformer smaller,
      String what,
      OptionalInt steps,
      ModelDraft draft,
      Texts texts) {
    if (steps.isEmpty()) {
      new RunTokenizer.Given(analysis.tokenizerPath(terminal)).write(List.of(), draft.folder());
      finish(model, List.of(new Stage("smaller", smaller)), what, draft, texts);
      return;
    }
    RunData found =
        RunData.prepare(
            settings(),
            Optional.of(new RunTokenizer.Given(analysis.tokenizerPath(terminal))),
            OptionalInt.empty(),
            draft.folder());
    try (TrainingRun run = healing(smaller, found, steps.getAsInt())) {
      train(run, steps.getAsInt());
      List<Stage> stages = List.of(new Stage("smaller", smaller), new Stage("healed", run.model()));
      finish(
          model,
          stages,
          what + ", healed with %,d steps".formatted(steps.getAsInt()),
          draft,
          texts);
    }
  }

  private DataSettings settings() {
    return new DataSettings(
        data.orElseThrow().toAbsolutePath().normalize().toString(),
        Optional.empty(),
        LOOKED_AT,
        new CorpusFiles(new DocumentRule.BlankLines(), "text", TokenFile.Width.UINT16),
        "");
  }

  private TrainingRun healing(Transformer smaller, RunData found, int steps) {
    int longest = (int) Math.min(smaller.spec().nCtx(), smaller.spec().longestText());
    int window = Math.min(LONGEST_WINDOW, longest);
    Schedule schedule = new Schedule.Cosine(steps, steps / 20, learningRate, learningRate / 10);
    TrainingSettings settings =
        TrainingSettings.usual(batch, window, schedule)
            .with(new TrainingSettings.Seeds(analysis.seed(), analysis.seed()));
    return TrainingRun.from(
        smaller,
        found.data(),
        settings,
        TrainingParts.usual()
            .withFlopsPerToken(TransformerCost.trainingFlopsPerToken(smaller.spec(), window)));
  }

  private void train(TrainingRun run, int steps) {
    try (Progress progress = terminal.progress("healing", steps, "steps")) {
      run.run(step ->
          progress.reached(step.step(), String.format(Locale.ROOT, "loss %.3f", step.trainLoss())));
    }
  }

  /// A model on the way from the large one to the last.
  private record Stage(String name, Transformer model) {}

  private void finish(
      Transformer model, List<Stage> stages, String what, ModelDraft draft, Texts texts) {
    List<DepthExperiment> experiments = new ArrayList<>();
    List<Transformer> models = new ArrayList<>(List.of(model));
    for (Stage stage : stages) {
      experiments.add(new DepthExperiment.Replaced(stage.name, stage.model));
      models.add(stage.model);
    }
    int[][] timed = {new int[0]};
    try (DepthEffects.Reader effects = DepthEffects.over(model, experiments)) {
      texts.toMeasure(ids -> {
        effects.add(ids);
        timed[0] = ids.length > timed[0].length && ids.length <= LONGEST_TIMED ? ids : timed[0];
      });
      List<ModelCosts> costs =
          ModelCosts.of(models, timed[0].length == 0 ? new int[] {0} : timed[0], ROUNDS);
      draft.finish(stages.getLast().model);
      terminal.note("wrote %s; try it: weir read --model %s".formatted(to, to));
      analysis.emit(
          new CompressionReport(
                  analysis.name(terminal), what, effects.effects(), costs, notes(model, texts))
              .report(),
          terminal);
    }
  }

  private List<String> notes(Transformer model, Texts texts) {
    List<String> notes = new ArrayList<>();
    notes.add(
        texts.apart()
            ? "blocks were chosen and maps fitted on three texts of four; the rest measured"
            : "fewer than four texts: the same ones chose, fitted and measured");
    if (data.isPresent()) {
      notes.add(
          "where --data holds the texts that measure, the healed model has learned from them");
    }
    notes.add(model.spec().family() + ", run in " + model.dtype());
    return notes;
  }
}
