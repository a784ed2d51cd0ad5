package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Folded;
import dev.weir.model.Folding;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.Golden;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The residual stream has no basis of its own: once gains are folded away, it can be turned by any
/// rotation and nothing changes (`analyses.md`, B6b). Without folding, everything changes, so the
/// test has power.
class RotationTest {

  @Test
  void rotatingTheStreamOfAFoldedModelChangesNothing() {
    try (Scope _ = Scope.open();
        Transformer raw = Stories260kTest.open(DType.FLOAT64);
        Folded folded = Folding.fold(raw, Set.of(Folding.Step.NORM_GAINS))) {
      Tensor rotation = rotation(64);
      double[] before = raw.logits(Stories260kTest.TOKENS).toDoubles();
      assertThat(
              Golden.largestDifference(
                  folded.model().logits(Stories260kTest.TOKENS).toDoubles(), before))
          .isLessThan(1e-10);
      try (Transformer turned = rotated(folded.model(), rotation)) {
        assertThat(
                Golden.largestDifference(turned.logits(Stories260kTest.TOKENS).toDoubles(), before))
            .isLessThan(1e-10);
      }
      try (Transformer turned = rotated(raw, rotation)) {
        Tensor after = turned.logits(Stories260kTest.TOKENS);
        assertThat(Golden.largestDifference(after.toDoubles(), before)).isGreaterThan(1);
        assertThat(CrossEntropy.of(after, Stories260kTest.TOKENS).mean()).isGreaterThan(1);
      }
    }
  }

  /// Every weight that meets the stream, turned: writers and readers by the same rotation.
  private static Transformer rotated(Transformer model, Tensor rotation) {
    Map<String, Tensor> turned = new LinkedHashMap<>();
    TensorOwner owner = new TensorOwner();
    model
        .parameters()
        .tensors()
        .forEach((name, weight) -> {
          boolean norm = name.matches(".*(ln1|ln2|ln_final)\\.w");
          Tensor copy =
              norm || !weight.shape().has("d_model")
                  ? weight.copy()
                  : weight.dot(rotation, "d_model").rename("turned", "d_model").copy();
          turned.put(name, owner.own(copy));
        });
    return Transformer.of(model.spec(), new Parameters(turned), owner, "test");
  }

  /// A random orthogonal matrix by Gram and Schmidt's procedure, twice for accuracy.
  private static Tensor rotation(int size) {
    SplittableRandom random = new SplittableRandom(0);
    double[][] rows = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        rows[i][j] = random.nextGaussian();
      }
      for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < i; k++) {
          double along = dot(rows[i], rows[k]);
          for (int j = 0; j < size; j++) {
            rows[i][j] -= along * rows[k][j];
          }
        }
      }
      double length = Math.sqrt(dot(rows[i], rows[i]));
      for (int j = 0; j < size; j++) {
        rows[i][j] /= length;
      }
    }
    double[] flat = new double[size * size];
    for (int i = 0; i < size; i++) {
      System.arraycopy(rows[i], 0, flat, i * size, size);
      assertThat(dot(rows[i], rows[0])).isCloseTo(i == 0 ? 1 : 0, within(1e-12));
    }
    return Tensor.of(flat, Shape.of("turned", size, "d_model", size));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
