package dev.weir.pathway;

import dev.weir.tensor.Tensor;
import java.util.function.UnaryOperator;

/// What a pathway lets a sublayer see.
public sealed interface Reading {

  /// One view of the stream.
  ///
  /// @param resid `[batch, pos, d_model]`
  record One(Tensor resid) implements Reading {}

  /// A view each for attention's queries, keys and values.
  ///
  /// @param query `[batch, pos, d_model]`
  /// @param key `[batch, pos, d_model]`
  /// @param value `[batch, pos, d_model]`
  record Separate(Tensor query, Tensor key, Tensor value) implements Reading {}

  /// The view where there is one; of several, that of the queries; `[batch, pos, d_model]`.
  default Tensor single() {
    return switch (this) {
      case One(Tensor resid) -> resid;
      case Separate(Tensor query, Tensor _, Tensor _) -> query;
    };
  }

  /// Each view changed.
  ///
  /// @param change what to do to a view, `[batch, pos, d_model]`
  default Reading map(UnaryOperator<Tensor> change) {
    return switch (this) {
      case One(Tensor resid) -> new One(change.apply(resid));
      case Separate(Tensor query, Tensor key, Tensor value) ->
          new Separate(change.apply(query), change.apply(key), change.apply(value));
    };
  }
}
