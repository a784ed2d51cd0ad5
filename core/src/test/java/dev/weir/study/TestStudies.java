package dev.weir.study;

import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.Look;
import dev.weir.train.ModelSettings;
import java.util.List;
import java.util.Optional;

/// Parts of small studies.
final class TestStudies {
  private TestStudies() {}

  /// One narrow block.
  static ModelSettings model() {
    return new ModelSettings(
        "pre_norm",
        16,
        1,
        1,
        1,
        32,
        2,
        2,
        ModelSettings.NormKind.RMS,
        ModelSettings.MlpKind.GATED,
        ModelSettings.Positions.ROTARY,
        ModelSettings.Head.SEPARATE);
  }

  /// A task whose data nobody opens.
  static Prepared prepared(StudyTask task) {
    DataSettings data =
        new DataSettings(task.source(), Optional.empty(), 0.1, CorpusFiles.usual(), "");
    return new Prepared(task, data, 8, task.window());
  }

  /// A run that ended so.
  static Outcome outcome(StudyRun run, Look end) {
    return new Outcome(
        run.id(),
        run.variant().name(),
        run.task().name(),
        run.seed(),
        run.rate(),
        10,
        640,
        1,
        1,
        run.parameters(),
        end,
        List.of(),
        "");
  }
}
