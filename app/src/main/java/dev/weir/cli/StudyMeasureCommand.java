package dev.weir.cli;

import dev.weir.study.Pace;
import dev.weir.study.StudyFolder;
import dev.weir.tensor.Engine;
import dev.weir.view.Report;
import dev.weir.view.StudySpeed;
import dev.weir.view.TextTable;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `weir study measure`: what variants cost on this machine.
@Command(
    name = "measure",
    description =
        "Measure how fast each variant of a study trains and writes and what memory it takes, on this machine, and print it. Measured once and kept in the folder; best while nothing else runs.",
    mixinStandardHelpOptions = true)
final class StudyMeasureCommand implements Callable<Integer> {

  @Parameters(paramLabel = "FOLDER", description = "The folder of the study.")
  private Path folder = Path.of("");

  private final Terminal terminal;
  private final Interruption interruption;

  StudyMeasureCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    Engine.useThreads(1);
    StudyFolder study = StudyFolder.open(folder);
    try (Interruption.Work _ = interruption.begin()) {
      if (!measured(study)) {
        terminal.note("stopped; measure again with: weir study measure " + folder);
        return Interruption.EXIT_CODE;
      }
    }
    for (Report.Section section : StudySpeed.sections(study.results())) {
      if (section instanceof Report.TableSection(var table)) {
        terminal.out().println(TextTable.render(table, terminal.style(), terminal.width()));
      }
    }
    return 0;
  }

  /// Whether it was not stopped before the end.
  private boolean measured(StudyFolder study) {
    try {
      Pace _ =
          study.measured(
              System::nanoTime, what -> terminal.note("measured " + what), interruption::isAsked);
      return true;
    } catch (CancellationException _) {
      return false;
    }
  }
}
