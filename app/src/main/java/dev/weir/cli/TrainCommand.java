package dev.weir.cli;

import dev.weir.WeirException;
import dev.weir.model.TransformerCost;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Engine;
import dev.weir.train.DataSettings;
import dev.weir.train.Look;
import dev.weir.train.PointStatistics;
import dev.weir.train.RunData;
import dev.weir.train.RunFolder;
import dev.weir.train.RunPlan;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import dev.weir.train.TrainingStep;
import dev.weir.train.task.TaskData;
import dev.weir.view.LineChart;
import dev.weir.view.Progress;
import dev.weir.view.ReportFiles;
import dev.weir.view.TextPlot;
import dev.weir.view.TrainingReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `weir train`: trains a model on texts.
@Command(
    name = "train",
    description =
        "Train a model on texts or a synthetic task, into a folder that opens as a model. May be interrupted or killed at any moment; --resume goes on to the same numbers.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir train --data text.txt --out run/",
      "  weir train --data task:mqar --layers 2 --out recall/",
      "  weir train --pathway post_norm --d-model 256 --layers 6 --steps 5000 --data text.txt --out run/",
      "  weir train --resume run/",
      "  weir generate --model run/"
    })
final class TrainCommand implements Callable<Integer> {
  private static final int PLOT_HEIGHT = 14;

  private final Terminal terminal;
  private final Interruption interruption;

  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private DataOptions data = new DataOptions();
  @Mixin private ShapeOptions shape = new ShapeOptions();
  @Mixin private LearningOptions learning = new LearningOptions();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the run goes: model, tokenizer, log, curve, checkpoints.")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--resume",
      paramLabel = "FOLDER",
      description = "Go on with the run in this folder; everything else is known from there.")
  private Optional<Path> resume = Optional.empty();

  @Option(
      names = "--save-every",
      paramLabel = "STEPS",
      description = "How many steps lie between two checkpoints. Default: a tenth of all steps.")
  private Optional<Integer> saveEvery = Optional.empty();

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many checkpoints to keep. Default: ${DEFAULT-VALUE}.")
  private int keep = 2;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "How many threads to use, over all processes. Default: one for each processor.")
  private Optional<Integer> threads = Optional.empty();

  @Option(names = "--json", description = "Print the outcome as JSON.")
  private boolean json;

  TrainCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    requireOneTask();
    if (resume.isPresent()) {
      return led(resumed(resume.get()));
    }
    Path path = out.orElseThrow();
    RunFolder.requireFree(path);
    boolean ours = !Files.exists(path);
    try {
      return led(begun(path));
    } catch (WeirException e) {
      if (ours) {
        RunFolder.discardUnbegun(path);
      }
      throw e;
    }
  }

  private int led(Task task) {
    RunFolder folder = task.folder;
    try (Interruption.Work _ = interruption.begin();
        Team team = Team.start(folder)) {
      if (!team.meets(interruption::isAsked)) {
        terminal.note(
            "stopped before the first step; go on with: weir train --resume " + folder.path());
        return Interruption.EXIT_CODE;
      }
      return trained(task, team);
    }
  }

  private int trained(Task task, Team team) {
    RunFolder folder = task.folder;
    TrainingParts parts = parts(folder.plan()).withExchange(team.exchange());
    try (TrainingRun run = folder.start(task.data, parts)) {
      describe(folder, run);
      train(folder, run, team);
      if (!run.isDone()) {
        terminal.note(
            "stopped and saved after step %,d; go on with: weir train --resume %s"
                .formatted(run.steps(), folder.path()));
        return Interruption.EXIT_CODE;
      }
      finish(task, run);
      return 0;
    }
  }

  private void requireOneTask() {
    if (resume.isPresent() == out.isPresent()) {
      throw new ParameterException(
          command.commandLine(),
          "Give --data and --out for a new run, or --resume for an old one.");
    }
    if (resume.isEmpty() && data.isMissing()) {
      throw new ParameterException(command.commandLine(), "Name what to learn from: --data.");
    }
    if (resume.isPresent()
        && command.commandLine().getParseResult().matchedOptions().size() > allowedWithResume()) {
      throw new ParameterException(
          command.commandLine(),
          "--resume takes everything else from the run's folder; leave the other options out.");
    }
  }

  private int allowedWithResume() {
    return json ? 2 : 1;
  }

  /// What there is to do.
  private record Task(RunFolder folder, TrainingData data) {

    /// The least loss that any model can have on the validation data, where that is known.
    OptionalDouble best() {
      return data instanceof TaskData made
          ? OptionalDouble.of(made.validationOptimum())
          : OptionalDouble.empty();
    }
  }

  private static Task resumed(Path path) {
    RunFolder folder = RunFolder.open(path);
    Engine.useThreads(folder.plan().threadsEach());
    return new Task(folder, folder.data());
  }

  /// A new run. What can be refused is refused before the data are read.
  private Task begun(Path path) {
    int count =
        ModelOptions.requireThreads(threads.orElseGet(Runtime.getRuntime()::availableProcessors));
    int likely = shape.window(OptionalInt.empty());
    var _ = shape.settings(1, likely).spec();
    TrainingSettings checked = learning.settings(shape.dModel(), likely);
    RunPlan.Saving saving = saving(checked.schedule().steps());
    DataSettings where = data.settings();
    RunData found = RunData.prepare(where, data.tokenizer(), data.vocab(), path);
    int window = shape.window(found.data().window());
    RunPlan plan =
        new RunPlan(
            shape.settings(found.data().dVocab(), window),
            where.withDigest(found.digest()),
            learning.settings(shape.dModel(), window),
            saving,
            count);
    Engine.useThreads(plan.threadsEach());
    return new Task(RunFolder.begin(path, plan), found.data());
  }

  private RunPlan.Saving saving(int steps) {
    return new RunPlan.Saving(saveEvery.orElse(Math.max(1, steps / 10)), keep);
  }

  /// What takes part in a run that a command starts, whichever process it is.
  static TrainingParts parts(RunPlan plan) {
    return TrainingParts.usual()
        .withStatistics(new PointStatistics(point -> point instanceof HookPoint.Route))
        .withFlopsPerToken(
            TransformerCost.trainingFlopsPerToken(
                plan.model().spec(), plan.training().batching().window()));
  }

  private void describe(RunFolder folder, TrainingRun run) {
    RunPlan plan = folder.plan();
    terminal.note(
        String.format(
            Locale.ROOT,
            "%s, %d layers, d_model %d, %,d tokens in the vocabulary: %,d parameters",
            plan.model().pathway(),
            plan.model().nLayers(),
            plan.model().dModel(),
            plan.model().dVocab(),
            run.model().parameters().count()));
    int steps = plan.training().schedule().steps();
    terminal.note(
        String.format(
            Locale.ROOT,
            "%,d steps of %,d tokens%s",
            steps,
            plan.training().tokensPerStep(),
            epochs(run.examplesPerEpoch(), (double) steps * plan.training().batching().batch())));
    if (run.steps() > 0) {
      terminal.note("going on after step %,d".formatted(run.steps()));
    }
  }

  private static String epochs(OptionalLong examples, double read) {
    return examples.isPresent()
        ? String.format(Locale.ROOT, ", %.1f times through the data", read / examples.getAsLong())
        : "";
  }

  private void train(RunFolder folder, TrainingRun run, Team team) {
    int total = folder.plan().training().schedule().steps();
    try (Progress progress = terminal.progress("training", total, "steps").after(run.steps())) {
      Remark remark = new Remark();
      folder.run(
          run, step -> progress.reached(step.step(), remark.after(step)), interruption::isAsked);
    } catch (WeirException e) {
      folder
          .latest()
          .ifPresent(good -> terminal.note("the last checkpoint is still good: " + good));
      throw team.reason(e);
    }
  }

  /// What the progress line says of a step.
  private static final class Remark {
    private Optional<Look> latest = Optional.empty();

    String after(TrainingStep step) {
      latest = step.validation().or(() -> latest);
      String looked =
          latest
              .map(look ->
                  String.format(
                      Locale.ROOT, "  val %.3f (%.0f %%)", look.loss(), 100 * look.accuracy()))
              .orElse("");
      return String.format(
          Locale.ROOT,
          "loss %.3f%s  %,.0f tokens/s",
          step.trainLoss(),
          looked,
          step.tokensPerSecond());
    }
  }

  private void finish(Task task, TrainingRun run) {
    RunFolder folder = task.folder;
    List<TrainingStep> steps = folder.steps();
    if (steps.isEmpty()) {
      terminal.note("the run is done, but its log is gone: there is no curve");
      return;
    }
    Path page = curves(folder, run, steps);
    if (json) {
      terminal.out().println(outcome(task, steps));
      return;
    }
    LineChart loss = TrainingReport.loss(steps);
    terminal.out().print(TextPlot.render(loss, terminal.style(), terminal.line(), PLOT_HEIGHT));
    terminal.out().println(sentence(steps.getLast(), task.best()));
    terminal.note("curve: %s; try it: weir generate --model %s".formatted(page, folder.path()));
  }

  private static Path curves(RunFolder folder, TrainingRun run, List<TrainingStep> steps) {
    String name = String.valueOf(folder.path().toAbsolutePath().normalize().getFileName());
    Path page = folder.path().resolve("curve.html");
    long parameters = run.model().parameters().count();
    var _ = ReportFiles.write(TrainingReport.of(name, folder.plan(), parameters, steps), page);
    var _ =
        ReportFiles.write(
            TrainingReport.picture(name, folder.plan(), steps), folder.path().resolve("curve.png"));
    return page;
  }

  private static String sentence(TrainingStep last, OptionalDouble best) {
    String looked =
        last.validation()
            .map(look ->
                String.format(
                    Locale.ROOT,
                    ", validation %.4f%s, %.1f %% right",
                    look.loss(),
                    best.isPresent()
                        ? String.format(Locale.ROOT, " (at best %.4f)", best.getAsDouble())
                        : "",
                    100 * look.accuracy()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "loss %.4f nats per token%s, after %,d steps and %,d tokens",
        last.trainLoss(),
        looked,
        last.step(),
        last.tokens());
  }

  private static Json outcome(Task task, List<TrainingStep> steps) {
    TrainingStep last = steps.getLast();
    Json result = new Json();
    result.begin();
    result.put("folder", task.folder.path().toString());
    result.put("steps", last.step());
    result.put("tokens", last.tokens());
    result.put("train_loss", last.trainLoss());
    Look look = last.validation().orElse(new Look(Double.NaN, Double.NaN));
    result.put("val_loss", look.loss());
    result.put("val_accuracy", look.accuracy());
    result.put("flops", last.flops());
    task.best().ifPresent(best -> result.put("optimum", best));
    result.end();
    return result;
  }
}
