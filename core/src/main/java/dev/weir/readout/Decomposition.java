package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.readout.FrozenPathway.Origin;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The stream as a sum of what was written into it (Elhage et al. 2021, "A Mathematical Framework
/// for Transformer Circuits"). Writes pass a block's post-norm with the scale of the run frozen,
/// and are carried by the pathway with its routing frozen, so every sum is exact. Holds for runs
/// that nobody edited at the stream itself. Results are tensors of the current scope.
public final class Decomposition {
  private final Writes writes;
  private final StreamTrace trace;
  private final HookPoint place;

  private Decomposition(Writes writes, StreamTrace trace, HookPoint place) {
    this.writes = writes;
    this.trace = trace;
    this.place = place;
  }

  /// What a run must keep for everything but [#sources].
  public static Capture capture() {
    return Capture.matching(
        "hook_embed",
        "hook_pos_embed?",
        "blocks.*.hook_resid_*",
        "blocks.*.hook_attn_out",
        "blocks.*.hook_mlp_out?",
        "blocks.*.hook_local_out?",
        "*_read.hook_*?",
        "*_write.hook_*?",
        "blocks.*.attn.hook_z",
        "blocks.*.mlp.hook_post?",
        "blocks.*.ln1_post.hook_scale?",
        "blocks.*.ln2_post.hook_scale?");
  }

  /// What a run must keep for everything, patterns and values included; every position is needed.
  public static Capture captureSources() {
    return capture().and("blocks.*.attn.hook_pattern", "blocks.*.attn.hook_v");
  }

  /// Of the stream after the last block.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  public static Decomposition of(Transformer model, StreamTrace trace) {
    Writes writes = new Writes("A decomposition", model, trace);
    return new Decomposition(writes, trace, new HookPoint.ResidPost(model.spec().nLayers() - 1));
  }

  /// Of the stream at another place.
  ///
  /// @param other a `resid_pre`, `resid_mid` or `resid_post`, or what a sublayer read there
  ///   (`attn_in`, `mlp_in`, `q_input` …), which differs from the stream where the pathway routes
  /// @throws ReadoutException if the model has no such place
  public Decomposition upTo(HookPoint other) {
    FrozenPathway.Place _ = writes.place(other);
    return new Decomposition(writes, trace, other);
  }

  private FrozenPathway.Place where() {
    return writes.place(place);
  }

  private int end() {
    return where().writes();
  }

  /// The stream that is decomposed, `[pos, d_model]`.
  public Tensor stream() {
    return Wide.of(trace.get(place));
  }

  /// The stream at every place up to this one: `0_pre, 0_mid, 1_pre, …`. Not parts: each row is a
  /// stream.
  public Components accumulated() {
    Parts parts = new Parts();
    for (Places.Place stop : Places.SUBLAYERS.of(writes.spec())) {
      if (writes.place(stop.point()).writes() <= end()) {
        parts.add(stop.label(), Wide.of(trace.get(stop.point())));
      }
    }
    return parts.stacked();
  }

  /// `embed, pos_embed, 0_attn_out, 0_mlp_out, …`, and `bias` where the pathway adds something by
  /// itself.
  public Components perLayer() {
    Parts parts = embeddings();
    for (int i = 0; i < end(); i++) {
      parts.add(
          WriterLabels.write(writes.sites().get(i)),
          carried(writes.written(writes.sites().get(i)), i));
    }
    constants().ifPresent(constants -> parts.add("bias", constants));
    return parts.stacked();
  }

  /// `L0H0, L0H1, …`, and `remainder` for all the rest: embeddings, MLPs and biases.
  public Components perHead() {
    Parts parts = new Parts();
    for (int i = 0; i < end(); i++) {
      if (writes.sites().get(i).sublayer() == Site.Sublayer.ATTENTION) {
        addHeads(parts, i);
      }
    }
    Tensor rest = parts.empty() ? stream() : stream().minus(parts.stacked().sum());
    parts.add("remainder", rest);
    return parts.stacked();
  }

  /// Embeddings, heads, MLPs, and one row `bias` for everything that is written whatever the text:
  /// the output biases of attention, and what norms and pathway add.
  public Components full() {
    Parts parts = embeddings();
    Optional<Tensor> bias = constants();
    for (int i = 0; i < end(); i++) {
      Site site = writes.sites().get(i);
      switch (site.sublayer()) {
        case ATTENTION -> {
          addHeads(parts, i);
          bias = sum(bias, attentionBias(site, i));
        }
        case LOCAL, MLP -> parts.add(WriterLabels.write(site), carried(writes.written(site), i));
        case UNEMBED -> {}
      }
    }
    bias.ifPresent(all -> parts.add("bias", all));
    return parts.stacked();
  }

  /// How far each neuron of a block points along a direction in the stream after the last block,
  /// `[pos, d_mlp]`; the vectors themselves are never made.
  ///
  /// @param layer the block
  /// @param direction `[d_model]`
  public Tensor neurons(int layer, Tensor direction) {
    Tensor everywhere = Wide.of(direction).repeat(new Axis("pos", stream().size("pos")));
    return new Adjoint(writes.pathway(), everywhere, writes.end())
        .scores(
            1 + writes.sites().indexOf(Site.mlp(layer)), here -> writes.neuronScores(layer, here));
  }

  /// What each source token writes through each head of a block, as it is written, `[head,
  /// query_pos, key_pos, d_model]`: `A[q, s] · v_s W_O`. Summed over heads and sources, with the
  /// bias, it is `attn_out`.
  ///
  /// @param layer the block
  public Tensor sources(int layer) {
    return writes.sources(layer);
  }

  // ---------------------------------------------------------------- inside

  private Parts embeddings() {
    Parts parts = new Parts();
    parts.add("embed", writes.pathway().carried(writes.embed(), new Origin.Embedding(), where()));
    writes
        .posEmbed()
        .ifPresent(rows ->
            parts.add(
                "pos_embed", writes.pathway().carried(rows, new Origin.Embedding(), where())));
    return parts;
  }

  private void addHeads(Parts parts, int index) {
    int layer = writes.sites().get(index).layer();
    Tensor heads = carried(writes.headWrites(layer), index);
    for (int head = 0; head < heads.size("head"); head++) {
      parts.add(WriterLabels.head(layer, head), heads.at("head", head));
    }
  }

  private Optional<Tensor> attentionBias(Site site, int index) {
    return writes.bias(site).map(bias -> carried(like(bias, stream()), index));
  }

  /// What the pathway adds by itself, at all sites together.
  private Optional<Tensor> constants() {
    Optional<Tensor> sum = Optional.empty();
    for (int i = 0; i < end(); i++) {
      int site = i;
      Optional<Tensor> here =
          writes
              .pathway()
              .constant(i)
              .map(constant ->
                  writes
                      .pathway()
                      .carried(
                          like(Wide.of(constant), stream()), new Origin.Constant(site), where()));
      sum = sum(sum, here);
    }
    return sum;
  }

  private Tensor carried(Tensor write, int site) {
    return writes.pathway().carried(write, new Origin.Write(site), where());
  }

  private static Optional<Tensor> sum(Optional<Tensor> a, Optional<Tensor> b) {
    return a.isPresent() && b.isPresent() ? Optional.of(a.get().plus(b.get())) : a.or(() -> b);
  }

  /// The same at every position.
  private static Tensor like(Tensor bias, Tensor stream) {
    return bias.shape().has("pos") ? bias : bias.repeat(stream.shape().axis("pos"));
  }

  private static final class Parts {
    private final List<String> labels = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();

    void add(String label, Tensor value) {
      labels.add(label);
      values.add(value);
    }

    boolean empty() {
      return values.isEmpty();
    }

    Components stacked() {
      return new Components(labels, Tensor.stack("component", values));
    }
  }
}
