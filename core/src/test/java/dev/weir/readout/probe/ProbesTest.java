package dev.weir.readout.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ProbesTest {
  private static final List<String> TWO = List.of("no", "yes");

  // ---------------------------------------------------------------- a planted direction

  /// Rows whose class lies along one direction and whose noise is the same in every direction and
  /// in both classes, exactly: all combinations of signs, in a rotated basis.
  private static final class Planted {
    static final int WIDTH = 6;
    final double[][] values;
    final int[] classes;
    final double[] direction;

    Planted() {
      double[][] basis = rotation(WIDTH);
      direction = basis[0];
      values = new double[2 << WIDTH][WIDTH];
      classes = new int[values.length];
      for (int row = 0; row < values.length; row++) {
        classes[row] = row & 1;
        for (int axis = 0; axis < WIDTH; axis++) {
          // Larger than the distance of the means from the middle, so that no probe separates.
          double noise = (row >> (axis + 1) & 1) == 0 ? 1.5 : -1.5;
          double along = noise + (axis == 0 ? 2 * classes[row] - 1 : 0);
          for (int i = 0; i < WIDTH; i++) {
            values[row][i] += along * basis[axis][i];
          }
        }
      }
    }

    Rows rows() {
      return Rows.ofClasses(values, classes, TWO);
    }
  }

  private static double[][] rotation(int width) {
    try (Scope _ = Scope.open()) {
      return RidgeProbe.rows(
          LinearAlgebra.orthogonal("row", "column", width, new SplittableRandom(3)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyProbeFindsThePlantedDirection(ProbeKind kind) {
    Planted planted = new Planted();
    LinearProbe probe = kind.fit(planted.rows(), 1e-10);
    // The logistic probe stops at a gradient of 1e-6; the others are exact but for rounding.
    double bound = kind == ProbeKind.LOGISTIC ? 1e-9 : 1e-13;
    assertThat(cosine(probe.direction(1), planted.direction)).isCloseTo(1, within(bound));
    assertThat(cosine(probe.direction(0), planted.direction)).isCloseTo(-1, within(bound));
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  // ---------------------------------------------------------------- against plain arithmetic

  private static double[][] random(int rows, int width, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] values = new double[rows][width];
    for (double[] row : values) {
      for (int i = 0; i < width; i++) {
        row[i] = random.nextGaussian() * (1 + i) + i + (i > 0 ? row[0] : 0);
      }
    }
    return values;
  }

  @Test
  void momentsOfBlocksAreThoseOfTheWhole() {
    double[][] values = random(50, 4, 1);
    double[][] targets = random(50, 2, 2);
    Moments whole = Rows.of(values, targets, TWO).moments();
    Moments parts =
        Rows.of(Arrays.copyOf(values, 13), Arrays.copyOf(targets, 13), TWO)
            .moments()
            .plus(
                Rows.of(
                        Arrays.copyOfRange(values, 13, 50),
                        Arrays.copyOfRange(targets, 13, 50),
                        TWO)
                    .moments());
    double[] xx = new double[16];
    for (double[] row : values) {
      for (int i = 0; i < 16; i++) {
        xx[i] += (row[i / 4] - whole.mean()[i / 4]) * (row[i % 4] - whole.mean()[i % 4]);
      }
    }
    assertThat(parts.weight()).isEqualTo(50);
    assertThat(parts.mean()).containsExactly(whole.mean(), within(1e-12));
    assertThat(parts.xx()).containsExactly(xx, within(1e-9));
    assertThat(whole.xx()).containsExactly(xx, within(1e-9));
    assertThat(parts.xz()).containsExactly(whole.xz(), within(1e-9));
    assertThat(parts.zz()).containsExactly(whole.zz(), within(1e-9));
  }

  /// At the best map with a penalty, the derivative of the mean squared error by each standardised
  /// weight is `−2 λ` times it.
  @Test
  void ridgeIsWhereItsDerivativeVanishes() {
    double[][] values = random(60, 3, 4);
    double[][] targets = random(60, 1, 5);
    Moments moments = Rows.of(values, targets, List.of("label")).moments();
    double penalty = 0.3;
    LinearProbe probe = RidgeProbe.fit(moments, List.of("label"), penalty);
    double[] deviations = moments.deviations();
    double bias = 0;
    double[] slopes = new double[3];
    double squares = 0;
    double spread = 0;
    for (int row = 0; row < 60; row++) {
      double error = dot(probe.weights()[0], values[row]) + probe.biases()[0] - targets[row][0];
      bias += error / 60;
      squares += error * error;
      spread += Math.pow(targets[row][0] - moments.targetMean()[0], 2);
      for (int i = 0; i < 3; i++) {
        slopes[i] += error * (values[row][i] - moments.mean()[i]) / deviations[i] / 60;
      }
    }
    assertThat(bias).isCloseTo(0, within(1e-12));
    for (int i = 0; i < 3; i++) {
      double standardised = probe.weights()[0][i] * deviations[i];
      assertThat(slopes[i]).isCloseTo(-penalty * standardised, within(1e-12));
    }
    assertThat(probe.rSquared(moments)[0]).isCloseTo(1 - squares / spread, within(1e-12));
  }

  @Test
  void logisticIsWhereItsDerivativeVanishesForThreeClasses() {
    double[][] values = random(90, 3, 6);
    int[] classes = new SplittableRandom(7).ints(90, 0, 3).toArray();
    Rows rows = Rows.ofClasses(values, classes, List.of("a", "b", "c"));
    Moments moments = rows.moments();
    double penalty = 0.01;
    LinearProbe probe = LogisticProbe.fit(rows, moments, penalty);
    double[] deviations = moments.deviations();
    double[][] slopes = new double[3][3];
    for (int row = 0; row < 90; row++) {
      double[] odds = new double[3];
      for (int of = 0; of < 3; of++) {
        odds[of] = Math.exp(dot(probe.weights()[of], values[row]) + probe.biases()[of]);
      }
      double all = Arrays.stream(odds).sum();
      for (int of = 0; of < 3; of++) {
        double error = odds[of] / all - (classes[row] == of ? 1 : 0);
        for (int i = 0; i < 3; i++) {
          slopes[of][i] += error * (values[row][i] - moments.mean()[i]) / deviations[i] / 90;
        }
      }
    }
    for (int of = 0; of < 3; of++) {
      for (int i = 0; i < 3; i++) {
        double standardised = probe.weights()[of][i] * deviations[i];
        // Steps end at a gradient of 1e-6.
        assertThat(slopes[of][i]).isCloseTo(-penalty * standardised, within(1.1e-6));
      }
    }
  }

  /// For two classes with the covariance within them multiplied out by hand.
  @Test
  void ldaIsTheInverseCovarianceTimesTheDifferenceOfMeans() {
    double[][] values = random(80, 2, 8);
    int[] classes = new SplittableRandom(9).ints(80, 0, 2).toArray();
    double[][] means = new double[2][2];
    double[] counts = new double[2];
    for (int row = 0; row < 80; row++) {
      counts[classes[row]]++;
      means[classes[row]][0] += values[row][0];
      means[classes[row]][1] += values[row][1];
    }
    double[] w = new double[4];
    for (int row = 0; row < 80; row++) {
      int of = classes[row];
      double x = values[row][0] - means[of][0] / counts[of];
      double y = values[row][1] - means[of][1] / counts[of];
      w[0] += x * x / 80;
      w[1] += x * y / 80;
      w[3] += y * y / 80;
    }
    double dx = means[1][0] / counts[1] - means[0][0] / counts[0];
    double dy = means[1][1] / counts[1] - means[0][1] / counts[0];
    double determinant = w[0] * w[3] - w[1] * w[1];
    double[] expected = {
      (w[3] * dx - w[1] * dy) / determinant, (w[0] * dy - w[1] * dx) / determinant
    };
    Moments moments = Rows.ofClasses(values, classes, TWO).moments();
    assertThat(LdaProbe.fit(moments, TWO, 0).direction(1)).containsExactly(expected, within(1e-10));
    assertThat(DifferenceOfMeans.fit(moments, TWO).direction(1))
        .containsExactly(new double[] {dx, dy}, within(1e-12));
  }

  // ---------------------------------------------------------------- on models

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// Texts that end in one of two tokens are told apart by what their last token left, wherever the
  /// stream has a name, and not after the label was erased.
  @ParameterizedTest
  @MethodSource("models")
  void readsTheLastTokenOnEveryModelUntilItIsErased(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        ProbeData data =
            ProbeData.open(model, List.of(new ProbeData.Place(new HookPoint.ResidPre(0), -1)))) {
      for (int text = 0; text < 20; text++) {
        int[] changed = Arrays.copyOf(tokens, 3);
        changed[0] = (changed[0] + text) % model.spec().dVocab();
        changed[2] = text % 2;
        data.add(changed, text % 2 == 0 ? "even" : "odd");
      }
      ProbeSweep sweep =
          ProbeSweep.of(
              data, new ProbeSweep.Options(ProbeKind.MEAN, 0, 0.2, false, true, 0), _ -> {});
      assertThat(sweep.results().getFirst().score().mean()).as("accuracy").isEqualTo(1);
      assertThat(sweep.results().getFirst().score().low()).isBetween(0.3, 0.7);
      assertThat(sweep.results().getFirst().types()).isEqualTo(2);
      assertThat(sweep.chance()).isEqualTo(0.5);
      assertThat(sweep.training() + sweep.heldOut()).isEqualTo(20);
    }
  }

  @Test
  void aControlTaskGivesEachTypeOfTokenOneLabel() {
    int[] types = {4, 7, 4, 9, 7, 4};
    Targets.Classes classes = Targets.Classes.ofLabels(List.of("a", "b", "a", "b", "b", "a"));
    int[] control = classes.control(types, new SplittableRandom(1)).of();
    assertThat(control[0]).isEqualTo(control[2]).isEqualTo(control[5]);
    assertThat(control[1]).isEqualTo(control[4]);
  }

  @Test
  void refusesLabelsThatCannotBeProbed() {
    assertThatExceptionOfType(ProbeException.class)
        .isThrownBy(() -> Targets.Classes.ofLabels(List.of("a", "a")))
        .withMessageContaining("1 class");
    assertThatExceptionOfType(ProbeException.class)
        .isThrownBy(() -> RidgeProbe.fit(Moments.none(1, 1), List.of("x"), -1))
        .withMessageContaining("penalty");
  }

  // ---------------------------------------------------------------- erasure

  private static final int ROWS = 200;

  /// Three classes, each with a mean of its own, over correlated values.
  private static Moments threeClasses(double[][] values, int[] classes) {
    for (int row = 0; row < ROWS; row++) {
      values[row][classes[row]] += 3;
    }
    return Rows.ofClasses(values, classes, List.of("a", "b", "c")).moments();
  }

  private static Moments after(Leace leace, double[][] values, int[] classes) {
    Moments[] moments = new Moments[1];
    Rows.ofClasses(values, classes, List.of("a", "b", "c"))
        .forEach((x, z) -> moments[0] = Moments.of(leace.apply(x), z));
    return moments[0];
  }

  @ParameterizedTest
  @EnumSource
  void erasureLeavesNoCovarianceAndTheMean(Leace.Method method) {
    double[][] values = random(ROWS, 5, 10);
    int[] classes = new SplittableRandom(11).ints(ROWS, 0, 3).toArray();
    Moments before = threeClasses(values, classes);
    Leace leace = Leace.fit(before, new Leace.Options(method, true, 1e-9));
    Moments after = after(leace, values, classes);
    assertThat(leace.rank()).isEqualTo(2);
    // Sums over 200 rows of numbers around 10: rounding is 1e-12 of 1e4.
    for (double covariance : after.xz()) {
      assertThat(covariance).isCloseTo(0, within(1e-9));
    }
    assertThat(after.mean()).containsExactly(before.mean(), within(1e-11));
    Leace linear = Leace.fit(before, new Leace.Options(method, false, 1e-9));
    for (double covariance : after(linear, values, classes).xz()) {
      assertThat(covariance).isCloseTo(0, within(1e-9));
    }
  }

  /// Any other map `x − U (VᵀU)⁻¹ Vᵀ (x − μ)` erases as well where `U` spans the covariance with
  /// the concept, and changes the values more.
  @Test
  void noOtherEraserChangesTheValuesLess() {
    double[][] values = random(ROWS, 5, 12);
    int[] classes = new SplittableRandom(13).ints(ROWS, 0, 3).toArray();
    Moments moments = threeClasses(values, classes);
    try (Scope _ = Scope.open()) {
      double least = change(Leace.fit(moments, Leace.Options.usual()), values);
      double orthogonal =
          change(
              Leace.fit(moments, new Leace.Options(Leace.Method.ORTHOGONAL, true, 1e-9)), values);
      assertThat(least).isLessThan(orthogonal);
      Tensor u =
          LinearAlgebra.svd(moments.crossCovariance(), "feature", "target").u().slice("rank", 0, 2);
      SplittableRandom random = new SplittableRandom(14);
      for (int other = 0; other < 20; other++) {
        Tensor v = Tensor.gaussian(Shape.of("feature", 5, "read", 2), 1, random).to(DType.FLOAT64);
        Tensor x = tensor(values).minus(tensor(new double[][] {moments.mean()}).at("row", 0));
        Tensor found =
            LinearAlgebra.solve(
                v.dot(u, "feature"), "read", "rank", v.dot(x, "feature").order("read", "row"));
        double change = found.dot(u, "rank").square().sum().item() / ROWS;
        assertThat(least).isLessThan(change);
      }
    }
  }

  private static Tensor tensor(double[][] rows) {
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    return Tensor.of(flat, Shape.of("row", rows.length, "feature", rows[0].length));
  }

  private static double change(Leace leace, double[][] values) {
    Tensor x = tensor(values);
    return x.minus(leace.apply(x)).square().sum().item() / values.length;
  }

  @Test
  void nothingIsErasedWhereNothingIsThere() {
    List<double[]> rows = new ArrayList<>();
    List<Integer> classes = new ArrayList<>();
    for (double[] row : random(20, 3, 15)) {
      rows.add(row);
      classes.add(0);
      rows.add(row);
      classes.add(1);
    }
    double[][] values = rows.toArray(double[][]::new);
    Moments moments =
        Rows.ofClasses(values, classes.stream().mapToInt(i -> i).toArray(), TWO).moments();
    try (Scope _ = Scope.open()) {
      Leace leace = Leace.fit(moments, Leace.Options.usual());
      assertThat(leace.rank()).isZero();
      assertThat(change(leace, values)).isZero();
    }
  }
}
