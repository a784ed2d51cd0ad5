package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BosTest {
  @TempDir Path folder;

  @Test
  void followsTheTemplateAndSaysSo() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("llama3")) {
      TokenSequence tokens = tokenizer.encode("Hi", Bos.AS_CONFIGURED);
      assertThat(tokens.id(0)).isZero();
      assertThat(tokens.offset(0)).isEqualTo(new Offset(0, 0));
      assertThat(tokens.bos())
          .isEqualTo(
              new BosReport(
                  BosReport.Outcome.PREPENDED,
                  "The template in tokenizer.json puts '<|begin_of_text|>' in front."));
    }
  }

  @Test
  void isLeftOutOrPutInOnRequest() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("llama3")) {
      TokenSequence without = tokenizer.encode("Hi", Bos.NONE);
      assertThat(without.bos().present()).isFalse();
      assertThat(tokenizer.encode("Hi", Bos.PREPEND).size()).isEqualTo(without.size() + 1);
    }
    try (Tokenizer tokenizer = Golden.tokenizer("gpt2")) {
      assertThatThrownBy(() -> tokenizer.encode("Hi", Bos.PREPEND))
          .isInstanceOf(TextException.class)
          .hasMessageContaining("BOS token was asked for, but the tokenizer has none");
    }
  }

  @Test
  void isNeverPutThereTwice() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("llama3")) {
      for (Bos bos : Bos.values()) {
        TokenSequence tokens = tokenizer.encode("<|begin_of_text|>Hi", bos);
        assertThat(tokens.id(0)).isZero();
        assertThat(tokens.id(1)).isNotZero();
        assertThat(tokens.offset(0)).isEqualTo(new Offset(0, 17));
        assertThat(tokens.bos().outcome()).isEqualTo(BosReport.Outcome.ALREADY_THERE);
      }
    }
  }

  @Test
  void anEmptyTextIsBosAlone() throws IOException {
    try (Tokenizer tokenizer = Golden.tokenizer("llama3")) {
      assertThat(tokenizer.encode("", Bos.AS_CONFIGURED).ids()).containsExactly(0);
      assertThat(tokenizer.encode("", Bos.NONE).size()).isZero();
    }
  }

  @Test
  void tokenizerConfigOutweighsTheTemplate() throws IOException {
    write("tokenizer.json", Golden.text("llama2.tokenizer.json"));
    write(
        "tokenizer_config.json",
        """
        {"add_bos_token": false, "add_eos_token": true, "bos_token": "<s>",
         "eos_token": {"content": "</s>"}, "tokenizer_class": "LlamaTokenizerFast"}
        """);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      TokenSequence tokens = tokenizer.encode("a", Bos.AS_CONFIGURED);
      assertThat(tokens.id(0)).isNotEqualTo(1);
      assertThat(tokens.id(tokens.size() - 1)).isEqualTo(2);
      assertThat(tokens.bos().reason())
          .isEqualTo("tokenizer_config.json says add_bos_token: false.");
      assertThat(tokenizer.encode("a", Bos.PREPEND).id(0)).isEqualTo(1);
    }
  }

  @Test
  void aLlamaClassPutsItInFrontUnasked() throws IOException {
    write("tokenizer.json", withoutTemplate());
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": \"<s>\"}");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.encode("a", Bos.AS_CONFIGURED).id(0)).isEqualTo(1);
    }
  }

  @Test
  void theOldMapOfSpecialTokensCountsOnlyWithoutAddedTokensDecoder() throws IOException {
    write("tokenizer.json", withoutTemplate());
    write("special_tokens_map.json", "{\"bos_token\": \"</s>\"}");
    write("tokenizer_config.json", "{\"bos_token\": \"<s>\"}");
    assertThat(bosInFolder()).isEqualTo(2);
    write("tokenizer_config.json", "{\"bos_token\": \"<s>\", \"added_tokens_decoder\": {}}");
    assertThat(bosInFolder()).isEqualTo(1);
  }

  @Test
  void generationConfigNamesTokensWhereNothingElseDoes() throws IOException {
    write("tokenizer.json", withoutTemplate());
    write("config.json", "{\"bos_token_id\": 5, \"eos_token_id\": 5}");
    write("generation_config.json", "{\"bos_token_id\": 1, \"eos_token_id\": [2, 0, 999999]}");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.bos()).hasValue(1);
      assertThat(tokenizer.eos()).hasValue(2);
      assertThat(tokenizer.eosTokens()).containsExactly(2, 0);
    }
    write("tokenizer_config.json", "{\"bos_token\": null}");
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.bos()).isEmpty();
    }
  }

  private int bosInFolder() {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      return tokenizer.bos().orElseThrow();
    }
  }

  private static String withoutTemplate() throws IOException {
    return Golden.text("llama2.tokenizer.json")
        .replaceFirst(
            "\"post_processor\":\\{.*?\\},\"decoder\"", "\"post_processor\":null,\"decoder\"");
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }
}
