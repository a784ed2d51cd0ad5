package dev.weir.model.family;

import dev.weir.model.PositionCode.Pairing;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.PositionCode.RotaryScaling;
import java.util.Optional;

/// Rotary positions as configs describe them: `rope_parameters` (transformers 5), or `rope_theta`
/// and `rope_scaling` (before).
///
/// @param config the model's config
/// @param dHead size of a head
/// @param fraction how much of a head turns where the config does not say
/// @param theta the base where the config does not say
/// @param nCtx the longest text the model was made for, in tokens
record RopeConfig(Config config, int dHead, double fraction, double theta, int nCtx) {

  /// The positions of every layer.
  Rotary rotary() {
    return rotary(config.object("rope_scaling").or(() -> config.object("rope_parameters")));
  }

  /// Phi-3's positions: its old configs say `yarn` and mean LongRoPE.
  Rotary longRope() {
    Optional<Config> parameters =
        config.object("rope_scaling").or(() -> config.object("rope_parameters"));
    boolean scaled = parameters.filter(p -> !type(p).equals("default")).isPresent();
    Rotary plain = rotary(parameters.filter(p -> !type(p).equals("yarn")));
    return scaled
        ? new Rotary(
            plain.dimensions(), plain.theta(), plain.pairing(), longRope(parameters.orElseThrow()))
        : plain;
  }

  /// Positions without any scaling.
  static Rotary unscaled(int dHead, double theta) {
    return new Rotary(dHead, theta, Pairing.HALVES, new RotaryScaling.Unscaled());
  }

  /// The positions that an object describes; the plain ones where there is none.
  Rotary rotary(Optional<Config> parameters) {
    double base =
        parameters
            .filter(p -> p.has("rope_theta"))
            .map(p -> p.real("rope_theta"))
            .orElseGet(() -> config.real("rope_theta", theta));
    String type = parameters.map(RopeConfig::type).orElse("default");
    double part =
        parameters
            .filter(p -> p.has("partial_rotary_factor"))
            .map(p -> p.real("partial_rotary_factor"))
            .orElseGet(() -> config.real("partial_rotary_factor", fraction));
    int dimensions = (int) (dHead * part);
    return new Rotary(
        dimensions,
        base,
        Pairing.HALVES,
        parameters.map(p -> scaling(type, p)).orElseGet(RotaryScaling.Unscaled::new));
  }

  private static String type(Config parameters) {
    return parameters.text("rope_type", parameters.text("type", "default"));
  }

  private RotaryScaling scaling(String type, Config parameters) {
    return switch (type) {
      case "default" -> new RotaryScaling.Unscaled();
      case "linear" -> new RotaryScaling.Linear(parameters.real("factor"));
      case "dynamic" -> new RotaryScaling.DynamicNtk(parameters.real("factor"), nCtx);
      case "llama3" ->
          new RotaryScaling.Llama3(
              parameters.real("factor"),
              parameters.real("low_freq_factor"),
              parameters.real("high_freq_factor"),
              originalContext(parameters));
      case "yarn" -> yarn(parameters);
      case "longrope", "su" -> longRope(parameters);
      default ->
          throw FamilyException.badValue(
              "rope_type",
              type,
              "default, linear, dynamic, llama3, yarn or longrope",
              parameters.where());
    };
  }

  private int originalContext(Config parameters) {
    String key = "original_max_position_embeddings";
    return config.has(key) ? config.size(key) : parameters.size(key, nCtx);
  }

  private RotaryScaling yarn(Config parameters) {
    int original = originalContext(parameters);
    double factor = parameters.real("factor", (double) nCtx / original);
    return new RotaryScaling.Yarn(
        factor,
        parameters.real("beta_fast", 32),
        parameters.real("beta_slow", 1),
        original,
        yarnAttention(parameters, factor),
        parameters.flag("truncate", true));
  }

  private static double yarnAttention(Config parameters, double factor) {
    if (parameters.has("attention_factor")) {
      return parameters.real("attention_factor");
    }
    double mscale = parameters.real("mscale", 0);
    double mscaleAllDim = parameters.real("mscale_all_dim", 0);
    return mscale != 0 && mscaleAllDim != 0
        ? mscale(factor, mscale) / mscale(factor, mscaleAllDim)
        : mscale(factor, 1);
  }

  private static double mscale(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private RotaryScaling longRope(Config parameters) {
    int original = originalContext(parameters);
    double factor = parameters.real("factor", (double) nCtx / original);
    double attention =
        parameters.real(
            "attention_factor",
            factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    return new RotaryScaling.LongRope(
        parameters.reals("short_factor"), parameters.reals("long_factor"), original, attention);
  }
}
