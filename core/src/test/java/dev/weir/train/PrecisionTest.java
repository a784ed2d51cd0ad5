package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Forward passes in bfloat16 over parameters in float32.
class PrecisionTest {
  private static final TrainingSettings HALF =
      TinyRuns.settings(40)
          .with(
              new TrainingSettings.Execution(DType.BFLOAT16, TrainingSettings.Activations.KEPT, 1));

  @Test
  void learnsAboutAsWellAsInFloat32() {
    List<TrainingStep> whole = TinyRuns.steps(TinyRuns.settings(40), TrainingParts.usual());
    List<TrainingStep> half = TinyRuns.steps(HALF, TrainingParts.usual());
    // Eight bits: values are off by 0.4 %, and so are logits of size 3 or so.
    for (int i = 0; i < half.size(); i++) {
      assertThat(half.get(i).trainLoss()).isCloseTo(whole.get(i).trainLoss(), within(0.05));
    }
    assertThat(TinyRuns.losses(half)).isNotEqualTo(TinyRuns.losses(whole));
    assertThat(half.getLast().trainLoss()).isLessThan(half.getFirst().trainLoss() - 0.5);
  }

  @Test
  void keepsItsParametersInFloat32AndGoesOnToTheSameBits(@TempDir Path folder) {
    List<TrainingStep> whole = TinyRuns.steps(HALF, TrainingParts.usual());
    List<TrainingStep> parted = new ArrayList<>();
    try (TrainingRun run = new TrainingRun(TinyRuns.spec(), TinyRuns.data(), HALF)) {
      while (run.steps() < 15) {
        parted.add(run.step());
      }
      assertThat(run.model().dtype()).isEqualTo(DType.FLOAT32);
      Checkpoint.write(run, folder);
    }
    try (TrainingRun run =
        TrainingRun.resume(Checkpoint.latest(folder).orElseThrow(), TinyRuns.data())) {
      run.run(parted::add);
    }
    assertThat(TinyRuns.losses(parted)).isEqualTo(TinyRuns.losses(whole));
  }
}
