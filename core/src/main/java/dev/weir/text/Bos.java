package dev.weir.text;

/// Whether a text gets a token in front that says "here begins a text".
public enum Bos {
  /// As the tokenizer's own files say.
  AS_CONFIGURED,
  /// Always.
  PREPEND,
  /// Never.
  NONE
}
