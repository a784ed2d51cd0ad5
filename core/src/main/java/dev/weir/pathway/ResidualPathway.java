package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// How sublayers read the residual stream and how what they write is kept, over depth.
///
/// A pathway has two parts. **Routing** is nonlinear: the weights, gates, directions and scales
/// that this run gave it ([#routeRead], [#routeWrite]). **Transport** is linear: once the routing
/// is given, [#open], [#read] and [#write] are linear in the embedding and in what was written, but
/// for the [#constant] that the pathway adds by itself. So any write can be carried, exactly, to
/// any later reader and to the end.
///
/// Axes are named: a state may have any axes beside `d_model`, so that a readout can carry many
/// parts at once.
///
/// @param <S> the state of the stream: a tensor, several lanes, or a history
public interface ResidualPathway<S> {

  /// The stream before the first block.
  ///
  /// @param embed the embedded tokens, `[batch, pos, d_model]`
  /// @param past what came before along the sequence
  S open(Tensor embed, Past past);

  /// What this run makes of a reading: the nonlinear part.
  ///
  /// @param stream the state so far
  /// @param site who reads; [Site#unembed] may read at any time, as if the model ended there
  default Routing routeRead(S stream, Site site) {
    return Routing.none();
  }

  /// What a reader sees, before its own norm: linear in `stream`, once routing is given.
  ///
  /// @param stream the state so far
  /// @param site who reads
  /// @param routing what [#routeRead] decided
  /// @param past what came before along the sequence
  Reading read(S stream, Site site, Routing routing, Past past);

  /// What this run makes of a write: the nonlinear part.
  ///
  /// @param stream the state so far
  /// @param site who writes
  /// @param reading what [#routeRead] decided when this sublayer read
  /// @param passage what went through the sublayer
  default Routing routeWrite(S stream, Site site, Routing reading, Passage passage) {
    return Routing.none();
  }

  /// The state after a write: linear in `stream` and `out`, once routing is given.
  ///
  /// @param stream the state so far
  /// @param site who writes
  /// @param routing what [#routeWrite] decided
  /// @param out what it writes, `[batch, pos, d_model]`
  S write(S stream, Site site, Routing routing, Tensor out);

  /// [#routeWrite] and [#write] in one, for runs in which nobody looks at the routing. A pathway
  /// may do it faster; the numbers are the same but for rounding.
  ///
  /// @param stream the state so far
  /// @param site who writes
  /// @param reading what [#routeRead] decided when this sublayer read
  /// @param passage what went through the sublayer
  default S pass(S stream, Site site, Routing reading, Passage passage) {
    return write(stream, site, routeWrite(stream, site, reading, passage), passage.out());
  }

  /// What the pathway adds at a site by itself, whatever is written, if anything, `[d_model]`.
  ///
  /// @param site who writes
  default Optional<Tensor> constant(Site site) {
    return Optional.empty();
  }

  /// The state with something added from outside that every later reader sees in full.
  ///
  /// @param stream the state
  /// @param delta what to add, `[d_model]` or `[batch, pos, d_model]`
  S add(S stream, Tensor delta);

  /// The stream as one vector for each position: what the unembedding would see if the model ended
  /// here, `[batch, pos, d_model]`.
  ///
  /// @param stream the state
  /// @param past what came before along the sequence
  default Tensor resid(S stream, Past past) {
    Site end = Site.unembed();
    return read(stream, end, routeRead(stream, end), past).single();
  }

  /// The state after somebody replaced the stream from outside.
  ///
  /// @param stream the state
  /// @param before what [#resid] gave, `[batch, pos, d_model]`
  /// @param after what it is from now on, `[batch, pos, d_model]`
  default S replace(S stream, Tensor before, Tensor after) {
    return add(stream, after.minus(before));
  }

  /// Whether every write stays as it is and every reader sees the plain sum.
  default boolean additive() {
    return false;
  }

  /// Whether a write at one position reaches readers at later ones.
  default boolean mixesPositions() {
    return false;
  }
}
