package dev.weir.model;

import dev.weir.pathway.Depth;
import dev.weir.pathway.PathwaySpec;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// How a transformer is put together: everything but its numbers.
///
/// @param family what published models of this kind are called, for instance `llama`
/// @param dModel width of the residual stream
/// @param dVocab how many tokens it can read
/// @param dVocabOut how many tokens it scores
/// @param nCtx the longest text it was made for, in tokens
/// @param blocks its blocks, first to last
/// @param positions how it tells positions apart, where that concerns the embedding
/// @param embedScale what token embeddings are multiplied with
/// @param lnFinal the norm before the unembedding
/// @param unembedding where the unembedding comes from
/// @param finalSoftcap what the logits pass through
/// @param pathway how sublayers meet the stream over depth
public record TransformerSpec(
    String family,
    int dModel,
    int dVocab,
    int dVocabOut,
    int nCtx,
    List<BlockSpec> blocks,
    PositionCode positions,
    double embedScale,
    NormSpec lnFinal,
    Unembedding unembedding,
    Softcap finalSoftcap,
    PathwaySpec pathway) {

  public TransformerSpec {
    blocks = List.copyOf(blocks);
    List<String> problems = new ArrayList<>();
    atLeastOne(problems, "d_model", dModel);
    atLeastOne(problems, "d_vocab", dVocab);
    atLeastOne(problems, "d_vocab_out", dVocabOut);
    atLeastOne(problems, "n_ctx", nCtx);
    for (int layer = 0; layer < blocks.size(); layer++) {
      check(problems, layer, blocks.get(layer));
    }
    if (problems.isEmpty()) {
      problems.addAll(pathway.problems(depth(dModel, blocks)));
    }
    if (!problems.isEmpty()) {
      throw ModelException.impossibleSpec(family, problems);
    }
  }

  /// Where the unembedding comes from.
  public enum Unembedding {
    /// The embedding, turned around.
    TIED,
    /// A matrix of its own.
    SEPARATE,
    /// A matrix of its own and a bias.
    SEPARATE_WITH_BIAS
  }

  /// The same transformer with each block changed.
  ///
  /// @param change what to do to a block
  public TransformerSpec mapBlocks(UnaryOperator<BlockSpec> change) {
    return withBlocks(blocks.stream().map(change).toList());
  }

  /// The longest text it can read, in tokens: its context, stretched where its positions say so;
  /// without end where it knows no positions.
  public long longestText() {
    boolean learned = !(positions instanceof PositionCode.NoPositions);
    long longest = learned ? nCtx : Long.MAX_VALUE;
    for (BlockSpec block : blocks) {
      longest = Math.min(longest, block.attention().longestText(nCtx));
    }
    return longest;
  }

  /// Every hook point that a run passes, in the order of the computation.
  public List<HookPoint> hookPoints() {
    return HookPoints.of(this);
  }

  /// The depth axis: who writes to the stream, in order.
  public Depth depth() {
    return depth(dModel, blocks);
  }

  private static Depth depth(int dModel, List<BlockSpec> blocks) {
    List<Site> sites = new ArrayList<>();
    for (int layer = 0; layer < blocks.size(); layer++) {
      if (blocks.get(layer).local().hasSublayer()) {
        sites.add(Site.local(layer));
      }
      sites.add(Site.attention(layer));
      if (blocks.get(layer).hasMlp()) {
        sites.add(Site.mlp(layer));
      }
    }
    return new Depth(dModel, sites, blocks.stream().anyMatch(BlockSpec::parallel));
  }

  /// The same transformer over another pathway.
  ///
  /// @param other how sublayers meet the stream
  public TransformerSpec withPathway(PathwaySpec other) {
    return new TransformerSpec(
        family,
        dModel,
        dVocab,
        dVocabOut,
        nCtx,
        blocks,
        positions,
        embedScale,
        lnFinal,
        unembedding,
        finalSoftcap,
        other);
  }

  /// How many blocks it has.
  public int nLayers() {
    return blocks.size();
  }

  /// The same transformer with other blocks.
  ///
  /// @param others the blocks
  public TransformerSpec withBlocks(List<BlockSpec> others) {
    return new TransformerSpec(
        family,
        dModel,
        dVocab,
        dVocabOut,
        nCtx,
        others,
        positions,
        embedScale,
        lnFinal,
        unembedding,
        finalSoftcap,
        pathway);
  }

  /// The same transformer with another norm before the unembedding.
  ///
  /// @param other the norm
  public TransformerSpec withLnFinal(NormSpec other) {
    return new TransformerSpec(
        family,
        dModel,
        dVocab,
        dVocabOut,
        nCtx,
        blocks,
        positions,
        embedScale,
        other,
        unembedding,
        finalSoftcap,
        pathway);
  }

  /// The same transformer with another unembedding.
  ///
  /// @param other where it comes from
  public TransformerSpec withUnembedding(Unembedding other) {
    return new TransformerSpec(
        family,
        dModel,
        dVocab,
        dVocabOut,
        nCtx,
        blocks,
        positions,
        embedScale,
        lnFinal,
        other,
        finalSoftcap,
        pathway);
  }

  private static void atLeastOne(List<String> problems, String name, int size) {
    if (size < 1) {
      problems.add("%s is %d, but must be at least 1".formatted(name, size));
    }
  }

  private static void check(List<String> problems, int layer, BlockSpec block) {
    check(problems, layer, block.attention());
    LocalMixing local = block.local();
    switch (local.sublayer()) {
      case LocalMixing.Sublayer.None() -> {}
      case LocalMixing.Sublayer.ShortSwa(AttentionSpec attention) ->
          checkShortSwa(problems, layer, attention);
      case LocalMixing.Sublayer.ShortConv(int taps) ->
          atLeastOne(problems, "the taps of the convolution of block " + layer, taps);
    }
    switch (local.branch()) {
      case LocalMixing.Branch.None() -> {}
      case LocalMixing.Branch.ShortSwa(int window) ->
          atLeastOne(problems, "the window of the branch of block " + layer, window);
      case LocalMixing.Branch.ShortConv(int taps) ->
          atLeastOne(problems, "the taps of the branch of block " + layer, taps);
    }
    atLeastOne(problems, "the taps of the canon layers of block " + layer, local.canon().taps());
    if (local.canon().at(LocalMixing.Place.D) && !block.hasMlp()) {
      problems.add("canon D stands in the MLP, but block %d has none".formatted(layer));
    }
    if (local.hasSublayer() && block.parallel()) {
      problems.add(
          "block %d has a local mixer before attention, which parallel blocks have no place for"
              .formatted(layer));
    }
    if (!local.equals(LocalMixing.none())
        && block.attention().visibility() instanceof AttentionSpec.Visibility.Bidirectional) {
      problems.add(
          "block %d has local mixers, which are causal, but its attention is not".formatted(layer));
    }
  }

  private static void checkShortSwa(List<String> problems, int layer, AttentionSpec attention) {
    check(problems, layer, attention);
    if (!(attention.visibility() instanceof AttentionSpec.Visibility.SlidingWindow)) {
      problems.add("the short attention of block %d has no window".formatted(layer));
    }
    if (attention.values() != AttentionSpec.Values.OWN) {
      problems.add("the short attention of block %d must have values of its own".formatted(layer));
    }
  }

  private static void check(List<String> problems, int layer, AttentionSpec attention) {
    if (attention.nHeads() < 1 || attention.dHead() < 1) {
      problems.add(
          "block %d has %d heads of size %d, but needs at least one of at least one"
              .formatted(layer, attention.nHeads(), attention.dHead()));
    }
    if (attention.nKvHeads() < 1 || attention.nHeads() % attention.nKvHeads() != 0) {
      problems.add(
          "n_heads (%d) must be a multiple of n_key_value_heads (%d) in block %d"
              .formatted(attention.nHeads(), attention.nKvHeads(), layer));
    }
    if (attention.positions() instanceof PositionCode.Rotary(int dimensions, double theta, _, _)
        && (dimensions < 2
            || dimensions % 2 != 0
            || dimensions > attention.dHead()
            || !(theta > 0))) {
      problems.add(
          "rotary positions of %d dimensions and base %s do not fit heads of size %d in block %d"
              .formatted(dimensions, theta, attention.dHead(), layer));
    }
    if (attention.visibility() instanceof AttentionSpec.Visibility.SlidingWindow(int windowSize)
        && windowSize < 1) {
      problems.add("the window of block %d is %d tokens".formatted(layer, windowSize));
    }
  }
}
