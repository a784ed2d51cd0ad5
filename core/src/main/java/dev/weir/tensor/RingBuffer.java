package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The latest rows along one axis, in memory that does not grow: row `t` lies in slot `t mod
/// window`, and a new row takes the place of the oldest.
public final class RingBuffer implements AutoCloseable {
  private final String axis;
  private final int window;
  private final KeptTensor storage = new KeptTensor();
  private long length;

  /// An empty buffer.
  ///
  /// @param axis the axis along which rows come
  /// @param window how many rows are kept
  public RingBuffer(String axis, int window) {
    this.axis = axis;
    this.window = window;
  }

  /// Adds rows and gives what the oldest of them may see and all after it: the `window − 1` rows
  /// before them, as far as there are so many, and they themselves, oldest first.
  ///
  /// @param rows what to add; same shape as before but for the growing axis
  /// @return `rows`' axes
  public Tensor append(Tensor rows) {
    long before = Math.min(length, window - 1L);
    List<Tensor> parts = latest(before);
    parts.add(rows);
    Tensor seen = parts.size() == 1 ? rows : Tensor.concat(axis, parts);
    store(rows);
    length += rows.size(axis);
    return seen;
  }

  /// How many rows came so far.
  public long length() {
    return length;
  }

  /// How many numbers are kept.
  public long elements() {
    return storage.get().map(t -> t.shape().elements()).orElse(0L);
  }

  /// The latest rows, oldest first, as one or two views.
  private List<Tensor> latest(long count) {
    List<Tensor> parts = new ArrayList<>();
    Optional<Tensor> ring = storage.get();
    if (count == 0 || ring.isEmpty()) {
      return parts;
    }
    long first = (length - count) % window;
    long unbroken = Math.min(count, window - first);
    parts.add(ring.get().slice(axis, first, unbroken));
    if (unbroken < count) {
      parts.add(ring.get().slice(axis, 0, count - unbroken));
    }
    return parts;
  }

  private void store(Tensor rows) {
    if (storage.get().isEmpty()) {
      Shape shape = rows.shape().with(axis, new Axis(axis, window));
      try (Scope _ = Scope.open()) {
        storage.keep(Tensor.zeros(shape, rows.dtype()).to(rows.device()));
      }
    }
    Tensor ring = storage.get().orElseThrow();
    long count = rows.size(axis);
    long kept = Math.min(count, window);
    long slot = (length + count - kept) % window;
    long unbroken = Math.min(kept, window - slot);
    copy(rows.slice(axis, count - kept, unbroken), ring.slice(axis, slot, unbroken));
    if (unbroken < kept) {
      copy(
          rows.slice(axis, count - kept + unbroken, kept - unbroken),
          ring.slice(axis, 0, kept - unbroken));
    }
  }

  private static void copy(Tensor from, Tensor into) {
    var _ = into.handle().copy_(from.handle());
  }

  @Override
  public void close() {
    storage.close();
    length = 0;
  }
}
