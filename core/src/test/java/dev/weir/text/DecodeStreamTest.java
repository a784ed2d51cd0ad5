package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class DecodeStreamTest {

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama3", "llama2", "mistral", "gemma", "unigram"})
  void itsPiecesAddUpToTheWholeText(String style) throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer(style)) {
      for (JsonNode row : Golden.rows(style)) {
        int[] ids = Golden.ints(row.path("ids"));
        for (SpecialTokens special : SpecialTokens.values()) {
          DecodeStream stream = new DecodeStream(tokenizer, special);
          assertThat(all(stream, ids)).isEqualTo(tokenizer.decode(ids, special));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama2", "mistral"})
  void goesOnAfterAPrompt(String style) throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer(style)) {
      int[] ids = tokenizer.encode("The License, for the Work \uD83D\uDE00 of", Bos.NONE).ids();
      int prompt = 3;
      DecodeStream stream =
          new DecodeStream(tokenizer, SpecialTokens.LEAVE_OUT, Arrays.copyOf(ids, prompt));
      String rest = all(stream, Arrays.copyOfRange(ids, prompt, ids.length));
      assertThat(tokenizer.decode(Arrays.copyOf(ids, prompt)) + rest)
          .isEqualTo(tokenizer.decode(ids));
    }
  }

  @Test
  void neverGivesHalfACharacter() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      int[] ids = tokenizer.encode("\uD83D\uDE00", Bos.NONE).ids();
      assertThat(ids).hasSizeGreaterThan(1);
      DecodeStream stream = new DecodeStream(tokenizer, SpecialTokens.KEEP);
      for (int i = 0; i + 1 < ids.length; i++) {
        assertThat(stream.add(ids[i])).isEmpty();
      }
      assertThat(stream.add(ids[ids.length - 1])).isEqualTo("\uD83D\uDE00");
      assertThat(stream.finish()).isEmpty();
    }
  }

  @Test
  void doesNotWaitForeverForBrokenBytes() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      int half = tokenizer.id("\u00F0").orElseThrow();
      DecodeStream stream = new DecodeStream(tokenizer, SpecialTokens.KEEP);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 20; i++) {
        text.append(stream.add(half));
      }
      assertThat(text).isNotEmpty();
      assertThat(text + stream.finish()).isEqualTo("\uFFFD".repeat(20));
    }
  }

  private static String all(DecodeStream stream, int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.add(id));
    }
    return text.append(stream.finish()).toString();
  }
}
