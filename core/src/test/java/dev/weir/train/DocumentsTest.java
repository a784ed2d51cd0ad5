package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.text.Bos;
import dev.weir.text.BpeTrainer;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  private static final Documents HUNDRED =
      new Documents(
          IntStream.range(0, 100)
              .mapToObj(i -> "text %02d, a fairly long one".formatted(i))
              .toList());

  @Test
  void theShareIsExactAndNothingIsLostOrTwice() {
    for (double share : List.of(0.01, 0.1, 0.5, 0.99)) {
      Documents.Parted parted = HUNDRED.part(share, 3);
      // A share is rounded to a character.
      assertThat((double) parted.validation().bytes())
          .isCloseTo(share * HUNDRED.bytes(), within(1.5));
      List<String> all = new ArrayList<>(parted.training().texts());
      all.addAll(parted.validation().texts());
      assertThat(all.stream().mapToLong(String::length).sum()).isEqualTo(HUNDRED.bytes());
      assertThat(all).hasSizeBetween(100, 101).doesNotHaveDuplicates();
    }
  }

  @Test
  void theSeedDecidesWhichTextsAreLookedAt() {
    assertThat(HUNDRED.part(0.2, 1)).isEqualTo(HUNDRED.part(0.2, 1));
    assertThat(HUNDRED.part(0.2, 1).validation()).isNotEqualTo(HUNDRED.part(0.2, 2).validation());
    assertThat(HUNDRED.part(0.2, 1).training().texts())
        .isSubsetOf(withCut(HUNDRED, 0.2, 1))
        .isSorted();
  }

  private static List<String> withCut(Documents documents, double share, long seed) {
    List<String> allowed = new ArrayList<>(documents.texts());
    allowed.addAll(documents.part(share, seed).training().texts());
    return allowed;
  }

  @Test
  void aSingleTextIsPartedIntoItsBeginningAndItsEnd() {
    String text =
        IntStream.range(0, 1000).mapToObj(i -> "line " + i + "\n").reduce("", String::concat);
    Documents.Parted parted = new Documents(List.of(text)).part(0.1, 9);
    String training = parted.training().texts().getFirst();
    assertThat(training + parted.validation().texts().getFirst()).isEqualTo(text);
    assertThat(training).endsWith("\n");
    // Moved to a line's end.
    assertThat(training.length() / (double) text.length()).isCloseTo(0.9, within(0.01));
  }

  @Test
  void noCharacterIsCutInTwo() {
    Documents faces = new Documents(List.of("\uD83D\uDE00".repeat(9)));
    for (double share = 0.05; share < 0.95; share += 0.05) {
      String training = faces.part(share, 1).training().texts().getFirst();
      assertThat(training.length() % 2).isZero();
    }
  }

  @Test
  void saysThatAShareCannotBe() {
    for (double share : List.of(0.0, 1.0, -0.5, Double.NaN)) {
      assertThatThrownBy(() -> HUNDRED.part(share, 1))
          .isInstanceOf(TrainException.class)
          .hasMessageContaining("validation share of " + share);
    }
    assertThatThrownBy(() -> new Documents(List.of("ab")).part(0.01, 1))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "2 bytes of text cannot be parted with a validation share of 0.01. Where: corpus. To fix: give more text, another share, or a validation file of its own.");
    assertThatThrownBy(() -> new Documents(List.of())).isInstanceOf(TrainException.class);
  }

  @Test
  void aLongTextBecomesTheSameTokensPieceByPiece() {
    String sentence = "the quick brown fox jumps over the lazy dog and runs on\n";
    String text = sentence.repeat(40_000);
    assertThat(text.length()).isGreaterThan(2_000_000);
    String json = new BpeTrainer(300, 2, List.of("<|end|>")).train(List.of(sentence));
    try (Tokenizer tokenizer = Tokenizers.ofJson("test", json)) {
      int[] once = tokenizer.encode(sentence, Bos.NONE).ids();
      Corpus corpus = new Documents(List.of(text, sentence)).tokens(tokenizer, 0);
      assertThat(corpus.documents().getFirst())
          .hasSize(40_000 * once.length)
          .startsWith(once)
          .endsWith(once);
      assertThat(corpus.documents().get(1)).isEqualTo(once);
      assertThat(corpus.bytes()).isEqualTo(text.length() + sentence.length());
    }
  }
}
