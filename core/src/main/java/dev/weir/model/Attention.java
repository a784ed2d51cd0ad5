package dev.weir.model;

import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.List;
import java.util.Optional;

/// Attention of one block (Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2), with grouped
/// queries, rotary positions, windows, softcaps and query/key norms as the spec says.
final class Attention {

  /// Which attention of a block.
  enum Role {
    /// The one that every block has.
    GLOBAL,
    /// The short one before it, which remembers no more than its window.
    LOCAL
  }

  private final int layer;
  private final Role role;
  private final AttentionSpec spec;
  private final Projection query;
  private final Projection key;
  private final Optional<Projection> value;
  private final Optional<Projection> joined;
  private final Projection output;
  private final Norm queryNorm;
  private final Norm keyNorm;
  private final Optional<Rotary> rotary;
  private final ValuePath valuePath;
  private final CanonConvs canon;

  Attention(
      int layer,
      Role role,
      AttentionSpec spec,
      LocalMixing mixing,
      int nCtx,
      Parameters parameters,
      TensorOwner owner) {
    String path = "blocks.%d.%s.".formatted(layer, role == Role.GLOBAL ? "attn" : "local");
    this.layer = layer;
    this.role = role;
    this.spec = spec;
    this.valuePath = new ValuePath(layer, spec, mixing.branch(), parameters);
    this.canon = new CanonConvs(layer, mixing.canon(), parameters);
    this.query = Projection.of(parameters, path + "W_Q", path + "b_Q");
    this.key = Projection.of(parameters, path + "W_K", path + "b_K");
    this.value =
        parameters
            .find(path + "W_V")
            .map(_ -> Projection.of(parameters, path + "W_V", path + "b_V"));
    this.joined =
        value
            .flatMap(own -> Projection.joined("part", List.of(query, key, own)))
            .map(all -> all.ownedBy(owner));
    this.output = Projection.of(parameters, path + "W_O", path + "b_O");
    this.queryNorm = qkNorm(spec.qkNorm(), parameters, path + "q_norm");
    this.keyNorm = qkNorm(spec.qkNorm(), parameters, path + "k_norm");
    this.rotary =
        spec.positions() instanceof PositionCode.Rotary code
            ? Optional.of(new Rotary(code, nCtx))
            : Optional.empty();
  }

  /// What attention adds to the stream, `[batch, pos, d_model]`.
  ///
  /// @param queryInput what queries are made of, normalised, `[batch, pos, d_model]`
  /// @param keyInput what keys are made of, same shape
  /// @param valueInput what values are made of, same shape
  /// @param run what all blocks of a run share
  Tensor forward(Tensor queryInput, Tensor keyInput, Tensor valueInput, Run run) {
    Hooks hooks = run.hooks();
    Mapped mapped = mapped(queryInput, keyInput, valueInput, run);
    Tensor q =
        seen(
            new HookPoint.Query(layer),
            normed(canon.queries(mapped.query(), run), queryNorm, "head"),
            hooks);
    Tensor k =
        seen(
            new HookPoint.Key(layer),
            normed(canon.keys(mapped.key(), run), keyNorm, "kv_head"),
            hooks);
    q = turned(q, new HookPoint.RotatedQuery(layer), run);
    k = turned(k, new HookPoint.RotatedKey(layer), run);
    Tensor own = valuePath.mixed(canon.values(mapped.value(), run), q, k, run);
    Tensor v = seen(new HookPoint.Value(layer), own, hooks);
    Tensor z = seen(new HookPoint.Z(layer), mixed(q, remembered(k, v, run), run), hooks);
    return written(z, hooks);
  }

  private HookPoint placed(HookPoint.InBlock point) {
    return role == Role.GLOBAL ? point : new HookPoint.InLocal(point);
  }

  private Tensor seen(HookPoint.InBlock point, Tensor value, Hooks hooks) {
    return hooks.see(placed(point), value);
  }

  /// What the three maps give.
  ///
  /// @param query `[batch, pos, head, d_head]`
  /// @param key `[batch, pos, kv_head, d_head]`
  /// @param value `[batch, pos, kv_head, d_head]`
  private record Mapped(Tensor query, Tensor key, Tensor value) {}

  private Mapped mapped(Tensor queryInput, Tensor keyInput, Tensor valueInput, Run run) {
    if (joined.isEmpty() || queryInput != keyInput || keyInput != valueInput) {
      return new Mapped(
          query.apply(queryInput, "d_model"),
          key.apply(keyInput, "d_model"),
          value
              .map(own -> own.apply(valueInput, "d_model"))
              .orElseGet(() -> run.firstValues().get()));
    }
    Tensor all = joined.get().apply(queryInput, "d_model");
    return new Mapped(
        all.at("part", 0),
        all.at("part", 1).rename("head", "kv_head"),
        all.at("part", 2).rename("head", "kv_head"));
  }

  boolean sameAngles(long length, long other) {
    return rotary.map(r -> r.sameAngles(length, other)).orElse(true);
  }

  /// The order of axes outside the mixing itself.
  private static final String[] PLACES = {"batch", "pos", "head", "d_head"};

  private static Tensor byHead(Tensor keysOrValues) {
    return keysOrValues.rename("pos", "key_pos").order("batch", "kv_head", "key_pos", "d_head");
  }

  private KvCache.KeysAndValues remembered(Tensor k, Tensor v, Run run) {
    Tensor keys = byHead(k);
    Tensor values = byHead(v);
    if (run.cache().isEmpty()) {
      return new KvCache.KeysAndValues(keys, values);
    }
    KvCache cache = run.cache().get();
    if (role == Role.GLOBAL) {
      return valuePath.areTheFirst()
          ? cache.layer(layer).append(keys, cache.layer(0))
          : cache.layer(layer).append(keys, values);
    }
    String where = "blocks.%d.local.".formatted(layer);
    return new KvCache.KeysAndValues(
        cache.ring(where + "keys", window()).append(keys),
        cache.ring(where + "values", window()).append(values));
  }

  private int window() {
    return spec.visibility() instanceof AttentionSpec.Visibility.SlidingWindow(int size)
        ? size
        : Integer.MAX_VALUE;
  }

  private Tensor turned(Tensor x, HookPoint.InBlock point, Run run) {
    return rotary.map(r -> seen(point, r.turn(x, run.span().angles(r, x)), run.hooks())).orElse(x);
  }

  /// `[batch, pos, head, d_head]`.
  private Tensor mixed(Tensor q, KvCache.KeysAndValues kv, Run run) {
    Mask mask =
        role == Role.LOCAL ? run.span().recent(window()) : run.span().mask(spec.visibility());
    Tensor queries = q.order("batch", "head", "pos", "d_head");
    Tensor z =
        canFuse(q, run.hooks())
            ? mask.attend(queries, forEachHead(kv.keys()), forEachHead(kv.values()), spec.scale())
            : composed(queries, kv, mask, run.hooks());
    return z.order(PLACES);
  }

  /// For one query the fused kernel pays off only where no head's keys have to be repeated.
  private boolean canFuse(Tensor q, Hooks hooks) {
    return !hooks.touches(placed(new HookPoint.AttnScores(layer)))
        && !hooks.touches(placed(new HookPoint.Pattern(layer)))
        && spec.softcap() instanceof Softcap.Unbounded
        && spec.softmaxShare() == 1
        && (q.dtype() == DType.FLOAT32 || q.dtype() == DType.FLOAT64)
        && (q.size("pos") > 1 || spec.nKvHeads() == spec.nHeads());
  }

  private Tensor forEachHead(Tensor keysOrValues) {
    int group = spec.nHeads() / spec.nKvHeads();
    if (group == 1) {
      return keysOrValues.rename("kv_head", "head");
    }
    return keysOrValues
        .repeat(new Axis("group", group))
        .order("batch", "kv_head", "group", "key_pos", "d_head")
        .merge("head", "kv_head", "group");
  }

  /// The same as the fused kernel, step by step, so that scores and pattern can be seen and
  /// changed.
  private Tensor composed(Tensor q, KvCache.KeysAndValues kv, Mask mask, Hooks hooks) {
    Axis kvHead = new Axis("kv_head", spec.nKvHeads());
    Axis group = new Axis("group", spec.nHeads() / spec.nKvHeads());
    Tensor grouped = q.times(spec.scale()).rename("pos", "query_pos").split("head", kvHead, group);
    Tensor raw = spec.softcap().applyTo(grouped.dot(kv.keys(), "d_head"));
    Tensor scores =
        seen(
            new HookPoint.AttnScores(layer),
            mask.hide(raw.merge("head", "kv_head", "group"), Double.NEGATIVE_INFINITY),
            hooks);
    Tensor pattern = seen(new HookPoint.Pattern(layer), pattern(scores, mask), hooks);
    return pattern
        .split("head", kvHead, group)
        .dot(kv.values(), "key_pos")
        .merge("head", "kv_head", "group")
        .rename("query_pos", "pos");
  }

  private Tensor pattern(Tensor scores, Mask mask) {
    Tensor softmax = scores.softmax("key_pos");
    if (spec.softmaxShare() == 1) {
      return softmax;
    }
    Tensor uniform = mask.hide(softmax.times(0).plus(1), 0);
    return softmax.times(spec.softmaxShare()).plus(uniform.times(1 - spec.softmaxShare()));
  }

  private Tensor written(Tensor z, Hooks hooks) {
    HookPoint point = placed(new HookPoint.HeadResult(layer));
    if (!hooks.touches(point)) {
      return output.apply(z, "head", "d_head");
    }
    Tensor result = z.dot(output.matrix(), "d_head").order("batch", "pos", "head", "d_model");
    Tensor sum = hooks.apply(point, result).sum("head");
    return switch (output) {
      case Projection.Plain _ -> sum;
      case Projection.Biased(Tensor _, Tensor bias) -> sum.plus(bias);
    };
  }

  private Tensor normed(Tensor x, Norm norm, String headAxis) {
    NormSite nowhere = new NormSite.Ln1(layer);
    return switch (spec.qkNorm()) {
      case QkNorm.NoQkNorm() -> x;
      case QkNorm.PerHead _ -> norm.forward(x, nowhere, Hooks.none());
      case QkNorm.AcrossHeads _ ->
          norm.mapWeights(Attention::flat)
              .forward(x.merge("width", headAxis, "d_head"), nowhere, Hooks.none())
              .split("width", x.shape().axis(headAxis), x.shape().axis("d_head"));
    };
  }

  private static Norm qkNorm(QkNorm spec, Parameters parameters, String path) {
    return switch (spec) {
      case QkNorm.NoQkNorm() -> new Norm.NoNorm();
      case QkNorm.PerHead(NormSpec norm) -> Norm.of(norm, parameters, path);
      case QkNorm.AcrossHeads(NormSpec norm) -> Norm.of(norm, parameters, path);
    };
  }

  /// A gain over all heads as one row.
  private static Tensor flat(Tensor gain) {
    return gain.merge("width", gain.shape().names().toArray(String[]::new));
  }
}
