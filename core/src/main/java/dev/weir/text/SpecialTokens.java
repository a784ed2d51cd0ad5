package dev.weir.text;

/// What decoding does with tokens that are not text, such as BOS and EOS.
public enum SpecialTokens {
  /// Writes their names, for instance `<|endoftext|>`.
  KEEP,
  /// Writes nothing for them.
  LEAVE_OUT
}
