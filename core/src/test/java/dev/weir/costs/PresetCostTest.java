package dev.weir.costs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.TransformerCost;
import dev.weir.model.TransformerSpec;
import dev.weir.study.Presets;
import dev.weir.study.Variant;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What the formulas say that a variant of a preset costs, at the preset's own width and depth, is
/// what the engine is asked to compute, call by call: exactly.
///
/// Windows of short attention are the one exception: over a whole text the engine computes every
/// key and masks those out of sight, while the formula counts those that are seen, as an engine
/// without masks would compute. How many operations that are is checked too.
class PresetCostTest {
  /// Longer than any window of a preset.
  private static final int WINDOW = 32;

  private static Method texts;

  @BeforeAll
  static void loadWeirAgain() throws ReflectiveOperationException {
    texts =
        new CountedClasses()
            .loadClass(ModelRun.class.getName())
            .getMethod("presetTexts", String.class, String.class, int.class, int.class);
  }

  static Stream<Arguments> variants() {
    return Presets.names().stream()
        .flatMap(preset ->
            Presets.of(preset, Path.of("..", "models")).variants().stream()
                .map(Variant::name)
                .map(variant -> Arguments.of(preset, variant)));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void aVariantCostsWhatRuns(String preset, String variant) throws ReflectiveOperationException {
    TransformerSpec spec = ModelRun.presetSpec(preset, variant, WINDOW);
    // What a run does once, however many texts there are, is left out.
    double counted =
        (double) (operations(preset, variant, 2) - operations(preset, variant, 1)) / WINDOW;
    double formula = TransformerCost.flopsPerToken(spec, WINDOW);
    assertThat(formula + masked(spec)).isEqualTo(counted, within(1e-6 * counted));
  }

  /// Operations per token on keys that are computed and not seen: four for each feature of a head
  /// and five for the softmax.
  private static double masked(TransformerSpec spec) {
    double sum = 0;
    for (BlockSpec block : spec.blocks()) {
      if (block.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(var attention)
          && attention.visibility() instanceof AttentionSpec.Visibility.SlidingWindow(int window)) {
        double seen =
            IntStream.rangeClosed(1, WINDOW).map(i -> Math.min(i, window)).average().orElseThrow();
        sum += attention.nHeads() * (WINDOW - seen) * (4 * attention.dHead() + 5);
      }
    }
    return sum;
  }

  private static long operations(String preset, String variant, int howMany)
      throws ReflectiveOperationException {
    OperationCount.reset();
    try {
      var _ = texts.invoke(null, preset, variant, WINDOW, howMany);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    }
    return OperationCount.total();
  }
}
