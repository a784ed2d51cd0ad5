package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.stream.HookPoint;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DropoutTest {
  private static final int COUNT = 100_003; // Not a multiple of what one draw gives.

  @Test
  void leavesOutItsShareAndKeepsTheMean() {
    float[] ones = new float[COUNT];
    Arrays.fill(ones, 1);
    try (Scope _ = Scope.open()) {
      float[] after =
          new Dropout(0.25, 1)
              .apply(new HookPoint.Embed(), Tensor.of(ones, Shape.of("place", COUNT)))
              .toFloats();
      long gone = 0;
      double sum = 0;
      for (float value : after) {
        assertThat(value).isIn(0f, 4 / 3f);
        gone += value == 0 ? 1 : 0;
        sum += value;
      }
      // Five standard deviations of a binomial share.
      double tolerance = 5 * Math.sqrt(0.25 * 0.75 / COUNT);
      assertThat(gone / (double) COUNT).isCloseTo(0.25, within(tolerance));
      assertThat(sum / COUNT).isCloseTo(1, within(tolerance / 0.75));
    }
  }

  @Test
  void touchesWhatEntersTheStreamAndNothingElse() {
    Dropout dropout = new Dropout(0.1, 1);
    assertThat(dropout.touches(new HookPoint.Embed())).isTrue();
    assertThat(dropout.touches(new HookPoint.AttnOut(3))).isTrue();
    assertThat(dropout.touches(new HookPoint.MlpOut(0))).isTrue();
    assertThat(dropout.touches(new HookPoint.Pattern(0))).isFalse();
    assertThat(dropout.touches(new HookPoint.ResidPost(0))).isFalse();
  }
}
