package dev.weir.text;

/// What became of the beginning-of-sequence token, and why.
///
/// @param outcome what was done
/// @param reason why, as a sentence to show
public record BosReport(Outcome outcome, String reason) {

  /// What can become of it.
  public enum Outcome {
    /// It was put in front of the text.
    PREPENDED,
    /// The text itself begins with it, so it was not put there a second time.
    ALREADY_THERE,
    /// It is not there.
    LEFT_OUT
  }

  /// Whether the tokens begin with it.
  public boolean present() {
    return outcome != Outcome.LEFT_OUT;
  }
}
