package dev.weir.train;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.LayerScale;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PostNorm;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// What a model to be trained is made of, in a few numbers.
///
/// @param pathway how sublayers meet the stream over depth, by name
/// @param dModel width of the residual stream
/// @param nLayers how many blocks
/// @param nHeads query heads; the size of a head is `dModel / nHeads`
/// @param nKvHeads key/value heads
/// @param dMlp how many neurons a block has
/// @param dVocab how many tokens there are
/// @param nCtx the longest text, in tokens
/// @param norm which norm sublayers read through
/// @param mlp which MLP
/// @param positions how positions are told apart
/// @param head where the unembedding comes from
/// @param mixers what mixes positions beside global attention
public record ModelSettings(
    String pathway,
    int dModel,
    int nLayers,
    int nHeads,
    int nKvHeads,
    int dMlp,
    int dVocab,
    int nCtx,
    NormKind norm,
    MlpKind mlp,
    Positions positions,
    Head head,
    Mixers mixers) {
  private static final double EPSILON = 1e-5;
  private static final double THETA = 10_000;

  /// Which norm sublayers read through.
  public enum NormKind {
    /// Scales only (Zhang & Sennrich 2019, arXiv:1910.07467).
    RMS,
    /// Centres, scales and shifts (Ba et al. 2016, arXiv:1607.06450).
    LAYER
  }

  /// Which MLP.
  public enum MlpKind {
    /// SiLU gates (Shazeer 2020, arXiv:2002.05202), no biases.
    GATED,
    /// GELU, no biases.
    PLAIN
  }

  /// How positions are told apart.
  public enum Positions {
    /// By turning queries and keys (Su et al. 2021, arXiv:2104.09864).
    ROTARY,
    /// By a learned vector for each.
    LEARNED,
    /// Not at all but by the causal mask (Haviv et al. 2022, arXiv:2203.16634).
    NONE
  }

  /// Where the unembedding comes from.
  public enum Head {
    /// The embedding, turned around.
    TIED,
    /// A matrix of its own.
    SEPARATE
  }

  public ModelSettings {
    List<String> problems = new ArrayList<>();
    if (dModel < 1 || nHeads < 1 || nKvHeads < 1 || nLayers < 1 || dMlp < 1) {
      problems.add("width, layers, heads and neurons must be at least 1");
    } else {
      if (dModel % nHeads != 0) {
        problems.add("a width of %d cannot be parted into %d heads".formatted(dModel, nHeads));
      }
      if (nHeads % nKvHeads != 0) {
        problems.add("%d heads cannot share %d key/value heads".formatted(nHeads, nKvHeads));
      }
      if (positions == Positions.ROTARY && dModel / nHeads % 2 != 0) {
        problems.add("rotary positions need heads of even size");
      }
    }
    if (dVocab < 1 || nCtx < 1) {
      problems.add("vocabulary and context must be at least 1");
    }
    if (!problems.isEmpty()) {
      throw TrainException.badModel(
          "These numbers make no model: " + String.join("; ", problems), "change them");
    }
  }

  /// A model without local mixers.
  ///
  /// @param pathway how sublayers meet the stream over depth, by name
  /// @param dModel width of the residual stream
  /// @param nLayers how many blocks
  /// @param nHeads query heads
  /// @param nKvHeads key/value heads
  /// @param dMlp how many neurons a block has
  /// @param dVocab how many tokens there are
  /// @param nCtx the longest text, in tokens
  /// @param norm which norm sublayers read through
  /// @param mlp which MLP
  /// @param positions how positions are told apart
  /// @param head where the unembedding comes from
  public ModelSettings(
      String pathway,
      int dModel,
      int nLayers,
      int nHeads,
      int nKvHeads,
      int dMlp,
      int dVocab,
      int nCtx,
      NormKind norm,
      MlpKind mlp,
      Positions positions,
      Head head) {
    this(
        pathway,
        dModel,
        nLayers,
        nHeads,
        nKvHeads,
        dMlp,
        dVocab,
        nCtx,
        norm,
        mlp,
        positions,
        head,
        Mixers.none());
  }

  /// The same over another pathway, with other mixers.
  ///
  /// @param otherPathway how sublayers meet the stream over depth, by name
  /// @param otherMixers what mixes positions beside global attention
  public ModelSettings with(String otherPathway, Mixers otherMixers) {
    return new ModelSettings(
        otherPathway,
        dModel,
        nLayers,
        nHeads,
        nKvHeads,
        dMlp,
        dVocab,
        nCtx,
        norm,
        mlp,
        positions,
        head,
        otherMixers);
  }

  /// The same for other data.
  ///
  /// @param otherVocab how many tokens there are
  /// @param otherCtx the longest text, in tokens
  public ModelSettings with(int otherVocab, int otherCtx) {
    return new ModelSettings(
        pathway,
        dModel,
        nLayers,
        nHeads,
        nKvHeads,
        dMlp,
        otherVocab,
        otherCtx,
        norm,
        mlp,
        positions,
        head,
        mixers);
  }

  /// How many heads a width has, if nobody says: heads of size 32 up to a width of 256, of size 64
  /// above, as far as that goes.
  ///
  /// @param dModel width of the residual stream
  public static int usualHeads(int dModel) {
    int size = dModel <= 256 ? 32 : 64;
    return dModel % size == 0 ? dModel / size : 1;
  }

  /// How many neurons a width has, if nobody says: four times the width; two thirds of that, in
  /// whole 32s, where each neuron has a gate, so that the parameters are as many (Shazeer 2020).
  ///
  /// @param dModel width of the residual stream
  /// @param mlp which MLP
  public static int usualNeurons(int dModel, MlpKind mlp) {
    return switch (mlp) {
      case PLAIN -> 4 * dModel;
      case GATED -> Math.ceilDiv(8 * dModel, 3 * 32) * 32;
    };
  }

  /// How fast a width learns at most, if nobody says: 6e-4 at a width of 768 as in nanoGPT, more
  /// for narrower ones.
  ///
  /// @param dModel width of the residual stream
  public static double usualPeak(int dModel) {
    double peak = 6e-4 * Math.pow(768.0 / dModel, 2 / 3.0);
    return BigDecimal.valueOf(peak).round(new MathContext(2)).doubleValue();
  }

  /// The model.
  ///
  /// @throws dev.weir.WeirException if no pathway has that name, or it does not go together with
  ///   the rest
  public TransformerSpec spec() {
    PathwaySpec over = over();
    NormSpec reads = over instanceof PostNorm || isReZero(over) ? none() : reading();
    BlockSpec block =
        mixers.in(
            new BlockSpec(
                attention(), neurons(), BlockSpec.Wiring.SEQUENTIAL, reads, none(), reads, none()),
            reads);
    return new TransformerSpec(
        "weir",
        dModel,
        dVocab,
        dVocab,
        nCtx,
        Collections.nCopies(nLayers, block),
        positions == Positions.LEARNED
            ? new PositionCode.Learned()
            : new PositionCode.NoPositions(),
        isReZero(over) ? Math.sqrt(dModel) : 1,
        over instanceof PostNorm ? none() : reading(),
        switch (head) {
          case TIED -> TransformerSpec.Unembedding.TIED;
          case SEPARATE -> TransformerSpec.Unembedding.SEPARATE;
        },
        new Softcap.Unbounded(),
        over);
  }

  /// The one place where a pathway is found by its name. Where it norms after writes, it takes the
  /// norm that was asked for, and DeepNorm's constants depend on the depth.
  private PathwaySpec over() {
    PathwaySpec found =
        Pathways.find(pathway)
            .orElseThrow(() ->
                TrainException.badModel(
                    "There is no pathway '%s'".formatted(pathway),
                    "use one of " + String.join(", ", Pathways.names())));
    if (!(found instanceof PostNorm post)) {
      return found;
    }
    PostNorm constants = post.alpha() == 1 ? post : PostNorm.deepNorm(nLayers, EPSILON);
    PostNorm.Norm after =
        switch (norm) {
          case RMS -> PostNorm.Norm.RMS_NORM;
          case LAYER -> PostNorm.Norm.LAYER_NORM;
        };
    return new PostNorm(after, constants.alpha(), constants.beta(), EPSILON);
  }

  /// ReZero is made to do without norms in the blocks (Bachlechner et al. 2020, arXiv:2003.04887,
  /// section 3). What they read is then as large as the embedding, which the original transformer
  /// multiplies with the root of the width (Vaswani et al. 2017, section 3.4); without that,
  /// attention begins so even that recall is hardly learned.
  private static boolean isReZero(PathwaySpec over) {
    return over instanceof LayerScale(LayerScale.Gain gain, double start)
        && gain == LayerScale.Gain.SCALAR
        && start == 0;
  }

  private static NormSpec none() {
    return new NormSpec.NoNorm();
  }

  private NormSpec reading() {
    return switch (norm) {
      case RMS -> new NormSpec.RmsNorm(EPSILON, NormSpec.Gain.PLAIN);
      case LAYER -> new NormSpec.LayerNorm(EPSILON);
    };
  }

  private AttentionSpec attention() {
    int dHead = dModel / nHeads;
    return new AttentionSpec(
        nHeads,
        nKvHeads,
        dHead,
        1 / Math.sqrt(dHead),
        new Softcap.Unbounded(),
        new AttentionSpec.Visibility.Causal(),
        positions == Positions.ROTARY
            ? new PositionCode.Rotary(
                dHead,
                THETA,
                PositionCode.Pairing.HALVES,
                new PositionCode.RotaryScaling.Unscaled())
            : new PositionCode.NoPositions(),
        new AttentionSpec.QkNorm.NoQkNorm(),
        AttentionSpec.Biases.NONE,
        1);
  }

  private MlpSpec neurons() {
    return switch (mlp) {
      case GATED -> new MlpSpec.Gated(dMlp, Activation.SILU, MlpSpec.GatedBiases.NONE);
      case PLAIN -> new MlpSpec.Plain(dMlp, Activation.GELU, false);
    };
  }
}
