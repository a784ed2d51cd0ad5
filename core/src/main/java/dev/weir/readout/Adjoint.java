package dev.weir.readout;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// A direction at a place of the stream, taken back along a frozen pathway to where each write was
/// made. Where writes reach later positions, each reading position is taken back by itself.
final class Adjoint {
  private final List<List<Tensor>> byReader = new ArrayList<>();
  private final boolean mixes;

  /// Takes a direction back.
  ///
  /// @param pathway the pathway of a run
  /// @param direction at the place, `[pos, d_model]`
  /// @param place where the direction is meant
  Adjoint(FrozenPathway<?> pathway, Tensor direction, FrozenPathway.Place place) {
    this.mixes = pathway.mixesPositions();
    if (!mixes) {
      byReader.add(pathway.before(direction, place));
      return;
    }
    for (int reader = 0; reader < direction.size("pos"); reader++) {
      byReader.add(pathway.before(only(reader, direction), place));
    }
  }

  /// A direction at one position, and zero elsewhere whatever is there: what is read elsewhere may
  /// be nothing and have no direction, `[pos, d_model]`.
  static Tensor only(int reader, Tensor direction) {
    long[] mask = new long[Math.toIntExact(direction.size("pos"))];
    mask[reader] = 1;
    Tensor here = Tensor.of(mask, Shape.of(new Axis("pos", mask.length))).to(DType.BOOL);
    return direction.where(here.to(direction.device()), 0);
  }

  /// How far parts of a write point along the direction, `[pos, ..]` by reading position.
  ///
  /// @param write 0 for the embedding, then the writes in order
  /// @param score how far they point along a direction where they were written: takes and gives
  ///   `[pos, ..]`
  Tensor scores(int write, UnaryOperator<Tensor> score) {
    if (!mixes) {
      return score.apply(byReader.getFirst().get(write));
    }
    List<Tensor> rows = new ArrayList<>();
    for (List<Tensor> reader : byReader) {
      rows.add(score.apply(reader.get(write)).sum("pos"));
    }
    return Tensor.stack("pos", rows);
  }
}
