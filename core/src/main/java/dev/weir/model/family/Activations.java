package dev.weir.model.family;

import dev.weir.model.Activation;

/// The names that configs have for activation functions.
final class Activations {

  private Activations() {}

  static Activation parse(Config config, String key, String absent) {
    String name = config.text(key, absent);
    return switch (name) {
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate" -> Activation.GELU_TANH;
      case "silu", "swish" -> Activation.SILU;
      case "relu" -> Activation.RELU;
      case "quick_gelu" -> Activation.QUICK_GELU;
      default ->
          throw FamilyException.badValue(
              key, name, "gelu, gelu_new, silu, relu or quick_gelu", config.where());
    };
  }
}
