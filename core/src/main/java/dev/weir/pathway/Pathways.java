package dev.weir.pathway;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Every pathway there is. A new one takes one line here; commands, checkpoints, tests and pages
/// find it by that line.
public final class Pathways {

  private Pathways() {}

  /// One pathway.
  ///
  /// @param kind its settings
  /// @param idea what it does, in one line
  /// @param paper who described it
  /// @param neutral at which setting it is the plain stream
  /// @param variants names that commands call it by, with the settings they stand for
  public record Listing(
      Class<? extends PathwaySpec> kind,
      String idea,
      String paper,
      String neutral,
      Map<String, PathwaySpec> variants) {

    public Listing {
      variants = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(variants));
    }

    private static Listing of(
        Class<? extends PathwaySpec> kind,
        String idea,
        String paper,
        String neutral,
        Object... namesAndSpecs) {
      Map<String, PathwaySpec> variants = new LinkedHashMap<>();
      for (int i = 0; i < namesAndSpecs.length; i += 2) {
        variants.put((String) namesAndSpecs[i], (PathwaySpec) namesAndSpecs[i + 1]);
      }
      return new Listing(kind, idea, paper, neutral, variants);
    }
  }

  private static final double EPSILON = 1e-6;

  /// All of them, in the order in which they are shown.
  @SuppressWarnings("LineLength") // One line each.
  public static List<Listing> all() {
    return List.of(
        Listing.of(
            PreNorm.class,
            "each sublayer adds to what it read",
            "Xiong et al. 2020, arXiv:2002.04745",
            "always",
            "pre_norm",
            new PreNorm()),
        Listing.of(
            PostNorm.class,
            "the stream is normed after each write",
            "Vaswani et al. 2017, arXiv:1706.03762; Wang et al. 2022, arXiv:2203.00555",
            "none",
            "post_norm",
            PostNorm.original(1e-5),
            "deepnorm",
            PostNorm.deepNorm(12, 1e-5)),
        Listing.of(
            LayerScale.class,
            "each write has a learned size",
            "Touvron et al. 2021, arXiv:2103.17239; Bachlechner et al. 2020, arXiv:2003.04887",
            "gamma = 1",
            "layerscale",
            new LayerScale(LayerScale.Gain.VECTOR, 0.1),
            "rezero",
            new LayerScale(LayerScale.Gain.SCALAR, 0)),
        Listing.of(
            ElcBert.class,
            "each block reads a convex mix of all before",
            "Charpentier & Samuel 2023, arXiv:2311.02265",
            "none",
            "elc",
            new ElcBert(ElcBert.Variant.BASE, EPSILON),
            "elc-zero",
            new ElcBert(ElcBert.Variant.ZERO, EPSILON),
            "elc-normalized",
            new ElcBert(ElcBert.Variant.NORMALIZED, EPSILON),
            "elc-output",
            new ElcBert(ElcBert.Variant.WEIGHTED_OUTPUT, EPSILON)),
        Listing.of(
            DenseFormer.class,
            "after blocks, a weighted sum of all outputs",
            "Pagliardini et al. 2024, arXiv:2402.02622",
            "alpha one-hot on the newest (the start)",
            "denseformer",
            new DenseFormer(1, 1),
            "denseformer-4x5",
            new DenseFormer(4, 5)),
        Listing.of(
            VerticalAttention.class,
            "each block reads a softmax over earlier states (stand-in)",
            "Kojima et al., OpenReview A6uabXKiXc",
            "none",
            "vertical",
            new VerticalAttention(VerticalAttention.Adjacent.REPLACED, EPSILON),
            "vertical-adjacent",
            new VerticalAttention(VerticalAttention.Adjacent.KEPT, EPSILON)),
        Listing.of(
            DeepCrossAttention.class,
            "queries, keys and values each read all outputs",
            "Heddes et al. 2025, arXiv:2502.06785",
            "b = 1, w = 0 (the start)",
            "dca",
            new DeepCrossAttention(
                DeepCrossAttention.Read.V3, DeepCrossAttention.Views.SEPARATE, 0),
            "dca-2",
            new DeepCrossAttention(
                DeepCrossAttention.Read.V3, DeepCrossAttention.Views.SEPARATE, 2),
            "grn-v1",
            new DeepCrossAttention(DeepCrossAttention.Read.V1, DeepCrossAttention.Views.ONE, 0),
            "grn-v2",
            new DeepCrossAttention(DeepCrossAttention.Read.V2, DeepCrossAttention.Views.ONE, 0),
            "grn-v3",
            new DeepCrossAttention(DeepCrossAttention.Read.V3, DeepCrossAttention.Views.ONE, 0)),
        Listing.of(
            MuddFormer.class,
            "four streams mix all outputs by weights each token generates",
            "Xiao et al. 2025, arXiv:2502.12170",
            "W2 = 0, a one-hot on the newest (the start)",
            "mudd",
            new MuddFormer(MuddFormer.Mixing.DYNAMIC, MuddFormer.Norms.NONE, EPSILON),
            "mudd-static",
            new MuddFormer(MuddFormer.Mixing.STATIC, MuddFormer.Norms.NONE, EPSILON),
            "mudd-norms",
            new MuddFormer(MuddFormer.Mixing.DYNAMIC, MuddFormer.Norms.PRE_POST, EPSILON)),
        Listing.of(
            AttentionResiduals.class,
            "each sublayer reads a softmax over all writes",
            "Kimi Team 2026, arXiv:2603.15031",
            "w = 0 (the start), where all readers norm",
            "attnres",
            new AttentionResiduals(1, AttentionResiduals.Evaluation.NAIVE, EPSILON),
            "attnres-block",
            new AttentionResiduals(6, AttentionResiduals.Evaluation.TWO_PHASE, EPSILON)),
        Listing.of(
            DepthAttention.class,
            "attention along depth, over earlier states of the token",
            "arXiv:2603.16039, section 2.2",
            "W_O = 0 on a branch (the start); window 1 and W_V = I in place of the skip",
            "depth",
            DepthAttention.plain(8, DepthAttention.Injection.BRANCH, 64),
            "depth-full",
            DepthAttention.plain(0, DepthAttention.Injection.BRANCH, 64),
            "depth-own-2",
            own(2),
            "depth-own-4",
            own(4),
            "depth-own-8",
            own(8),
            "depth-replace",
            replace(DepthAttention.SourceKind.STATES, 1),
            "depth-increments",
            replace(DepthAttention.SourceKind.INCREMENTS, 1),
            "depth-summaries",
            replace(DepthAttention.SourceKind.SUMMARIES, 3),
            "depth-stream",
            DepthAttention.plain(0, DepthAttention.Injection.STREAM, 64)),
        Listing.of(
            DeepDelta.class,
            "each write erases along its direction before it writes",
            "Zhang 2026, arXiv:2601.00417",
            "none (gate 0 skips a sublayer)",
            "ddl",
            DeepDelta.scalar(1),
            "ddl-cc",
            DeepDelta.expanded(DeepDelta.Compressor.CHANNEL, DeepDelta.EmbeddingChannels.REPEATED),
            "ddl-cc-ec",
            DeepDelta.expanded(DeepDelta.Compressor.CHANNEL, DeepDelta.EmbeddingChannels.CONVOLVED),
            "ddl-tc",
            DeepDelta.expanded(DeepDelta.Compressor.TOKEN, DeepDelta.EmbeddingChannels.REPEATED),
            "ddl-tc-ec",
            DeepDelta.expanded(DeepDelta.Compressor.TOKEN, DeepDelta.EmbeddingChannels.CONVOLVED),
            "ddl-write-only",
            DeepDelta.scalar(1).withUpdate(DeepDelta.Update.WRITE_ONLY),
            "ddl-additive",
            DeepDelta.expanded(DeepDelta.Compressor.CHANNEL, DeepDelta.EmbeddingChannels.REPEATED)
                .withUpdate(DeepDelta.Update.ADDITIVE)),
        Listing.of(
            HyperConnections.class,
            "several lanes, mixed at every sublayer",
            "Zhu et al. 2024, arXiv:2409.19606",
            "A_m one-hot, B = 1, A_r = I (the start)",
            "hc",
            new HyperConnections(4, HyperConnections.Connections.DYNAMIC, 1e-5),
            "hc-static",
            new HyperConnections(4, HyperConnections.Connections.STATIC, 1e-5)),
        Listing.of(
            ManifoldHyperConnections.class,
            "lanes mixed by doubly stochastic matrices",
            "DeepSeek-AI 2025, arXiv:2512.24880",
            "phi = 0, b = 0, where all readers norm",
            "mhc",
            new ManifoldHyperConnections(4, 20, ManifoldHyperConnections.Readout.SUM, 0.02, 1e-20)),
        Listing.of(
            Laurel.class,
            "the skip is augmented by weights, a low-rank map or earlier states",
            "Menghani et al. 2024, arXiv:2411.07501",
            "a = b = 1, B = 0, gamma = 0 (the start)",
            "laurel-rw",
            new Laurel(Laurel.ResidualWeights.SIGMOID, 0, 0, 0),
            "laurel-lr",
            new Laurel(Laurel.ResidualWeights.NONE, 16, 0, 0),
            "laurel-pa",
            new Laurel(Laurel.ResidualWeights.NONE, 0, 3, 0),
            "laurel",
            new Laurel(Laurel.ResidualWeights.SIGMOID, 16, 3, 16)));
  }

  /// The counterpart of a short-window sublayer: the same place, matrices of its own in each block.
  private static DepthAttention own(int window) {
    return new DepthAttention(
        window,
        DepthAttention.Injection.BRANCH,
        DepthAttention.SourceKind.STATES,
        1,
        DepthAttention.Sharing.PER_LAYER,
        1,
        64,
        DepthAttention.KeyNorm.RMS,
        DepthAttention.AgeBias.LEARNED,
        EPSILON);
  }

  private static DepthAttention replace(DepthAttention.SourceKind sources, int blockSize) {
    return new DepthAttention(
        0,
        DepthAttention.Injection.REPLACE,
        sources,
        blockSize,
        DepthAttention.Sharing.PER_LAYER,
        1,
        64,
        DepthAttention.KeyNorm.RMS,
        DepthAttention.AgeBias.LEARNED,
        EPSILON);
  }

  /// The settings that a name stands for.
  ///
  /// @param name for instance `denseformer-4x5`
  public static Optional<PathwaySpec> find(String name) {
    return all().stream()
        .flatMap(listing -> listing.variants().entrySet().stream())
        .filter(variant -> variant.getKey().equals(name))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /// Every name.
  public static List<String> names() {
    return all().stream().flatMap(listing -> listing.variants().keySet().stream()).toList();
  }
}
