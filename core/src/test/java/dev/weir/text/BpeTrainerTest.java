package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BpeTrainerTest {
  private static final String END = "<|endoftext|>";

  @Test
  void learnsWhatHuggingFacesTrainerLearns() throws IOException {
    JsonNode learned = json(new BpeTrainer(600, 2, List.of(END)).train(Golden.paragraphs()));
    JsonNode golden = json(Golden.text("gpt2.tokenizer.json"));
    assertThat(learned.path("merges")).isEqualTo(golden.path("merges"));
    assertThat(learned.path("vocab")).isEqualTo(golden.path("vocab"));
    assertThat(learned.path("merges").size()).isGreaterThan(300);
  }

  private static JsonNode json(String text) {
    return Golden.JSON.readTree(text).path("model");
  }

  @Test
  void givesTheSameFileEveryTime() throws IOException {
    BpeTrainer trainer = new BpeTrainer(500, 2, List.of(END));
    assertThat(trainer.train(Golden.paragraphs())).isEqualTo(trainer.train(Golden.paragraphs()));
  }

  @Test
  void itsFileTakesEveryTextThereAndBack() throws IOException {
    String file = new BpeTrainer(700, 2, List.of(END)).train(Golden.paragraphs());
    try (Tokenizer tokenizer = Tokenizers.ofJson("trained", file)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(700);
      assertThat(tokenizer.id(END)).hasValue(0);
      for (String text :
          List.of(
              "Licensed under the Apache License", "\uD83D\uDE00 \u4F60 \u0000", "a" + END + "b")) {
        int[] ids = tokenizer.encode(text, Bos.NONE).ids();
        assertThat(tokenizer.decode(ids, SpecialTokens.KEEP)).isEqualTo(text);
      }
      assertThat(tokenizer.encode("a" + END, Bos.NONE).id(1)).isZero();
    }
  }

  @Test
  void learns4096TokensFromAMegabyteInSeconds() throws IOException {
    String text = Files.readString(SharedData.require("text-tinyshakespeare/input.txt"));
    long start = System.nanoTime();
    String file = new BpeTrainer(4096, 2, List.of(END)).train(List.of(text));
    // Measured: 1 to 2 s.
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
    try (Tokenizer tokenizer = Tokenizers.ofJson("trained", file)) {
      TokenSequence tokens = tokenizer.encode(text, Bos.NONE);
      assertThat(tokens.size()).isLessThan(text.length() / 3);
      assertThat(tokenizer.decode(tokens.ids())).isEqualTo(text);
    }
  }

  @Test
  void stopsEarlyWhereThereIsNothingMoreToLearn() {
    String file = new BpeTrainer(1000, 1, List.of()).train(List.of("aaaa", ""));
    try (Tokenizer tokenizer = Tokenizers.ofJson("trained", file)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(258);
      assertThat(tokenizer.encode("aaaa", Bos.NONE).size()).isEqualTo(1);
    }
  }

  @Test
  void refusesAVocabularyThatCannotHoldTheBytes() {
    assertThatThrownBy(() -> new BpeTrainer(200, 2, List.of(END)))
        .isInstanceOf(TextException.class)
        .hasMessageContaining("from 257 to 1,000,000 tokens, but 200 were asked for");
    assertThatThrownBy(() -> new BpeTrainer(500, 2, List.of(END, END)))
        .hasMessageContaining("named twice");
  }
}
