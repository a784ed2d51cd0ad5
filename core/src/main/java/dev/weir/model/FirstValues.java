package dev.weir.model;

import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Optional;

/// The values of the first block's attention in one run, kept for the blocks after it.
final class FirstValues implements AutoCloseable {
  private final TensorOwner owner = new TensorOwner();
  private Optional<Tensor> values = Optional.empty();

  /// Keeps them, `[batch, pos, kv_head, d_head]`.
  void keep(Tensor first) {
    values = Optional.of(owner.own(first.view()));
  }

  /// `[batch, pos, kv_head, d_head]`.
  Tensor get() {
    return values.orElseThrow();
  }

  /// `[batch, pos, kv_head, d_head]`, if there are any yet.
  Optional<Tensor> find() {
    return values;
  }

  @Override
  public void close() {
    owner.close();
  }
}
