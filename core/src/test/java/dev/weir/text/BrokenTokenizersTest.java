package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokenTokenizersTest {
  @TempDir Path folder;

  @Test
  void twelveHundredBrokenTokenizersEachOpenOrSayWhyNotInOneLine() throws IOException {
    BrokenTokenizers broken = new BrokenTokenizers();
    Map<BrokenTokenizers.Outcome, Integer> outcomes = new EnumMap<>(BrokenTokenizers.Outcome.class);
    for (long seed = 0; seed < 1200; seed++) {
      outcomes.merge(broken.tryOne(seed), 1, Integer::sum);
    }
    assertThat(outcomes.get(BrokenTokenizers.Outcome.OPENED)).isGreaterThan(100);
    assertThat(outcomes.get(BrokenTokenizers.Outcome.REFUSED)).isGreaterThan(300);
  }

  @Test
  void threeHundredBrokenLlama2cTokenizersEachOpenOrSayWhyNotInOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(SharedData.require("stories260k/tok512.bin"));
    Path file = folder.resolve("tokenizer.bin");
    int refused = 0;
    for (int seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] bytes =
          Arrays.copyOf(whole, seed % 3 == 0 ? random.nextInt(whole.length) : whole.length);
      for (int i = 0; i < seed % 3 && bytes.length > 0; i++) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, bytes);
      try (Tokenizer tokenizer = Tokenizers.open(file)) {
        tokenizer.decode(tokenizer.encode("Once upon \uD83D\uDE00", Bos.AS_CONFIGURED).ids());
      } catch (TextException e) {
        assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1);
        refused++;
      }
    }
    assertThat(refused).isBetween(100, 290);
  }

  static List<String> killers() {
    String head = "{\"version\":\"1.0\",\"added_tokens\":[],";
    String model =
        "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[[\"a\",\"b\"]]}}";
    return List.of(
        // Each of these ends the process when the native reader gets it, or exhausts its memory.
        head
            + "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"
            + "{\"id\":\"X\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
            + "\"pair\":[],\"special_tokens\":{}},"
            + model,
        head
            + "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":"
            + "{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}},"
            + model,
        head
            + "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+b\"},"
            + "\"behavior\":\"Isolated\",\"invert\":false},"
            + model,
        head + "\"pre_tokenizer\":{\"type\":\"FixedLength\",\"length\":0}," + model,
        head + "\"decoder\":{\"type\":\"Strip\",\"content\":\"a\",\"start\":0,\"stop\":5}," + model,
        head
            + "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAAAP////8=\"},"
            + model,
        head + "\"normalizer\":" + growing() + "," + model,
        (head + model).replace("\"BPE\"", "\"BPE\",\"continuing_subword_prefix\":\"abc\""));
  }

  private static String growing() {
    String part =
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\""
            + "a".repeat(100)
            + "\"}";
    return "{\"type\":\"Sequence\",\"normalizers\":["
        + String.join(",", List.of(part, part, part, part, part, part))
        + "]}";
  }

  @ParameterizedTest
  @MethodSource("killers")
  void refusesWhatWouldEndTheProcess(String json) {
    assertThatThrownBy(
            () -> {
              try (Tokenizer tokenizer = Tokenizers.ofJson("killer", json)) {
                tokenizer.encode("a".repeat(100) + "!", Bos.AS_CONFIGURED);
              }
            })
        .isInstanceOf(TextException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":1,\"b\":1}",
        "{\"a\":-1}",
        "{\"a\":4294967295}",
        "{\"a\":99999999999999999999}",
        "{\"a\":0.5}",
        "{\"a\":\"0\"}",
        "{\"a\":0,\"a\":1}",
        "{}",
        "[]",
        "null"
      })
  void refusesAVocabularyWithRepeatedOrImpossibleIds(String vocab) {
    String json = "{\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":%s}}".formatted(vocab);
    assertThatThrownBy(() -> Tokenizers.ofJson("test", json)).isInstanceOf(TextException.class);
  }

  @Test
  void refusesMergesOfPiecesThatAreNotThere() {
    String json = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"b\"]]}}";
    assertThatThrownBy(() -> Tokenizers.ofJson("test.json", json))
        .isInstanceOf(TextException.class)
        .hasMessageContaining("Token `b` out of vocabulary")
        .hasMessageContaining("Where: test.json");
  }

  @Test
  void acceptsMergesThatGoInCirclesSinceEachShortensTheText() {
    String json =
        """
        {"model":{"type":"BPE","vocab":{"a":0,"aa":1,"aaa":2,"aaaa":3},
         "merges":[["a","a"],["aa","a"],["a","aa"],["aa","aa"],["aaa","a"]]}}
        """;
    try (Tokenizer tokenizer = Tokenizers.ofJson("test.json", json)) {
      assertThat(tokenizer.encode("aaaaaaa", Bos.NONE).size()).isPositive();
    }
  }

  @Test
  void acceptsHolesBetweenIds() {
    String json = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":500},\"merges\":[]}}";
    try (Tokenizer tokenizer = Tokenizers.ofJson("test.json", json)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(501);
      assertThat(tokenizer.encode("ab", Bos.NONE).ids()).containsExactly(0, 500);
      assertThat(tokenizer.token(250)).isEqualTo("<no token 250>");
    }
  }

  @Test
  void refusesJsonNestedAHundredThousandLevelsDeep() {
    for (String open : List.of("[", "{\"normalizer\":", "{\"a\":")) {
      String json = open.repeat(100_000);
      assertThatThrownBy(() -> Tokenizers.ofJson("deep.json", json))
          .isInstanceOf(TextException.class)
          .hasMessageContaining("deep.json");
    }
  }

  @Test
  void refusesFilesThatAreNone() throws IOException {
    Path empty = Files.createFile(folder.resolve("tokenizer.json"));
    assertThatThrownBy(() -> Tokenizers.open(folder)).isInstanceOf(TextException.class);
    Files.write(empty, new byte[] {'{', (byte) 0xC3, (byte) 0x28, '}'});
    assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessageContaining("not valid UTF-8");
    Files.delete(empty);
    Files.createDirectory(empty);
    assertThatThrownBy(() -> Tokenizers.open(folder))
        .hasMessageContaining("a folder where a file belongs");
    assertThatThrownBy(() -> Tokenizers.open(folder.resolve("absent.json")))
        .hasMessageContaining("NoSuchFileException");
  }

  @Test
  void saysWhatItLookedForWhereThereIsNoTokenizer() throws IOException {
    assertThatThrownBy(() -> Tokenizers.open(folder))
        .isInstanceOf(TextException.class)
        .hasMessageContaining("tokenizer.json, vocab.json with merges.txt")
        .hasMessageContaining(folder.toString());
    Files.writeString(folder.resolve("vocab.json"), "{}");
    assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessageContaining("looked for");
    Files.write(folder.resolve("tokenizer.model"), "protobuf".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessageContaining("save_pretrained");
  }

  @Test
  void aLongRunOfSpacesOrLettersIsRefusedBeforeThePatternEngineGivesUp() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("llama3")) {
      int limit = 4_000_000 / SplitPattern.of(pattern(), "test").retries();
      assertThat(limit).isGreaterThan(100_000);
      assertThatThrownBy(() -> tokenizer.encode(" ".repeat(limit + 1), Bos.NONE))
          .isInstanceOf(TextException.class)
          .hasMessageContaining("in a row");
      assertThat(tokenizer.encode(" ".repeat(limit), Bos.NONE).size()).isPositive();
    }
  }

  private static String pattern() throws IOException {
    return Golden.JSON
        .readTree(Golden.text("llama3.tokenizer.json"))
        .at("/pre_tokenizer/pretokenizers/0/pattern/Regex")
        .asString();
  }
}
