package dev.weir.readout.basis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.TransformerSpec;
import dev.weir.testing.PathwayModels;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is said of each pathway agrees with what a rotation does to a random model of it.
class RotationSurvivalTest {

  static java.util.stream.Stream<String> everyCombination() {
    return PathwayModels.everyCombination().filter(name -> name.endsWith("/rms/mha"));
  }

  @ParameterizedTest
  @MethodSource("everyCombination")
  void whatIsSaidOfAPathwayIsWhatItDoes(String name) {
    TransformerSpec spec = PathwayModels.spec(name);
    RotationSurvival found = RotationSurvival.of(spec, new SplittableRandom(4));
    boolean named =
        found.reason().contains("multiplies each coordinate by a number of its own")
            || found.reason().contains("coordinates of the stream for itself");
    assertThat(found.verdict() == RotationSurvival.Verdict.NONE).as(name).isEqualTo(named);
  }
}
