package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Products are right and end on however many threads, whoever else is multiplying.
@Timeout(120)
class SharedThreadsTest {
  /// Sums of 300 products in float64, in another order.
  private static final double FLOAT64 = 1e-11;

  private final int before = Engine.threads();
  private final Grid a = Grid.gaussian(Shape.of("row", 257, "inner", 300), 1);
  private final Grid b = Grid.gaussian(Shape.of("inner", 300, "column", 129), 2);

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    Engine.useThreads(before);
    scope.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void productsAreRightOnAnyNumberOfThreads(int threads) {
    Engine.useThreads(threads);
    assertSame(product(), expected());
  }

  @Test
  void productsOfSeveralCallersAtOnceAreRight() throws Exception {
    Engine.useThreads(2);
    double[] expected = expected();
    try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
      List<Callable<double[]>> calls =
          IntStream.range(0, 40).<Callable<double[]>>mapToObj(_ -> this::product).toList();
      for (Future<double[]> found : callers.invokeAll(calls)) {
        assertSame(found.get(), expected);
      }
    }
  }

  /// The engine's attention multiplies on threads that are all at work already.
  @Test
  void productsInsideParallelWorkEnd() {
    Engine.useThreads(2);
    Shape shape =
        new Shape(
            List.of(
                new Axis("batch", 2),
                new Axis("head", 2),
                new Axis("pos", 600),
                new Axis("d_head", 64)));
    Tensor x = Grid.gaussian(shape, 3).tensor();
    Tensor safely = Fused.causalAttention(x, x, x, 0.1);
    var inside =
        torch.scaled_dot_product_attention(
            x.handle(),
            x.handle(),
            x.handle(),
            new TensorOptional(),
            0.0,
            true,
            new DoubleOptional(0.1),
            false);
    assertSame(x.same(inside).toDoubles(), safely.toDoubles());
  }

  /// In one number: comparing them one by one takes the assertion library minutes.
  private static void assertSame(double[] found, double[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double farthest = 0;
    for (int i = 0; i < found.length; i++) {
      farthest = Math.max(farthest, Math.abs(found[i] - expected[i]));
    }
    assertThat(farthest).isLessThan(FLOAT64);
  }

  private double[] product() {
    try (Scope _ = Scope.open()) {
      return a.tensor().dot(b.tensor(), "inner").toDoubles();
    }
  }

  private double[] expected() {
    double[] sums = new double[257 * 129];
    for (int row = 0; row < 257; row++) {
      for (int inner = 0; inner < 300; inner++) {
        for (int column = 0; column < 129; column++) {
          sums[row * 129 + column] +=
              a.values()[row * 300 + inner] * b.values()[inner * 129 + column];
        }
      }
    }
    return sums;
  }
}
