package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class GgufTokenizersTest {

  @ParameterizedTest
  @CsvSource({"gpt2, gpt-2", "llama3, llama-bpe"})
  void splitsAsTheSameModelsTokenizerJson(String style, String pre) throws IOException {
    try (Tokenizer tokenizer = Tokenizers.of(gguf(style, pre))) {
      for (JsonNode row : Golden.rows(style)) {
        assertThat(tokenizer.encode(row.path("text").asString(), Bos.NONE).ids())
            .as(row.path("text").asString())
            .isEqualTo(Golden.ints(row.path("bare")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default",
        "",
        "qwen2",
        "smollm",
        "falcon",
        "gpt-4o",
        "tekken",
        "deepseek-v3",
        "olmo",
        "phi-2",
        "stablelm2"
      })
  void knowsTheUsualPreTokenizersAndLosesNoText(String pre) throws IOException {
    String text =
        "I'LL pay 1234567 $\u20AC; it's 3.14\u2026 \u4F60\u597D\r\n\n  x  \uD83D\uDE00 MixedCase";
    try (Tokenizer tokenizer = Tokenizers.of(gguf("gpt2", pre))) {
      assertThat(tokenizer.decode(tokenizer.encode(text, Bos.NONE).ids())).isEqualTo(text);
    }
  }

  @Test
  void usesTheFamilysHabitWhereTheFileDoesNotSay() throws IOException {
    try (Tokenizer tokenizer = Tokenizers.of(gguf("llama3", "llama-bpe"))) {
      TokenSequence tokens = tokenizer.encode("a", Bos.AS_CONFIGURED);
      assertThat(tokens.bos().outcome()).isEqualTo(BosReport.Outcome.PREPENDED);
      assertThat(tokens.bos().reason())
          .contains("'llama-bpe' vocabularies usually put it in front");
    }
    try (Tokenizer tokenizer = Tokenizers.of(gguf("gpt2", "gpt-2"))) {
      assertThat(tokenizer.encode("a", Bos.AS_CONFIGURED).bos().present()).isFalse();
    }
  }

  @Test
  void namesAnUnknownPreTokenizerOrModel() {
    assertThatThrownBy(() -> Tokenizers.of(gguf("gpt2", "brand-new")))
        .isInstanceOf(TextException.class)
        .hasMessageStartingWith("The pre-tokenizer 'brand-new' is unknown");
    assertThatThrownBy(() -> Tokenizers.of(vocabulary("rwkv", List.of("a"), List.of(), Map.of())))
        .hasMessageContaining("the GGUF vocabulary model 'rwkv'");
  }

  @Test
  void refusesVocabulariesThatDoNotFitTogether() {
    assertThatThrownBy(() -> vocabulary("llama", List.of(), List.of(), Map.of()))
        .hasMessageContaining("it has 0 pieces");
    assertThatThrownBy(() -> vocabulary("llama", List.of("a"), List.of(1f, 2f), Map.of()))
        .hasMessageContaining("1 pieces but 2 scores");
    assertThatThrownBy(() -> vocabulary("llama", List.of("a"), List.of(Float.NaN), Map.of()))
        .hasMessageContaining("not a finite number");
    assertThatThrownBy(() -> vocabulary("llama", List.of("a"), List.of(1f), Map.of("bos", 7)))
        .hasMessageContaining("the bos token is 7");
    assertThatThrownBy(() -> Tokenizers.of(vocabulary("llama", List.of("a"), List.of(), Map.of())))
        .hasMessageContaining("it has no scores");
  }

  private static GgufVocabulary vocabulary(
      String model, List<String> tokens, List<Float> scores, Map<String, Integer> ids) {
    return new GgufVocabulary(
        "test.gguf", model, "", tokens, scores, List.of(), List.of(), ids, Map.of());
  }

  /// A golden tokenizer's vocabulary as a GGUF file has it.
  private static GgufVocabulary gguf(String style, String pre) throws IOException {
    JsonNode file = Golden.JSON.readTree(Golden.text(style + ".tokenizer.json"));
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : file.path("model").path("merges")) {
      merges.add(merge.path(0).asString() + " " + merge.path(1).asString());
    }
    List<String> tokens = new ArrayList<>();
    List<Integer> types = new ArrayList<>();
    try (Tokenizer tokenizer = Golden.tokenizer(style)) {
      int special = tokenizer.addedTokens().size();
      for (int id = 0; id < tokenizer.vocabSize(); id++) {
        tokens.add(tokenizer.piece(id));
        types.add(id < special ? 3 : 1);
      }
    }
    return new GgufVocabulary(
        "test.gguf",
        "gpt2",
        pre,
        tokens,
        List.of(),
        types,
        merges,
        Map.of("bos", 0, "eos", 0),
        Map.of());
  }
}
