package dev.weir.cli;

import dev.weir.study.StudyCluster;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import dev.weir.view.Progress;
import java.util.Collection;
import java.util.List;

/// Trains a study on a cluster, and shows how far it is.
///
/// @param terminal where that is shown
/// @param interruption ends it
record ClusterTraining(Terminal terminal, Interruption interruption) {

  /// Trains what is missing.
  ///
  /// @param folder where the study is
  /// @param plan its plan
  /// @param master where the cluster is
  void train(StudyFolder folder, StudyPlan plan, String master) {
    StudyCluster cluster = StudyCluster.find();
    List<StudyRun> done = plan.runs().stream().filter(folder::isDone).toList();
    if (done.size() == plan.runs().size()) {
      return;
    }
    try (Progress progress =
        terminal.progress("study", steps(plan.runs()), "steps").after(steps(done))) {
      cluster.work(
          folder, plan, master, new Shown(progress, plan.runs().size()), interruption::isAsked);
    }
  }

  private static long steps(Collection<StudyRun> runs) {
    return runs.stream().mapToLong(StudyRun::steps).sum();
  }

  private final class Shown implements StudyCluster.Listener {
    private final Progress progress;
    private final int runs;

    Shown(Progress progress, int runs) {
      this.progress = progress;
      this.runs = runs;
    }

    @Override
    public void reached(int done, long steps) {
      progress.reached(steps, "%d of %d runs".formatted(done, runs));
    }

    @Override
    public void noted(String what) {
      progress.close(); // The line would stand before the note.
      terminal.note(what);
    }
  }
}
