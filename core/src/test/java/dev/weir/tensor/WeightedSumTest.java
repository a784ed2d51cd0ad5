package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Weighted sums against plain loops over named places.
class WeightedSumTest {
  /// Float64 on both sides; only the order of summation differs.
  private static final double FLOAT64 = 1e-12;

  /// Float64, sums of up to 90 products that are themselves sums.
  private static final double GRADIENT = 1e-10;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static final List<List<String>> KINDS =
      List.of(
          List.of("source"),
          List.of("batch", "pos", "source"),
          List.of("source", "d_model"),
          List.of("source", "pos", "batch"),
          List.of("source", "batch", "pos", "d_model"));

  @ParameterizedTest
  @CsvSource({"1, 1, 1, 1", "2, 1, 3, 8", "3, 2, 5, 7", "5, 3, 1, 64", "13, 2, 3, 257"})
  void oneSumAgreesWithPlainLoops(int sources, int batch, int pos, int dModel) {
    Shape shape = Shape.of("batch", batch, "pos", pos, "d_model", dModel);
    List<Grid> xs = grids(sources, shape);
    for (List<String> kind : KINDS) {
      Grid w = Grid.gaussian(weightShape(kind, shape, sources, 1), 99);
      Tensor sum = WeightedSum.of(xs.stream().map(Grid::tensor).toList(), w.tensor());
      assertThat(sum.shape()).isEqualTo(shape);
      assertThat(sum.toDoubles()).containsExactly(twin(xs, w, 0).values(), within(FLOAT64));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "2, 3, 4", "7, 2, 65"})
  void severalSumsAgreeWithPlainLoops(int sources, int outs, int dModel) {
    Shape shape = Shape.of("batch", 2, "pos", 3, "d_model", dModel);
    List<Grid> xs = grids(sources, shape);
    for (List<String> kind : KINDS) {
      List<String> axes = new ArrayList<>(kind);
      axes.add(kind.indexOf("source"), "out");
      Grid w = Grid.gaussian(weightShape(axes, shape, sources, outs), 99);
      List<Tensor> sums = WeightedSum.each(xs.stream().map(Grid::tensor).toList(), w.tensor());
      assertThat(sums).hasSize(outs);
      for (int out = 0; out < outs; out++) {
        assertThat(sums.get(out).shape()).isEqualTo(shape);
        assertThat(sums.get(out).toDoubles())
            .containsExactly(twin(xs, w, out).values(), within(FLOAT64));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 3", "3, 2, 5", "13, 1, 9"})
  void gradientsAreThoseOfThePlainSum(int sources, int pos, int dModel) {
    Shape shape = Shape.of("batch", 2, "pos", pos, "d_model", dModel);
    for (List<String> kind : KINDS) {
      List<Tensor> parameters = new ArrayList<>();
      grids(sources, shape).forEach(x -> parameters.add(x.tensor().asParameter()));
      List<Tensor> xs = List.copyOf(parameters);
      Tensor w = Grid.gaussian(weightShape(kind, shape, sources, 1), 99).tensor().asParameter();
      parameters.add(w);
      Tensor plain = w.at("source", 0).times(xs.getFirst());
      for (int s = 1; s < sources; s++) {
        plain = plain.plus(w.at("source", s).times(xs.get(s)));
      }
      List<Tensor> twins = Gradients.of(plain.square().sum(), parameters);
      List<Tensor> found = Gradients.of(WeightedSum.of(xs, w).square().sum(), parameters);
      for (int i = 0; i < twins.size(); i++) {
        assertThat(found.get(i).toDoubles())
            .containsExactly(twins.get(i).toDoubles(), within(GRADIENT));
      }
    }
  }

  @Test
  void aWeightTooManyIsNamed() {
    Tensor x = Tensor.zeros(Shape.of("d_model", 3), DType.FLOAT64);
    Tensor weights = Tensor.zeros(Shape.of("source", 3), DType.FLOAT64);
    assertThatExceptionOfType(TensorException.class)
        .isThrownBy(() -> WeightedSum.of(List.of(x, x), weights))
        .withMessageContaining("2 sources cannot be summed with weights for 3");
  }

  private static List<Grid> grids(int count, Shape shape) {
    List<Grid> grids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      grids.add(Grid.gaussian(shape, i));
    }
    return grids;
  }

  private static Shape weightShape(List<String> axes, Shape shape, int sources, int outs) {
    return new Shape(
        axes.stream()
            .map(name ->
                switch (name) {
                  case "source" -> new Axis(name, sources);
                  case "out" -> new Axis(name, outs);
                  default -> shape.axis(name);
                })
            .toList());
  }

  private static Grid twin(List<Grid> xs, Grid weights, int out) {
    return Grid.of(
        xs.getFirst().shape(),
        place -> {
          double sum = 0;
          for (int s = 0; s < xs.size(); s++) {
            Map<String, Long> at = Grid.with(Grid.with(place, "source", s), "out", out);
            sum += weights.at(at) * xs.get(s).at(place);
          }
          return sum;
        });
  }
}
