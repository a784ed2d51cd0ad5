package dev.weir.cli;

import dev.weir.WeirException;
import dev.weir.model.AttentionSpec.Values;
import dev.weir.pathway.Pathways;
import dev.weir.tensor.Engine;
import dev.weir.train.Lesson;
import dev.weir.train.Lessons;
import dev.weir.train.Mixers;
import dev.weir.train.Trial;
import dev.weir.view.LearningReport;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.TextTable;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weir learn`: whether small models on each pathway learn what they should.
@Command(
    name = "learn",
    description =
        "Train a small model on each pathway and local mixer, and say in one table what each learned. May be interrupted or killed at any moment; called again, it goes on with what is missing.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir learn --out learn.html",
      "  weir learn --pathways pre_norm,ddl,canon --tasks mess3,mqar",
      "  weir learn --pathways ddl --quick",
      "  weir learn --show"
    })
final class LearnCommand implements Callable<Integer> {
  private static final int QUICK = 20;
  private static final int USUAL_LAYERS = 2;

  private final Terminal terminal;
  private final Interruption interruption;

  @Option(
      names = "--pathways",
      paramLabel = "NAMES",
      split = ",",
      description =
          "Which models: names of pathways, or of local mixers on the plain pathway (shortswa, shortconv, branch-shortswa, branch-shortconv, canon, value-residual, svformer). Default: all.")
  private List<String> names = List.of();

  @Option(
      names = "--tasks",
      paramLabel = "NAMES",
      split = ",",
      defaultValue = "mess3,mqar,text",
      description = "What they learn. Default: ${DEFAULT-VALUE}.")
  private List<String> tasks = List.of();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "The text that is learned. Default: the one that comes with Weir.")
  private Optional<Path> text = Optional.empty();

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "2",
      description = "How many blocks the models have. Default: ${DEFAULT-VALUE}.")
  private int layers = USUAL_LAYERS;

  @Option(
      names = "--quick",
      description =
          "Take 20 steps at most: to see that everything works. Nothing is learned in so few.")
  private boolean quick;

  @Option(
      names = "--cells",
      paramLabel = "FOLDER",
      defaultValue = "learn",
      description =
          "Where the outcome of each model and task is kept; what is there already is not done again. Default: ${DEFAULT-VALUE}.")
  private Path cells = Path.of("learn");

  @Option(names = "--show", description = "Train nothing; show what is there.")
  private boolean show;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description =
          "How many models are trained side by side, one thread each. Default: one for each processor.")
  private Optional<Integer> jobs = Optional.empty();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the table too: .html, .json, .csv or .parquet.")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  LearnCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    out.ifPresent(ReportFiles::requireKnown);
    int count =
        ModelOptions.requireThreads(jobs.orElseGet(Runtime.getRuntime()::availableProcessors));
    Engine.useThreads(1);
    try (Interruption.Work _ = interruption.begin()) {
      List<Trial> trials = trials(learners());
      if (!show) {
        train(trials.stream().filter(trial -> trial.done(file(trial)).isEmpty()).toList(), count);
      }
      show(trials);
      if (interruption.isAsked()) { // Said before the work ends: the process ends with it.
        terminal.note("stopped; the same command goes on with what is missing");
        return Interruption.EXIT_CODE;
      }
    }
    return 0;
  }

  // ---------------------------------------------------------------- what there is to do

  /// A row of the table.
  private record Learner(String name, String pathway, Mixers mixers) {}

  private static Map<String, Mixers> mixers() {
    Mixers none = Mixers.none();
    Mixers.Local attention = new Mixers.Local(Mixers.Kind.SHORTSWA, 4);
    Mixers.Local convolution = new Mixers.Local(Mixers.Kind.SHORTCONV, 4);
    Map<String, Mixers> mixers = new LinkedHashMap<>();
    mixers.put("shortswa", new Mixers(attention, Mixers.Local.none(), "", Values.OWN));
    mixers.put("shortconv", new Mixers(convolution, Mixers.Local.none(), "", Values.OWN));
    mixers.put("branch-shortswa", new Mixers(none.branch(), attention, "", Values.OWN));
    mixers.put("branch-shortconv", new Mixers(none.branch(), convolution, "", Values.OWN));
    mixers.put("canon", new Mixers(none.sublayer(), none.branch(), "ABCD", Values.OWN));
    mixers.put(
        "value-residual", new Mixers(none.sublayer(), none.branch(), "", Values.MIXED_WITH_FIRST));
    mixers.put("svformer", new Mixers(none.sublayer(), none.branch(), "", Values.FIRST));
    return mixers;
  }

  private List<Learner> learners() {
    Map<String, Learner> known = new LinkedHashMap<>();
    Pathways.names().forEach(name -> known.put(name, new Learner(name, name, Mixers.none())));
    mixers().forEach((name, mixers) -> known.put(name, new Learner(name, "pre_norm", mixers)));
    if (names.isEmpty()) {
      return List.copyOf(known.values());
    }
    return names.stream()
        .map(name ->
            Optional.ofNullable(known.get(name.strip()))
                .orElseThrow(() ->
                    CliException.notHere(
                        "There is no pathway or mixer '%s'".formatted(name),
                        "use some of " + String.join(", ", known.keySet()))))
        .distinct()
        .toList();
  }

  private List<Trial> trials(List<Learner> learners) {
    Lessons lessons = new Lessons(layers, quick ? QUICK : Integer.MAX_VALUE);
    List<Lesson> chosen = tasks.stream().map(name -> lesson(lessons, name.strip())).toList();
    List<Trial> trials = new ArrayList<>();
    for (Learner learner : learners) {
      for (Lesson lesson : chosen) {
        trials.add(
            new Trial(learner.name, lesson.model().with(learner.pathway, learner.mixers), lesson));
      }
    }
    return trials;
  }

  private Lesson lesson(Lessons lessons, String name) {
    return switch (name) {
      case "mess3" -> lessons.mess3();
      case "mqar" -> lessons.mqar();
      case "text" ->
          lessons.text(text.orElseGet(terminal::bundledText), folder().resolve("tokenizer"));
      default ->
          throw CliException.notHere(
              "'%s' is nothing to learn here".formatted(name),
              "use some of " + String.join(", ", Lessons.NAMES));
    };
  }

  private Path folder() {
    try {
      return Files.createDirectories(cells);
    } catch (IOException e) {
      throw CliException.notHere(
          "The folder %s cannot be made: %s".formatted(cells, e.getClass().getSimpleName()),
          "name another with --cells");
    }
  }

  private Path file(Trial trial) {
    return folder().resolve("%s-%s.json".formatted(trial.learner(), trial.lesson().name()));
  }

  // ---------------------------------------------------------------- the work

  private void train(List<Trial> trials, int count) {
    long total = trials.stream().mapToLong(LearnCommand::steps).sum();
    try (Counting counting = new Counting(terminal, total);
        ExecutorService workers = Executors.newFixedThreadPool(count)) {
      List<Future<?>> works = new ArrayList<>();
      trials.forEach(trial -> works.add(workers.submit(() -> train(trial, counting))));
      works.forEach(work -> await(work, workers));
    }
  }

  private static void await(Future<?> work, ExecutorService workers) {
    try {
      work.get();
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      workers.shutdownNow();
      throw e.getCause() instanceof WeirException known
          ? known
          : new IllegalStateException(e.getCause());
    }
  }

  private void train(Trial trial, Counting counting) {
    if (interruption.isAsked()) {
      return;
    }
    trial
        .run(
            ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime,
            step -> counting.stepped(trial, step.trainLoss()),
            interruption::isAsked)
        .ifPresent(outcome -> {
          Trial.write(outcome, file(trial));
          counting.ended(trial, outcome);
        });
  }

  private static int steps(Trial trial) {
    return trial.lesson().training().schedule().steps();
  }

  /// The progress of several workers. What a trial leaves out since it has learned counts as done.
  private static final class Counting implements AutoCloseable {
    private final Progress progress;
    private long done;

    Counting(Terminal terminal, long total) {
      progress = terminal.progress("learning", total, "steps");
    }

    synchronized void stepped(Trial trial, double loss) {
      done++;
      progress.reached(
          done, "%s %s loss %.3f".formatted(trial.learner(), trial.lesson().name(), loss));
    }

    synchronized void ended(Trial trial, Trial.Outcome outcome) {
      done += steps(trial) - outcome.steps();
      progress.reached(done, "%s %s ended".formatted(trial.learner(), trial.lesson().name()));
    }

    @Override
    public void close() {
      progress.close();
    }
  }

  // ---------------------------------------------------------------- the table

  private void show(List<Trial> trials) {
    List<LearningReport.Row> rows =
        trials.stream()
            .map(trial -> new LearningReport.Row(trial, trial.done(file(trial))))
            .toList();
    Report report = LearningReport.of(rows);
    if (!json) {
      terminal
          .out()
          .print(TextTable.render(LearningReport.models(rows), terminal.style(), terminal.width()));
    }
    AnalysisOptions.deliver(report, out, json, terminal);
  }
}
