package dev.weir.model;

/// Which norm stands at a place.
public sealed interface NormSpec {

  /// None: the value passes as it is.
  record NoNorm() implements NormSpec {}

  /// Centres, scales, then shifts (Ba et al. 2016, arXiv:1607.06450).
  record LayerNorm(double epsilon) implements NormSpec {}

  /// [LayerNorm] without gain and shift, which were folded into the readers.
  record LayerNormPre(double epsilon) implements NormSpec {}

  /// Scales only (Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4).
  ///
  /// @param epsilon added to the mean square
  /// @param gain how the stored weight is meant
  record RmsNorm(double epsilon, Gain gain) implements NormSpec {}

  /// [RmsNorm] without a gain, which was folded into the readers.
  record RmsNormPre(double epsilon) implements NormSpec {}

  /// How a stored weight is meant.
  enum Gain {
    /// The value is multiplied with the weight.
    PLAIN,
    /// The value is multiplied with one plus the weight (Gemma).
    OFFSET_BY_ONE
  }

  /// Whether it subtracts the mean.
  default boolean centres() {
    return switch (this) {
      case LayerNorm _, LayerNormPre _ -> true;
      case NoNorm _, RmsNorm _, RmsNormPre _ -> false;
    };
  }

  /// Whether it has a stored gain.
  default boolean hasGain() {
    return switch (this) {
      case LayerNorm _, RmsNorm _ -> true;
      case NoNorm _, LayerNormPre _, RmsNormPre _ -> false;
    };
  }
}
