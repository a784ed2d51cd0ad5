package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ScoreMergeTokenizerTest {
  private static final List<String> TEXTS =
      List.of(
          "Once upon a time, there was a little girl.",
          "",
          " ",
          "  two   spaces ",
          "caf\u00E9 \uD83D\uDE00 \u4F60\u597D \u05E9\u05DC\u05D5\u05DD",
          "tab\tnew\nline\u0000\u0001",
          "<s> </s> <0x41>");

  @Test
  void givesTheReferenceTokensAndTextOfStories260k() throws IOException {
    Path folder = SharedData.require("stories260k");
    JsonNode reference = Golden.JSON.readTree(Files.readString(folder.resolve("reference.json")));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(512);
      for (JsonNode prompt : reference.path("prompts")) {
        String text = prompt.path("text").asString();
        int[] ids = Golden.ints(prompt.path("ids"));
        assertThat(tokenizer.encode(text, Bos.AS_CONFIGURED).ids()).isEqualTo(ids);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
      }
      int[] story = Golden.ints(reference.path("greedy_from_bos"));
      assertThat(reference.path("greedy_text_expected_prefix").asString().strip())
          .startsWith(tokenizer.decode(Arrays.copyOf(story, 150)));
    }
  }

  @Test
  void takesEveryTextThereAndBack() throws IOException {
    try (Tokenizer tokenizer = stories260k()) {
      for (String text : TEXTS) {
        TokenSequence tokens = tokenizer.encode(text, Bos.AS_CONFIGURED);
        assertThat(tokenizer.decode(tokens.ids())).isEqualTo(text);
        assertThat(tokens.bos().outcome()).isEqualTo(BosReport.Outcome.PREPENDED);
      }
    }
  }

  @Test
  void everyTokenKnowsItsPlace() throws IOException {
    try (Tokenizer tokenizer = stories260k()) {
      String text = "Once \uD83D\uDE00 upon";
      TokenSequence tokens = tokenizer.encode(text, Bos.AS_CONFIGURED);
      assertThat(tokens.offset(0)).isEqualTo(new Offset(0, 0));
      int end = 0;
      for (int i = 1; i < tokens.size(); i++) {
        Offset offset = tokens.offset(i);
        assertThat(offset.start()).isBetween(Math.min(end, 5), end);
        end = offset.end();
        if (!tokenizer.piece(tokens.id(i)).startsWith("<0x")) {
          assertThat(offset.of(text))
              .isEqualTo(tokenizer.piece(tokens.id(i)).substring(i == 1 ? 1 : 0));
        } else {
          assertThat(offset).isEqualTo(new Offset(5, 7));
        }
      }
      assertThat(end).isEqualTo(text.length());
    }
  }

  @Test
  void mergesAsTheReferenceDoesThatLooksAtEveryPairAgain() throws IOException {
    Path file = SharedData.require("stories260k/tok512.bin");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.getInt();
    Vocabulary vocabulary = new Vocabulary("test", 512);
    float[] scores = new float[512];
    while (bytes.hasRemaining()) {
      scores[vocabulary.size()] = bytes.getFloat();
      byte[] piece = new byte[bytes.getInt()];
      bytes.get(piece);
      vocabulary.append(new String(piece, StandardCharsets.UTF_8));
    }
    // Few different scores make many ties.
    for (float coarse : new float[] {1, 50, 1000}) {
      float[] rounded = new float[512];
      for (int i = 0; i < 512; i++) {
        rounded[i] = Math.round(scores[i] / coarse);
      }
      ScoreMerges merges =
          new ScoreMerges(vocabulary, rounded, ScoreMerges.UnknownCharacters.STAY_APART);
      SplittableRandom random = new SplittableRandom(7);
      for (int n = 0; n < 60; n++) {
        String text = randomText(random, 40);
        assertThat(cut(text, merges.boundaries(text)))
            .isEqualTo(slowMerges(text, vocabulary, rounded));
      }
    }
  }

  private static List<String> cut(String text, int[] bounds) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i + 1 < bounds.length; i++) {
      parts.add(text.substring(bounds[i], bounds[i + 1]));
    }
    return parts;
  }

  /// The rule as stories260k/LAYOUT.md has it.
  private static List<String> slowMerges(String text, Vocabulary vocabulary, float[] scores) {
    List<String> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(Character.toString(c)));
    while (true) {
      int best = -1;
      float bestScore = Float.NEGATIVE_INFINITY;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int id = vocabulary.id(parts.get(i) + parts.get(i + 1)).orElse(-1);
        if (id >= 0 && scores[id] > bestScore) {
          bestScore = scores[id];
          best = i;
        }
      }
      if (best < 0) {
        return parts;
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  private static String randomText(SplittableRandom random, int length) {
    String alphabet = "  aeionrstlhdw,.OL\u00E9";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  @Test
  void encodesAMegabyteWithoutGoingQuadratic() throws IOException {
    try (Tokenizer tokenizer = stories260k()) {
      String text = "Once upon a time there was a little girl named Lily. ".repeat(20_000);
      // Measured: about 1.5 s; pair by pair it would take hours.
      TokenSequence tokens =
          Assertions.assertTimeout(Duration.ofSeconds(20), () -> tokenizer.encode(text, Bos.NONE));
      assertThat(tokens.size()).isGreaterThan(100_000);
    }
  }

  @Test
  void readsTheSameVocabularyFromGguf() throws IOException {
    try (Tokenizer llama2c = stories260k();
        Tokenizer gguf = Tokenizers.of(ggufOf(llama2c, Map.of()))) {
      for (String text : TEXTS.subList(0, 6)) {
        TokenSequence tokens = gguf.encode(text, Bos.AS_CONFIGURED);
        assertThat(tokens.ids()).isEqualTo(llama2c.encode(text, Bos.PREPEND).ids());
        assertThat(gguf.decode(tokens.ids())).isEqualTo(text);
        assertThat(tokens.bos().reason())
            .isEqualTo("The GGUF file does not say; 'llama' vocabularies usually put it in front.");
      }
    }
  }

  @Test
  void findsControlTokensInTextAndPutsASpaceOnlyWhereGgufSaysSo() throws IOException {
    Map<String, Boolean> flags = Map.of("add_bos_token", false, "add_space_prefix", false);
    try (Tokenizer llama2c = stories260k();
        Tokenizer gguf = Tokenizers.of(ggufOf(llama2c, flags))) {
      int once = gguf.id("\u2581O").isPresent() ? gguf.id("O").orElseThrow() : -1;
      TokenSequence tokens = gguf.encode("<s>O</s>", Bos.AS_CONFIGURED);
      assertThat(tokens.ids()).containsExactly(1, once, 2);
      assertThat(tokens.offset(2)).isEqualTo(new Offset(4, 8));
      assertThat(tokens.bos().outcome()).isEqualTo(BosReport.Outcome.ALREADY_THERE);
      assertThat(gguf.decode(tokens.ids())).isEqualTo("O");
      assertThat(gguf.decode(tokens.ids(), SpecialTokens.KEEP)).isEqualTo("<s>O</s>");
    }
  }

  private static Tokenizer stories260k() {
    return Tokenizers.open(SharedData.require("stories260k/tok512.bin"));
  }

  /// The vocabulary of tok512.bin as a GGUF file has it; a piece's score is minus its rank.
  private static GgufVocabulary ggufOf(Tokenizer llama2c, Map<String, Boolean> flags) {
    List<String> tokens = new ArrayList<>();
    List<Float> scores = new ArrayList<>();
    List<Integer> types = new ArrayList<>();
    for (int id = 0; id < llama2c.vocabSize(); id++) {
      tokens.add(id == 1 ? "<s>" : id == 2 ? "</s>" : llama2c.piece(id).replace(' ', '\u2581'));
      scores.add((float) -id);
      types.add(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);
    }
    return new GgufVocabulary(
        "test.gguf",
        "llama",
        "",
        tokens,
        scores,
        types,
        List.of(),
        Map.of("bos", 1, "eos", 2),
        flags);
  }
}
