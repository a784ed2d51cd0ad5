package dev.weir.text;

import dev.weir.WeirException;
import java.io.Serial;
import java.nio.file.Path;

/// Text, or the files that say how to split it, cannot be used.
public final class TextException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private TextException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private TextException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  static TextException noTokenizer(Path path, String lookedFor) {
    return new TextException(
        "There is no tokenizer here; looked for " + lookedFor,
        path.toString(),
        "give a folder that holds one of these, or the file itself");
  }

  static TextException sentencePieceOnly(Path file) {
    return new TextException(
        "A SentencePiece protobuf (tokenizer.model) is not read directly",
        file.toString(),
        "make a tokenizer.json beside it with Python: transformers.AutoTokenizer.from_pretrained("
            + "FOLDER).save_pretrained(FOLDER)");
  }

  static TextException unreadable(String file, String why, Throwable cause) {
    return new TextException(
        "The file cannot be read: " + why, file, "check that it is there and may be read", cause);
  }

  static TextException folderForFile(Path path) {
    return new TextException(
        "There is a folder where a file belongs", path.toString(), "put the file itself there");
  }

  static TextException tooLarge(String source, long bytes, long limit) {
    return new TextException(
        "The tokenizer takes %,d bytes, but at most %,d are read".formatted(bytes, limit),
        source,
        "check that this is a tokenizer file");
  }

  static TextException notUtf8(String source) {
    return new TextException("The text is not valid UTF-8", source, "save it as UTF-8");
  }

  static TextException badJson(String source, String why) {
    return new TextException(
        "The tokenizer's JSON cannot be used: " + why,
        source,
        "download the file again; its size should match the one on the model's page");
  }

  static TextException badVocabulary(String source, String why) {
    return new TextException(
        "The vocabulary does not fit together: " + why,
        source,
        "download the file again, or convert the model again");
  }

  static TextException unsupported(String source, String what) {
    return new TextException(
        "This tokenizer uses %s, which is not supported".formatted(what),
        source,
        "use a tokenizer of a supported kind (docs/decisions/0004-tokenizers.md lists them)");
  }

  static TextException riskyPattern(String source, String pattern, String why) {
    return new TextException(
        "The splitting pattern '%s' could run without end: %s".formatted(shortened(pattern), why),
        source,
        "use a tokenizer whose pattern repeats single characters only");
  }

  static TextException unknownPreTokenizer(String source, String name) {
    return new TextException(
        "The pre-tokenizer '%s' is unknown".formatted(name),
        source,
        "use the model's Hugging Face folder with its tokenizer.json instead");
  }

  static TextException noBos(String source) {
    return new TextException(
        "A BOS token was asked for, but the tokenizer has none",
        source,
        "leave BOS as configured, or name the token in tokenizer_config.json as bos_token");
  }

  static TextException loneSurrogate(int index) {
    return new TextException(
        "The text holds half of a surrogate pair (UTF-16 char %,d), which is no character"
            .formatted(index),
        "text to encode",
        "remove it, or put U+FFFD in its place");
  }

  static TextException textTooLong(int length, int limit) {
    return new TextException(
        "The text has %,d chars, but at most %,d are encoded at once".formatted(length, limit),
        "text to encode",
        "encode it in parts, for instance document by document");
  }

  static TextException runTooLong(int length, int limit) {
    return new TextException(
        "The text has %,d chars without a space, or spaces, in a row, but at most %,d can be split"
            .formatted(length, limit),
        "text to encode",
        "break it up");
  }

  static TextException cannotEncode(String source, String why) {
    return new TextException(
        "The text cannot be encoded: " + why,
        source,
        "use a tokenizer with an unknown token or byte fallback");
  }

  static TextException negativeToken(int id) {
    return new TextException(
        "A token id cannot be negative, but got %d".formatted(id),
        "tokens to decode",
        "give ids from 0 to the size of the vocabulary");
  }

  static TextException closed(String source) {
    return new TextException(
        "The tokenizer was closed", source, "use it before closing it, or open it again");
  }

  static TextException noNativeLibrary(String platform, String why) {
    return new TextException(
        "The tokenizer library for %s cannot be loaded: %s".formatted(platform, why),
        "Hugging Face tokenizers",
        "use Linux (x86-64 or ARM64), macOS (ARM64) or Windows (x86-64), with a home or temporary"
            + " folder that can be written");
  }

  static TextException badTraining(String what) {
    return new TextException(what, "tokenizer training", "give more text or a smaller vocabulary");
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }

  static TextException notOneToken(String text, int tokens) {
    return new TextException(
        "'%s' is %d tokens, and one is followed".formatted(text, tokens),
        "token",
        "give one token, with its leading space where it has one, or its id as #123");
  }
}
