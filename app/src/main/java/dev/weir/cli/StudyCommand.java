package dev.weir.cli;

import dev.weir.study.Machine;
import dev.weir.study.Outcome;
import dev.weir.study.Presets;
import dev.weir.study.Study;
import dev.weir.study.StudyFile;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyWorker;
import dev.weir.tensor.Engine;
import dev.weir.view.JsonFile;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.StudyReport;
import dev.weir.view.TextTable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `weir study`: which pathway or mixer earns its cost.
@Command(
    name = "study",
    description =
        "Train several models under equal tokens, operations, seconds or parameters, and say what separates them. May be interrupted or killed at any moment; called again, it goes on.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir study show --preset fork > study.yaml",
      "  weir study run study.yaml",
      "  weir study run --preset fork",
      "  weir study report study-fork --out report.html",
      "  weir study report study-fork --out docs/fork"
    })
final class StudyCommand {
  private static final int INTERRUPTED = 130;

  private final Terminal terminal;
  private final Interruption interruption;

  StudyCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Command(name = "show", description = "Print the study file of a preset.")
  int show(
      @Option(
              names = "--preset",
              required = true,
              paramLabel = "NAME",
              description = "fork, duality, ddl-audit or depth-family.")
          String preset) {
    terminal.out().print(Presets.yaml(preset));
    return 0;
  }

  @Command(name = "run", description = "Train what is not trained yet, and print the comparison.")
  int run(
      @Parameters(arity = "0..1", paramLabel = "FILE", description = "The study file.")
          Optional<Path> file,
      @Option(
              names = "--preset",
              paramLabel = "NAME",
              description =
                  "A study that ships with Weir instead: fork, duality, ddl-audit or depth-family.")
          Optional<String> preset,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FOLDER",
              description = "Where the study is kept. Default: study-NAME.")
          Optional<Path> out,
      @Option(
              names = "--spark",
              paramLabel = "MASTER",
              description =
                  "Train on Apache Spark: local[N] for N runs at a time, or spark://HOST:PORT. Every machine must see the folder and the data under the same path.")
          Optional<String> spark) {
    Study study = study(file, preset);
    StudyFolder folder =
        StudyFolder.of(out.orElseGet(() -> Path.of("study-" + study.name())), study);
    folder.note(
        Machine.here(
            file.map(path -> "weir study run " + path.getFileName())
                .orElseGet(() -> "weir study run --preset " + preset.orElse("")),
            Main.VERSION,
            terminal.home()));
    Engine.useThreads(1);
    try (Interruption.Work _ = interruption.begin()) {
      StudyPlan plan = results(folder).plan();
      spark.ifPresentOrElse(
          master -> new ClusterTraining(terminal, interruption).train(folder, plan, master),
          () -> train(folder, plan));
      print(results(folder));
      if (interruption.isAsked()) {
        terminal.note("stopped; the same command goes on with what is missing");
        return INTERRUPTED;
      }
    }
    writeReport(folder);
    return 0;
  }

  private void writeReport(StudyFolder folder) {
    Report report = StudyReport.of(results(folder), folder.machine());
    terminal.note("report: " + ReportFiles.writeFolder(report, folder.path()).getFirst());
  }

  @Command(name = "report", description = "Write what a study found so far.")
  int report(
      @Parameters(paramLabel = "FOLDER", description = "The folder of the study.") Path path,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "PLACE",
              description =
                  "A file (.html, .md, .json, .csv, .parquet, .png or .svg), or a folder for the page, the Markdown and each picture.")
          Optional<Path> out,
      @Option(names = "--json", description = "Print it as JSON.") boolean json) {
    out.filter(place -> !ReportFiles.isFolder(place)).ifPresent(ReportFiles::requireKnown);
    StudyFolder folder = StudyFolder.open(path);
    StudyResults results = results(folder);
    Report report = StudyReport.of(results, folder.machine());
    if (json) {
      JsonFile.write(report, terminal.out());
    } else if (out.isPresent()) {
      List<Path> written =
          ReportFiles.isFolder(out.get())
              ? ReportFiles.writeFolder(report, out.get())
              : ReportFiles.write(report, out.get());
      written.forEach(file -> terminal.note("wrote " + file));
    } else {
      print(results);
    }
    return 0;
  }

  private Study study(Optional<Path> file, Optional<String> preset) {
    if (file.isPresent() == preset.isPresent()) {
      throw CliException.notHere(
          "A study is named once",
          "give a study file, or --preset with one of " + String.join(", ", Presets.names()));
    }
    return file.map(StudyFile::read)
        .orElseGet(() -> Presets.of(preset.orElseThrow(), terminal.home().resolve("models")));
  }

  private StudyResults results(StudyFolder folder) {
    return folder.results(System::nanoTime, what -> terminal.note("measured " + what));
  }

  private void train(StudyFolder folder, StudyPlan plan) {
    long total = plan.runs().stream().mapToLong(StudyCommand::steps).sum();
    long before =
        plan.runs().stream()
            .filter(run -> folder.outcome(run).isPresent())
            .mapToLong(StudyCommand::steps)
            .sum();
    try (Progress progress = terminal.progress("study", total, "steps").after(before)) {
      new StudyWorker(folder).work(plan, new Counting(progress, before), interruption::isAsked);
    }
  }

  private static int steps(StudyRun run) {
    return run.plan().training().schedule().steps();
  }

  /// How far the study is.
  private static final class Counting implements StudyWorker.Listener {
    private final Progress progress;
    private long done;

    Counting(Progress progress, long done) {
      this.progress = progress;
      this.done = done;
    }

    @Override
    public void stepped(StudyRun run, int step) {
      done++;
      progress.reached(
          done, "%s, %s, seed %d".formatted(run.variant().name(), run.task().name(), run.seed()));
    }

    @Override
    public void finished(Outcome outcome) {}
  }

  private void print(StudyResults results) {
    terminal
        .out()
        .print(
            TextTable.render(StudyReport.comparisons(results), terminal.style(), terminal.width()));
  }
}
