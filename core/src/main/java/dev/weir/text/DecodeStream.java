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
    int kept = Math.min(prompt.length, LONGEST_WAIT);
    this.tokens = Arrays.copyOf(Arrays.copyOfRange(prompt, prompt.length - kept, prompt.length), 32);
    this.size = kept;
    this.written = kept;
  }

  /// Takes a token and gives the text that is complete now, often empty, sometimes several
  /// characters.
  ///
  /// @param token the next token
  /// @throws TextException if it is negative
  public String add(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, size * 2);
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

  private String write(String text) {
    if (!text.isEmpty()) {
      int from = Math.max(0, written - 1);
      tokens = Arrays.copyOf(Arrays.copyOfRange(tokens, from, size), Math.max(32, size - from));
      size -= from;
      written = size;
    }
    return text;
  }

  /// The text of what is not written yet. A token's text may depend on what stands before it (the
  /// space in front of the first word), so the last written token is decoded along.
  private String rest() {
    String before = tokenizer.decode(Arrays.copyOf(tokens, written), special);
    String all = tokenizer.decode(Arrays.copyOf(tokens, size), special);
    return all.startsWith(before) ? all.substring(before.length()) : all.substring(common(before, all));
  }

  private static int common(String a, String b) {
    int same = 0;
    while (same < Math.min(a.length(), b.length()) && a.charAt(same) == b.charAt(same)) {
      same++;
    }
    return same;
  }
}
