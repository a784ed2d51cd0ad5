package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Texts that are long beside windows and convolutions are computed in another way than short ones
/// and than one token after the other; the numbers are the same.
class LongTextsTest {
  private static final int LENGTH = 60;
  private static final int TWO_CHUNKS = 32;

  static Stream<String> withMixers() {
    return PathwayModels.everyCombination().filter(name -> name.startsWith("mixer/"));
  }

  static Stream<String> withWindows() {
    return withMixers().filter(name -> name.contains("shortswa/"));
  }

  /// Float64: some thousand roundings.
  @ParameterizedTest
  @MethodSource("withMixers")
  void aTextAtOnceIsTheTextTokenByToken(String name) {
    assertTokenByToken(name, DType.FLOAT64, 1e-10);
  }

  /// Float32: the same number of roundings of 6e-8.
  @ParameterizedTest
  @MethodSource("withMixers")
  void inFloat32TooWhereConvolutionsAreTheEngines(String name) {
    assertTokenByToken(name, DType.FLOAT32, 1e-4);
  }

  private static void assertTokenByToken(String name, DType dtype, double tolerance) {
    try (Transformer model = EveryModel.open(name, dtype);
        KvCache cache = new KvCache(model.spec().nLayers());
        Scope _ = Scope.open()) {
      Tensor whole = model.logits(tokens());
      for (int i = 0; i < LENGTH; i++) {
        Tensor one = model.logits(new int[] {tokens()[i]}, cache).at("pos", 0);
        assertClose(whole.at("pos", i), one, tolerance);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("withWindows")
  void aTextInChunksIsTheTextUnderAMask(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        Scope _ = Scope.open()) {
      Tensor inChunks = model.logits(List.of(tokens()), Hooks.none());
      Tensor step = model.logits(List.of(tokens()), new LocalPatterns());
      assertClose(inChunks, step, 1e-10);
      // A text beside a longer one is filled up, and then masked.
      int[] begin = Arrays.copyOf(tokens(), TWO_CHUNKS);
      Tensor beside = model.logits(List.of(tokens(), begin), Hooks.none()).at("batch", 0);
      assertClose(inChunks.at("batch", 0), beside, 1e-10);
    }
  }

  /// Looks at the patterns of windows, which are then made step by step.
  private record LocalPatterns() implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return point instanceof HookPoint.InLocal(HookPoint.Pattern _);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value;
    }
  }

  private static int[] tokens() {
    int[] tokens = new int[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      tokens[i] = 1 + i * i % 13;
    }
    return tokens;
  }

  /// Beside the largest number.
  private static void assertClose(Tensor actual, Tensor expected, double tolerance) {
    double largest = Arrays.stream(expected.toDoubles()).map(Math::abs).max().orElseThrow();
    assertThat(actual.toDoubles())
        .containsExactly(expected.toDoubles(), within(tolerance * largest));
  }
}
