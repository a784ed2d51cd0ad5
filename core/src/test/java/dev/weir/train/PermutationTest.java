package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermutationTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 12_769})
  void everyNumberComesOnce(int size) {
    long[] order = order(new Permutation(size, 7));
    assertThat(Arrays.stream(order).sorted().toArray())
        .isEqualTo(LongStream.range(0, size).toArray());
  }

  @Test
  void seedsHaveOrdersOfTheirOwnThatLookLikeLuck() {
    long[] one = order(new Permutation(1000, 1));
    long[] other = order(new Permutation(1000, 2));
    assertThat(one).isEqualTo(order(new Permutation(1000, 1))).isNotEqualTo(other);
    // Among orders of luck, one number is at its place on average, and 1/1000 of pairs agree.
    assertThat(IntStream.range(0, 1000).filter(i -> one[i] == i).count()).isLessThan(10);
    assertThat(IntStream.range(0, 1000).filter(i -> one[i] == other[i]).count()).isLessThan(10);
    // The first half of an order of luck has mean 499.5, give or take 9.
    assertThat(Arrays.stream(one).limit(500).average().orElseThrow()).isBetween(450.0, 550.0);
  }

  @Test
  void aLargeOneNeedsNoList() {
    Permutation large = new Permutation(1L << 40, 3);
    assertThat(LongStream.range(0, 1000).map(large::at).distinct().count()).isEqualTo(1000);
    assertThat(LongStream.range(0, 1000).map(large::at).max().orElseThrow())
        .isBetween(1L << 39, (1L << 40) - 1);
  }

  @Test
  void saysWhichPlacesThereAre() {
    assertThatThrownBy(() -> new Permutation(4, 0).at(4))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("place 4 of 4");
  }

  private static long[] order(Permutation permutation) {
    return LongStream.range(0, permutation.size()).map(permutation::at).toArray();
  }
}
