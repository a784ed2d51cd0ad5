package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.readout.FrozenPathway.Origin;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// What becomes of anything written in a run, with the pathway's routing of that run frozen: it is
/// then linear in what is written, so any part of a write can be carried, exactly, to what any
/// later sublayer reads and to the end. On the plain pathway nothing happens on the way.
///
/// Tensors are of the current scope; half precision is widened to float32.
public final class Transport {
  private final Writes writes;

  private Transport(Writes writes) {
    this.writes = writes;
  }

  /// What a run must keep.
  public static Capture capture() {
    return Decomposition.capture();
  }

  /// The transport of a run.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @throws ReadoutException if the trace is of several texts, or lacks positions that the pathway
  ///   mixes
  public static Transport of(Transformer model, StreamTrace trace) {
    return new Transport(new Writes("Transport", model, trace));
  }

  /// Who writes, first to last.
  public List<Site> sites() {
    return writes.sites();
  }

  /// Whether every write stays as it is.
  public boolean plain() {
    return writes.pathway().plain();
  }

  /// Whether a write at one position reaches readers at later ones by the pathway itself.
  public boolean mixesPositions() {
    return writes.pathway().mixesPositions();
  }

  /// What entered the stream: embeddings of tokens and positions, `[pos, d_model]`.
  public Tensor embedded() {
    return writes.posEmbed().map(writes.embed()::plus).orElseGet(writes::embed);
  }

  /// What a sublayer wrote, after any post-norm, `[pos, d_model]`.
  ///
  /// @param site the sublayer
  public Tensor written(Site site) {
    return writes.written(site);
  }

  /// What each head of a block wrote, after any post-norm and without the output bias, `[head, pos,
  /// d_model]`.
  ///
  /// @param layer the block
  public Tensor headWrites(int layer) {
    return writes.headWrites(layer);
  }

  /// What each head of a block wrote of some source positions, after any post-norm, `[head,
  /// key_pos, pos, d_model]`. Needs the pattern and the values of every position.
  ///
  /// @param layer the block
  /// @param from the first source position
  /// @param count how many
  public Tensor headWrites(int layer, long from, long count) {
    return writes
        .sources(layer, from, count)
        .rename("query_pos", "pos")
        .order("head", "key_pos", "pos", "d_model");
  }

  /// What one neuron of a block wrote, after any post-norm, `[pos, d_model]`.
  ///
  /// @param layer the block
  /// @param neuron which one
  public Tensor neuronWrite(int layer, int neuron) {
    return writes.neuronWrite(layer, neuron);
  }

  /// What a sublayer writes whatever it reads, `[d_model]` or `[pos, d_model]`.
  ///
  /// @param site the sublayer
  public Optional<Tensor> bias(Site site) {
    return writes.bias(site);
  }

  /// What the pathway itself adds at a site, `[d_model]`.
  ///
  /// @param site the sublayer
  public Optional<Tensor> constant(Site site) {
    return writes.pathway().constant(index(site)).map(Wide::of);
  }

  /// A part of what a sublayer wrote as it is seen at a later place, same shape.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param site who wrote it
  /// @param place a `resid_pre`, `resid_mid` or `resid_post`, or what a sublayer read (`attn_in`,
  ///   `mlp_in`, `q_input` …)
  /// @throws ReadoutException if the model has no such place
  public Tensor carried(Tensor part, Site site, HookPoint place) {
    FrozenPathway.Place to = writes.place(place);
    return index(site) < to.writes()
        ? writes.pathway().carried(part, new Origin.Write(index(site)), to)
        : part.times(0);
  }

  /// [#carried] of a part at one position alone, same shape.
  ///
  /// @param part `[.., d_model]`
  /// @param site who wrote it
  /// @param place as in [#carried]
  /// @param index index of the position among those kept
  /// @throws ReadoutException if the model has no such place, or its pathway mixes positions
  public Tensor carriedAt(Tensor part, Site site, HookPoint place, int index) {
    if (mixesPositions()) {
      throw ReadoutException.pathwayNeedsEveryPosition("What is carried");
    }
    FrozenPathway.Place to = writes.place(place);
    Tensor placed = part.repeat(new Axis("pos", 1));
    return writes
        .pathway()
        .at(index)
        .carried(placed, new Origin.Write(index(site)), to)
        .at("pos", 0);
  }

  /// What each source token writes through each head of a block at one position, after any
  /// post-norm, `[head, key_pos, d_model]`; with the bias, their sum is what attention wrote there.
  ///
  /// @param site attention, or a local mixer that is attention
  /// @param index index of the position among those kept
  /// @throws ReadoutException if the trace lacks values at some position; it needs what
  ///   [Decomposition#captureSources] names, patterns at this position at least ([Capture#atQuery])
  public Tensor sourcesAt(Site site, int index) {
    return writes.sourcesAt(site, index);
  }

  /// A part of the embedding as it is seen at a later place, same shape.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param place as in [#carried]
  public Tensor embedCarried(Tensor part, HookPoint place) {
    return writes.pathway().carried(part, new Origin.Embedding(), writes.place(place));
  }

  /// A part of what was written as it is in the stream, same shape each: right after its write,
  /// then after each later one.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param site who wrote it
  public List<Tensor> course(Tensor part, Site site) {
    return writes.pathway().course(part, new Origin.Write(index(site)));
  }

  /// A part of the embedding as it is in the stream, same shape each: before the first write, then
  /// after each.
  ///
  /// @param part `[.., pos, d_model]`
  public List<Tensor> embedCourse(Tensor part) {
    return writes.pathway().course(part, new Origin.Embedding());
  }

  /// What the pathway itself added at a site as it is seen at a later place, `[pos, d_model]`.
  ///
  /// @param site the sublayer
  /// @param place as in [#carried]
  public Optional<Tensor> constantCarried(Site site, HookPoint place) {
    FrozenPathway.Place to = writes.place(place);
    return index(site) >= to.writes()
        ? Optional.empty()
        : constant(site)
            .map(c -> c.repeat(new Axis("pos", writes.embed().size("pos"))))
            .map(c -> writes.pathway().carried(c, new Origin.Constant(index(site)), to));
  }

  /// How many writes are in the stream at a place.
  ///
  /// @param place as in [#carried]
  public int writesBefore(HookPoint place) {
    return writes.place(place).writes();
  }

  /// For the embedding and for each write the direction that it must point to where it is made, for
  /// what arrives of it at the end to point to `direction`: the transpose of [#carried]; the
  /// embedding's first, each `[pos, d_model]`.
  ///
  /// @param direction at the end, `[pos, d_model]`
  public List<Tensor> before(Tensor direction) {
    return writes.pathway().before(direction, writes.end());
  }

  /// The same for what a reader sees at any place: the embedding's and that of each write before
  /// it.
  ///
  /// @param direction at the place, `[pos, d_model]`
  /// @param place as in [#carried]
  public List<Tensor> before(Tensor direction, HookPoint place) {
    return writes.pathway().before(direction, writes.place(place));
  }

  /// The norm before the unembedding with the scale that it had in this run.
  public FrozenNorm finalNorm() {
    return writes.finalNorm();
  }

  private int index(Site site) {
    return writes.sites().indexOf(site);
  }
}
