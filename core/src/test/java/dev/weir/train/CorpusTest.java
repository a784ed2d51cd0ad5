package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CorpusTest {
  private static final Corpus CORPUS =
      new Corpus(List.of(new int[] {1, 2, 3}, new int[] {4}, new int[] {5, 6, 7, 8}), 0, 8);

  @Test
  void countsABoundaryBeforeEachTextAndOneAtTheEnd() {
    assertThat(CORPUS.tokens()).isEqualTo(12);
  }

  @Test
  void windowsPredictEachTokenButTheFirstOnceInOrder() {
    List<Integer> predicted = new ArrayList<>();
    for (int[] window : CORPUS.windows(4)) {
      Arrays.stream(window).skip(1).forEach(predicted::add);
    }
    assertThat(predicted).containsExactly(1, 2, 3, 0, 4, 0, 5, 6, 7, 8, 0);
  }

  @Test
  void aWindowBeginsWithTheLastTokenOfTheOneBefore() {
    List<int[]> windows = CORPUS.windows(4);
    assertThat(windows.getFirst()).containsExactly(0, 1, 2, 3, 0);
    assertThat(windows.get(1)).containsExactly(0, 4, 0, 5, 6);
    assertThat(windows.get(2)).containsExactly(6, 7, 8, 0);
  }

  @Test
  void shuffledWindowsAreFullAndKeepEachTextTogether() {
    List<int[]> windows = CORPUS.shuffledWindows(11, new SplittableRandom(1));
    assertThat(windows).hasSize(1);
    String tokens = Arrays.toString(windows.getFirst());
    assertThat(tokens).contains("0, 1, 2, 3, 0").contains("0, 4, 0").contains("0, 5, 6, 7, 8, 0");
  }

  @Test
  void aBatchDependsOnSeedAndStepAlone() {
    Corpus.Batches forward = new Corpus.Batches(CORPUS, 2, 3, 5);
    List<List<int[]>> first = IntStream.range(0, 6).mapToObj(forward::at).toList();
    Corpus.Batches backward = new Corpus.Batches(CORPUS, 2, 3, 5);
    for (int step = 5; step >= 0; step--) {
      assertThat(flat(backward.at(step))).isEqualTo(flat(first.get(step)));
    }
    Corpus.Batches other = new Corpus.Batches(CORPUS, 2, 3, 6);
    assertThat(IntStream.range(0, 6).mapToObj(s -> flat(other.at(s))).toList())
        .isNotEqualTo(first.stream().map(CorpusTest::flat).toList());
  }

  @Test
  void batchesCutTheSameWindowsAsTheWholeEpochAtOnce() {
    Corpus uneven =
        new Corpus(
            List.of(new int[] {1, 2, 3, 4, 5, 6, 7}, new int[0], new int[] {8}, new int[] {9, 10}),
            0,
            10);
    for (int length = 1; length <= 13; length++) {
      for (int epoch = 0; epoch < 5; epoch++) {
        List<int[]> twin =
            uneven.shuffledWindows(length, new SplittableRandom(3L * 1_000_003 + epoch));
        Corpus.Batches batches = new Corpus.Batches(uneven, 1, length, 3);
        int first = epoch * twin.size();
        assertThat(
                IntStream.range(first, first + twin.size())
                    .mapToObj(step -> flat(batches.at(step)))
                    .toList())
            .isEqualTo(twin.stream().map(window -> flat(List.of(window))).toList());
      }
    }
  }

  @Test
  void epochsHaveOrdersOfTheirOwn() {
    Corpus.Batches batches = new Corpus.Batches(CORPUS, 3, 3, 5);
    assertThat(batches.windowsPerEpoch()).isEqualTo(3);
    assertThat(IntStream.range(0, 8).mapToObj(s -> flat(batches.at(s))).distinct().count())
        .isGreaterThan(4);
  }

  private static List<Integer> flat(List<int[]> windows) {
    return windows.stream().flatMapToInt(Arrays::stream).boxed().toList();
  }

  @Test
  void saysThatTheTextsAreTooShort() {
    assertThatThrownBy(() -> new Corpus.Batches(CORPUS, 1, 100, 1))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "The texts have 12 tokens, which do not fill a window of 100 predictions. Where:"
                + " corpus. To fix: give more text, or a shorter window.");
  }

  @Test
  void saysThatThereAreNoTexts() {
    assertThatThrownBy(() -> new Corpus(List.of(), 0, 0))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("There are no texts to learn from.");
  }
}
