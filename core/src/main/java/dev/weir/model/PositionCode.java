package dev.weir.model;

import java.util.List;

/// How a model tells positions apart.
public sealed interface PositionCode {

  /// It does not.
  record NoPositions() implements PositionCode {}

  /// A learned vector for each position, added to the embedding.
  record Learned() implements PositionCode {}

  /// A learned vector for each position, added to what queries and keys read, never to the stream
  /// (Press et al. 2020, arXiv:2012.15832, section 4).
  record Shortformer() implements PositionCode {}

  /// Queries and keys turned by an angle that grows with the position (Su et al. 2021,
  /// arXiv:2104.09864).
  ///
  /// @param dimensions how many dimensions of a head turn, from the first
  /// @param theta the base of the frequencies
  /// @param pairing which dimensions turn together
  /// @param scaling how the frequencies are stretched for longer texts
  record Rotary(int dimensions, double theta, Pairing pairing, RotaryScaling scaling)
      implements PositionCode {}

  /// Which dimensions turn together.
  enum Pairing {
    /// Dimension `i` with dimension `i + dimensions / 2` (GPT-NeoX, Hugging Face).
    HALVES,
    /// Dimension `2i` with dimension `2i + 1` (the paper, llama2.c, GPT-J).
    ADJACENT
  }

  /// How frequencies are stretched for texts longer than those trained on.
  sealed interface RotaryScaling {

    /// Not at all.
    record Unscaled() implements RotaryScaling {}

    /// All by one factor (Chen et al. 2023, arXiv:2306.15595).
    record Linear(double factor) implements RotaryScaling {}

    /// The base grows with the length of the text, beyond the length trained on (NTK-aware).
    ///
    /// @param factor the stretch
    /// @param originalContext the length trained on, in tokens
    record DynamicNtk(double factor, int originalContext) implements RotaryScaling {}

    /// Low frequencies by the factor, high ones not, a ramp between (Llama 3.1).
    ///
    /// @param factor the stretch of low frequencies
    /// @param lowFrequencyFactor where low frequencies begin, in turns per original context
    /// @param highFrequencyFactor where high frequencies begin, in turns per original context
    /// @param originalContext the length trained on, in tokens
    record Llama3(
        double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext)
        implements RotaryScaling {}

    /// A ramp between interpolation and extrapolation, and sharper attention (Peng et al. 2023,
    /// arXiv:2309.00071).
    ///
    /// @param factor the stretch of low frequencies
    /// @param betaFast turns above which a dimension is not stretched
    /// @param betaSlow turns below which a dimension is stretched in full
    /// @param originalContext the length trained on, in tokens
    /// @param attentionFactor what queries and keys are multiplied with
    /// @param truncate whether the ends of the ramp are rounded to whole dimensions
    record Yarn(
        double factor,
        double betaFast,
        double betaSlow,
        int originalContext,
        double attentionFactor,
        boolean truncate)
        implements RotaryScaling {}

    /// One factor for each frequency, in two sets (Ding et al. 2024, arXiv:2402.13753).
    ///
    /// @param shortFactors for texts up to the original context
    /// @param longFactors for longer ones
    /// @param originalContext the length trained on, in tokens
    /// @param attentionFactor what queries and keys are multiplied with
    record LongRope(
        List<Double> shortFactors,
        List<Double> longFactors,
        int originalContext,
        double attentionFactor)
        implements RotaryScaling {
      public LongRope {
        shortFactors = List.copyOf(shortFactors);
        longFactors = List.copyOf(longFactors);
      }
    }
  }
}
