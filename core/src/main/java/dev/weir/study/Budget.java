package dev.weir.study;

import java.util.Locale;

/// What is made equal between a variant and the baseline. A comparison under one of them says
/// little under another: a variant that learns more from each token may still lose by the clock.
public enum Budget {
  /// Both read the same tokens.
  TOKENS,
  /// Both compute as many floating-point operations, counted from the equations
  /// ([dev.weir.model.TransformerCost]): the forward pass to the last operation, short windows at
  /// the keys they see; the backward pass, by convention, at twice the forward pass.
  FLOPS,
  /// Both train for as long on this machine, by their measured paces.
  SECONDS,
  /// Both read the same tokens, and the baseline is widened, by whole neurons of every block, to
  /// the nearest number of parameters; one that has as many already is not.
  PARAMETERS;

  /// Its name in study files.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// What is equal, in words.
  public String words() {
    return switch (this) {
      case TOKENS -> "equal tokens";
      case FLOPS -> "equal FLOPs";
      case SECONDS -> "equal seconds";
      case PARAMETERS -> "equal parameters";
    };
  }
}
