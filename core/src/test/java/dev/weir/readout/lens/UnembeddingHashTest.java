package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import dev.weir.weights.StrictJson;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Hashes that NumPy and the tuned-lens library made (`tools/golden/tuned_lens.py`).
class UnembeddingHashTest {

  @Test
  void equalsTheLibrarysHashOfEveryKindOfMatrix() {
    JsonNode cases = StrictJson.read(Golden.path("tuned_lens/hashes.json"), 1 << 20);
    assertThat(cases.size()).isGreaterThan(5);
    for (JsonNode each : cases) {
      try (Scope _ = Scope.open()) {
        assertThat(UnembeddingHash.of(matrix(each)))
            .as(each.get("name").stringValue())
            .contains(each.get("hash").stringValue());
      }
    }
  }

  @Test
  void aChangedCornerChangesIt() {
    JsonNode usual = StrictJson.read(Golden.path("tuned_lens/hashes.json"), 1 << 20).get(0);
    try (Scope _ = Scope.open()) {
      assertThat(UnembeddingHash.of(matrix(usual).plus(0.1)))
          .isNotEqualTo(UnembeddingHash.of(matrix(usual)));
    }
  }

  @Test
  void matricesThatNumPyPrintsInFullHaveNone() {
    try (Scope _ = Scope.open()) {
      Tensor small = Tensor.of(new float[1000], Shape.of("d_vocab", 100, "d_model", 10));
      assertThat(UnembeddingHash.of(small)).isEmpty();
    }
  }

  /// Zeros but for three rows and columns at each end.
  private static Tensor matrix(JsonNode each) {
    int rows = each.get("rows").intValue();
    int columns = each.get("columns").intValue();
    float[] values = new float[rows * columns];
    JsonNode corner = each.get("corner");
    for (int r = 0; r < corner.size(); r++) {
      for (int c = 0; c < corner.get(r).size(); c++) {
        int column = columns > 6 && c >= 3 ? columns - 6 + c : c;
        int row = r < 3 ? r : rows - 6 + r;
        values[row * columns + column] = (float) corner.get(r).get(c).doubleValue();
      }
    }
    return Tensor.of(values, Shape.of("d_vocab", rows, "d_model", columns));
  }
}
