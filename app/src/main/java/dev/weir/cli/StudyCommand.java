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
import dev.weir.study.StudyStatus;
import dev.weir.study.StudyWorker;
import dev.weir.tensor.Engine;
import dev.weir.view.JsonFile;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.StudyFiles;
import dev.weir.view.StudyReport;
import dev.weir.view.StudyStatusReport;
import dev.weir.view.Table;
import dev.weir.view.TextTable;
import dev.weir.view.ViewException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
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
      "  weir study run --preset fork --workers 2",
      "  weir study run study-fork",
      "  weir study status study-fork",
      "  weir study report study-fork --out report.html",
      "  weir study report study-fork --out docs/fork"
    })
final class StudyCommand {
  /// What the processes that a study starts are called with.
  static final String WORK = "work";

  private static final int FAILURE = 1;

  private final Terminal terminal;
  private final Interruption interruption;

  StudyCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Command(
      name = "show",
      description = "Print the study file of a preset.",
      mixinStandardHelpOptions = true)
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

  @Command(
      name = "run",
      description = "Train what is not trained yet, and print the comparison.",
      mixinStandardHelpOptions = true)
  int run(
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "The study file, or the folder of a study to go on with.")
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
              names = "--workers",
              paramLabel = "N",
              description =
                  "How many runs are trained at the same time, each by a process and a thread. Default: one for each processor.")
          Optional<Integer> workers,
      @Option(
              names = "--spark",
              paramLabel = "MASTER",
              description =
                  "Train on Apache Spark: local[N] for N runs at a time, or spark://HOST:PORT. Every machine must see the folder and the data under the same path.")
          Optional<String> spark) {
    int most = atLeastOne(workers.orElseGet(Runtime.getRuntime()::availableProcessors));
    StudyFolder folder = folder(file, preset, out);
    folder.note(
        Machine.here(
            file.map(path -> "weir study run " + path.getFileName())
                .orElseGet(() -> "weir study run --preset " + preset.orElse("")),
            Main.VERSION,
            terminal.home()));
    Engine.useThreads(1);
    try (Interruption.Work _ = interruption.begin()) {
      return worked(folder, spark, most);
    }
  }

  private int worked(StudyFolder folder, Optional<String> spark, int most) {
    StudyPlan plan;
    try {
      plan = prepared(folder).plan();
    } catch (CancellationException _) {
      return stopped(folder);
    }
    List<StudyRun> givenUp =
        spark.isPresent() ? trainOn(spark.get(), folder, plan) : train(folder, plan, most);
    StudyResults results = folder.results();
    keep(folder, results);
    print(results, folder);
    if (interruption.isAsked()) {
      return stopped(folder);
    }
    writeReport(folder, results);
    return toldOf(givenUp, folder) ? FAILURE : 0;
  }

  private int stopped(StudyFolder folder) {
    terminal.note("stopped; go on with: weir study run " + folder.path());
    return Interruption.EXIT_CODE;
  }

  private static int atLeastOne(int workers) {
    if (workers < 1) {
      throw CliException.notHere("--workers " + workers + " is nobody", "use at least 1");
    }
    return workers;
  }

  private boolean toldOf(List<StudyRun> givenUp, StudyFolder folder) {
    if (!givenUp.isEmpty()) {
      terminal.note(
          "%d of the runs are missing: %s; try again with: weir study run %s"
              .formatted(
                  givenUp.size(),
                  givenUp.stream().map(StudyRun::label).collect(Collectors.joining("; ")),
                  folder.path()));
    }
    return !givenUp.isEmpty();
  }

  @Command(
      name = WORK,
      hidden = true,
      description = "Train runs of a study that another process looks after, until it ends.",
      mixinStandardHelpOptions = true)
  int work(@Parameters(paramLabel = "FOLDER", description = "The study's folder.") Path path) {
    Child.whenParentEnds(() -> {
      interruption.askAndWait();
      Engine.leave(Interruption.EXIT_CODE);
    });
    Engine.useThreads(1);
    StudyFolder folder = StudyFolder.open(path);
    StudyPlan plan = folder.results().plan();
    try (Interruption.Work _ = interruption.begin()) {
      new StudyWorker(folder)
          .workToTheEnd(plan, StudyWorker.Listener.silent(), interruption::isAsked);
    }
    return interruption.isAsked() ? Interruption.EXIT_CODE : 0;
  }

  @Command(
      name = "status",
      description = "Say how far a study is.",
      mixinStandardHelpOptions = true)
  int status(
      @Parameters(paramLabel = "FOLDER", description = "The folder of the study.") Path path,
      @Option(names = "--json", description = "Print it as JSON.") boolean json) {
    StudyFolder folder = StudyFolder.open(path);
    StudyResults results = folder.results();
    Report report = StudyStatusReport.of(results, StudyStatus.of(folder, results));
    if (json) {
      JsonFile.write(report, terminal.out());
    } else {
      terminal.out().println(report.subtitle());
      report.tables().stream()
          .filter(table -> !table.rows().isEmpty())
          .forEach(table -> terminal.out().print("\n" + rendered(table)));
    }
    return 0;
  }

  private void writeReport(StudyFolder folder, StudyResults results) {
    Report report = StudyReport.of(results, folder.machine());
    terminal.note("report: " + ReportFiles.writeFolder(report, folder.path()).getFirst());
  }

  @Command(
      name = "report",
      description = "Write what a study found so far.",
      mixinStandardHelpOptions = true)
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
    StudyResults results = folder.results();
    keep(folder, results);
    if (!json && out.isEmpty()) {
      print(results, folder);
      return 0;
    }
    AnalysisOptions.deliver(StudyReport.of(results, folder.machine()), out, json, terminal);
    return 0;
  }

  private StudyFolder folder(Optional<Path> file, Optional<String> preset, Optional<Path> out) {
    if (file.isPresent() == preset.isPresent()) {
      throw CliException.notHere(
          "A study is named once",
          "give a study file, or --preset with one of " + String.join(", ", Presets.names()));
    }
    if (file.filter(Files::isDirectory).isPresent()) {
      if (out.isPresent()) {
        throw CliException.notHere(
            "The folder of a study is named twice", "leave --out out to go on with a study");
      }
      return StudyFolder.open(file.get());
    }
    Path shipped = terminal.home().resolve("models");
    Study study =
        file.map(path -> StudyFile.read(path, shipped))
            .orElseGet(() -> Presets.of(preset.orElseThrow(), shipped));
    return StudyFolder.of(out.orElseGet(() -> Path.of("study-" + study.name())), study);
  }

  private StudyResults prepared(StudyFolder folder) {
    return folder.results(
        System::nanoTime, what -> terminal.note("measured " + what), interruption::isAsked);
  }

  /// Trains what is missing.
  ///
  /// @return the runs that were given up
  private List<StudyRun> train(StudyFolder folder, StudyPlan plan, int most) {
    long missing = plan.runs().stream().filter(run -> !folder.isDone(run)).count();
    if (missing <= 1 || most == 1) {
      trainHere(folder, plan);
      return List.of();
    }
    int size = (int) Math.min(most, missing);
    try (StudyCrew crew = new StudyCrew(terminal, folder, plan, size, interruption::isAsked)) {
      crew.work();
      return crew.givenUp();
    }
  }

  private List<StudyRun> trainOn(String cluster, StudyFolder folder, StudyPlan plan) {
    new ClusterTraining(terminal, interruption).train(folder, plan, cluster);
    return List.of();
  }

  private void trainHere(StudyFolder folder, StudyPlan plan) {
    try (StudyHeadway headway = new StudyHeadway(terminal, folder, plan)) {
      new StudyWorker(folder).workToTheEnd(plan, told(headway), interruption::isAsked);
    }
  }

  private static StudyWorker.Listener told(StudyHeadway headway) {
    return new StudyWorker.Listener() {
      @Override
      public void stepped(StudyRun run, int step) {
        headway.reached(run, step);
        headway.tell(run.label());
      }

      @Override
      public void finished(Outcome outcome) {
        headway.look();
      }
    };
  }

  /// Results are files beside what is printed; where the folder may only be read, they are not.
  private void keep(StudyFolder folder, StudyResults results) {
    try {
      var _ = StudyFiles.write(results, folder.path());
    } catch (ViewException e) {
      terminal.note("results are not written as files: " + e.getMessage());
    }
  }

  private void print(StudyResults results, StudyFolder folder) {
    Table found = StudyReport.comparisons(results);
    if (found.rows().isEmpty()) {
      terminal.note("nothing can be compared yet; see: weir study status " + folder.path());
    } else {
      terminal.out().print(rendered(found));
    }
  }

  private String rendered(Table table) {
    return TextTable.render(table, terminal.style(), terminal.width());
  }
}
