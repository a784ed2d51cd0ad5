package dev.weir.readout.causal;

/// Where the derivative is taken that an attribution multiplies with the difference of two runs.
public sealed interface Slope {

  /// In the run that would be changed: attribution patching (Nanda 2023).
  record AtBase() implements Slope {}

  /// The mean over the way from the embeddings of the run that would be changed to those of the
  /// other, at the middles of equal steps: integrated gradients (Sundararajan et al. 2017,
  /// arXiv:1703.01365; Hanna et al. 2024, arXiv:2403.17806). Where the answer saturates, the slope
  /// at one end says little.
  ///
  /// @param steps how many
  record Integrated(int steps) implements Slope {
    /// The mean over the way.
    ///
    /// @throws CausalException if there is no step
    public Integrated {
      if (steps < 1) {
        throw CausalException.noSteps(steps);
      }
    }
  }

  /// How many points on the way.
  default int points() {
    return switch (this) {
      case AtBase() -> 1;
      case Integrated(int steps) -> steps;
    };
  }

  /// How far along the way a point lies.
  ///
  /// @param point from 0
  default double share(int point) {
    return switch (this) {
      case AtBase() -> 0;
      case Integrated(int steps) -> (point + 0.5) / steps;
    };
  }
}
