package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Products over named axes against the sum written out, wherever the axes lie in memory.
class ContractionTest {
  /// Float64; sums of at most 35 products of numbers near 1.
  private static final double ROUNDING = 1e-13;

  private static final Axis BATCH = new Axis("batch", 2);
  private static final Axis POS = new Axis("pos", 3);
  private static final Axis HEAD = new Axis("head", 2);
  private static final Axis D_HEAD = new Axis("d_head", 5);
  private static final Axis D_MODEL = new Axis("d_model", 7);

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void sumsOverOneAxisThatStandsFirstLastOrInTheMiddle() {
    assertDot(Shape.of(BATCH, POS, D_MODEL), Shape.of(HEAD, D_HEAD, D_MODEL), "d_model");
  }

  @Test
  void sumsOverSeveralAxesWhateverTheirOrder() {
    assertDot(Shape.of(POS, HEAD, D_HEAD), Shape.of(HEAD, D_HEAD, D_MODEL), "head", "d_head");
    assertDot(Shape.of(POS, HEAD, D_HEAD), Shape.of(HEAD, D_HEAD, D_MODEL), "d_head", "head");
  }

  @Test
  void matchesAxesThatBothHave() {
    Axis queryPos = new Axis("query_pos", 3);
    Axis keyPos = new Axis("key_pos", 4);
    assertDot(Shape.of(HEAD, queryPos, D_HEAD), Shape.of(HEAD, keyPos, D_HEAD), "d_head");
    assertDot(Shape.of(BATCH, HEAD, D_HEAD), Shape.of(HEAD, BATCH, D_HEAD), "d_head");
  }

  @Test
  void multipliesASingleRowAsItMultipliesMany() {
    Axis one = new Axis("pos", 1);
    assertDot(Shape.of(one, D_MODEL), Shape.of(HEAD, D_HEAD, D_MODEL), "d_model");
    assertDot(Shape.of(D_MODEL), Shape.of(D_HEAD, D_MODEL), "d_model");
    assertDot(Shape.of(D_MODEL), Shape.of(D_MODEL), "d_model");
  }

  @Test
  void sumsOverNoAxisAsAnOuterProduct() {
    assertDot(Shape.of(POS, HEAD), Shape.of(D_HEAD));
  }

  private static void assertDot(Shape left, Shape right, String... axes) {
    Grid a = Grid.gaussian(left, 1);
    Grid b = Grid.gaussian(right, 2);
    for (Tensor x : a.everyOrder()) {
      for (Tensor y : b.everyOrder()) {
        Tensor product = x.dot(y, axes);
        Grid expected = Grid.of(product.shape(), place -> summed(a, b, place, List.of(axes)));
        assertThat(product.toDoubles())
            .as("%s with %s over %s", x, y, List.of(axes))
            .containsExactly(expected.values(), within(ROUNDING));
        // What is laid out once for a product gives the same product.
        assertThat(x.dot(y.readyFor(axes), axes).toDoubles())
            .containsExactly(expected.values(), within(ROUNDING));
      }
    }
  }

  private static double summed(Grid a, Grid b, Map<String, Long> place, List<String> axes) {
    if (axes.isEmpty()) {
      return a.at(place) * b.at(place);
    }
    double sum = 0;
    for (long i = 0; i < a.shape().size(axes.getFirst()); i++) {
      sum += summed(a, b, Grid.with(place, axes.getFirst(), i), axes.subList(1, axes.size()));
    }
    return sum;
  }

  @Test
  void theResultHasSharedAxesFirstThenEachTensorsOwn() {
    Tensor query = Grid.gaussian(Shape.of("query_pos", 3, "head", 2, "d_head", 5), 1).tensor();
    Tensor key = Grid.gaussian(Shape.of("key_pos", 4, "head", 2, "d_head", 5), 1).tensor();
    assertThat(query.dot(key, "d_head").shape()).hasToString("[head=2, query_pos=3, key_pos=4]");
  }

  @Test
  void dotPlusIsTheProductAndThenTheSum() {
    List<Shape> rows = List.of(Shape.of(BATCH, POS, D_MODEL), Shape.of("pos", 1, "d_model", 7));
    for (Shape shape : rows) {
      Tensor x = Grid.gaussian(shape, 1).tensor();
      Grid weight = Grid.gaussian(Shape.of(HEAD, D_HEAD, D_MODEL), 2);
      for (Tensor w : keepingRestInOrder(weight)) {
        Shape rest = w.shape().without("d_model");
        Tensor bias = Grid.gaussian(rest, 3).tensor();
        assertThat(x.dotPlus(w, bias, "d_model").toDoubles())
            .containsExactly(x.dot(w, "d_model").plus(bias).toDoubles(), within(ROUNDING));
      }
    }
  }

  private static List<Tensor> keepingRestInOrder(Grid weight) {
    List<Tensor> orders = new ArrayList<>(weight.everyOrder());
    assertThat(orders).hasSize(6);
    return orders;
  }

  @Test
  void dotPlusNeedsABiasInTheWeightsOrder() {
    Tensor x = Grid.gaussian(Shape.of(POS, D_MODEL), 1).tensor();
    Tensor w = Grid.gaussian(Shape.of(HEAD, D_HEAD, D_MODEL), 2).tensor();
    Tensor turned = Grid.gaussian(Shape.of(D_HEAD, HEAD), 3).tensor();
    assertThatThrownBy(() -> x.dotPlus(w, turned, "d_model"))
        .hasMessageStartingWith("bias has shape [d_head=5, head=2], expected [head=2, d_head=5]");
  }

  @Test
  void aWeightLaidOutForAProductIsNotCopiedAgain() {
    Tensor apart = Grid.gaussian(Shape.of(HEAD, D_MODEL, D_HEAD), 2).tensor();
    Tensor ready = apart.readyFor("d_model");
    assertThat(ready).isNotSameAs(apart);
    assertThat(ready.readyFor("d_model")).isSameAs(ready);
    Tensor last = Grid.gaussian(Shape.of(HEAD, D_HEAD, D_MODEL), 2).tensor();
    assertThat(last.readyFor("d_model")).isSameAs(last);
    Tensor first = Grid.gaussian(Shape.of(D_MODEL, HEAD, D_HEAD), 2).tensor();
    assertThat(first.readyFor("d_model")).isSameAs(first);
  }

  @Test
  void refusesSizesAndDtypesThatDiffer() {
    Tensor a = Tensor.zeros(Shape.of("pos", 2, "d_model", 7), DType.FLOAT32);
    Tensor narrow = Tensor.zeros(Shape.of("d_model", 6), DType.FLOAT32);
    Tensor wide = Tensor.zeros(Shape.of("d_model", 7), DType.FLOAT64);
    assertThatThrownBy(() -> a.dot(narrow, "d_model"))
        .hasMessageStartingWith("Axis 'd_model' has size 7 in one tensor and 6 in the other");
    assertThatThrownBy(() -> a.dot(wide, "d_model"))
        .hasMessageStartingWith("A product of float32 and float64 is not defined");
    assertThatThrownBy(() -> a.dot(narrow, "head"))
        .hasMessageStartingWith("There is no axis 'head'");
  }
}
