package dev.weir.model;

/// How the MLP of one block is put together.
public sealed interface MlpSpec {

  /// The block has none (attention-only models).
  record NoMlp() implements MlpSpec {}

  /// `act(x W_in + b_in) W_out + b_out`.
  ///
  /// @param dMlp how many neurons
  /// @param activation the nonlinearity
  /// @param biases whether its maps have biases
  record Plain(int dMlp, Activation activation, boolean biases) implements MlpSpec {}

  /// `(act(x W_gate) ⊙ x W_in) W_out` (Shazeer 2020, arXiv:2002.05202, eq. 6).
  ///
  /// @param dMlp how many neurons
  /// @param activation the nonlinearity of the gate
  /// @param biases where biases are added
  record Gated(int dMlp, Activation activation, GatedBiases biases) implements MlpSpec {}

  /// How many neurons; 0 where there is no MLP.
  default int neurons() {
    return switch (this) {
      case NoMlp() -> 0;
      case Plain(int dMlp, _, _) -> dMlp;
      case Gated(int dMlp, _, _) -> dMlp;
    };
  }

  /// Where a gated MLP adds biases.
  enum GatedBiases {
    /// Nowhere.
    NONE,
    /// To the gate, to what is gated, and to the output.
    EACH_MAP,
    /// To the gated product, and to the output (TransformerLens).
    PRODUCT
  }
}
