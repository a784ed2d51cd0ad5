package dev.weir.text;

import java.util.List;

/// The special tokens around a text: what the tokenizer's files put in front and behind, and why.
///
/// @param configured what the files put in front
/// @param onRequest what goes in front when BOS is asked for; empty if there is no such token
/// @param suffix what the files put behind
/// @param why why `configured` is what it is, as a sentence
/// @param source the file this comes from
record Framing(
    List<Integer> configured,
    List<Integer> onRequest,
    List<Integer> suffix,
    String why,
    String source) {

  Framing {
    configured = List.copyOf(configured);
    onRequest = List.copyOf(onRequest);
    suffix = List.copyOf(suffix);
  }

  /// The tokens of a text in their frame. A text that begins with BOS already gets no second one.
  TokenSequence around(Body body, int textLength, Bos bos) {
    List<Integer> wanted =
        switch (bos) {
          case AS_CONFIGURED -> configured;
          case PREPEND -> onRequest;
          case NONE -> List.of();
        };
    if (bos == Bos.PREPEND && wanted.isEmpty()) {
      throw TextException.noBos(source);
    }
    boolean already = !onRequest.isEmpty() && body.startsWith(onRequest);
    BosReport report = report(bos, wanted, already);
    return join(already ? List.of() : wanted, body, textLength, report);
  }

  private BosReport report(Bos bos, List<Integer> wanted, boolean already) {
    if (already) {
      return new BosReport(
          BosReport.Outcome.ALREADY_THERE,
          wanted.isEmpty()
              ? "The text itself begins with it."
              : "The text itself begins with it, so it is not put there twice.");
    }
    String reason =
        switch (bos) {
          case AS_CONFIGURED -> why;
          case PREPEND -> "It was asked for.";
          case NONE -> "It was asked to be left out.";
        };
    return new BosReport(
        wanted.isEmpty() ? BosReport.Outcome.LEFT_OUT : BosReport.Outcome.PREPENDED, reason);
  }

  private TokenSequence join(List<Integer> prefix, Body body, int textLength, BosReport report) {
    int before = prefix.size();
    int length = before + body.ids().length + suffix.size();
    int[] ids = new int[length];
    int[] starts = new int[length];
    int[] ends = new int[length];
    for (int i = 0; i < before; i++) {
      ids[i] = prefix.get(i);
    }
    System.arraycopy(body.ids(), 0, ids, before, body.ids().length);
    System.arraycopy(body.starts(), 0, starts, before, body.ids().length);
    System.arraycopy(body.ends(), 0, ends, before, body.ids().length);
    for (int i = 0; i < suffix.size(); i++) {
      int at = length - suffix.size() + i;
      ids[at] = suffix.get(i);
      starts[at] = textLength;
      ends[at] = textLength;
    }
    return new TokenSequence(ids, starts, ends, report);
  }

  /// The tokens of the text alone.
  @SuppressWarnings("ArrayRecordComponent") // never compared; lives for one call
  record Body(int[] ids, int[] starts, int[] ends) {
    boolean startsWith(List<Integer> prefix) {
      if (ids.length < prefix.size()) {
        return false;
      }
      for (int i = 0; i < prefix.size(); i++) {
        if (ids[i] != prefix.get(i)) {
          return false;
        }
      }
      return true;
    }
  }
}
