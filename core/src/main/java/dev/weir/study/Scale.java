package dev.weir.study;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MixerCost;
import dev.weir.model.MlpSpec;
import dev.weir.model.TransformerCost;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PathwayCost;
import dev.weir.train.ModelSettings;
import java.util.List;
import java.util.stream.IntStream;

/// What a model costs, by the formulas of [TransformerCost], [PathwayCost] and [MixerCost]. Nothing
/// of it is measured, and it says nothing of how good the model would be. "Elements" are numbers of
/// [Constraints#bytes].
///
/// @param parameters how many weights
/// @param trainingFlops operations per token of a text, forward and backward
/// @param decodeFlops operations for the last token of a text, the tokens before it cached
/// @param decodeReads elements that this token reads beside weights: keys, values, and what the
///   pathway and the mixers move beyond the plain stream
/// @param kept elements per token that training keeps for the backward pass, an estimate: the
///   inputs of maps, norms and activations (Korthikanti et al. 2022, arXiv:2205.05198, section 4.1,
///   without dropout and with scores made again), logits, and what pathway and mixers keep beside
/// @param cache elements per sequence in the cache of keys and values
/// @param ring elements per sequence that decoding keeps beside it, however long the text
/// @param passing elements per sequence that decoding holds only while a token runs
/// @param halo elements per sequence that a rank must get from the one before it, beside what
///   global attention needs
/// @param reach how many positions the longest local mixer sees, itself included
/// @param payload how many vectors cross each boundary of pipeline stages; 1 in the plain stream
/// @param vector elements of one of these vectors, `d_model`
/// @param constraints what is run
public record Scale(
    double parameters,
    double trainingFlops,
    double decodeFlops,
    double decodeReads,
    double kept,
    double cache,
    double ring,
    double passing,
    double halo,
    int reach,
    List<Double> payload,
    double vector,
    Constraints constraints) {
  /// Two moments and, where numbers are computed with less than four bytes, a copy of each weight,
  /// four bytes each (Rajbhandari et al. 2020, "ZeRO", arXiv:1910.02054, section 3.1).
  private static final int STATE_BYTES = 4;

  public Scale {
    payload = List.copyOf(payload);
  }

  /// Sizes of published models.
  public enum Size {
    /// GPT-2 small.
    SMALL("100M", "GPT-2 small (Radford et al. 2019): 12 blocks of 768, 12 heads, GELU"),
    /// OLMo 1B.
    MEDIUM(
        "1B",
        "OLMo 1B (Groeneveld et al. 2024, arXiv:2402.00838): 16 blocks of 2048, 16 heads, gated"),
    /// SOLAR 10.7B.
    LARGE(
        "10B",
        "SOLAR 10.7B (Kim et al. 2023, arXiv:2312.15166): 48 blocks of 4096, 32 heads, 8 for keys and values, gated");

    private final String label;
    private final String source;

    Size(String label, String source) {
      this.label = label;
      this.source = source;
    }

    /// About how many parameters, in words.
    public String label() {
      return label;
    }

    /// Whose shape it is.
    public String source() {
      return source;
    }

    /// The published model; RMSNorm stands for a LayerNorm without weights.
    private ModelSettings shape() {
      return switch (this) {
        case SMALL ->
            new ModelSettings(
                "pre_norm",
                768,
                12,
                12,
                12,
                3072,
                50257,
                1024,
                ModelSettings.NormKind.LAYER,
                ModelSettings.MlpKind.PLAIN,
                ModelSettings.Positions.LEARNED,
                ModelSettings.Head.TIED);
        case MEDIUM ->
            new ModelSettings(
                "pre_norm",
                2048,
                16,
                16,
                16,
                8192,
                50304,
                2048,
                ModelSettings.NormKind.RMS,
                ModelSettings.MlpKind.GATED,
                ModelSettings.Positions.ROTARY,
                ModelSettings.Head.TIED);
        case LARGE ->
            new ModelSettings(
                "pre_norm",
                4096,
                48,
                32,
                8,
                14336,
                32000,
                4096,
                ModelSettings.NormKind.RMS,
                ModelSettings.MlpKind.GATED,
                ModelSettings.Positions.ROTARY,
                ModelSettings.Head.SEPARATE);
      };
    }

    /// A variant of a study at this size: the same pathway and mixers with the same settings, and
    /// the shape changed as the variant changes the study's, in proportion.
    ///
    /// @param study the study
    /// @param variant the variant
    /// @param context the longest text, in tokens
    ModelSettings model(Study study, Variant variant, int context) {
      ModelSettings shape = shape();
      ModelSettings from = study.model();
      ModelSettings to = variant.shape().in(from);
      int heads = scaled(shape.nHeads(), to.nHeads(), from.nHeads());
      int pairs =
          Math.max(
              1, Math.round(scaled(shape.dModel(), to.dModel(), from.dModel()) / (2f * heads)));
      return new ModelSettings(
          variant.pathway(),
          2 * pairs * heads,
          scaled(shape.nLayers(), to.nLayers(), from.nLayers()),
          heads,
          divisor(heads, scaled(shape.nKvHeads(), to.nKvHeads(), from.nKvHeads())),
          scaled(shape.dMlp(), to.dMlp(), from.dMlp()),
          shape.dVocab(),
          context,
          shape.norm(),
          shape.mlp(),
          shape.positions(),
          shape.head(),
          variant.mixers());
    }

    private static int scaled(int number, int to, int from) {
      return Math.max(1, Math.round((float) number * to / from));
    }

    /// The largest divisor up to a number.
    private static int divisor(int number, int most) {
      return IntStream.rangeClosed(1, Math.min(number, most))
          .filter(n -> number % n == 0)
          .max()
          .orElseThrow();
    }
  }

  /// Of a variant at a size.
  ///
  /// @param study the study
  /// @param variant the variant
  /// @param size how large
  /// @param constraints what is run
  public static Scale of(Study study, Variant variant, Size size, Constraints constraints) {
    return of(size.model(study, variant, constraints.context()).spec(), constraints);
  }

  /// Of a model.
  ///
  /// @param spec how it is put together
  /// @param constraints what is run
  public static Scale of(TransformerSpec spec, Constraints constraints) {
    int context = constraints.context();
    TransformerCost text = TransformerCost.ofText(spec, context);
    TransformerCost last = TransformerCost.ofLastToken(spec, context);
    PathwayCost pathway = spec.pathway().cost(spec.depth());
    MixerCost mixers = MixerCost.ofText(spec, context);
    double cache = text.cached() * context;
    return new Scale(
        text.parameters(),
        TransformerCost.trainingFlopsPerToken(spec, context),
        last.flops(),
        cache + pathway.moved() + mixers.moved(),
        kept(spec) + pathway.kept() + mixers.kept(),
        cache,
        text.remembered(),
        pathway.passing() + mixers.passing(),
        text.remembered() - ownKeys(spec),
        spec.blocks().stream().mapToInt(block -> reach(block.local())).max().orElse(1),
        payload(spec, pathway, mixers, constraints.stages()),
        spec.dModel(),
        constraints);
  }

  /// What a plain model keeps for the backward pass, elements per token.
  private static double kept(TransformerSpec spec) {
    double d = spec.dModel();
    double kept = 2 * d + spec.dVocabOut();
    for (BlockSpec block : spec.blocks()) {
      AttentionSpec heads = block.attention();
      double queriesAndMix = 2.0 * heads.nHeads() * heads.dHead();
      double keysAndValues = 2.0 * heads.nKvHeads() * heads.dHead();
      kept += 2 * d + queriesAndMix + keysAndValues + (block.hasMlp() ? 2 * d : 0);
      kept +=
          switch (block.mlp()) {
            case MlpSpec.NoMlp() -> 0;
            case MlpSpec.Plain(int neurons, _, _) -> 2.0 * neurons;
            case MlpSpec.Gated(int neurons, _, _) -> 4.0 * neurons;
          };
    }
    return kept;
  }

  /// Of what decoding remembers, a halo lacks the newest token's keys and values: a window's ring
  /// holds them, a convolution's tail does not.
  private static double ownKeys(TransformerSpec spec) {
    double own = 0;
    for (BlockSpec block : spec.blocks()) {
      AttentionSpec heads = block.attention();
      own +=
          switch (block.local().sublayer()) {
            case LocalMixing.Sublayer.ShortSwa(AttentionSpec short_) ->
                2.0 * short_.nKvHeads() * short_.dHead();
            case LocalMixing.Sublayer.None _, LocalMixing.Sublayer.ShortConv _ -> 0;
          };
      own +=
          switch (block.local().branch()) {
            case LocalMixing.Branch.ShortSwa _ -> 2.0 * heads.nKvHeads() * heads.dHead();
            case LocalMixing.Branch.None _, LocalMixing.Branch.ShortConv _ -> 0;
          };
    }
    return own;
  }

  private static int reach(LocalMixing mixing) {
    int sublayer =
        switch (mixing.sublayer()) {
          case LocalMixing.Sublayer.None() -> 1;
          case LocalMixing.Sublayer.ShortSwa(AttentionSpec attention) ->
              attention.visibility() instanceof AttentionSpec.Visibility.SlidingWindow(int size)
                  ? size
                  : 1;
          case LocalMixing.Sublayer.ShortConv(int taps) -> taps;
        };
    int branch =
        switch (mixing.branch()) {
          case LocalMixing.Branch.None() -> 1;
          case LocalMixing.Branch.ShortSwa(int window) -> window;
          case LocalMixing.Branch.ShortConv(int taps) -> taps;
        };
    int canon = mixing.canon().places().isEmpty() ? 1 : mixing.canon().taps();
    return Math.max(canon, Math.max(sublayer, branch));
  }

  private static List<Double> payload(
      TransformerSpec spec, PathwayCost pathway, MixerCost mixers, int wanted) {
    int stages = Math.min(wanted, spec.nLayers());
    return IntStream.range(1, stages)
        .mapToObj(boundary -> pathway.payloadAt(stages, boundary) + mixers.payload())
        .toList();
  }

  // ---------------------------------------------------------------- bytes

  /// The most vectors that cross a boundary of pipeline stages; 1 where there is none.
  public double worstPayload() {
    return payload.stream().mapToDouble(Double::doubleValue).max().orElse(1);
  }

  /// Bytes that cross the busiest pipeline boundary, forward, for all sequences.
  public double worstCrossing() {
    return payload.isEmpty() ? 0 : worstPayload() * crossing();
  }

  /// Bytes that cross all pipeline boundaries, forward, for all sequences.
  public double allCrossings() {
    return payload.stream().mapToDouble(Double::doubleValue).sum() * crossing();
  }

  /// Bytes of one vector for each token.
  private double crossing() {
    return (double) constraints.sequences() * constraints.context() * vector * constraints.bytes();
  }

  /// Bytes that cross a boundary of ranks, forward, for all sequences.
  public double haloBytes() {
    return constraints.ranks() == 1 ? 0 : halo * constraints.sequences() * constraints.bytes();
  }

  /// Bytes that training needs on one device, blocks and texts dealt out evenly: weights,
  /// gradients, the optimizer's state, and what is kept for the backward pass of one batch.
  public double trainingMemory() {
    int bytes = constraints.bytes();
    int states = bytes < STATE_BYTES ? 3 : 2;
    double weights = parameters * (2.0 * bytes + states * STATE_BYTES);
    double texts = (double) constraints.sequences() * constraints.tokensPerRank();
    return (weights + texts * kept * bytes) / stages();
  }

  /// Bytes that decoding needs on one device, blocks and cache dealt out evenly: weights, the
  /// cache, what is kept beside it, and what a running token holds.
  public double decodingMemory() {
    double resident = (cache / constraints.ranks() + ring) / stages() + passing;
    return constraints.bytes() * (parameters / stages() + constraints.sequences() * resident);
  }

  /// Bytes of what decoding keeps and holds for all sequences, on all stages.
  public double decodeState() {
    return constraints.bytes() * constraints.sequences() * (cache + ring + passing);
  }

  /// Bytes read for a decoded token, the weights shared by all sequences that are decoded at once.
  public double decodeBytes() {
    return constraints.bytes() * (parameters / constraints.sequences() + decodeReads);
  }

  private int stages() {
    return payload.size() + 1;
  }

  /// Whether training fits a device.
  public boolean trains() {
    return trainingMemory() <= constraints.memory();
  }

  /// Whether decoding fits a device.
  public boolean decodes() {
    return decodingMemory() <= constraints.memory();
  }
}
