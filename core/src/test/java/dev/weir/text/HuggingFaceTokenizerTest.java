package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class HuggingFaceTokenizerTest {
  private static final String FAMILY = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2",
        "neox",
        "llama3",
        "llama2",
        "mistral",
        "gemma",
        "added",
        "wordpiece",
        "unigram",
        "words"
      })
  void givesTheIdsOffsetsAndTextsOfHuggingFacesOwnLibrary(String style) throws IOException {
    List<JsonNode> rows = Golden.rows(style);
    assertThat(rows).hasSizeGreaterThan(15);
    try (Tokenizer tokenizer = Golden.tokenizer(style)) {
      int behind = tokenizer.encode("", Bos.NONE).size();
      for (JsonNode row : rows) {
        String text = row.path("text").asString();
        int[] ids = Golden.ints(row.path("ids"));
        TokenSequence tokens = tokenizer.encode(text, Bos.AS_CONFIGURED);
        if (tokens.bos().outcome() != BosReport.Outcome.ALREADY_THERE) {
          assertThat(tokens.ids()).as("%s: ids of '%s'", style, text).isEqualTo(ids);
          assertThat(tokens.offsets())
              .as("%s: offsets of '%s'", style, text)
              .isEqualTo(offsets(row, text, behind));
        }
        assertThat(tokenizer.decode(ids)).isEqualTo(row.path("decoded").asString());
        assertThat(tokenizer.decode(ids, SpecialTokens.KEEP))
            .isEqualTo(row.path("decoded_all").asString());
      }
    }
  }

  /// The expected places, counted in UTF-16 chars. Hugging Face gives special tokens no place (0,
  /// 0); here those behind the text stand at its end.
  private static List<Offset> offsets(JsonNode row, String text, int behind) {
    List<Offset> offsets = new ArrayList<>();
    int count = row.path("ids").size();
    for (int i = 0; i < count; i++) {
      int[] span = Golden.ints(row.path("offsets").path(i));
      offsets.add(
          i >= count - behind
              ? new Offset(text.length(), text.length())
              : new Offset(
                  text.offsetByCodePoints(0, span[0]), text.offsetByCodePoints(0, span[1])));
    }
    return offsets;
  }

  @Test
  void givesAll423ExpectedEncodingsOfGpt2() throws IOException {
    Path folder = SharedData.require("tokenizer-gpt2");
    List<List<String>> rows = Golden.csv(folder.resolve("r50k_base_encodings.csv"));
    assertThat(rows).hasSize(423);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(50257);
      assertThat(tokenizer.eos()).hasValue(50256);
      for (List<String> row : rows) {
        int[] ids = Golden.ints(Golden.JSON.readTree(row.get(1)));
        TokenSequence tokens = tokenizer.encode(row.get(0), Bos.AS_CONFIGURED);
        assertThat(tokens.ids()).as(row.get(0)).isEqualTo(ids);
        assertThat(tokenizer.decode(ids)).isEqualTo(row.get(0));
        assertThat(tokens.bos().outcome()).isEqualTo(BosReport.Outcome.LEFT_OUT);
      }
    }
  }

  @Test
  void takesEveryBasePromptThereAndBackThroughGpt2() throws IOException {
    Path folder = SharedData.require("tokenizer-gpt2");
    List<List<String>> rows = Golden.csv(folder.resolve("base_prompts.csv"));
    assertThat(rows).hasSizeGreaterThan(400);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      for (List<String> row : rows) {
        TokenSequence tokens = tokenizer.encode(row.get(0), Bos.NONE);
        assertThat(tokenizer.decode(tokens.ids())).isEqualTo(row.get(0));
        assertThat(covered(tokens, row.get(0))).isEqualTo(row.get(0));
      }
    }
  }

  /// The parts of the text behind the tokens, put together again.
  private static String covered(TokenSequence tokens, String text) {
    StringBuilder covered = new StringBuilder();
    int end = 0;
    for (Offset offset : tokens.offsets()) {
      covered.append(text, Math.max(end, offset.start()), Math.max(end, offset.end()));
      end = Math.max(end, offset.end());
    }
    return covered.toString();
  }

  @Test
  void takesPromptsThereAndBackThroughNeox() throws IOException {
    Path file = SharedData.require("tokenizer-neox/20B_tokenizer.json");
    try (Tokenizer tokenizer = Tokenizers.open(file)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(50277);
      assertThat(tokenizer.encode("Hello world", Bos.AS_CONFIGURED).ids())
          .containsExactly(12092, 1533);
      for (String text : List.of("Hello,   world!\n\n  x", FAMILY + " \u0001", "\u05E9\u05DC")) {
        assertThat(tokenizer.decode(tokenizer.encode(text, Bos.NONE).ids())).isEqualTo(text);
      }
    }
  }

  @Test
  void givesTheReferenceIdsOfTinystories656k() throws IOException {
    Path folder = SharedData.require("tinystories656k");
    JsonNode reference = Golden.JSON.readTree(Files.readString(folder.resolve("reference.json")));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(reference.path("prompts").size()).isPositive();
      for (JsonNode prompt : reference.path("prompts")) {
        String text = prompt.path("text").asString();
        TokenSequence tokens = tokenizer.encode(text, Bos.AS_CONFIGURED);
        assertThat(tokens.ids()).isEqualTo(Golden.ints(prompt.path("ids")));
        assertThat(tokenizer.decode(tokens.ids())).isEqualTo(text);
        assertThat(tokens.bos().reason())
            .isEqualTo("tokenizer_config.json says add_bos_token: true.");
      }
      assertThat(tokenizer.bos()).hasValue(1);
      assertThat(tokenizer.eosTokens()).containsExactly(2);
    }
  }

  @Test
  void countsPlacesInUtf16CharsAlsoBehindEmojiAndCombiningMarks() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      String text = FAMILY + " e\u0301 end";
      TokenSequence tokens = tokenizer.encode(text, Bos.NONE);
      assertThat(covered(tokens, text)).isEqualTo(text);
      assertThat(tokens.offset(tokens.size() - 1).end()).isEqualTo(text.length());
      assertThat(tokens.offset(0)).isEqualTo(new Offset(0, 2));
    }
  }

  @Test
  void writesTokensFitForATable() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      int newline = tokenizer.id("\u010A").orElseThrow();
      int half = tokenizer.id("\u00E2").orElseThrow();
      assertThat(tokenizer.token(newline)).isEqualTo("\\n");
      assertThat(tokenizer.token(half)).isEqualTo("<0xE2>");
      assertThat(tokenizer.token(tokenizer.id("\u0120the").orElseThrow())).isEqualTo(" the");
      assertThat(tokenizer.token(99_999)).isEqualTo("<no token 99999>");
      assertThat(tokenizer.piece(99_999)).isEmpty();
      assertThat(tokenizer.addedTokens())
          .containsExactly(new AddedToken(0, "<|endoftext|>", AddedToken.Role.SPECIAL));
    }
  }

  @Test
  void refusesHalfASurrogatePairInsteadOfGuessing() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      for (String text : List.of("ab\uD83D", "\uDE00", "\uD83Dx")) {
        assertThatThrownBy(() -> tokenizer.encode(text, Bos.NONE))
            .isInstanceOf(TextException.class)
            .hasMessageStartingWith("The text holds half of a surrogate pair");
      }
    }
  }

  @Test
  void isDeafAfterClosingButDoesNotCrash() throws IOException {
    Tokenizer tokenizer = Golden.tokenizer("gpt2");
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("x", Bos.NONE)).hasMessageContaining("was closed");
    assertThatThrownBy(() -> tokenizer.decode(new int[] {1})).hasMessageContaining("was closed");
  }

  @Test
  void skipsIdsWithoutATokenAndRefusesNegativeOnes() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      int[] ids = tokenizer.encode("the", Bos.NONE).ids();
      int[] withHole = Arrays.copyOf(ids, ids.length + 1);
      withHole[ids.length] = 123_456;
      assertThat(tokenizer.decode(withHole)).isEqualTo("the");
      assertThatThrownBy(() -> tokenizer.decode(new int[] {-1})).hasMessageContaining("negative");
    }
  }
}
