package dev.weir.readout.basis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.readout.basis.BasisExperiment.Arm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BasisExperimentTest {
  private static final BasisExperiment.Settings TINY =
      new BasisExperiment.Settings(8, 1, 4, 2, 8, 0.01, 0.1, 0.9, List.of(0L, 1L));

  @Test
  void allArmsAreTrainedAndDependOnTheSeedAlone() {
    List<Integer> told = new ArrayList<>();
    List<BasisExperiment> once = run(told);
    List<BasisExperiment> again = run(new ArrayList<>());
    assertThat(once).extracting(BasisExperiment::arm).containsExactly(Arm.values());
    assertThat(told).hasSize(TINY.allSteps()).endsWith(TINY.allSteps());
    for (int arm = 0; arm < once.size(); arm++) {
      assertThat(once.get(arm).loss()).isEqualTo(again.get(arm).loss());
      assertThat(once.get(arm).layers()).isEqualTo(again.get(arm).layers());
      assertThat(once.get(arm).layers())
          .hasSize(2)
          .allSatisfy(layer -> assertThat(layer.kurtosis().mean()).isBetween(1.0, 8.0));
    }
    // All begin from the same numbers: only the step differs.
    assertThat(once.get(0).loss().mean()).isNotEqualTo(once.get(2).loss().mean());
  }

  @Test
  void theOptimizersCoordinatesAreTheStreamsUnlessItIsRotated() {
    List<BasisExperiment> arms = run(new ArrayList<>());
    BasisExperiment.Layer adam = arms.get(0).layers().getLast();
    BasisExperiment.Layer rotated = arms.get(2).layers().getLast();
    assertThat(adam.optimizers()).isEqualTo(adam.kurtosis());
    assertThat(rotated.optimizers().mean()).isNotEqualTo(rotated.kurtosis().mean());
  }

  @Test
  void settingsThatTrainNothingAreRefused() {
    assertThatThrownBy(() -> new BasisExperiment.Settings(8, 1, 4, 2, 8, 0.01, 0.1, 0.9, List.of()))
        .hasMessageContaining("at least 1");
    assertThatThrownBy(() -> new BasisExperiment.Settings(8, 1, 4, 2, 8, 0.01, 0.1, 1, List.of(0L)))
        .hasMessageContaining("Momentum");
  }

  private static List<BasisExperiment> run(List<Integer> told) {
    String text = "the quick brown fox jumps over the lazy dog. ".repeat(20);
    return BasisExperiment.run(BasisExperiment.bytes(text), TINY, (done, _, _) -> told.add(done));
  }
}
