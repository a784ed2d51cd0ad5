package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every operation against the same formula written place by place in plain Java.
class NamedAxesTest {
  /// Float64 on both sides; what remains is the last bit of the engine's own functions.
  private static final double LAST_BITS = 1e-14;

  private static final Axis A = new Axis("a", 3);
  private static final Axis B = new Axis("b", 4);
  private static final Axis C = new Axis("c", 2);

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private interface Pairwise {
    Tensor of(Tensor a, Tensor b);
  }

  // ---------------------------------------------------------------- element by element

  @Test
  void axesMeetByNameWhateverTheirOrder() {
    assertPairwise(Tensor::plus, (x, y) -> x + y);
    assertPairwise(Tensor::minus, (x, y) -> x - y);
    assertPairwise(Tensor::times, (x, y) -> x * y);
    assertPairwise(Tensor::dividedBy, (x, y) -> x / y);
    assertPairwise((a, b) -> a.atMost(b).to(DType.FLOAT64), (x, y) -> x <= y ? 1 : 0);
  }

  private static void assertPairwise(Pairwise operation, DoubleBinaryOperator formula) {
    List<Shape> shapes =
        List.of(
            Shape.of(A, B, C),
            Shape.of(B),
            Shape.of(C, A),
            Shape.of(),
            Shape.of(A),
            Shape.of(B, C));
    for (Shape left : shapes) {
      for (Shape right : shapes) {
        Grid a = Grid.gaussian(left, 1);
        Grid b = Grid.gaussian(right, 2);
        for (Tensor x : a.everyOrder()) {
          for (Tensor y : b.everyOrder()) {
            assertSame(
                operation.of(x, y), place -> formula.applyAsDouble(a.at(place), b.at(place)));
          }
        }
      }
    }
  }

  @Test
  void theResultHasTheFirstTensorsAxesAndThenThoseOnlyTheOtherHas() {
    Tensor sum =
        Grid.gaussian(Shape.of(B, A), 1).tensor().plus(Grid.gaussian(Shape.of(C, A), 2).tensor());
    assertThat(sum.shape()).isEqualTo(Shape.of(B, A, C));
  }

  @Test
  void axesOfOneNameAndTwoSizesDoNotMeet() {
    Tensor three = Grid.gaussian(Shape.of("a", 3), 1).tensor();
    Tensor one = Grid.gaussian(Shape.of("a", 1), 1).tensor();
    assertThatThrownBy(() -> three.plus(one))
        .isInstanceOf(TensorException.class)
        .hasMessageStartingWith("Axis 'a' has size 3 in one tensor and 1 in the other");
  }

  @Test
  void functionsOfOneNumberActOnEach() {
    assertEach(Tensor::square, x -> x * x);
    assertEach(t -> t.abs().sqrt(), x -> Math.sqrt(Math.abs(x)));
    assertEach(t -> t.abs().reciprocalSqrt(), x -> 1 / Math.sqrt(Math.abs(x)));
    assertEach(Tensor::exp, Math::exp);
    assertEach(t -> t.abs().log(), x -> Math.log(Math.abs(x)));
    assertEach(Tensor::tanh, Math::tanh);
    assertEach(Tensor::cos, Math::cos);
    assertEach(Tensor::sin, Math::sin);
    assertEach(Tensor::sigmoid, x -> 1 / (1 + Math.exp(-x)));
    assertEach(Tensor::relu, x -> Math.max(x, 0));
    assertEach(Tensor::silu, x -> x / (1 + Math.exp(-x)));
    assertEach(
        Tensor::geluTanh,
        x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    assertEach(t -> t.plus(2.5), x -> x + 2.5);
    assertEach(t -> t.times(-3), x -> -3 * x);
    assertEach(t -> t.atMost(0.1).to(DType.FLOAT64), x -> x <= 0.1 ? 1 : 0);
  }

  private static void assertEach(UnaryOperator<Tensor> operation, DoubleUnaryOperator formula) {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 3);
    for (Tensor x : grid.everyOrder()) {
      assertSame(operation.apply(x), place -> formula.applyAsDouble(grid.at(place)));
    }
  }

  @Test
  void geluIsTheNumberTimesTheNormalDistribution() {
    // Φ(0) = 1/2, Φ(1) = 0.841344746068543 and Φ(-2) = 0.022750131948179 (Abramowitz & Stegun,
    // 26.1).
    double[] x = {0, 1, -2};
    assertThat(Tensor.of(x, Shape.of("a", 3)).gelu().toDoubles())
        .containsExactly(
            new double[] {0, 0.841344746068543, -2 * 0.022750131948179}, within(1e-14));
  }

  @Test
  void whereAndMasksMeetByNameToo() {
    Grid numbers = Grid.gaussian(Shape.of(A, B), 4);
    Grid bound = Grid.gaussian(Shape.of(C, B), 5);
    Tensor mask = bound.tensor().atMost(0);
    assertSame(
        numbers.tensor().where(mask, -7), place -> bound.at(place) <= 0 ? numbers.at(place) : -7);
    Tensor small = numbers.tensor().atMost(0.5);
    assertSame(
        mask.and(small).to(DType.FLOAT64),
        place -> bound.at(place) <= 0 && numbers.at(place) <= 0.5 ? 1 : 0);
    assertSame(
        small.or(mask).to(DType.FLOAT64),
        place -> bound.at(place) <= 0 || numbers.at(place) <= 0.5 ? 1 : 0);
  }

  @Test
  void theDtypeThatATensorNamesIsTheOneItsMemoryHas() {
    Tensor whole = Tensor.of(new long[] {1, 4, 9}, Shape.of("a", 3));
    Tensor half = Tensor.of(new float[] {0.5f, 0.25f, 2}, Shape.of("a", 3));
    Tensor wide = Tensor.of(new double[] {0.5, 0.25, 2}, Shape.of("a", 3));
    assertThat(whole.plus(half).toDoubles()).containsExactly(1.5, 4.25, 11);
    assertThat(half.plus(whole).toFloats()).containsExactly(1.5f, 4.25f, 11);
    assertThat(half.times(wide).toFloats()).containsExactly(0.25f, 0.0625f, 4);
    assertThat(half.times(wide).dtype()).isEqualTo(DType.FLOAT64);
    assertThat(whole.sqrt().toFloats()).containsExactly(1, 2, 3);
    assertThat(whole.times(0.5).toFloats()).containsExactly(0.5f, 2, 4.5f);
    assertThat(whole.times(2).dtype()).isEqualTo(DType.INT64);
    assertThat(whole.atMost(4).sum().item()).isEqualTo(2);
    assertThat(whole.atMost(4).sum().toLongs()).containsExactly(2);
    assertThat(whole.dividedBy(whole).toFloats()).containsExactly(1, 1, 1);
  }

  // ---------------------------------------------------------------- along axes

  @Test
  void reductionsNameTheAxesThatDisappear() {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 6);
    for (Tensor x : grid.everyOrder()) {
      assertSame(x.sum("b"), p -> Arrays.stream(grid.along("b", p)).sum());
      assertSame(x.mean("c"), p -> Arrays.stream(grid.along("c", p)).average().orElseThrow());
      assertSame(x.max("a"), p -> Arrays.stream(grid.along("a", p)).max().orElseThrow());
      assertSame(
          x.norm("b"), p -> Math.sqrt(Arrays.stream(grid.along("b", p)).map(v -> v * v).sum()));
      assertSame(
          x.logSumExp("b"), p -> Math.log(Arrays.stream(grid.along("b", p)).map(Math::exp).sum()));
      assertSame(x.argmax("b").to(DType.FLOAT64), p -> indexOfLargest(grid.along("b", p)));
      assertThat(x.sum("a", "c").shape()).isEqualTo(Shape.of(B));
      assertThat(x.sum().item())
          .isCloseTo(Arrays.stream(grid.values()).sum(), within(LAST_BITS * 10));
      assertThat(x.mean().shape().rank()).isZero();
    }
  }

  private static double indexOfLargest(double[] line) {
    int best = 0;
    for (int i = 1; i < line.length; i++) {
      best = line[i] > line[best] ? i : best;
    }
    return best;
  }

  @Test
  void softmaxRunsAlongTheNamedAxis() {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 7);
    for (Tensor x : grid.everyOrder()) {
      assertSame(
          x.softmax("b"),
          p -> Math.exp(grid.at(p)) / Arrays.stream(grid.along("b", p)).map(Math::exp).sum());
      assertSame(
          x.logSoftmax("b"),
          p -> grid.at(p) - Math.log(Arrays.stream(grid.along("b", p)).map(Math::exp).sum()));
    }
  }

  @Test
  void logSumExpAndSoftmaxDoNotOverflow() {
    Tensor large = Tensor.of(new double[] {1000, 1000}, Shape.of("a", 2));
    assertThat(large.logSumExp("a").item()).isCloseTo(1000 + Math.log(2), within(1e-12));
    assertThat(large.softmax("a").toDoubles()).containsExactly(0.5, 0.5);
  }

  @Test
  void topKGivesTheLargestAndWhereTheyStand() {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 8);
    for (Tensor x : grid.everyOrder()) {
      Tensor.TopK top = x.topK(2, "b");
      assertThat(top.values().size("top")).isEqualTo(2);
      assertSame(
          top.values(),
          p -> Arrays.stream(grid.along("b", p)).sorted().toArray()[3 - index(p, "top")]);
      assertSame(
          top.indices().to(DType.FLOAT64),
          p -> {
            double[] line = grid.along("b", p);
            double wanted = Arrays.stream(line).sorted().toArray()[3 - index(p, "top")];
            return Arrays.stream(line).boxed().toList().indexOf(wanted);
          });
    }
  }

  // ---------------------------------------------------------------- shape

  @Test
  void splitAndMergeAreEachOthersInverse() {
    Grid grid = Grid.gaussian(Shape.of("pos", 3, "d_model", 12), 9);
    Tensor x = grid.tensor();
    Tensor heads = x.split("d_model", new Axis("head", 3), new Axis("d_head", 4));
    assertThat(heads.shape()).hasToString("[pos=3, head=3, d_head=4]");
    assertSame(
        heads,
        p ->
            grid.at(
                Grid.with(
                    p, "d_model", p.getOrDefault("head", 0L) * 4 + p.getOrDefault("d_head", 0L))));
    assertThat(heads.merge("d_model", "head", "d_head").toDoubles()).containsExactly(x.toDoubles());
    // Of a view whose rows do not lie side by side, too.
    Tensor turned = heads.order("head", "pos", "d_head");
    assertSame(
        turned.merge("both", "head", "pos"),
        p ->
            grid.at(
                Grid.with(
                    Grid.with(p, "pos", p.getOrDefault("both", 0L) % 3),
                    "d_model",
                    p.getOrDefault("both", 0L) / 3 * 4 + p.getOrDefault("d_head", 0L))));
  }

  @Test
  void splitAndMergeRefuseWhatDoesNotFit() {
    Tensor x = Grid.gaussian(Shape.of(A, B, C), 9).tensor();
    assertThatThrownBy(() -> x.split("b", new Axis("p", 3), new Axis("q", 2)))
        .hasMessageStartingWith("24 numbers cannot be seen as 36");
    assertThatThrownBy(() -> x.merge("d", "a", "c"))
        .hasMessageStartingWith("The axes [a, c] do not stand side by side in that order");
    assertThatThrownBy(() -> x.order("a", "b"))
        .hasMessageStartingWith("[a, b] does not name every axis once");
    assertThatThrownBy(() -> x.order("a", "b", "b"))
        .hasMessageStartingWith("Two axes of one tensor have the same name");
  }

  @Test
  void slicesAndSelectionsAreViews() {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 10);
    for (Tensor x : grid.everyOrder()) {
      assertSame(x.slice("b", 1, 2), p -> grid.at(Grid.with(p, "b", p.getOrDefault("b", 0L) + 1)));
      assertSame(x.at("a", 2), p -> grid.at(Grid.with(p, "a", 2)));
      assertSame(x.rename("a", "z"), p -> grid.at(Grid.with(p, "a", p.getOrDefault("z", 0L))));
      assertSame(x.repeat(new Axis("z", 5)), grid::at);
    }
    Tensor x = grid.tensor();
    assertThat(x.at("a", 2).memory().address()).isEqualTo(x.memory().address() + 2 * 8 * 8);
    assertThat(x.slice("a", 1, 2).memory().address()).isEqualTo(x.memory().address() + 8 * 8);
    assertThat(x.slice("a", 3, 0).shape().size("a")).isZero();
  }

  @Test
  void indicesOutsideAnAxisAreNamed() {
    Tensor x = Grid.gaussian(Shape.of(A, B), 10).tensor();
    assertThatThrownBy(() -> x.slice("b", 3, 2))
        .hasMessageStartingWith("Indices 3 to 4 of axis 'b' do not exist");
    assertThatThrownBy(() -> x.slice("b", Long.MAX_VALUE, 2)).isInstanceOf(TensorException.class);
    assertThatThrownBy(() -> x.at("a", -1))
        .hasMessageStartingWith("Indices -1 to -1 of axis 'a' do not exist");
    assertThatThrownBy(() -> x.at("d", 0)).hasMessageStartingWith("There is no axis 'd'");
  }

  @Test
  void takeReadsRowsInTheOrderAskedFor() {
    Grid grid = Grid.gaussian(Shape.of(A, B), 11);
    long[] which = {2, 0, 2, 1, 1, 0};
    Tensor indices = Tensor.of(which, Shape.of("batch", 2, "pos", 3));
    for (Tensor x : grid.everyOrder()) {
      Tensor rows = x.take("a", indices);
      assertThat(new HashSet<>(rows.shape().names()))
          .containsExactlyInAnyOrder("batch", "pos", "b");
      assertSame(
          rows, p -> grid.at(Grid.with(p, "a", which[index(p, "batch") * 3 + index(p, "pos")])));
    }
  }

  @Test
  void pickReadsOneNumberForEachPlace() {
    Grid grid = Grid.gaussian(Shape.of(A, B, C), 12);
    SplittableRandom random = new SplittableRandom(12);
    Grid which = Grid.of(Shape.of(C, A), _ -> random.nextInt(4));
    for (Tensor x : grid.everyOrder()) {
      assertSame(
          x.pick("b", which.tensor().to(DType.INT64)),
          p -> grid.at(Grid.with(p, "b", (long) which.at(p))));
    }
  }

  @Test
  void concatAndStackPutTensorsTogether() {
    Grid first = Grid.gaussian(Shape.of(A, B), 13);
    Grid second = Grid.gaussian(Shape.of(new Axis("b", 2), A), 14);
    assertSame(
        Tensor.concat("b", List.of(first.tensor(), second.tensor())),
        p ->
            p.getOrDefault("b", 0L) < 4
                ? first.at(p)
                : second.at(Grid.with(p, "b", p.getOrDefault("b", 0L) - 4)));
    Grid third = Grid.gaussian(Shape.of(A, B), 15);
    Tensor stacked = Tensor.stack("layer", List.of(first.tensor(), third.tensor()));
    assertThat(stacked.shape()).hasToString("[layer=2, a=3, b=4]");
    assertSame(stacked, p -> p.getOrDefault("layer", 0L) == 0 ? first.at(p) : third.at(p));
    assertThatThrownBy(() -> Tensor.stack("layer", List.of(first.tensor(), second.tensor())))
        .hasMessageStartingWith("a part of the stack has shape [b=2, a=3], expected [a=3, b=4]");
  }

  @Test
  void aCopyHasMemoryOfItsOwnAndAnAliasHasNot() {
    Tensor x = Grid.gaussian(Shape.of(A, B), 16).tensor();
    assertThat(x.copy().memory().address()).isNotEqualTo(x.memory().address());
    assertThat(x.alias().memory().address()).isEqualTo(x.memory().address());
    assertThat(x.order("b", "a").copy().toDoubles()).containsExactly(x.order("b", "a").toDoubles());
  }

  @Test
  void aWrongShapeSaysBoth() {
    Tensor resid = Tensor.zeros(Shape.of("pos", 7, "d_model", 512), DType.FLOAT32);
    assertThatThrownBy(() -> resid.require("resid", Shape.of("pos", 7, "d_model", 768)))
        .isInstanceOf(TensorException.class)
        .hasMessageStartingWith(
            "resid has shape [pos=7, d_model=512], expected [pos=7, d_model=768]");
    assertThat(resid.require("resid", Shape.of("pos", 7, "d_model", 512))).isSameAs(resid);
  }

  // ---------------------------------------------------------------- storage

  @Test
  void storesNumbersAsPreciselyAsTheDtypeAllows() {
    // 1/3 in each format; the rounded values are IEEE 754's (and bfloat16's: 8 bits of fraction).
    Tensor third = Tensor.of(new double[] {1 / 3.0}, Shape.of("a", 1));
    assertThat(third.to(DType.FLOAT64).item()).isEqualTo(1 / 3.0);
    assertThat(third.to(DType.FLOAT32).item()).isEqualTo((double) (1 / 3f));
    assertThat(third.to(DType.FLOAT16).item())
        .isEqualTo((double) Float.float16ToFloat(Float.floatToFloat16(1 / 3f)));
    assertThat(third.to(DType.BFLOAT16).item()).isEqualTo(0.333984375);
    for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
      Tensor stored = third.to(dtype);
      assertThat(stored.memory().byteSize()).isEqualTo(dtype.bytes());
      assertThat(stored.toFloats()[0]).isCloseTo(1 / 3f, within(1e-3f));
      assertThat(stored.to(dtype)).isSameAs(stored);
    }
  }

  @Test
  void computesInEveryFloatingDtype() {
    Grid a = Grid.gaussian(Shape.of(A, B), 17);
    Grid b = Grid.gaussian(Shape.of(B, C), 18);
    Map<DType, Double> precision =
        Map.of(
            DType.FLOAT64, 1e-15, DType.FLOAT32, 1e-6, DType.FLOAT16, 4e-3, DType.BFLOAT16, 4e-2);
    precision.forEach((dtype, tolerance) -> {
      Tensor product = a.tensor().to(dtype).dot(b.tensor().to(dtype), "b").softmax("c");
      double[] exact = a.tensor().dot(b.tensor(), "b").softmax("c").toDoubles();
      assertThat(product.dtype()).isEqualTo(dtype);
      assertThat(product.toDoubles()).as("%s", dtype).containsExactly(exact, within(tolerance));
    });
  }

  @Test
  void theSameLuckGivesTheSameNumbers() {
    Tensor first = Tensor.gaussian(Shape.of(A, B), 2, new SplittableRandom(5));
    Tensor again = Tensor.gaussian(Shape.of(A, B), 2, new SplittableRandom(5));
    assertThat(first.toFloats()).containsExactly(again.toFloats());
    assertThat(Tensor.range(3, A).toLongs()).containsExactly(3, 4, 5);
  }

  // ---------------------------------------------------------------- inside

  private static int index(Map<String, Long> place, String axis) {
    return Math.toIntExact(place.getOrDefault(axis, 0L));
  }

  private static void assertSame(
      Tensor actual, java.util.function.ToDoubleFunction<Map<String, Long>> formula) {
    Grid expected = Grid.of(actual.shape(), formula);
    assertThat(actual.toDoubles())
        .as("%s", actual)
        .usingComparatorWithPrecision(LAST_BITS * 10)
        .containsExactly(expected.values());
  }
}
