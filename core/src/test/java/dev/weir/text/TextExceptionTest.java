package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TextExceptionTest {
  private static final Path FILE = Path.of("tokenizer.json");

  @Test
  void everyMessageSaysWhatWhereAndHowToFixItInOneLine() {
    for (TextException e :
        new TextException[] {
          TextException.noTokenizer(FILE, "x"),
          TextException.sentencePieceOnly(FILE),
          TextException.unreadable("f", "why", new IOException("why")),
          TextException.folderForFile(FILE),
          TextException.tooLarge("f", 2, 1),
          TextException.notUtf8("f"),
          TextException.badJson("f", "why\nso"),
          TextException.badVocabulary("f", "why"),
          TextException.unsupported("f", "a thing"),
          TextException.riskyPattern("f", "x".repeat(500), "why"),
          TextException.unknownPreTokenizer("f", "name"),
          TextException.noBos("f"),
          TextException.loneSurrogate(3),
          TextException.textTooLong(2, 1),
          TextException.runTooLong(2, 1),
          TextException.cannotEncode("f", "why"),
          TextException.negativeToken(-1),
          TextException.closed("f"),
          TextException.noNativeLibrary("linux-riscv64", "why"),
          TextException.badTraining("Why")
        }) {
      String message = String.valueOf(e.getMessage());
      assertThat(message.lines()).hasSize(1);
      assertThat(e).hasMessageMatching("[A-Z].*\\. Where: .+\\. To fix: .+\\.");
      assertThat(message.length()).isLessThan(400);
    }
  }

  @Test
  void messagesReadWell() {
    assertThat(TextException.unknownPreTokenizer("m.gguf", "new"))
        .hasMessage(
            "The pre-tokenizer 'new' is unknown. Where: m.gguf. To fix: use the model's Hugging Face"
                + " folder with its tokenizer.json instead.");
    assertThat(TextException.loneSurrogate(1234))
        .hasMessage(
            "The text holds half of a surrogate pair (UTF-16 char 1,234), which is no character."
                + " Where: text to encode. To fix: remove it, or put U+FFFD in its place.");
    assertThat(TextException.noBos("tokenizer.json"))
        .hasMessage(
            "A BOS token was asked for, but the tokenizer has none. Where: tokenizer.json. To fix:"
                + " leave BOS as configured, or name the token in tokenizer_config.json as bos_token.");
  }
}
