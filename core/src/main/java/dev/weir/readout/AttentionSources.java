package dev.weir.readout;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;

/// What attention brings from each source token: pattern times value through the output map.
/// Tensors are of the current scope; half precision is widened to float32.
public final class AttentionSources {
  private final Transformer model;
  private final StreamTrace trace;

  /// Of a run.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  public AttentionSources(Transformer model, StreamTrace trace) {
    this.model = model;
    this.trace = trace;
  }

  /// What a run must keep for what one block brings to one position.
  ///
  /// @param layer the block
  /// @param position the position
  public static Capture capture(int layer, int position) {
    String block = "blocks.%d.".formatted(layer);
    return Capture.matching(
            block + "attn.hook_pattern",
            block + "attn.hook_v",
            block + "local.hook_pattern?",
            block + "local.hook_v?",
            block + "ln1_post.hook_scale?")
        .atQuery(position)
        .withoutLogits();
  }

  /// How much each head of a position looks at each source token, `[head, key_pos]`.
  ///
  /// @param site attention, or a local mixer that is attention
  /// @param index index of the position among those kept
  public Tensor pattern(Site site, int index) {
    Tensor pattern = Wide.of(trace.get(within(site, new HookPoint.Pattern(site.layer()))));
    return pattern.at("query_pos", pattern.size("query_pos") == 1 ? 0 : index);
  }

  /// What each source token writes through each head at one position, after any post-norm, `[head,
  /// key_pos, d_model]`; with the bias, their sum is what is written there.
  ///
  /// @param site attention, or a local mixer that is attention
  /// @param index index of the position among those kept
  /// @throws ReadoutException if the trace lacks values at some position
  public Tensor at(Site site, int index) {
    Tensor pattern = pattern(site, index);
    Tensor results =
        pattern
            .times(reached(site, 0, pattern.size("key_pos")))
            .order("head", "key_pos", "d_model");
    FrozenNorm norm = FrozenNorm.after(model, trace, site);
    return new FrozenNorm(norm.norm(), norm.scale().map(s -> s.at("pos", index))).applied(results);
  }

  /// What some source tokens would write through each head with all the weight, `[head, key_pos,
  /// d_model]`.
  Tensor reached(Site site, long from, long count) {
    return forEachHead(site, values(site).slice("key_pos", from, count))
        .dot(outputMap(site), "d_head");
  }

  /// What every position offered to attention, `[key_pos, kv_head, d_head]`.
  Tensor values(Site site) {
    HookPoint point = within(site, new HookPoint.Value(site.layer()));
    Tensor values = Wide.of(trace.get(point)).rename("pos", "key_pos");
    if (values.size("key_pos") != trace.tokens().getFirst().length) {
      throw ReadoutException.needsEveryPosition(site.layer());
    }
    return values;
  }

  /// What a key/value head offers, once for each head that it serves, `[head, key_pos, d_head]`.
  Tensor forEachHead(Site site, Tensor values) {
    AttentionSpec attention = attention(site);
    Axis group = new Axis("group", attention.nHeads() / attention.nKvHeads());
    return values
        .repeat(group)
        .order("kv_head", "group", "key_pos", "d_head")
        .merge("head", "kv_head", "group");
  }

  /// `W_O`, `[head, d_head, d_model]`.
  Tensor outputMap(Site site) {
    return Wide.of(model.parameters().get(site.path() + ".W_O"));
  }

  AttentionSpec attention(Site site) {
    BlockSpec block = model.spec().blocks().get(site.layer());
    return site.sublayer() == Site.Sublayer.LOCAL
            && block.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(AttentionSpec own)
        ? own
        : block.attention();
  }

  /// The place in a block's attention, or the same place in its local mixer.
  private static HookPoint within(Site site, HookPoint.InBlock like) {
    return site.sublayer() == Site.Sublayer.LOCAL ? new HookPoint.InLocal(like) : like;
  }
}
