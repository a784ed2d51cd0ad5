package dev.weir.readout.basis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Kurtosis and outlying coordinates against laws and plain arithmetic.
class CoordinatesTest {

  @Test
  void randomDirectionsHaveTheKurtosisThatIsExpectedOfThem() {
    SplittableRandom random = new SplittableRandom(1);
    int d = 64;
    double[] coordinates = new double[20_000 * d];
    Arrays.setAll(coordinates, _ -> random.nextGaussian());
    double mean = DoubleStream.of(kurtosis(d, coordinates)).average().orElseThrow();
    // A token's kurtosis deviates by about 0.58, so the mean of 20,000 by 0.004.
    assertThat(mean).isCloseTo(Kurtosis.expected(d), within(0.016));
    assertThat(Kurtosis.expected(64)).isCloseTo(2.9077, within(5e-5));
  }

  @Test
  void kurtosisIsWhatPlainArithmeticSays() {
    // Mean 2, squares 4 1 0 9, fourth powers 16 1 0 81: (98 / 4) / (14 / 4)².
    double[] rows = kurtosis(4, 0, 1, 2, 5, 3, 3, 3, 3);
    assertThat(rows[0]).isCloseTo(24.5 / 12.25, within(1e-12));
    assertThat(rows[1]).isNaN();
  }

  private static double[] kurtosis(int width, double... values) {
    try (Scope _ = Scope.open()) {
      Shape shape = Shape.of("pos", values.length / width, "d_model", width);
      return Kurtosis.ofRows(Tensor.of(values, shape), "d_model");
    }
  }

  @Test
  void momentsOfNumbersThatComeOneAtATimeAreThoseOfAllAtOnce() {
    double[] values = new SplittableRandom(2).doubles(500, -1, 3).map(x -> x * x * x).toArray();
    PowerSums sums = new PowerSums();
    DoubleStream.of(values).forEach(sums::add);
    double mean = DoubleStream.of(values).average().orElseThrow();
    double square =
        DoubleStream.of(values).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    assertThat(sums.mean()).isCloseTo(mean, within(1e-12));
    assertThat(sums.deviation()).isCloseTo(Math.sqrt(square), within(1e-12));
    assertThat(sums.kurtosis()).isCloseTo(kurtosis(500, values)[0], within(1e-10));
  }

  @Test
  void theHillIndexOfAParetoTailIsItsExponent() {
    SplittableRandom random = new SplittableRandom(3);
    Sizes sizes = new Sizes(5000, random);
    for (int i = 0; i < 100_000; i++) {
      sizes.add(Math.pow(1 - random.nextDouble(), -1 / 2.5));
    }
    // The standard error of the estimate is 2.5 / √5000 = 0.035.
    assertThat(sizes.hill(5000)).isCloseTo(2.5, within(0.14));
    // The median of such a tail is 2^(1/2.5); of 65,536 of them within 0.3 %.
    assertThat(sizes.median()).isCloseTo(Math.pow(2, 0.4), within(0.02));
  }

  @Test
  void onePlantedMassiveCoordinateIsFoundAndNoOther() {
    try (Transformer model = planted(5, 4000);
        StreamTrace trace = model.trace(TOKENS, Outliers.capture(Places.LAYERS))) {
      Outliers outliers =
          new Outliers(
              model.spec(), Places.LAYERS, Outliers.Rules.usual(), new SplittableRandom(0));
      Kurtosis kurtosis = new Kurtosis(model.spec(), Places.LAYERS, new SplittableRandom(0));
      outliers.read(trace);
      kurtosis.read(trace);
      Outliers.Layer first = outliers.layers(FirstPosition.LEFT_OUT).getFirst();
      assertThat(first.massive()).containsExactly(5);
      assertThat(first.outliers()).containsExactly(5);
      assertThat(first.longest(1).getFirst().share()).isGreaterThan(0.99);
      // One coordinate of 12 and eleven zeros give κ = (d² − 3d + 3) / (d − 1).
      assertThat(kurtosis.layers(FirstPosition.LEFT_OUT).getFirst().kurtosis().mean())
          .isCloseTo((144 - 36 + 3) / 11.0, within(1e-3));
    }
  }

  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

  /// A random model in whose embedding one coordinate of every token is set.
  private static Transformer planted(int coordinate, double value) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(PathwayModels.on(new PreNorm()), DType.FLOAT64)) {
      double[] one = new double[model.spec().dModel()];
      one[coordinate] = value;
      Tensor added = Tensor.of(one, Shape.of("d_model", one.length));
      java.util.Map<String, Tensor> weights = new java.util.LinkedHashMap<>();
      model
          .parameters()
          .tensors()
          .forEach((name, weight) ->
              weights.put(
                  name,
                  owner.own((name.equals("embed.W_E") ? weight.plus(added) : weight).copy())));
      return Transformer.of(model.spec(), new Parameters(weights), owner, "planted");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void everyModelIsReadWhereItsSublayersRead(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), Kurtosis.capture(Places.READINGS))) {
      Kurtosis kurtosis = new Kurtosis(model.spec(), Places.READINGS, new SplittableRandom(0));
      Outliers outliers =
          new Outliers(
              model.spec(), Places.READINGS, Outliers.Rules.usual(), new SplittableRandom(0));
      kurtosis.read(trace);
      outliers.read(trace);
      for (FirstPosition first : FirstPosition.values()) {
        assertThat(kurtosis.layers(first))
            .hasSizeGreaterThan(model.spec().nLayers())
            .allSatisfy(layer -> assertThat(layer.kurtosis().mean()).isBetween(1.0, 100.0));
        assertThat(outliers.layers(first))
            .allSatisfy(layer -> assertThat(layer.median()).isPositive());
      }
    }
  }

  @Test
  void aModelThatActsOnSingleCoordinatesIsRefusedAndRunAsAControlOnly() {
    try (Transformer model =
            EveryModel.random(PathwayModels.spec("pathway/layerscale/rms/mha"), DType.FLOAT64);
        RotationSuite suite =
            RotationSuite.of(
                model,
                List.of(DType.FLOAT64),
                RotationSuite.Controls.RUN,
                new SplittableRandom(0))) {
      assertThatThrownBy(
              () -> TurnedModel.of(model, TurnedModel.Kind.EXACT, new SplittableRandom(0)))
          .hasMessageContaining("gamma multiplies each coordinate");
      suite.read(TOKENS);
      assertThat(suite.refusal()).hasValueSatisfying(why -> assertThat(why).contains("gamma"));
      assertThat(suite.outcomes())
          .hasSize(2)
          .allSatisfy(outcome -> {
            assertThat(outcome.kind()).isNotEqualTo(TurnedModel.Kind.EXACT);
            assertThat(outcome.largestLogitChange()).isGreaterThan(1e-3);
          });
    }
  }

  @Test
  void whatCannotBeReadIsRefused() {
    try (Transformer model = EveryModel.random(PathwayModels.on(new PreNorm()), DType.FLOAT32);
        StreamTrace one = model.trace(TOKENS, Kurtosis.capture(Places.LAYERS).at(2));
        StreamTrace two =
            model.trace(
                List.of(TOKENS, TOKENS),
                Capture.matching("blocks.*.hook_resid_*"),
                dev.weir.stream.Hooks.none())) {
      Kurtosis kurtosis = new Kurtosis(model.spec(), Places.LAYERS, new SplittableRandom(0));
      assertThatThrownBy(() -> kurtosis.layers(FirstPosition.KEPT))
          .hasMessageContaining("No text has been read");
      assertThatThrownBy(() -> kurtosis.read(one)).hasMessageContaining("kept 1 of 10");
      assertThatThrownBy(() -> kurtosis.read(two)).hasMessageContaining("holds 2");
      assertThatThrownBy(() -> new Outliers.Rules(-1, 0, 1, 1, 1)).hasMessageContaining("-1");
    }
  }
}
