package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.readout.basis.Kurtosis;
import dev.weir.readout.basis.Outliers;
import dev.weir.readout.basis.Rotation;
import dev.weir.readout.basis.RotationSuite;
import dev.weir.readout.basis.TurnedModel;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The basis of a real trained model against numbers from an independent float64 computation
/// (`analyses.md`, appendices B6 and B6b).
class Stories260kBasisTest {

  @ParameterizedTest
  @EnumSource
  void b6KurtosisBesideThatOfTheRotatedStream(Stories260kTest.Precision precision) {
    double[] raw = {2.894441, 3.876145, 4.141597, 4.375675, 4.060173, 3.895096};
    double[] rotated = {2.944562, 3.054662, 2.983948, 2.882775, 2.950607, 2.907729};
    double[] ratios = {7.957, 10.0415, 9.0843, 9.1983, 8.7958, 8.7492};
    int[] dimensions = {18, 20, 20, 15, 15, 20};
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(precision.dtype());
        StreamTrace trace = model.trace(Stories260kTest.TOKENS, Kurtosis.capture(Places.LAYERS))) {
      Kurtosis kurtosis = new Kurtosis(model.spec(), Places.LAYERS, numpyRotation());
      Outliers outliers =
          new Outliers(
              model.spec(), Places.LAYERS, Outliers.Rules.usual(), new SplittableRandom(0));
      kurtosis.read(trace);
      outliers.read(trace);
      List<Kurtosis.Layer> layers = kurtosis.layers(FirstPosition.LEFT_OUT);
      List<Outliers.Layer> places = outliers.layers(FirstPosition.LEFT_OUT);
      for (int i = 0; i < raw.length; i++) {
        String place = layers.get(i).place();
        precision.same(layers.get(i).kurtosis().mean(), raw[i], place);
        precision.same(layers.get(i).rotated().mean(), rotated[i], place + " rotated");
        // Printed with four digits after the point.
        assertThat(places.get(i).largestOverMedian()).isCloseTo(ratios[i], within(2e-3));
        assertThat(largest(places.get(i))).as(place).isEqualTo(dimensions[i]);
      }
    }
  }

  private static int largest(Outliers.Layer layer) {
    return layer.dimensions().stream()
        .max(java.util.Comparator.comparingDouble(Outliers.Dimension::largest))
        .orElseThrow()
        .index();
  }

  /// `numpy.linalg.qr(RandomState(0).randn(64, 64))[0]`.
  private static double[] numpyRotation() {
    NumpyRandom random = new NumpyRandom(0);
    double[] gaussian = new double[64 * 64];
    Arrays.setAll(gaussian, _ -> random.gaussian());
    try (Scope _ = Scope.open()) {
      return LinearAlgebra.qr(
              Tensor.of(gaussian, Shape.of("row", 64, "column", 64)), "row", "column")
          .q()
          .toDoubles();
    }
  }

  @Test
  void b6bTheControlChangesWhatTheReferenceSays() {
    try (Transformer model = Stories260kTest.open(DType.FLOAT64);
        TurnedModel turned =
            TurnedModel.of(model, TurnedModel.Kind.UNFOLDED_CONTROL, numpyRotation())) {
      Rotation rotation = new Rotation(model, turned.model());
      rotation.read(Stories260kTest.TOKENS);
      assertThat(rotation.largestLogitChange()).isCloseTo(16.316740567389502, within(1e-6));
      assertThat(rotation.crossEntropy().mean() + rotation.crossEntropyChange().mean())
          .isCloseTo(1.7394523924129952, within(1e-6));
    }
  }

  @Test
  void b6bARotationChangesNothingUnlessGainsAreLeft() {
    try (Transformer model = Stories260kTest.open(DType.FLOAT64);
        RotationSuite suite =
            RotationSuite.of(
                model,
                List.of(DType.FLOAT64, DType.FLOAT32, DType.BFLOAT16),
                RotationSuite.Controls.RUN,
                new SplittableRandom(1))) {
      suite.read(Stories260kTest.TOKENS);
      List<RotationSuite.Outcome> found = suite.outcomes();
      assertThat(found)
          .extracting(RotationSuite.Outcome::kind)
          .containsExactly(
              TurnedModel.Kind.EXACT,
              TurnedModel.Kind.EXACT,
              TurnedModel.Kind.EXACT,
              TurnedModel.Kind.UNFOLDED_CONTROL);
      assertThat(found.getFirst().crossEntropy().mean())
          .isCloseTo(0.4879628275129056, within(1e-10));
      // The reference lost 4.4e-14; the largest logits are about 20, and rounding grows with depth.
      assertThat(found.get(0).largestLogitChange()).isLessThan(1e-12);
      assertThat(found.get(1).largestLogitChange()).isBetween(1e-7, 1e-3);
      assertThat(found.get(2).largestLogitChange()).isBetween(1e-3, 3.0);
      assertThat(found.get(2).crossEntropyChange().mean()).isBetween(-0.05, 0.05);
      assertThat(found.get(3).largestLogitChange()).isGreaterThan(1);
    }
  }
}
