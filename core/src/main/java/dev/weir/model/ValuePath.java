package dev.weir.model;

import dev.weir.pathway.ShortConv;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// What becomes of attention's values before they are attended to: they may be mixed with the first
/// block's, and with those of neighbouring positions.
final class ValuePath {
  private final int layer;
  private final AttentionSpec spec;
  private final LocalMixing.Branch branch;
  private final Parameters parameters;

  ValuePath(int layer, AttentionSpec spec, LocalMixing.Branch branch, Parameters parameters) {
    this.layer = layer;
    this.spec = spec;
    this.branch = branch;
    this.parameters = parameters;
  }

  /// Whether this block attends to the first block's values, which are remembered there.
  boolean areTheFirst() {
    return layer > 0
        && spec.values() == AttentionSpec.Values.FIRST
        && branch instanceof LocalMixing.Branch.None;
  }

  /// The values to attend to, `[batch, pos, kv_head, d_head]`.
  ///
  /// @param own what the block's map gave, or the first block's values; same shape
  /// @param q queries, turned, `[batch, pos, head, d_head]`
  /// @param k keys, turned, `[batch, pos, kv_head, d_head]`
  Tensor mixed(Tensor own, Tensor q, Tensor k, Run run) {
    return neighbours(withFirst(own, run), q, k, run);
  }

  private Tensor withFirst(Tensor own, Run run) {
    return switch (spec.values()) {
      case OWN -> own;
      case FIRST, MIXED_WITH_FIRST -> {
        if (layer == 0) {
          run.firstValues().keep(own);
          yield own;
        }
        yield spec.values() == AttentionSpec.Values.FIRST ? own : mean(own, run);
      }
    };
  }

  private Tensor mean(Tensor own, Run run) {
    Tensor lambda = parameters.get("blocks.%d.attn.lambda_v".formatted(layer));
    return run.firstValues()
        .get()
        .times(lambda.at("part", 0))
        .plus(own.times(lambda.at("part", 1)));
  }

  private Tensor neighbours(Tensor v, Tensor q, Tensor k, Run run) {
    String path = "blocks.%d.attn.branch.".formatted(layer);
    return switch (branch) {
      case LocalMixing.Branch.None() -> v;
      case LocalMixing.Branch.ShortConv(int _) ->
          v.plus(ShortConv.apply(v, parameters.get(path + "conv"), path + "conv", run.past()));
      case LocalMixing.Branch.ShortSwa(int window) ->
          v.plus(attended(v, q, k, window, path, run).times(parameters.get(path + "gate")));
    };
  }

  private Tensor attended(Tensor v, Tensor q, Tensor k, int window, String path, Run run) {
    int group = spec.nHeads() / spec.nKvHeads();
    Tensor query =
        q.split("head", new Axis("kv_head", spec.nKvHeads()), new Axis("group", group))
            .mean("group");
    Tensor keys = remembered(byHead(k), path + "keys", window, run.cache());
    Tensor values = remembered(byHead(v), path + "values", window, run.cache());
    Tensor queries = query.order("batch", "kv_head", "pos", "d_head");
    Tensor mixed = run.span().recent(window).attend(queries, keys, values, spec.scale());
    return mixed.order("batch", "pos", "kv_head", "d_head");
  }

  private static Tensor remembered(Tensor rows, String where, int window, Optional<KvCache> cache) {
    return cache.map(c -> c.ring(where, window).append(rows)).orElse(rows);
  }

  private static Tensor byHead(Tensor x) {
    return x.rename("pos", "key_pos").order("batch", "kv_head", "key_pos", "d_head");
  }
}
