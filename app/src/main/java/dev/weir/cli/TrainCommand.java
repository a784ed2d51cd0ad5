package dev.weir.cli;

import dev.weir.WeirException;
import dev.weir.tensor.Engine;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.train.RunFolder;
import dev.weir.train.RunPlan;
import dev.weir.train.RunTexts;
import dev.weir.train.RunTokenizer;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingStep;
import dev.weir.view.Progress;
import dev.weir.view.ReportFiles;
import dev.weir.view.TextPlot;
import dev.weir.view.TrainingReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
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
        "Train a model on a text, into a folder that opens as a model. May be interrupted or killed at any moment; --resume goes on to the same numbers.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir train --data text.txt --out run/",
      "  weir train --pathway post_norm --d-model 256 --layers 6 --steps 5000 --data text.txt --out run/",
      "  weir train --resume run/",
      "  weir generate --model run/"
    })
final class TrainCommand implements Callable<Integer> {
  private static final int PLOT_HEIGHT = 14;
  private static final int INTERRUPTED = 130;

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
      description = "How many threads to use. Default: one for each processor.")
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
    RunFolder folder = resume.map(RunFolder::open).orElseGet(this::begun);
    Engine.useThreads(folder.plan().threads());
    RunTexts.Tokens texts = folder.texts();
    try (Interruption.Work _ = interruption.begin();
        TrainingRun run = folder.start(texts, TrainingParts.usual())) {
      describe(folder, run, texts);
      train(folder, run);
      if (!run.isDone()) {
        terminal.note(
            "stopped and saved after step %,d; go on with: weir train --resume %s"
                .formatted(run.steps(), folder.path()));
        return INTERRUPTED;
      }
      finish(folder, run);
      return 0;
    }
  }

  private void requireOneTask() {
    if (resume.isPresent() == out.isPresent()) {
      throw new ParameterException(
          command.commandLine(),
          "Give --data and --out for a new run, or --resume for an old one.");
    }
    if (resume.isEmpty() && data.file().isEmpty()) {
      throw new ParameterException(command.commandLine(), "Name the text to learn from: --data.");
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

  /// A new run, ready to start.
  private RunFolder begun() {
    Path folder = out.orElseThrow();
    RunFolder.requireFree(folder);
    int threadCount =
        ModelOptions.requireThreads(threads.orElseGet(Runtime.getRuntime()::availableProcessors));
    learning.settings(shape.dModel(), shape.window()); // Complains before any work is done.
    shape.settings(1).spec();
    var where = data.settings();
    RunTexts texts = RunTexts.read(where);
    data.tokenizer().write(texts.training(), folder);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      RunTexts.Tokens tokens = texts.tokens(tokenizer, RunTokenizer.boundary(tokenizer, folder));
      var training = learning.settings(shape.dModel(), shape.window());
      RunPlan plan =
          new RunPlan(
              shape.settings(tokenizer.vocabSize()),
              where.withDigest(tokens.digest()),
              training,
              new RunPlan.Saving(
                  saveEvery.orElse(Math.max(1, training.schedule().steps() / 10)), keep),
              threadCount);
      return RunFolder.begin(folder, plan);
    }
  }

  private void describe(RunFolder folder, TrainingRun run, RunTexts.Tokens texts) {
    var plan = folder.plan();
    terminal.note(
        "%s, %d layers, d_model %d, %,d tokens in the vocabulary: %,d parameters"
            .formatted(
                plan.model().pathway(),
                plan.model().nLayers(),
                plan.model().dModel(),
                plan.model().dVocab(),
                run.model().parameters().count()));
    int steps = plan.training().schedule().steps();
    terminal.note(
        String.format(
            Locale.ROOT,
            "%,d tokens to learn from, %,d to look at; %,d steps of %,d tokens, %.1f times through the text",
            texts.training().tokens(),
            texts.validation().tokens(),
            steps,
            plan.training().tokensPerStep(),
            (double) steps * plan.training().batching().batch() / run.windowsPerEpoch()));
    if (run.steps() > 0) {
      terminal.note("going on after step %,d".formatted(run.steps()));
    }
  }

  private void train(RunFolder folder, TrainingRun run) {
    int total = folder.plan().training().schedule().steps();
    try (Progress progress = terminal.progress("training", total, "steps").after(run.steps())) {
      Remark remark = new Remark();
      folder.run(
          run, step -> progress.reached(step.step(), remark.after(step)), interruption::isAsked);
    } catch (WeirException e) {
      if (run.steps() >= folder.plan().saving().every()) {
        terminal.note("the last checkpoint is still good: %s".formatted(folder.checkpoints()));
      }
      throw e;
    }
  }

  /// What the progress line says of a step.
  private static final class Remark {
    private OptionalDouble validation = OptionalDouble.empty();

    String after(TrainingStep step) {
      if (step.validationLoss().isPresent()) {
        validation = step.validationLoss();
      }
      String looked =
          validation.isPresent()
              ? String.format(Locale.ROOT, "  val %.3f", validation.getAsDouble())
              : "";
      return String.format(
          Locale.ROOT,
          "loss %.3f%s  %,.0f tokens/s",
          step.trainLoss(),
          looked,
          step.tokensPerSecond());
    }
  }

  private void finish(RunFolder folder, TrainingRun run) {
    List<TrainingStep> steps = folder.steps();
    String name = String.valueOf(folder.path().toAbsolutePath().normalize().getFileName());
    Path page = folder.path().resolve("curve.html");
    var _ =
        ReportFiles.write(
            TrainingReport.of(name, folder.plan(), run.model().parameters().count(), steps), page);
    var _ =
        ReportFiles.write(
            TrainingReport.picture(name, folder.plan(), steps), folder.path().resolve("curve.png"));
    if (json) {
      terminal.out().println(outcome(folder, steps));
      return;
    }
    terminal
        .out()
        .print(
            TextPlot.render(
                TrainingReport.loss(steps), terminal.style(), terminal.width(), PLOT_HEIGHT));
    TrainingStep last = steps.getLast();
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "loss %.4f, validation %.4f nats per token after %,d steps and %,d tokens%n",
            last.trainLoss(),
            last.validationLoss().orElse(Double.NaN),
            last.step(),
            last.tokens());
    terminal.note("curve: %s; try it: weir generate --model %s".formatted(page, folder.path()));
  }

  private static Json outcome(RunFolder folder, List<TrainingStep> steps) {
    TrainingStep last = steps.getLast();
    Json result = new Json();
    result.begin();
    result.put("folder", folder.path().toString());
    result.put("steps", last.step());
    result.put("tokens", last.tokens());
    result.put("train_loss", last.trainLoss());
    result.put("val_loss", last.validationLoss().orElse(Double.NaN));
    result.put("flops", last.flops());
    result.end();
    return result;
  }
}
