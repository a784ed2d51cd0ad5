package dev.weir.readout.bandwidth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.bandwidth.PrincipalComponents.Found;
import dev.weir.readout.bandwidth.PrincipalComponents.Scaling;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Components against what defines them, on the streams of a small model.
class PrincipalComponentsTest {
  private static final String MODEL = "pathway/pre_norm/rms/mha";
  private static final HookPoint POINT = new HookPoint.ResidPre(2);
  private static final List<int[]> TEXTS =
      List.of(
          new int[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3},
          new int[] {2, 7, 1, 8, 2, 8, 1, 8},
          new int[] {1, 4, 1, 4, 2, 1, 3, 5, 6, 2, 3},
          new int[] {1, 6, 1, 8, 0, 3, 3, 9, 8, 8, 7, 4, 9});

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void projectedTokensHaveMeanZeroTheVarianceOfTheirComponentAndNoCorrelation(Scaling scaling) {
    try (Transformer model = EveryModel.open(MODEL, DType.FLOAT64)) {
      List<double[]> rows = rows(model, FirstPosition.LEFT_OUT);
      Found found = read(model, FirstPosition.LEFT_OUT).components(scaling, 12);

      assertThat(found.tokens()).isEqualTo(rows.size());
      for (int a = 0; a < 12; a++) {
        double[] along = along(rows, found, a);
        assertThat(mean(along)).isCloseTo(0, within(1e-10));
        for (int b = 0; b <= a; b++) {
          double expected = a == b ? found.components().get(a).variance() : 0;
          assertThat(products(along, along(rows, found, b))).isCloseTo(expected, within(1e-9));
        }
      }
      assertThat(found.components().stream().mapToDouble(c -> c.share()).sum())
          .isCloseTo(1, within(1e-12));
    }
  }

  /// `((x − mean) / deviation) · vector`, written out.
  private static double[] along(List<double[]> rows, Found found, int component) {
    double[] vector = found.components().get(component).vector();
    return rows.stream()
        .mapToDouble(x -> {
          double sum = 0;
          for (int i = 0; i < x.length; i++) {
            sum += (x[i] - found.mean()[i]) / found.deviation()[i] * vector[i];
          }
          return sum;
        })
        .toArray();
  }

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void aProductWithTheRawStreamLessAnOffsetIsTheSameProjection(Scaling scaling) {
    try (Transformer model = EveryModel.open(MODEL, DType.FLOAT64)) {
      List<double[]> rows = rows(model, FirstPosition.KEPT);
      Found found = read(model, FirstPosition.KEPT).components(scaling, 3);

      double[] expected = along(rows, found, 1);
      for (int row = 0; row < expected.length; row++) {
        double value = dot(rows.get(row), found.reading(1)) - found.offset(1);
        assertThat(value).isCloseTo(expected[row], within(1e-10));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void aComponentIsAUnitVectorWhoseLargestNumberIsPositive(Scaling scaling) {
    try (Transformer model = EveryModel.open(MODEL, DType.FLOAT32)) {
      for (var component : read(model, FirstPosition.KEPT).components(scaling, 12).components()) {
        double[] vector = component.vector();
        assertThat(dot(vector, vector)).isCloseTo(1, within(1e-12));
        assertThat(Arrays.stream(vector).max().orElseThrow())
            .isEqualTo(Arrays.stream(vector).map(Math::abs).max().orElseThrow());
      }
    }
  }

  @Test
  void rawAndZScoredComponentsDiffer() {
    try (Transformer model = EveryModel.open(MODEL, DType.FLOAT64)) {
      PrincipalComponents pca = read(model, FirstPosition.KEPT);
      double[] raw = pca.components(Scaling.RAW, 1).components().getFirst().vector();
      double[] scored = pca.components(Scaling.Z_SCORED, 1).components().getFirst().vector();

      assertThat(Math.abs(dot(raw, scored))).isLessThan(0.999);
    }
  }

  @Test
  void oneTokenHasNoComponents() {
    PrincipalComponents none = new PrincipalComponents(POINT, 12, FirstPosition.LEFT_OUT);

    assertThatThrownBy(() -> none.components(Scaling.RAW, 1))
        .hasMessageStartingWith("0 tokens have no covariance");
  }

  // ---------------------------------------------------------------- plain arithmetic

  private static PrincipalComponents read(Transformer model, FirstPosition first) {
    PrincipalComponents pca = new PrincipalComponents(POINT, model.spec().dModel(), first);
    for (int[] text : TEXTS) {
      try (StreamTrace trace = model.trace(text, PrincipalComponents.capture(POINT))) {
        pca.read(trace);
      }
    }
    return pca;
  }

  private static List<double[]> rows(Transformer model, FirstPosition first) {
    List<double[]> rows = new ArrayList<>();
    for (int[] text : TEXTS) {
      try (Scope _ = Scope.open();
          StreamTrace trace = model.trace(text, PrincipalComponents.capture(POINT))) {
        Tensor stream = trace.get(POINT);
        for (int pos = first.from(); pos < text.length; pos++) {
          rows.add(stream.at("pos", pos).toDoubles());
        }
      }
    }
    return rows;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double products(double[] a, double[] b) {
    return dot(a, b) / a.length;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
