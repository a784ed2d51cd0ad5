package dev.weir.model;

import dev.weir.pathway.Past;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Recorder;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.Stretch;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Checkpointed;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A transformer over any pathway, written once. It owns its weights; close it when done.
///
/// Runs are safe from several threads at once, each with its own [KvCache].
public final class Transformer implements AutoCloseable {
  private final TransformerSpec spec;
  private final Parameters parameters;
  private final TensorOwner owner;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm lnFinal;
  private final Projection unembed;
  private final ResidualPathway<?> pathway;
  private final List<HookPoint.Route> routes;
  private final String where;

  private Transformer(
      TransformerSpec spec, Parameters parameters, TensorOwner owner, String where) {
    this.where = where;
    this.spec = spec;
    this.parameters = parameters;
    this.owner = owner;
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      blocks.add(Block.of(layer, spec, parameters, owner));
    }
    this.lnFinal = Norm.of(spec.lnFinal(), parameters, "ln_final");
    this.unembed =
        spec.unembedding() == TransformerSpec.Unembedding.TIED
            ? new Projection.Plain(parameters.get("embed.W_E"))
            : Projection.of(parameters, "unembed.W_U", "unembed.b_U");
    this.pathway = spec.pathway().over(spec.depth(), parameters);
    this.routes = spec.pathway().routes(spec.depth());
  }

  /// A transformer of these numbers.
  ///
  /// @param spec how it is put together
  /// @param parameters its numbers; every one that the spec calls for and no other
  /// @param owner what frees them; closed with the transformer
  /// @param where the file they come from, for messages
  /// @throws ModelException if they do not fit the spec
  public static Transformer of(
      TransformerSpec spec, Parameters parameters, TensorOwner owner, String where) {
    ParameterLayout.check(spec, parameters, where);
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> ready = new LinkedHashMap<>();
      parameters.tensors().forEach((name, tensor) -> ready.put(name, ready(name, tensor, owner)));
      return new Transformer(spec, new Parameters(ready), owner, where);
    }
  }

  /// A product would copy a weight whose summed axes stand apart (TransformerLens's `[head,
  /// d_model, d_head]`, GPT-NeoX's interleaved maps) each time, so it is laid out once.
  private static Tensor ready(String name, Tensor weight, TensorOwner owner) {
    if (name.contains("path.")) {
      return weight; // A pathway's own weights are small.
    }
    String[] summed =
        switch (name.substring(name.lastIndexOf('.') + 1)) {
          case "W_Q", "W_K", "W_V", "W_in", "W_gate", "W_U" -> new String[] {"d_model"};
          case "W_O" -> new String[] {"head", "d_head"};
          case "W_out" -> new String[] {"d_mlp"};
          default -> new String[0];
        };
    if (summed.length == 0) {
      return weight;
    }
    Tensor ready = weight.readyFor(summed);
    return ready == weight ? weight : owner.own(ready);
  }

  /// How it is put together.
  public TransformerSpec spec() {
    return spec;
  }

  /// Its numbers.
  public Parameters parameters() {
    return parameters;
  }

  /// How sublayers meet the stream.
  public ResidualPathway<?> pathway() {
    return pathway;
  }

  /// The norm before the unembedding.
  public Norm lnFinal() {
    return lnFinal;
  }

  /// How its numbers are stored.
  public DType dtype() {
    return parameters.get("embed.W_E").dtype();
  }

  /// Where its numbers are.
  public Device device() {
    return parameters.get("embed.W_E").device();
  }

  /// Every hook point that a run passes, in the order of the computation.
  public List<HookPoint> hookPoints() {
    return spec.hookPoints();
  }

  // ---------------------------------------------------------------- running

  /// Runs one text and keeps what was asked for.
  ///
  /// @param tokens the text
  /// @param capture what to keep
  public StreamTrace trace(int[] tokens, Capture capture) {
    return trace(List.of(tokens), capture, Hooks.none());
  }

  /// Runs several texts together, filled up on the left, and keeps what was asked for.
  ///
  /// @param texts the tokens of each
  /// @param capture what to keep
  /// @param edits who changes values on their way; a recorded value is one as changed
  public StreamTrace trace(List<int[]> texts, Capture capture, Hooks edits) {
    TokenBatch batch = new TokenBatch(texts).checked(spec.dVocab());
    requireRoom(batch.length());
    Set<HookPoint> wanted = capture.resolve(hookPoints());
    Recorder recorder = new Recorder(wanted, capture.positions(), texts.size());
    try (Scope _ = Scope.open()) {
      Hooks hooks = edits.then(recorder).over(batch.stretch(0));
      Optional<Tensor> logits =
          capture.logits() == Capture.Logits.KEPT
              ? Optional.of(unembed(stream(batch, hooks, lastLayer()), capture.positions(), hooks))
              : stopAfter(batch, hooks, wanted);
      return recorder.finish(texts, logits);
    } catch (RuntimeException e) {
      recorder.abandon();
      throw e;
    }
  }

  private Optional<Tensor> stopAfter(TokenBatch batch, Hooks hooks, Set<HookPoint> wanted) {
    int last = -1;
    boolean end = false;
    for (HookPoint point : wanted) {
      switch (point) {
        case HookPoint.InBlock place -> last = Math.max(last, place.layer());
        case HookPoint.AtNorm place -> {
          int layer = layerOf(place.norm());
          last = Math.max(last, layer);
          end |= place.norm() instanceof NormSite.LnFinal;
        }
        case HookPoint.Route(Site site, _, _) ->
            last =
                Math.max(
                    last, site.sublayer() == Site.Sublayer.UNEMBED ? lastLayer() : site.layer());
        case HookPoint.Embed() -> {}
        case HookPoint.PosEmbed() -> {}
      }
    }
    Tensor resid = stream(batch, hooks, last);
    if (end) {
      Tensor _ = lnFinal.forward(resid, new NormSite.LnFinal(), hooks);
    }
    return Optional.empty();
  }

  private int layerOf(NormSite site) {
    return switch (site) {
      case NormSite.Ln0(int layer) -> layer;
      case NormSite.Ln1(int layer) -> layer;
      case NormSite.Ln1Post(int layer) -> layer;
      case NormSite.Ln2(int layer) -> layer;
      case NormSite.Ln2Post(int layer) -> layer;
      case NormSite.LnFinal() -> lastLayer();
    };
  }

  /// The scores for the next token at every position, `[pos, d_vocab]`.
  ///
  /// @param tokens the text
  /// @return a tensor of the current scope
  public Tensor logits(int[] tokens) {
    return logits(List.of(tokens), Hooks.none()).at("batch", 0);
  }

  /// The scores for the next token at every position of every text, `[batch, pos, d_vocab]`.
  ///
  /// @param texts the tokens of each, filled up on the left
  /// @param hooks who looks and changes
  /// @return a tensor of the current scope
  public Tensor logits(List<int[]> texts, Hooks hooks) {
    TokenBatch batch = new TokenBatch(texts).checked(spec.dVocab());
    requireRoom(batch.length());
    Hooks placed = hooks.over(batch.stretch(0));
    return unembed(stream(batch, placed, lastLayer()), new Capture.Positions.All(), placed);
  }

  /// The scores for the next token after the latest one, `[batch, d_vocab]`, with a cache that the
  /// new tokens are added to.
  ///
  /// @param texts the new tokens of each text, filled up on the left; the cache holds the tokens
  ///   before
  /// @param paddings how many places each text was filled up with when the cache was empty
  /// @param cache keys and values of the tokens before
  /// @param hooks who looks and changes
  /// @return a tensor of the current scope
  Tensor next(TokenBatch texts, Tensor paddings, boolean padded, KvCache cache, Hooks hooks) {
    TokenBatch batch = texts.checked(spec.dVocab());
    requireRoom(cache.length() + batch.length());
    List<Long> places = Arrays.stream(paddings.toLongs()).boxed().toList();
    Hooks placed = hooks.over(new Stretch(cache.length(), batch.length(), places));
    try (Span span = new Span(cache.length(), batch.length(), paddings, padded)) {
      Tensor resid = stream(pathway, batch, span, Optional.of(cache), placed, lastLayer());
      cache.advance(batch.length());
      return unembed(resid, new Capture.Positions.One(-1), placed).at("pos", 0);
    }
  }

  /// Runs a stretch of one text after what the cache holds, and adds it to the cache.
  ///
  /// @param tokens the new tokens
  /// @param cache keys and values of the tokens before
  /// @return scores for the token after each, `[pos, d_vocab]`, a tensor of the current scope
  public Tensor logits(int[] tokens, KvCache cache) {
    return logits(tokens, cache, Hooks.none());
  }

  /// Runs a stretch of one text after what the cache holds, and adds it to the cache.
  ///
  /// @param tokens the new tokens
  /// @param cache keys and values of the tokens before
  /// @param hooks who looks and changes
  /// @return scores for the token after each, `[pos, d_vocab]`, a tensor of the current scope
  public Tensor logits(int[] tokens, KvCache cache, Hooks hooks) {
    TokenBatch batch = new TokenBatch(List.of(tokens)).checked(spec.dVocab());
    requireRoom(cache.length() + batch.length());
    Hooks placed = hooks.over(batch.stretch(cache.length()));
    try (Span span = new Span(cache.length(), batch.length(), batch.paddings(), false)) {
      Tensor resid = stream(pathway, batch, span, Optional.of(cache), placed, lastLayer());
      cache.advance(batch.length());
      return unembed(resid, new Capture.Positions.All(), placed).at("batch", 0);
    }
  }

  /// A run that stops before its first block, to go on from there as often as wanted.
  ///
  /// @param texts the tokens of each, filled up on the left
  /// @param hooks who looks at the embeddings and changes them
  public PartialRun<?> begin(List<int[]> texts, Hooks hooks) {
    TokenBatch batch = new TokenBatch(texts).checked(spec.dVocab());
    requireRoom(batch.length());
    return begin(pathway, batch, hooks.over(batch.stretch(0)));
  }

  private <S> PartialRun<S> begin(ResidualPathway<S> over, TokenBatch batch, Hooks hooks) {
    try (Scope _ = Scope.open();
        Span span = batch.span()) {
      S stream = over.open(embedded(batch, span, hooks), new SequencePast(span, Optional.empty()));
      return PartialRun.of(this, over, batch, 0, stream, Optional.empty());
    }
  }

  /// The state after one block.
  <S> S passed(
      int layer,
      ResidualPathway<S> over,
      S stream,
      Span span,
      FirstValues firstValues,
      Hooks hooks) {
    Past past = new SequencePast(span, Optional.empty());
    Run run =
        new Run(span, past, Optional.empty(), besideTheStream(span), firstValues, routes, hooks);
    return blocks.get(layer).forward(over, stream, run);
  }

  /// Scores of the vocabulary after the last block, `[batch, pos, d_vocab]`.
  <S> Tensor ended(
      ResidualPathway<S> over, S stream, Span span, Capture.Positions positions, Hooks hooks) {
    Past past = new SequencePast(span, Optional.empty());
    return unembed(end(over, stream, past, hooks), positions, hooks);
  }

  private Tensor stream(TokenBatch batch, Hooks hooks, int lastLayer) {
    try (Span span = batch.span()) {
      return stream(pathway, batch, span, Optional.empty(), hooks, lastLayer);
    }
  }

  /// What the final norm sees, `[batch, pos, d_model]`.
  private <S> Tensor stream(
      ResidualPathway<S> over,
      TokenBatch batch,
      Span span,
      Optional<KvCache> cache,
      Hooks hooks,
      int lastLayer) {
    Past past = new SequencePast(span, cache);
    S stream = over.open(embedded(batch, span, hooks), past);
    try (FirstValues firstValues = new FirstValues()) {
      Run run = new Run(span, past, cache, besideTheStream(span), firstValues, routes, hooks);
      for (Block block : blocks.subList(0, lastLayer + 1)) {
        stream = block.forward(over, stream, run);
      }
    }
    return end(over, stream, past, hooks);
  }

  /// The loss of a pass and its derivatives, in the memory of one block and of what passes between
  /// blocks (Chen et al. 2016, arXiv:1604.06174): each block, the embedding and the end run a
  /// second time when their turn in the backward pass comes.
  ///
  /// @param pass what runs
  /// @param ending what the loss is
  /// @return the loss, and a gradient of its shape for each of [#parameters], zeros for one that
  ///   the loss does not depend on; tensors of the current scope
  public Checkpointed.Result gradients(SegmentedPass pass, SegmentedPass.Ending ending) {
    TokenBatch batch = new TokenBatch(pass.texts()).checked(spec.dVocab());
    requireRoom(batch.length());
    SegmentedPass placed = pass.over(batch.stretch(0));
    try (Span span = batch.span()) {
      return Checkpointed.orZero(
          segments(pathway, batch, span, placed, ending).all(),
          List.copyOf(parameters.tensors().values()));
    }
  }

  private <S> Segments<S> segments(
      ResidualPathway<S> over,
      TokenBatch batch,
      Span span,
      SegmentedPass pass,
      SegmentedPass.Ending ending) {
    Past past = new SequencePast(span, Optional.empty());
    Segments<S> segments = new Segments<>(over, pass);
    segments.open(hooks -> over.open(embedded(batch, span, hooks), past));
    for (Block block : blocks) {
      segments.add((stream, firstValues, hooks) ->
          block.forward(
              over,
              stream,
              new Run(
                  span,
                  past,
                  Optional.empty(),
                  besideTheStream(span),
                  firstValues,
                  routes,
                  hooks)));
    }
    segments.end((stream, hooks, carried) -> {
      Tensor resid = end(over, stream, past, hooks);
      Tensor logits = unembed(resid, new Capture.Positions.All(), hooks);
      return ending.loss(logits, carried.get());
    });
    return segments;
  }

  private static <S> Tensor end(ResidualPathway<S> over, S stream, Past past, Hooks hooks) {
    Site end = Site.unembed();
    Routing routing =
        over.routeRead(stream, end)
            .map((name, value) ->
                hooks.see(new HookPoint.Route(end, HookPoint.Moment.READ, name), value));
    Reading read = over.read(stream, end, routing, past);
    return read.single();
  }

  private Tensor embedded(TokenBatch batch, Span span, Hooks hooks) {
    Tensor rows = parameters.get("embed.W_E").take("d_vocab", batch.ids().to(device()));
    Tensor embed = hooks.see(new HookPoint.Embed(), scaled(rows));
    if (!(spec.positions() instanceof PositionCode.Learned)) {
      return embed;
    }
    return embed.plus(hooks.see(new HookPoint.PosEmbed(), positionRows(batch, span)));
  }

  /// The factor is rounded as the numbers are stored: in bfloat16, Gemma's 55.43 is 55.5.
  private Tensor scaled(Tensor rows) {
    if (spec.embedScale() == 1) {
      return rows;
    }
    Tensor factor = Tensor.of(new double[] {spec.embedScale()}, Shape.of());
    return rows.times(factor.to(rows.dtype()).to(rows.device()));
  }

  private Tensor positionRows(TokenBatch batch, Span span) {
    Tensor rows = parameters.get("pos_embed.W_pos").take("n_ctx", span.positions().to(device()));
    return rows.shape().has("batch") ? rows : rows.repeat(new Axis("batch", batch.texts().size()));
  }

  /// Positions that queries and keys read and the stream does not hold.
  private Optional<Tensor> besideTheStream(Span span) {
    return spec.positions() instanceof PositionCode.Shortformer
        ? Optional.of(
            parameters.get("pos_embed.W_pos").take("n_ctx", span.positions().to(device())))
        : Optional.empty();
  }

  /// Scores of the vocabulary, `[batch, pos, d_vocab]`.
  private Tensor unembed(Tensor resid, Capture.Positions positions, Hooks hooks) {
    NormSite end = new NormSite.LnFinal();
    return sound(
        unembed(
            watchesEnd(hooks)
                ? positions.of(lnFinal.forward(resid, end, hooks))
                : lnFinal.forward(positions.of(resid), end, hooks)));
  }

  /// A weight that is NaN makes every later position NaN; the weights are searched only then, so
  /// that opening a model need not read them all.
  private Tensor sound(Tensor logits) {
    if (!logits.slice("pos", logits.size("pos") - 1, 1).isFinite()) {
      parameters.tensors().forEach(this::requireFinite);
    }
    return logits;
  }

  private void requireFinite(String name, Tensor weight) {
    if (!weight.isFinite()) {
      throw ModelException.notFinite(name, where);
    }
  }

  private static boolean watchesEnd(Hooks hooks) {
    NormSite end = new NormSite.LnFinal();
    return hooks.touches(new HookPoint.NormScale(end))
        || hooks.touches(new HookPoint.NormNormalized(end));
  }

  /// Scores of the vocabulary for what the final norm gave, `[.., d_vocab]`.
  ///
  /// @param normalized `[.., d_model]`
  public Tensor unembed(Tensor normalized) {
    return spec.finalSoftcap().applyTo(unembed.apply(normalized, "d_model"));
  }

  /// The unembedding as it acts on what the final norm gives, `[d_model, d_vocab]` or `[d_vocab,
  /// d_model]`.
  public Tensor unembedding() {
    return unembed.matrix();
  }

  private int lastLayer() {
    return spec.nLayers() - 1;
  }

  private void requireRoom(long tokens) {
    if (tokens > spec.longestText()) {
      throw ModelException.tooLong(tokens, spec.longestText());
    }
  }

  /// Whether keys that were turned when the text had one length are still right at another.
  boolean sameAngles(long length, long other) {
    return blocks.stream().allMatch(block -> block.sameAngles(length, other));
  }

  /// Frees the weights and closes the file they were mapped from.
  @Override
  public void close() {
    owner.close();
  }
}
