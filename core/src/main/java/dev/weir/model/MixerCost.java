package dev.weir.model;

import dev.weir.pathway.ShortConv;
import dev.weir.tensor.Shape;
import java.util.List;

/// What the local mixers of a model, and values that come from the first block, cost beyond the
/// same model without them. Operations, moves and what is kept are counted as
/// [dev.weir.pathway.PathwayCost] says; a mixer's step also reads what it remembers.
///
/// @param parameters how many weights
/// @param flops floating-point operations per token, forward
/// @param moved elements read and written per token, forward
/// @param kept elements per token that training keeps for the backward pass, an estimate
/// @param remembered elements per sequence that decoding keeps from token to token, however long
///   the text
/// @param cached elements that the cache of keys and values grows by with each token, beyond the
///   plain cache; below zero where it grows less
/// @param passing elements per token that decoding holds only while the token runs
/// @param payload vectors of `d_model` that cross each boundary of pipeline stages beside the
///   stream
public record MixerCost(
    double parameters,
    double flops,
    double moved,
    double kept,
    double remembered,
    double cached,
    double passing,
    double payload) {
  private static final MixerCost NONE = new MixerCost(0, 0, 0, 0, 0, 0, 0, 0);

  /// Of the mixers of all blocks, for the mean token of a text.
  ///
  /// @param spec how the model is put together
  /// @param context how long the text is, in tokens
  public static MixerCost ofText(TransformerSpec spec, long context) {
    return of(spec, Visible.onAverage(context));
  }

  static MixerCost of(TransformerSpec spec, Visible visible) {
    MixerCost sum = NONE;
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      BlockSpec block = spec.blocks().get(layer);
      int d = spec.dModel();
      sum =
          sum.plus(sublayer(block.local(), d, visible))
              .plus(branch(block, visible))
              .plus(canon(block, d))
              .plus(values(block, layer, d));
    }
    return sum;
  }

  private MixerCost plus(MixerCost other) {
    return new MixerCost(
        parameters + other.parameters,
        flops + other.flops,
        moved + other.moved,
        kept + other.kept,
        remembered + other.remembered,
        cached + other.cached,
        passing == 0 ? other.passing : passing,
        payload == 0 ? other.payload : payload);
  }

  private static MixerCost sublayer(LocalMixing mixing, int dModel, Visible visible) {
    double d = dModel;
    return switch (mixing.sublayer()) {
      case LocalMixing.Sublayer.None() -> NONE;
      case LocalMixing.Sublayer.ShortSwa(AttentionSpec attention) -> {
        double keys = visible.keys(attention.visibility());
        double kv = (double) attention.nKvHeads() * attention.dHead();
        double queries = (double) attention.nHeads() * attention.dHead();
        double window = window(attention.visibility());
        yield new MixerCost(
            norm(mixing.ln0(), d) + weights(attention, dModel),
            TransformerCost.norm(mixing.ln0(), d)
                + TransformerCost.attention(attention, d, keys)
                + d,
            (2 * d + queries) + 2 * keys * kv + 2 * kv + 3 * d,
            2 * d + 2 * queries + 2 * kv,
            2 * window * kv,
            0,
            0,
            0);
      }
      case LocalMixing.Sublayer.ShortConv(int taps) -> {
        double ahead = norm(mixing.ln0(), d);
        double norm = TransformerCost.norm(mixing.ln0(), d);
        yield new MixerCost(
            ahead + taps * d,
            norm + ShortConv.flops(taps) * d + d,
            (taps + 1) * d + 3 * d,
            2 * d,
            (taps - 1) * d,
            0,
            0,
            0);
      }
    };
  }

  private static MixerCost branch(BlockSpec block, Visible visible) {
    AttentionSpec attention = block.attention();
    double kv = (double) attention.nKvHeads() * attention.dHead();
    return switch (block.local().branch()) {
      case LocalMixing.Branch.None() -> NONE;
      case LocalMixing.Branch.ShortConv(int taps) -> conv(taps, kv);
      case LocalMixing.Branch.ShortSwa(int window) -> {
        double keys = visible.keys(new AttentionSpec.Visibility.SlidingWindow(window));
        double queries = (double) attention.nHeads() * attention.dHead();
        yield new MixerCost(
            attention.nKvHeads(),
            queries + TransformerCost.mixed(attention.nKvHeads(), attention.dHead(), keys) + 2 * kv,
            queries + 2 * keys * kv + 3 * kv,
            3 * kv,
            2.0 * window * kv,
            0,
            0,
            0);
      }
    };
  }

  private static MixerCost canon(BlockSpec block, int dModel) {
    LocalMixing.Canon canon = block.local().canon();
    AttentionSpec attention = block.attention();
    double features = 0;
    for (LocalMixing.Place place : canon.places()) {
      features +=
          switch (place) {
            case A, C -> dModel;
            case B -> (double) (attention.nHeads() + 2 * attention.nKvHeads()) * attention.dHead();
            case D -> block.mlp().neurons() * (block.mlp() instanceof MlpSpec.Gated ? 2.0 : 1.0);
          };
    }
    return conv(canon.taps(), features);
  }

  /// A convolution that is added to what it reads.
  private static MixerCost conv(int taps, double features) {
    return new MixerCost(
        taps * features,
        (ShortConv.flops(taps) + 1) * features,
        (taps + 1) * features,
        features,
        (taps - 1) * features,
        0,
        0,
        0);
  }

  /// Values from the first block cost in every block but the first.
  private static MixerCost values(BlockSpec block, int layer, int dModel) {
    AttentionSpec attention = block.attention();
    double kv = (double) attention.nKvHeads() * attention.dHead();
    double d = dModel;
    if (layer == 0) {
      return NONE;
    }
    return switch (attention.values()) {
      case OWN -> NONE;
      case MIXED_WITH_FIRST -> new MixerCost(2, 3 * kv, 3 * kv, kv, 0, 0, kv, kv / d);
      case FIRST -> {
        boolean biased = attention.biases() != AttentionSpec.Biases.NONE;
        boolean shared = block.local().branch() instanceof LocalMixing.Branch.None;
        double map = kv * d;
        yield new MixerCost(
            -map - (biased ? kv : 0),
            -2 * map - (biased ? kv : 0),
            -kv,
            -kv,
            0,
            shared ? -kv : 0,
            kv,
            kv / d);
      }
    };
  }

  private static double window(AttentionSpec.Visibility visibility) {
    return visibility instanceof AttentionSpec.Visibility.SlidingWindow(int size) ? size : 0;
  }

  private static double norm(NormSpec norm, double width) {
    return (norm.hasGain() ? width : 0) + (norm instanceof NormSpec.LayerNorm ? width : 0);
  }

  private static double weights(AttentionSpec attention, int dModel) {
    List<Shape> shapes = ParameterLayout.ofAttention(attention, dModel);
    return shapes.stream().mapToDouble(Shape::elements).sum();
  }
}
