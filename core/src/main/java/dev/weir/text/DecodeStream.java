package dev.weir.text;

import java.util.Arrays;

/// Turns tokens into text as they come, never half a character: bytes of an unfinished UTF-8
/// sequence wait for the rest.
public final class DecodeStream {
  /// An unfinished character lacks at most three bytes; longer waits are for broken text.
  private static final int LONGEST_WAIT = 8;

  private final Tokenizer tokenizer;
  private final SpecialTokens special;
  private int[] tokens;
  private int size;
  private int written;

  /// A stream at the start of a text.
  ///
  /// @param tokenizer what the tokens mean
  /// @param special whether special tokens are written
  public DecodeStream(Tokenizer tokenizer, SpecialTokens special) {
    this(tokenizer, special, new int[0]);
  }

  /// A stream that goes on after a prompt; what it gives, put behind the prompt's text, is the text
  /// of all tokens.
  ///
  /// @param tokenizer what the tokens mean
  /// @param special whether special tokens are written
  /// @param prompt the tokens so far
  public DecodeStream(Tokenizer tokenizer, SpecialTokens special, int[] prompt) {
    this.tokenizer = tokenizer;
    this.special = special;
    this.tokens = Arrays.copyOfRange(prompt, wholeStart(prompt), prompt.length);
    this.size = tokens.length;
    this.written = size;
  }

  /// The last few tokens of a prompt that do not begin within a character.
  private int wholeStart(int[] prompt) {
    int start = Math.max(0, prompt.length - 2 * LONGEST_WAIT);
    while (start > 0
        && start < prompt.length
        && text(Arrays.copyOfRange(prompt, start, prompt.length)).startsWith("\uFFFD")) {
      start++;
    }
    return start;
  }

  /// Takes a token and gives the text that is complete now, often empty, sometimes several
  /// characters.
  ///
  /// @param token the next token
  /// @throws TextException if it is negative
  public String add(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size + LONGEST_WAIT);
    }
    tokens[size++] = token;
    String text = rest();
    if (text.endsWith("\uFFFD") && size - written < LONGEST_WAIT) {
      return "";
    }
    return write(text);
  }

  /// What is left at the end, an unfinished character as U+FFFD.
  public String finish() {
    return write(rest());
  }

  /// Forgets all tokens but those written now: they began at the start of a character.
  private String write(String text) {
    if (!text.isEmpty()) {
      tokens = Arrays.copyOfRange(tokens, written, size);
      size -= written;
      written = size;
    }
    return text;
  }

  /// The text of what is not written yet. A token's text may depend on what stands before it (the
  /// space in front of the first word), so what was written last is decoded along.
  private String rest() {
    String before = text(Arrays.copyOf(tokens, written));
    String all = text(Arrays.copyOf(tokens, size));
    return all.substring(common(before, all));
  }

  private String text(int[] ids) {
    return tokenizer.decode(ids, special);
  }

  private static int common(String a, String b) {
    int mismatch = Arrays.mismatch(a.toCharArray(), b.toCharArray());
    return mismatch < 0 ? a.length() : mismatch;
  }
}
