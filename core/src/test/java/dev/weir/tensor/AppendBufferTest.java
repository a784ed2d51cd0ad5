package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppendBufferTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 63, 64, 65, 200})
  void holdsWhatWasAddedInTheOrderItCame(int chunk) {
    Grid all = Grid.gaussian(Shape.of("batch", 2, "pos", 200, "d_head", 3), 1);
    try (Scope _ = Scope.open();
        AppendBuffer buffer = new AppendBuffer("pos")) {
      for (int from = 0; from < 200; from += chunk) {
        try (Scope _ = Scope.open()) {
          int length = Math.min(chunk, 200 - from);
          Tensor soFar = buffer.append(all.tensor().slice("pos", from, length));
          assertThat(buffer.length()).isEqualTo(from + length);
          assertThat(soFar.toDoubles())
              .containsExactly(all.tensor().slice("pos", 0, from + length).toDoubles());
        }
      }
    }
  }

  @Test
  void growsWithoutCopyingWhatIsThere() {
    try (Scope _ = Scope.open();
        AppendBuffer buffer = new AppendBuffer("pos")) {
      Tensor row = Tensor.zeros(Shape.of("pos", 1, "d_head", 4), DType.FLOAT32);
      long first = buffer.append(row).memory().address();
      for (int i = 1; i < 64; i++) {
        assertThat(buffer.append(row).memory().address()).as("row %d", i).isEqualTo(first);
      }
    }
  }

  @Test
  void takesRowsWhateverTheOrderOfTheirAxesInMemory() {
    Grid rows = Grid.gaussian(Shape.of("pos", 2, "d_head", 3), 1);
    try (Scope _ = Scope.open();
        AppendBuffer buffer = new AppendBuffer("pos")) {
      buffer.append(rows.tensor());
      Tensor turned = Grid.of(Shape.of("d_head", 3, "pos", 2), rows::at).tensor();
      Tensor both = buffer.append(turned.order("pos", "d_head"));
      for (Map<String, Long> place : Grid.places(rows.shape())) {
        double found =
            both.at("pos", 2 + place.getOrDefault("pos", 0L))
                .at("d_head", place.getOrDefault("d_head", 0L))
                .item();
        assertThat(found).isEqualTo(rows.at(place));
      }
    }
  }

  @Test
  void isEmptyAgainOnceClosed() {
    try (Scope _ = Scope.open()) {
      AppendBuffer buffer = new AppendBuffer("pos");
      buffer.append(Tensor.zeros(Shape.of("pos", 5, "d_head", 2), DType.FLOAT32));
      buffer.close();
      assertThat(buffer.length()).isZero();
      Tensor again = buffer.append(Tensor.zeros(Shape.of("pos", 1, "d_head", 9), DType.FLOAT32));
      assertThat(again.shape()).hasToString("[pos=1, d_head=9]");
      buffer.close();
    }
  }
}
