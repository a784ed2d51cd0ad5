package dev.weir.cli;

import dev.weir.readout.causal.CausalTracing;
import dev.weir.text.Tokenizer;

/// Which tokens of a prompt a part of its text is.
///
/// @param first the first that it touches
/// @param end the one after the last
record SubjectTokens(int first, int end) {

  /// Finds them by the text of ever longer beginnings of the prompt.
  ///
  /// @param text the prompt
  /// @param subject a part of its text
  /// @throws CliException if the text has no such part
  static SubjectTokens of(AnalysisOptions.Text text, String subject, Tokenizer tokenizer) {
    int[] ids = text.ids();
    String whole = tokenizer.decode(ids);
    int start = whole.indexOf(subject);
    if (subject.isBlank() || start < 0) {
      throw CliException.notHere(
          "The prompt has no part '%s'".formatted(subject),
          "give --subject a part of the prompt, letter by letter");
    }
    int first = 0;
    while (decoded(ids, first + 1, tokenizer) <= start) {
      first++;
    }
    int end = first + 1;
    while (decoded(ids, end, tokenizer) < start + subject.length()) {
      end++;
    }
    return new SubjectTokens(first, end);
  }

  private static int decoded(int[] ids, int count, Tokenizer tokenizer) {
    return tokenizer.decode(java.util.Arrays.copyOf(ids, count)).length();
  }

  CausalTracing.Prompt prompt(int[] tokens, int answer, String where) {
    return new CausalTracing.Prompt(tokens, first, end, answer, where);
  }
}
