package dev.weir.readout.subvalue;

import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.FrozenNorm;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// What parts of a run's writes become at one position: at the end, and at any reader. Tensors are
/// of the current scope.
final class Arrivals {
  private final Transformer model;
  private final StreamTrace trace;
  private final Transport transport;
  private final int position;
  private final FrozenNorm finalNorm;
  private final Tensor unembedding;
  private final HookPoint end;

  Arrivals(Transformer model, StreamTrace trace, int position) {
    this.model = model;
    this.trace = trace;
    this.transport = Transport.of(model, trace);
    this.position = position;
    FrozenNorm norm = transport.finalNorm();
    this.finalNorm =
        new FrozenNorm(norm.norm(), norm.scale().map(s -> s.slice("pos", position, 1)));
    this.unembedding = Wide.of(model.unembedding());
    this.end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
  }

  Transport transport() {
    return transport;
  }

  HookPoint end() {
    return end;
  }

  /// Whether what a unit writes at other positions matters here.
  boolean mixes() {
    return transport.mixesPositions();
  }

  int position() {
    return position;
  }

  /// The positions whose writes matter at a position, of a value of this run.
  ///
  /// @param value any shape with `axis`
  Tensor writers(Tensor value, String axis, int at) {
    return mixes() ? value : value.slice(axis, at, 1);
  }

  /// A part of a write as it is seen at a later place and position, `[unit, d_model]`.
  ///
  /// @param part `[unit, pos, d_model]`, every position, or the one alone where they do not mix
  Tensor seen(Tensor part, Site site, HookPoint place, int at) {
    if (transport.plain()) {
      return part.at("pos", part.size("pos") == 1 ? 0 : at);
    }
    Tensor everywhere =
        part.size("pos") == 1
            ? part.at("pos", 0)
                .repeat(new Axis("pos", trace.positions().size()))
                .order("unit", "pos", "d_model")
            : part;
    return transport.carried(everywhere, site, place).at("pos", at);
  }

  /// What a part of a write adds to the scores at the end, before any cap, `[unit, d_vocab]`.
  Tensor scores(Tensor part, Site site) {
    return project(seen(part, site, end, position));
  }

  /// Vectors at the end through the final norm, without its shift, and the unembedding without its
  /// bias: `bs(v)` of the paper.
  ///
  /// @param vectors `[unit, d_model]`
  Tensor project(Tensor vectors) {
    Tensor placed = vectors.repeat(new Axis("pos", 1)).order("unit", "pos", "d_model");
    return finalNorm
        .applied(placed)
        .at("pos", 0)
        .dot(unembedding, "d_model")
        .order("unit", "d_vocab");
  }

  // ---------------------------------------------------------------- what neurons write

  /// What units write that each have a row of a weight, after any post-norm, `[unit, pos,
  /// d_model]`.
  ///
  /// @param rows `[unit, d_model]`
  /// @param coefficients `[unit, pos]`, of every position or of one
  /// @param at which position the one is
  Tensor written(Tensor rows, Tensor coefficients, Site site, int at) {
    Tensor part = coefficients.times(rows).order("unit", "pos", "d_model");
    FrozenNorm norm = postNorm(site);
    Optional<Tensor> scale =
        norm.scale().map(s -> coefficients.size("pos") == 1 ? s.slice("pos", at, 1) : s);
    return scale.isEmpty() ? part : new FrozenNorm(norm.norm(), scale).applied(part);
  }

  private FrozenNorm postNorm(Site site) {
    NormSite at =
        site.sublayer() == Site.Sublayer.ATTENTION
            ? new NormSite.Ln1Post(site.layer())
            : new NormSite.Ln2Post(site.layer());
    var block = model.spec().blocks().get(site.layer());
    NormSpec spec = site.sublayer() == Site.Sublayer.ATTENTION ? block.ln1Post() : block.ln2Post();
    Norm norm = Norm.of(spec, model.parameters(), at.path());
    return norm instanceof Norm.NoNorm
        ? FrozenNorm.none()
        : new FrozenNorm(
            norm, Optional.of(Wide.of(trace.get(new HookPoint.NormScale(at))).at("one", 0)));
  }

  /// A weight of a block, in the precision of what is carried, any shape.
  Tensor weight(String name, int layer) {
    return Wide.of(model.parameters().get("blocks.%d.%s".formatted(layer, name)));
  }

  /// A value of the run, in the precision of what is carried, its axes are the hook point's.
  Tensor value(HookPoint point) {
    return Wide.of(trace.get(point));
  }

  /// The values that a head attends to, `[key_pos, d_head]`.
  Tensor values(int layer, int head) {
    var attention = model.spec().blocks().get(layer).attention();
    int group = attention.nHeads() / attention.nKvHeads();
    return value(new HookPoint.Value(layer))
        .at("kv_head", head / group)
        .rename("pos", "key_pos")
        .order("key_pos", "d_head");
  }

  /// How much a head attends to each position, `[query_pos, key_pos]`.
  Tensor pattern(int layer, int head) {
    return value(new HookPoint.Pattern(layer)).at("head", head);
  }
}
