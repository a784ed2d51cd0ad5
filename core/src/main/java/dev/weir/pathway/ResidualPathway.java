package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// How sublayers read the residual stream and how what they write is kept, over depth.
///
/// A pathway has two parts. **Routing** is nonlinear: the weights, gates and scales that this run
/// gave it. **Transport** is linear: once the routing is given, [#open], [#read], [#write] and
/// [#close] are linear in the embedding and in what was written, but for the [#constant] that the
/// pathway adds by itself. So any write can be carried, exactly, to any later reader and to the
/// end.
///
/// @param <S> the state of the stream: a tensor, several lanes, or a history
/// @param <R> what routing decided at one site
public interface ResidualPathway<S, R> {

  /// The name that checkpoints and commands call it by.
  String name();

  /// The stream before the first block.
  ///
  /// @param embed the embedded tokens, `[batch, pos, d_model]`
  S open(Tensor embed);

  /// What a sublayer sees, before its own norm, `[batch, pos, d_model]`.
  ///
  /// @param stream the state so far
  /// @param site which sublayer reads
  Tensor read(S stream, Site site);

  /// What this run makes of a write: the nonlinear part.
  ///
  /// @param stream the state so far
  /// @param site which sublayer writes
  /// @param out what it writes, `[batch, pos, d_model]`
  R route(S stream, Site site, Tensor out);

  /// The state after a write: linear in `stream` and `out`, once routing is given.
  ///
  /// @param stream the state so far
  /// @param site which sublayer writes
  /// @param routing what [#route] decided
  /// @param out what it writes, `[batch, pos, d_model]`
  S write(S stream, Site site, R routing, Tensor out);

  /// What the pathway adds at a site by itself, whatever is written, if anything, `[d_model]`.
  ///
  /// @param site which sublayer writes
  Optional<Tensor> constant(Site site);

  /// The state with a constant added, after [#write].
  ///
  /// @param stream the state after the write
  /// @param constant what to add, `[d_model]`
  S add(S stream, Tensor constant);

  /// The stream as one vector for each position: what the final norm sees, `[batch, pos, d_model]`.
  ///
  /// @param stream the state
  Tensor close(S stream);

  /// The state after somebody replaced the stream from outside.
  ///
  /// @param stream the state
  /// @param resid what the stream is from now on, `[batch, pos, d_model]`
  S replace(S stream, Tensor resid);
}
