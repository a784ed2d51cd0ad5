package dev.weir.readout;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.ResidualPathway;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.FrozenPathway.Origin;
import dev.weir.readout.FrozenPathway.View;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Who wrote what into the stream in a run, and what becomes of it. Tensors are of the current
/// scope.
final class Writes {
  private final Transformer model;
  private final StreamTrace trace;
  private final List<Site> sites;
  private final AttentionSources sources;
  private final FrozenPathway<?> pathway;

  Writes(String readout, Transformer model, StreamTrace trace) {
    int texts = trace.tokens().size();
    if (texts != 1) {
      throw ReadoutException.severalTexts(readout, texts);
    }
    this.model = model;
    this.trace = trace;
    this.sources = new AttentionSources(model, trace);
    this.sites = spec().depth().sites();
    if (model.pathway().mixesPositions()
        && trace.positions().size() != trace.tokens().getFirst().length) {
      throw ReadoutException.pathwayNeedsEveryPosition(readout);
    }
    this.pathway = frozen(widened(model));
  }

  /// The pathway with its numbers in the precision of what is carried.
  private static ResidualPathway<?> widened(Transformer model) {
    return model
        .spec()
        .pathway()
        .over(model.spec().depth(), name -> Wide.of(model.parameters().get(name)));
  }

  private <S> FrozenPathway<S> frozen(ResidualPathway<S> over) {
    Tensor embedded = posEmbed().map(embed()::plus).orElse(embed());
    return FrozenPathway.of(
        over,
        embedded,
        sites,
        new FrozenPathway.Run() {
          @Override
          public Tensor written(Site site) {
            return Writes.this.written(site);
          }

          @Override
          public Tensor normed(Site site, Tensor read) {
            return readingNorm(site).forward(read, new NormSite.LnFinal(), Hooks.none());
          }
        },
        trace);
  }

  /// The norm that a sublayer reads through.
  private Norm readingNorm(Site site) {
    var block = spec().blocks().get(site.layer());
    String path = "blocks.%d.".formatted(site.layer());
    return switch (site.sublayer()) {
      case LOCAL -> Norm.of(block.local().ln0(), model.parameters(), path + "ln0");
      case ATTENTION -> Norm.of(block.ln1(), model.parameters(), path + "ln1");
      case MLP -> Norm.of(block.ln2(), model.parameters(), path + "ln2");
      case UNEMBED -> model.lnFinal();
    };
  }

  TransformerSpec spec() {
    return model.spec();
  }

  List<Site> sites() {
    return sites;
  }

  FrozenPathway<?> pathway() {
    return pathway;
  }

  /// Refuses an index that is no kept position's.
  void requirePosition(int index) {
    if (index < 0 || index >= trace.positions().size()) {
      throw ReadoutException.noSuchPosition(index, trace.positions().size());
    }
  }

  /// After every write.
  FrozenPathway.Place end() {
    return FrozenPathway.Place.resid(sites.size());
  }

  /// Where along the writes a place of the stream is.
  FrozenPathway.Place place(HookPoint point) {
    return switch (point) {
      case HookPoint.ResidPre(int layer) when has(layer) -> FrozenPathway.Place.resid(first(layer));
      case HookPoint.ResidLocal(int layer)
          when has(layer) && spec().blocks().get(layer).local().hasSublayer() ->
          FrozenPathway.Place.resid(sites.indexOf(Site.attention(layer)));
      case HookPoint.ResidMid(int layer)
          when has(layer) && Places.hasMiddle(spec().blocks().get(layer)) ->
          FrozenPathway.Place.resid(sites.indexOf(Site.mlp(layer)));
      case HookPoint.ResidPost(int layer) when has(layer) ->
          FrozenPathway.Place.resid(
              layer == spec().nLayers() - 1 ? sites.size() : first(layer + 1));
      case HookPoint.LocalIn(int layer) -> read(point, Site.local(layer), View.READING);
      case HookPoint.AttnIn(int layer) -> read(point, Site.attention(layer), View.READING);
      case HookPoint.QueryIn(int layer) -> read(point, Site.attention(layer), View.READING);
      case HookPoint.KeyIn(int layer) -> read(point, Site.attention(layer), View.KEY);
      case HookPoint.ValueIn(int layer) -> read(point, Site.attention(layer), View.VALUE);
      case HookPoint.MlpIn(int layer) -> read(point, Site.mlp(layer), View.READING);
      case HookPoint.InBlock _,
          HookPoint.AtNorm _,
          HookPoint.Route _,
          HookPoint.Embed _,
          HookPoint.PosEmbed _ ->
          throw ReadoutException.noSuchPlace(point.name());
    };
  }

  private FrozenPathway.Place read(HookPoint point, Site site, View view) {
    if (!model.hookPoints().contains(point)) {
      throw ReadoutException.noSuchPlace(point.name());
    }
    if (site.sublayer() == Site.Sublayer.MLP && spec().blocks().get(site.layer()).parallel()) {
      // It reads beside attention, not after it; pathways with readings of their own refuse that.
      return FrozenPathway.Place.resid(sites.indexOf(Site.attention(site.layer())));
    }
    return new FrozenPathway.Place(sites.indexOf(site), view);
  }

  private int first(int layer) {
    Site local = Site.local(layer);
    return sites.indexOf(sites.contains(local) ? local : Site.attention(layer));
  }

  private boolean has(int layer) {
    return layer < spec().nLayers();
  }

  // ---------------------------------------------------------------- what was written

  /// `[pos, d_model]`.
  Tensor embed() {
    return Wide.of(trace.get(new HookPoint.Embed()));
  }

  /// The stream after the last block, `[pos, d_model]`.
  Tensor last() {
    return Wide.of(trace.get(new HookPoint.ResidPost(spec().nLayers() - 1)));
  }

  /// `[pos, d_model]`.
  Optional<Tensor> posEmbed() {
    HookPoint point = new HookPoint.PosEmbed();
    return model.hookPoints().contains(point)
        ? Optional.of(Wide.of(trace.get(point)))
        : Optional.empty();
  }

  /// What a sublayer wrote, after any post-norm, `[pos, d_model]`.
  Tensor written(Site site) {
    return Wide.of(trace.get(site.out()));
  }

  /// What each head of a block wrote, after any post-norm, `[head, pos, d_model]`.
  Tensor headWrites(int layer) {
    Tensor result =
        z(layer)
            .dot(sources.outputMap(Site.attention(layer)), "d_head")
            .order("head", "pos", "d_model");
    return postNorm(Site.attention(layer)).applied(result);
  }

  /// What one head of a block wrote, after any post-norm, `[pos, d_model]`.
  private Tensor headWrite(int layer, int head) {
    Site site = Site.attention(layer);
    Tensor result =
        z(layer).at("head", head).dot(sources.outputMap(site).at("head", head), "d_head");
    return postNorm(site).applied(result.order("pos", "d_model"));
  }

  /// What a sublayer writes whatever it reads: its output bias through any post-norm, and that
  /// norm's shift, `[d_model]` or `[pos, d_model]`.
  Optional<Tensor> bias(Site site) {
    FrozenNorm norm = postNorm(site);
    Optional<Tensor> own = outputBias(site).map(b -> norm.applied(b));
    return own.isPresent() && norm.shift().isPresent()
        ? Optional.of(own.get().plus(norm.shift().get()))
        : own.or(norm::shift);
  }

  private Optional<Tensor> outputBias(Site site) {
    String name =
        switch (site.sublayer()) {
          case LOCAL -> "blocks.%d.local.b_O";
          case ATTENTION -> "blocks.%d.attn.b_O";
          case MLP -> "blocks.%d.mlp.b_out";
          case UNEMBED -> "unembed.b_U";
        };
    return model.parameters().find(name.formatted(site.layer())).map(Wide::of);
  }

  /// What the pathway itself adds at a site, `[pos, d_model]`.
  ///
  /// @param index the site's
  Optional<Tensor> constant(int index) {
    return pathway.constant(index).map(Wide::of).map(this::everywhere);
  }

  /// The same at every position, `[pos, d_model]`.
  private Tensor everywhere(Tensor value) {
    return value.shape().has("pos") ? value : value.repeat(embed().shape().axis("pos"));
  }

  // ---------------------------------------------------------------- some entries after the others

  /// Some of what entered the stream, in the order in which it did.
  ///
  /// @param writers who wrote each part
  /// @param parts `[writer, pos, d_model]`
  /// @param origins how each entered
  record Batch(List<Contributions.Writer> writers, Tensor parts, List<Origin> origins) {}

  /// Everything that entered the stream, first to last; a batch lives until the next.
  ///
  /// @param level whether attention counts as one or head by head
  /// @param most how many parts are handed on together at most
  /// @param taker takes each
  void forEach(Contributions.Level level, int most, Consumer<Batch> taker) {
    List<Entry> all = new ArrayList<>();
    add(all, Kind.EMBED, "embed", this::embed, new Origin.Embedding());
    if (posEmbed().isPresent()) {
      add(all, Kind.POS_EMBED, "pos_embed", () -> posEmbed().orElseThrow(), new Origin.Embedding());
    }
    for (int i = 0; i < sites.size(); i++) {
      Site site = sites.get(i);
      Origin origin = new Origin.Write(i);
      if (site.sublayer() == Site.Sublayer.ATTENTION && level == Contributions.Level.HEAD) {
        addHeads(all, site, origin);
        bias(site)
            .ifPresent(b ->
                add(all, Kind.BIAS, WriterLabels.attentionBias(site), () -> everywhere(b), origin));
      } else {
        add(all, kind(site), WriterLabels.write(site), () -> written(site), origin);
      }
      Origin.Constant added = new Origin.Constant(i);
      constant(i)
          .ifPresent(c -> add(all, Kind.BIAS, WriterLabels.pathwayBias(site), () -> c, added));
    }
    for (int from = 0; from < all.size(); from += most) {
      try (Scope _ = Scope.open()) {
        taker.accept(batch(all.subList(from, Math.min(all.size(), from + most))));
      }
    }
  }

  /// One part, made when its turn comes.
  private record Entry(Contributions.Writer writer, Supplier<Tensor> part, Origin origin) {}

  private static void add(
      List<Entry> all, Kind kind, String label, Supplier<Tensor> part, Origin origin) {
    all.add(new Entry(new Contributions.Writer(kind, label), part, origin));
  }

  private void addHeads(List<Entry> all, Site site, Origin origin) {
    int layer = site.layer();
    for (int head = 0; head < sources.attention(site).nHeads(); head++) {
      int one = head;
      add(all, Kind.HEAD, WriterLabels.head(layer, head), () -> headWrite(layer, one), origin);
    }
  }

  private static Batch batch(List<Entry> entries) {
    return new Batch(
        entries.stream().map(Entry::writer).toList(),
        Tensor.stack("writer", entries.stream().map(entry -> entry.part().get()).toList()),
        entries.stream().map(Entry::origin).toList());
  }

  static Kind kind(Site site) {
    return switch (site.sublayer()) {
      case LOCAL -> Kind.LOCAL;
      case ATTENTION -> Kind.ATTENTION;
      case MLP -> Kind.MLP;
      case UNEMBED -> throw new IllegalStateException("the unembedding writes nothing");
    };
  }

  /// What one neuron of a block wrote, after any post-norm, `[pos, d_model]`.
  Tensor neuronWrite(int layer, int neuron) {
    Tensor fired = Wide.of(trace.get(new HookPoint.MlpPost(layer)).at("d_mlp", neuron));
    Tensor direction = model.parameters().get("blocks.%d.mlp.W_out".formatted(layer));
    Tensor written = fired.times(Wide.of(direction.at("d_mlp", neuron)));
    return postNorm(Site.mlp(layer)).applied(written.order("pos", "d_model"));
  }

  // ---------------------------------------------------------------- projected, never materialised

  /// How far each head's write points along a direction that is meant right after the sublayer,
  /// `[pos, head]`.
  ///
  /// @param direction `[pos, d_model]` or `[d_model]`
  Tensor headScores(int layer, Tensor direction) {
    Tensor before = postNorm(Site.attention(layer)).before(direction);
    return z(layer)
        .times(before.dot(sources.outputMap(Site.attention(layer)), "d_model"))
        .sum("d_head")
        .order("pos", "head");
  }

  /// How far each neuron's write points along a direction that is meant right after the sublayer,
  /// `[pos, d_mlp]`.
  ///
  /// @param direction `[pos, d_model]` or `[d_model]`
  Tensor neuronScores(int layer, Tensor direction) {
    Tensor before = postNorm(Site.mlp(layer)).before(direction);
    Tensor reach =
        before.dot(
            Wide.of(model.parameters().get("blocks.%d.mlp.W_out".formatted(layer))), "d_model");
    return Wide.of(trace.get(new HookPoint.MlpPost(layer))).times(reach);
  }

  /// What each source token contributes through each head, `[head, query_pos, key_pos, d_model]`.
  Tensor sources(int layer) {
    Tensor pattern = trace.get(new HookPoint.Pattern(layer));
    return sources(layer, 0, pattern.size("key_pos"));
  }

  /// What some source tokens contribute through each head, `[head, query_pos, key_pos, d_model]`.
  Tensor sources(int layer, long from, long count) {
    Tensor pattern = Wide.of(trace.get(new HookPoint.Pattern(layer)));
    Tensor results =
        pattern
            .slice("key_pos", from, count)
            .times(sources.reached(Site.attention(layer), from, count))
            .order("head", "query_pos", "key_pos", "d_model");
    FrozenNorm norm = postNorm(Site.attention(layer));
    return norm.scale().isEmpty()
        ? results
        : new FrozenNorm(norm.norm(), norm.scale().map(s -> s.rename("pos", "query_pos")))
            .applied(results);
  }

  /// How far what each source token wrote through each head points along a direction that is meant
  /// right after the sublayer, summed over the tokens that attended, `[head, key_pos]`.
  ///
  /// @param direction `[pos, d_model]`, every position
  Tensor sourceScores(int layer, Tensor direction) {
    Tensor pattern = Wide.of(trace.get(new HookPoint.Pattern(layer)));
    Tensor reach =
        postNorm(Site.attention(layer))
            .before(direction)
            .dot(sources.outputMap(Site.attention(layer)), "d_model")
            .rename("pos", "query_pos");
    Tensor received = pattern.dot(reach, "query_pos").order("head", "key_pos", "d_head");
    Site site = Site.attention(layer);
    return received.times(sources.forEachHead(site, sources.values(site))).sum("d_head");
  }

  /// What each source token writes through each head at one position, `[head, key_pos, d_model]`.
  ///
  /// @param site attention, or a local mixer that is attention
  Tensor sourcesAt(Site site, int index) {
    return sources.at(site, index);
  }

  private Tensor z(int layer) {
    return Wide.of(trace.get(new HookPoint.Z(layer)));
  }

  // ---------------------------------------------------------------- norms

  private FrozenNorm postNorm(Site site) {
    return FrozenNorm.after(model, trace, site);
  }

  /// The norm before the unembedding with the scale of this run.
  FrozenNorm finalNorm() {
    Norm norm = model.lnFinal();
    NormSite site = new NormSite.LnFinal();
    if (norm instanceof Norm.NoNorm) {
      return FrozenNorm.none();
    }
    return trace.has(new HookPoint.NormScale(site))
        ? FrozenNorm.recorded(norm, site, trace)
        : new FrozenNorm(norm, Optional.of(norm.scale(last())));
  }
}
