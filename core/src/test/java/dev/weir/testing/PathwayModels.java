package dev.weir.testing;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.LayerScale;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PostNorm;
import dev.weir.pathway.PreNorm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Small random models: every pathway and every local mixer, with either norm, with and without
/// grouped queries. A name is `pathway/PATHWAY/NORM/HEADS` or `mixer/MIXER/NORM/HEADS`.
public final class PathwayModels {
  /// The longest text that they read, in tokens.
  public static final int CONTEXT = 64;

  private static final int D_MODEL = 12;
  private static final int LAYERS = 4;
  private static final Map<String, PathwaySpec> PATHWAYS = pathways();
  private static final Map<String, LocalMixing> MIXERS = mixers();
  private static final List<String> VALUES = List.of("value-residual", "svformer");

  private PathwayModels() {}

  /// Which norm the sublayers read through.
  private enum Norms {
    RMS,
    LAYER
  }

  /// One model for each pathway and mixer.
  public static Stream<String> names() {
    List<String> all = everyCombination().toList();
    // A step that is no divisor of the combinations meets each norm and head layout in turn.
    List<String> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i += 4) {
      some.add(all.get(i + (i / 4) % 4));
    }
    return some.stream();
  }

  /// Every pathway and mixer with each norm and each head layout.
  public static Stream<String> everyCombination() {
    Stream<String> pathways = PATHWAYS.keySet().stream().map(name -> "pathway/" + name);
    Stream<String> mixers =
        Stream.concat(MIXERS.keySet().stream(), VALUES.stream()).map(name -> "mixer/" + name);
    return Stream.concat(pathways, mixers)
        .flatMap(name ->
            Stream.of("/rms/mha", "/rms/gqa", "/layer/mha", "/layer/gqa").map(name::concat));
  }

  /// Whether this is one of them.
  public static boolean has(String name) {
    return name.startsWith("pathway/") || name.startsWith("mixer/");
  }

  /// The model of a name.
  public static TransformerSpec spec(String name) {
    String[] parts = name.split("/", -1);
    Norms norms = parts[2].equals("rms") ? Norms.RMS : Norms.LAYER;
    int kvHeads = parts[3].equals("gqa") ? 1 : 2;
    if (parts[0].equals("pathway")) {
      PathwaySpec pathway = PATHWAYS.get(parts[1]);
      return spec(pathway, LocalMixing.none(), AttentionSpec.Values.OWN, norms, kvHeads);
    }
    AttentionSpec.Values values =
        switch (parts[1]) {
          case "value-residual" -> AttentionSpec.Values.MIXED_WITH_FIRST;
          case "svformer" -> AttentionSpec.Values.FIRST;
          default -> AttentionSpec.Values.OWN;
        };
    LocalMixing local = MIXERS.getOrDefault(parts[1], LocalMixing.none());
    return spec(new PreNorm(), local, values, norms, kvHeads);
  }

  /// A small model on a pathway.
  public static TransformerSpec on(PathwaySpec pathway) {
    return spec(pathway, LocalMixing.none(), AttentionSpec.Values.OWN, Norms.RMS, 2);
  }

  /// A small model with a local mixer.
  public static TransformerSpec with(LocalMixing local) {
    return spec(new PreNorm(), local, AttentionSpec.Values.OWN, Norms.RMS, 2);
  }

  private static TransformerSpec spec(
      PathwaySpec pathway,
      LocalMixing local,
      AttentionSpec.Values values,
      Norms norms,
      int kvHeads) {
    NormSpec norm =
        norms == Norms.RMS
            ? new NormSpec.RmsNorm(1e-6, NormSpec.Gain.PLAIN)
            : new NormSpec.LayerNorm(1e-5);
    NormSpec none = new NormSpec.NoNorm();
    if (pathway instanceof PostNorm(_, double alpha, double beta, double epsilon)) {
      // The stream's own norms are those under test; sublayers read it as it is.
      PostNorm.Norm own = norms == Norms.RMS ? PostNorm.Norm.RMS_NORM : PostNorm.Norm.LAYER_NORM;
      PathwaySpec normed = new PostNorm(own, alpha, beta, epsilon);
      return spec(normed, local, values, none, norms == Norms.RMS, kvHeads);
    }
    boolean unnormed =
        pathway instanceof LayerScale(LayerScale.Gain gain, _) && gain == LayerScale.Gain.SCALAR;
    return spec(pathway, local, values, unnormed ? none : norm, norms == Norms.RMS, kvHeads);
  }

  private static TransformerSpec spec(
      PathwaySpec pathway,
      LocalMixing local,
      AttentionSpec.Values values,
      NormSpec norm,
      boolean rotary,
      int kvHeads) {
    NormSpec none = new NormSpec.NoNorm();
    MlpSpec mlp =
        rotary
            ? new MlpSpec.Gated(20, Activation.SILU, MlpSpec.GatedBiases.NONE)
            : new MlpSpec.Plain(20, Activation.GELU, true);
    AttentionSpec attention = attention(kvHeads, rotary).withValues(values);
    BlockSpec block =
        new BlockSpec(
            attention,
            mlp,
            BlockSpec.Wiring.SEQUENTIAL,
            norm,
            none,
            norm,
            none,
            local.hasSublayer() ? local.withSublayer(local.sublayer(), norm) : local);
    return new TransformerSpec(
        "tiny",
        D_MODEL,
        16,
        16,
        CONTEXT,
        java.util.Collections.nCopies(LAYERS, block),
        rotary ? new PositionCode.NoPositions() : new PositionCode.Learned(),
        1,
        norm,
        TransformerSpec.Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        pathway);
  }

  private static AttentionSpec attention(int kvHeads, boolean rotary) {
    return new AttentionSpec(
        2,
        kvHeads,
        6,
        0.4,
        new Softcap.Unbounded(),
        new AttentionSpec.Visibility.Causal(),
        rotary
            ? new PositionCode.Rotary(
                6, 100, PositionCode.Pairing.HALVES, new PositionCode.RotaryScaling.Unscaled())
            : new PositionCode.NoPositions(),
        new AttentionSpec.QkNorm.NoQkNorm(),
        AttentionSpec.Biases.NONE,
        1);
  }

  /// Every listed variant, and settings that no variant has.
  private static Map<String, PathwaySpec> pathways() {
    Map<String, PathwaySpec> all = new LinkedHashMap<>();
    Pathways.all().forEach(listing -> all.putAll(listing.variants()));
    all.put("attnres-block-2", attnres(3, AttentionResiduals.Evaluation.NAIVE));
    all.put("attnres-two-phase", attnres(3, AttentionResiduals.Evaluation.TWO_PHASE));
    all.put("attnres-full-two-phase", attnres(1, AttentionResiduals.Evaluation.TWO_PHASE));
    all.put(
        "depth-heads",
        new DepthAttention(
            2,
            DepthAttention.Injection.BRANCH,
            DepthAttention.SourceKind.INCREMENTS,
            1,
            DepthAttention.Sharing.PER_LAYER,
            2,
            5,
            DepthAttention.KeyNorm.RMS,
            DepthAttention.AgeBias.LEARNED,
            1e-6));
    all.put(
        "ddl-sigmoid",
        new DeepDelta(
            1,
            DeepDelta.Compressor.NONE,
            DeepDelta.EmbeddingChannels.REPEATED,
            DeepDelta.Value.SIGMOID,
            DeepDelta.Gate.TWO_LAYERS,
            0.5,
            DeepDelta.Update.DELTA,
            1e-5));
    return all;
  }

  private static AttentionResiduals attnres(int size, AttentionResiduals.Evaluation evaluation) {
    return new AttentionResiduals(size, evaluation, 1e-6);
  }

  private static Map<String, LocalMixing> mixers() {
    LocalMixing none = LocalMixing.none();
    NormSpec unset = new NormSpec.NoNorm();
    Map<String, LocalMixing> all = new LinkedHashMap<>();
    all.put(
        "shortswa",
        none.withSublayer(
            new LocalMixing.Sublayer.ShortSwa(attention(1, true).withWindow(3)), unset));
    all.put("shortconv", none.withSublayer(new LocalMixing.Sublayer.ShortConv(3), unset));
    all.put("shortswa-branch", none.withBranch(new LocalMixing.Branch.ShortSwa(3)));
    all.put("shortconv-branch", none.withBranch(new LocalMixing.Branch.ShortConv(3)));
    all.put("canon-a", none.withCanon(LocalMixing.Canon.of("A")));
    all.put("canon-abcd", none.withCanon(LocalMixing.Canon.of("ABCD")));
    return all;
  }
}
