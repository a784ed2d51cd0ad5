package dev.weir.readout.memory;

import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.stream.IntStream;

/// Which positions of a text count.
public sealed interface Rows {

  /// Every position but the first, which behaves unlike all others.
  record AfterFirst() implements Rows {}

  /// Every position.
  record All() implements Rows {}

  /// One position.
  ///
  /// @param index from 0; negative counts from the end
  record One(int index) implements Rows {}

  /// Their indices.
  ///
  /// @param length how many positions the text has
  default int[] indices(int length) {
    return switch (this) {
      case All() -> IntStream.range(0, length).toArray();
      case AfterFirst() -> {
        if (length < 2) {
          throw MemoryException.nothingLeft(length);
        }
        yield IntStream.range(1, length).toArray();
      }
      case One(int index) -> {
        int position = index < 0 ? length + index : index;
        if (position < 0 || position >= length) {
          throw MemoryException.positionOutside(index, length);
        }
        yield new int[] {position};
      }
    };
  }

  /// What of a write is followed: all of it, or one position of it; same shape.
  ///
  /// @param write `[.., pos, d_model]`
  default Tensor only(Tensor write) {
    if (!(this instanceof One)) {
      return write;
    }
    int length = Math.toIntExact(write.size("pos"));
    double[] mask = new double[length];
    mask[indices(length)[0]] = 1;
    Tensor ones = Tensor.of(mask, Shape.of("pos", length));
    return write
        .times(ones.to(write.dtype()).to(write.device()))
        .order(write.shape().names().toArray(String[]::new));
  }

  /// In words, for a note.
  default String words() {
    return switch (this) {
      case All() -> "all positions";
      case AfterFirst() -> "all positions but the first";
      case One(int index) ->
          index < 0 ? "position %d from the end".formatted(-index) : "position " + index;
    };
  }

  /// The numbers of these positions.
  ///
  /// @param values `[pos]`
  default double[] of(Tensor values) {
    double[] all = values.toDoubles();
    return IntStream.of(indices(all.length)).mapToDouble(i -> all[i]).toArray();
  }
}
