package dev.weir.page.origin;

import dev.weir.pathway.PathwaySpec;
import java.util.Map;

/// What the values of each pathway's routing are, in a line.
final class RoutingWords {
  private static final String LANES_READ = "how much of each lane the sublayer reads";
  private static final String LANES_MIXED = "how the lanes are mixed beside the write: from, to";
  private static final String LANES_WRITTEN = "how much of the write each lane gets";
  private static final String SOURCES = "how much of each source is read";

  private static final Map<String, String> WORDS =
      Map.ofEntries(
          Map.entry(
              "DeepDelta.beta", "β, the gate: 0 keeps what lies along k, 1 erases it, 2 turns it"),
          Map.entry("DeepDelta.k", "k, the direction that is erased and written along"),
          Map.entry("DeepDelta.v", "v, what the stream is to be along k"),
          Map.entry("DeepDelta.gain", "g, what the write is multiplied with, channel by channel"),
          Map.entry(
              "DeepDelta.discrepancy_before",
              "kᵀX − v before the write: how far the stream is from its target"),
          Map.entry("DeepDelta.discrepancy_after", "kᵀX − v after the write"),
          Map.entry("DeepDelta.read", "how much of each channel is read"),
          Map.entry("DeepDelta.b_beta", "the bias of the gate, before its sigmoid"),
          Map.entry("DeepDelta.b_v", "the bias of the target"),
          Map.entry("PostNorm.scale", "σ, what the stream is divided by after the write"),
          Map.entry("PostNorm.w", "the gain of the stream's norm after the write"),
          Map.entry("PostNorm.b", "the shift of the stream's norm after the write"),
          Map.entry("LayerScale.gamma", "γ, what the write is multiplied with"),
          Map.entry("ElcBert.alpha", "softmax(α): how much of each earlier state the block reads"),
          Map.entry("ElcBert.scale", "what the block's output is divided by"),
          Map.entry(
              "DenseFormer.alpha",
              "α: the weights of the average over depth that follows the block"),
          Map.entry(
              "VerticalAttention.alpha",
              "softmax(α): how much of each earlier state, brought to unit size"),
          Map.entry(
              "VerticalAttention.weights",
              "how much of each earlier state: softmax(α) over its size"),
          Map.entry(
              "DeepCrossAttention.weights_q",
              "what queries read of each source beyond the learned weights"),
          Map.entry(
              "DeepCrossAttention.weights_k",
              "what keys read of each source beyond the learned weights"),
          Map.entry(
              "DeepCrossAttention.weights_v",
              "what values read of each source beyond the learned weights"),
          Map.entry(
              "DeepCrossAttention.weights_r",
              "what is read of each source beyond the learned weights"),
          Map.entry(
              "DeepCrossAttention.q_b", "what queries read of each source, mean over features"),
          Map.entry("DeepCrossAttention.k_b", "what keys read of each source, mean over features"),
          Map.entry(
              "DeepCrossAttention.v_b", "what values read of each source, mean over features"),
          Map.entry("DeepCrossAttention.r_b", "what is read of each source, mean over features"),
          Map.entry(
              "MuddFormer.weights",
              "how much of each source the streams of queries, keys, values and residual get"),
          Map.entry("MuddFormer.a", "the learned part of those weights"),
          Map.entry("MuddFormer.source_scale", "what each source is divided by before it is mixed"),
          Map.entry("MuddFormer.post_scale", "what each mix is divided by"),
          Map.entry("MuddFormer.post", "what each mix is multiplied with, mean over features"),
          Map.entry("HyperConnections.a_m", LANES_READ),
          Map.entry("HyperConnections.a_r", LANES_MIXED),
          Map.entry("HyperConnections.b", LANES_WRITTEN),
          Map.entry("HyperConnections.A_m", LANES_READ + ", the learned part"),
          Map.entry("HyperConnections.A_r", LANES_MIXED + ", the learned part"),
          Map.entry("HyperConnections.B", LANES_WRITTEN + ", the learned part"),
          Map.entry("HyperConnections.s_alpha", "the size of what the token adds to A"),
          Map.entry("HyperConnections.s_beta", "the size of what the token adds to B"),
          Map.entry("ManifoldHyperConnections.pre", LANES_READ),
          Map.entry("ManifoldHyperConnections.post", LANES_WRITTEN),
          Map.entry("ManifoldHyperConnections.res", LANES_MIXED + "; rows and columns add up to 1"),
          Map.entry("AttentionResiduals.weights", SOURCES),
          Map.entry("AttentionResiduals.share", "the share of finished blocks in what is read"),
          Map.entry(
              "AttentionResiduals.ahead",
              "how much of each finished block the sublayers of the next block read"),
          Map.entry("AttentionResiduals.ahead_log", "the logarithm of that softmax's sum"),
          Map.entry("AttentionResiduals.w", "the query of the softmax over depth"),
          Map.entry("AttentionResiduals.norm", "the gain of its keys"),
          Map.entry("DepthAttention.weights", SOURCES + " by the block that follows"),
          Map.entry("DepthAttention.q_weights", SOURCES + " by the next block's queries"),
          Map.entry("DepthAttention.k_weights", SOURCES + " by the next block's keys"),
          Map.entry("DepthAttention.v_weights", SOURCES + " by the next block's values"),
          Map.entry("DepthAttention.r_weights", SOURCES + " by the next block's skip"),
          Map.entry("Laurel.ab", "what the write and the stream are multiplied with"),
          Map.entry("Laurel.gamma", "how much of each earlier state is added"));

  private RoutingWords() {}

  /// In a line; its own name where nothing more is to be said.
  ///
  /// @param pathway whose routing
  /// @param value the value's name
  static String of(PathwaySpec pathway, String value) {
    return WORDS.getOrDefault(pathway.getClass().getSimpleName() + "." + value, value);
  }
}
