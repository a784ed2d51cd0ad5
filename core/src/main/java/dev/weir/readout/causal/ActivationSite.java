package dev.weir.readout.causal;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.HookPoint;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A kind of place that every block has, with TransformerLens's names.
public enum ActivationSite {
  /// The stream entering a block: the whole state of the pathway.
  RESID_PRE,
  /// The stream between attention and MLP.
  RESID_MID,
  /// The stream leaving a block.
  RESID_POST,
  /// What attention writes.
  ATTN_OUT,
  /// What the MLP writes.
  MLP_OUT,
  /// What each head read.
  Z,
  /// Queries.
  Q,
  /// Keys.
  K,
  /// Values.
  V,
  /// Attention probabilities.
  PATTERN;

  /// The place in a block.
  ///
  /// @param layer the block
  public HookPoint.InBlock in(int layer) {
    return switch (this) {
      case RESID_PRE -> new HookPoint.ResidPre(layer);
      case RESID_MID -> new HookPoint.ResidMid(layer);
      case RESID_POST -> new HookPoint.ResidPost(layer);
      case ATTN_OUT -> new HookPoint.AttnOut(layer);
      case MLP_OUT -> new HookPoint.MlpOut(layer);
      case Z -> new HookPoint.Z(layer);
      case Q -> new HookPoint.Query(layer);
      case K -> new HookPoint.Key(layer);
      case V -> new HookPoint.Value(layer);
      case PATTERN -> new HookPoint.Pattern(layer);
    };
  }

  /// Its short name, for instance `resid_pre`.
  public String words() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /// Whether it is the stream itself.
  boolean isStream() {
    return this == RESID_PRE || this == RESID_MID || this == RESID_POST;
  }

  /// The blocks of a model that have it.
  ///
  /// @param model the model
  public List<Integer> layers(Transformer model) {
    Set<HookPoint> there = Set.copyOf(model.hookPoints());
    return IntStream.range(0, model.spec().nLayers())
        .filter(layer -> there.contains(in(layer)))
        .boxed()
        .toList();
  }

  /// Whether it is told apart by heads.
  public boolean hasHeads() {
    return switch (this) {
      case RESID_PRE, RESID_MID, RESID_POST, ATTN_OUT, MLP_OUT -> false;
      case Z, Q, K, V, PATTERN -> true;
    };
  }

  /// How many heads a block has there; 0 where the place has none.
  ///
  /// @param spec the model
  /// @param layer the block
  public int heads(TransformerSpec spec, int layer) {
    var attention = spec.blocks().get(layer).attention();
    return switch (this) {
      case RESID_PRE, RESID_MID, RESID_POST, ATTN_OUT, MLP_OUT -> 0;
      case Z, Q, PATTERN -> attention.nHeads();
      case K, V -> attention.nKvHeads();
    };
  }

  /// The names of all.
  public static List<String> all() {
    return Arrays.stream(values()).map(ActivationSite::words).toList();
  }

  /// The site of a name: `z`, `hook_z`, `attn.hook_z` or a hook point such as
  /// `blocks.3.attn.hook_z`.
  ///
  /// @param name the name
  /// @throws CausalException if no site is called so
  public static ActivationSite parse(String name) {
    String local = name.substring(name.lastIndexOf('.') + 1).replaceFirst("^hook_", "");
    return Arrays.stream(values())
        .filter(site -> site.words().equals(local))
        .findFirst()
        .orElseThrow(() -> CausalException.unknownSite(name));
  }
}
