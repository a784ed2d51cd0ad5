package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.geometry.Cka;
import dev.weir.geometry.IntrinsicDimension;
import dev.weir.model.Transformer;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.readout.bandwidth.DimensionUse;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How much of its space the stream of a real trained model uses, against numbers from an
/// independent float64 computation (`analyses.md`, appendices B7 to B7c).
class Stories260kBandwidthTest {

  @ParameterizedTest
  @EnumSource
  void b7SpectraOfTheStream(Stories260kTest.Precision precision) {
    double[][] expected = {
      {26.587047, 35.594381, 11.487242, 0.087053},
      {24.566834, 34.203043, 10.142048, 0.098599},
      {25.553951, 34.853101, 10.950394, 0.091321},
      {24.935028, 34.517885, 10.910672, 0.091653},
      {24.366744, 34.260876, 10.906595, 0.091688},
      {25.752477, 36.350918, 9.961244, 0.100389}
    };
    try (Transformer model = Stories260kTest.open(precision.dtype());
        StreamTrace trace =
            model.trace(Stories260kTest.TOKENS, DimensionUse.capture(Places.LAYERS))) {
      DimensionUse use = new DimensionUse(model.spec(), Places.LAYERS, 3);
      use.read(trace);
      List<DimensionUse.Layer> layers = use.layers(FirstPosition.LEFT_OUT);
      for (int i = 0; i < expected.length; i++) {
        var spectrum = layers.get(i).spectrum();
        precision.same(
            new double[] {
              spectrum.participationRatio(),
              spectrum.effectiveRank(),
              spectrum.stableRank(),
              spectrum.firstShare()
            },
            expected[i],
            layers.get(i).place());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void b7bLinearCkaOfThePlaces(Stories260kTest.Precision precision) {
    double[][] expected = {
      {1, 0.758457, 0.653695, 0.57064, 0.491721, 0.429649},
      {0.758457, 1, 0.881147, 0.754072, 0.64063, 0.554962},
      {0.653695, 0.881147, 1, 0.882494, 0.742066, 0.628963},
      {0.57064, 0.754072, 0.882494, 1, 0.864191, 0.724287},
      {0.491721, 0.64063, 0.742066, 0.864191, 1, 0.837946},
      {0.429649, 0.554962, 0.628963, 0.724287, 0.837946, 1}
    };
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(precision.dtype())) {
      List<Tensor> points = points(model);
      for (int i = 0; i < expected.length; i++) {
        for (int j = 0; j < expected.length; j++) {
          precision.same(Cka.linear(points.get(i), points.get(j)), expected[i][j], i + " " + j);
        }
      }
    }
  }

  /// Ratios of close distances amplify what float32 rounds, so this is for float64 alone.
  @org.junit.jupiter.api.Test
  void b7cIntrinsicDimensions() {
    double[][] expected = {
      {1.285973, 1.059013, 8.265408, 2.551178},
      {1.785286, 1.569376, 9.079699, 3.655113},
      {2.517041, 2.316846, 8.16453, 4.416473},
      {3.362654, 3.14989, 9.983759, 5.70829},
      {4.597875, 4.908568, 10.761668, 6.911502}
    };
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(DType.FLOAT64)) {
      List<Tensor> points = points(model);
      for (int i = 0; i < expected.length; i++) {
        IntrinsicDimension dimension = IntrinsicDimension.of(points.get(i + 1), 10);
        Stories260kTest.Precision.DOUBLE.same(
            new double[] {
              dimension.twoNn(),
              dimension.twoNnLine(),
              dimension.levinaBickel(),
              dimension.mackayGhahramani()
            },
            expected[i],
            (i + 1) + "");
        assertThat(dimension.points()).isEqualTo(127);
      }
    }
  }

  /// The stream at each place, all positions but the first, `[point, d_model]`.
  private static List<Tensor> points(Transformer model) {
    StreamTrace trace = model.trace(Stories260kTest.TOKENS, Places.LAYERS.capture());
    return Places.LAYERS.of(model.spec()).stream()
        .map(place -> trace.get(place.point()).slice("pos", 1, 127).rename("pos", "point").copy())
        .toList();
  }
}
