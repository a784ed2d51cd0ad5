package dev.weir.tensor;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;

/// Rows that are added over time along one axis and read as one tensor, without copying what is
/// there already: keys and values while a text grows. The one place where memory is written twice.
public final class AppendBuffer implements AutoCloseable {
  private final String axis;
  private Optional<Tensor> storage = Optional.empty();
  private long length;

  /// An empty buffer.
  ///
  /// @param axis the axis along which it grows
  public AppendBuffer(String axis) {
    this.axis = axis;
  }

  /// Adds rows and gives everything so far, as a view that holds until the next call.
  ///
  /// @param rows what to add; same shape as before but for the growing axis
  /// @return all rows, `rows`' axes
  public Tensor append(Tensor rows) {
    long needed = length + rows.size(axis);
    Tensor room = storage.filter(s -> s.size(axis) >= needed).orElseGet(() -> grow(rows, needed));
    var _ =
        room.handle()
            .narrow(room.shape().indexOf(axis), length, rows.size(axis))
            .copy_(rows.handle());
    length = needed;
    return room.slice(axis, 0, length);
  }

  /// Everything so far, as a view that holds until rows are added, same axes as those.
  ///
  /// @throws java.util.NoSuchElementException if nothing was added yet
  public Tensor all() {
    return storage.orElseThrow().slice(axis, 0, length);
  }

  /// How many rows are there.
  public long length() {
    return length;
  }

  /// How many numbers its rows hold; room for rows to come is left out.
  public long elements() {
    return storage.map(s -> s.shape().elements() / s.size(axis) * length).orElse(0L);
  }

  private Tensor grow(Tensor rows, long needed) {
    Optional<Tensor> old = storage;
    long capacity = Math.max(needed, Math.max(64, 2 * length));
    Shape shape = rows.shape().with(axis, new Axis(axis, capacity));
    Tensor room = detach(Tensor.zeros(shape, rows.dtype()).to(rows.device()));
    old.ifPresent(tensor -> {
      var _ =
          room.handle()
              .narrow(shape.indexOf(axis), 0, length)
              .copy_(tensor.handle().narrow(shape.indexOf(axis), 0, length));
      tensor.handle().releaseReference();
    });
    storage = Optional.of(room);
    return room;
  }

  /// Out of the current scope: it lives until it is outgrown or closed.
  private static Tensor detach(Tensor tensor) {
    tensor.handle().retainReference();
    var scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.detach(tensor.handle());
    }
    return tensor;
  }

  @Override
  public void close() {
    storage.ifPresent(tensor -> tensor.handle().releaseReference());
    storage = Optional.empty();
    length = 0;
  }
}
