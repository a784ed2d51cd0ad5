package dev.weir.model;

import dev.weir.pathway.ResidualPathway;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A run that has come to the entrance of a block and goes on from there as often as wanted, each
/// time with other edits and other rows: no block before it is computed again. It holds all that
/// later blocks read: the state of the pathway, whatever that is made of, and the values of the
/// first block's attention. It owns its tensors; close it when done.
///
/// @param <S> the state of the stream
public final class PartialRun<S> implements AutoCloseable {
  private final Transformer model;
  private final ResidualPathway<S> over;
  private final TokenBatch batch;
  private final int layer;
  private final S stream;
  private final Optional<Tensor> firstValues;
  private final TensorOwner owner;

  private PartialRun(
      Transformer model,
      ResidualPathway<S> over,
      TokenBatch batch,
      int layer,
      S stream,
      Optional<Tensor> firstValues,
      TensorOwner owner) {
    this.model = model;
    this.over = over;
    this.batch = batch;
    this.layer = layer;
    this.stream = stream;
    this.firstValues = firstValues;
    this.owner = owner;
  }

  /// Takes what was computed out of the current scope.
  static <S> PartialRun<S> of(
      Transformer model,
      ResidualPathway<S> over,
      TokenBatch batch,
      int layer,
      S stream,
      Optional<Tensor> firstValues) {
    TensorOwner owner = new TensorOwner();
    return new PartialRun<>(
        model,
        over,
        batch,
        layer,
        over.map(stream, part -> owner.own(part.view())),
        firstValues.map(values -> owner.own(values.view())),
        owner);
  }

  /// The block that comes next, from 0; the number of blocks after the last.
  public int layer() {
    return layer;
  }

  /// The texts that are run, one for each row.
  public List<int[]> texts() {
    return batch.texts().stream().map(int[]::clone).toList();
  }

  /// Some of the rows, in this order; one may be named several times.
  ///
  /// @param rows which, from 0
  public PartialRun<S> rows(int... rows) {
    List<int[]> texts = Arrays.stream(rows).mapToObj(batch.texts()::get).toList();
    try (Scope _ = Scope.open()) {
      Tensor indices =
          Tensor.of(
                  Arrays.stream(rows).asLongStream().toArray(),
                  Shape.of(new Axis("batch", rows.length)))
              .to(model.device());
      return of(
          model,
          over,
          new TokenBatch(texts),
          layer,
          over.map(stream, part -> part.take("batch", indices)),
          firstValues.map(values -> values.take("batch", indices)));
    }
  }

  /// The run after one more block.
  ///
  /// @param hooks who looks and changes
  public PartialRun<S> next(Hooks hooks) {
    try (Scope _ = Scope.open();
        Span span = batch.span();
        FirstValues values = new FirstValues()) {
      firstValues.ifPresent(values::keep);
      Hooks placed = hooks.over(batch.stretch(0));
      S after = model.passed(layer, over, stream, span, values, placed);
      return of(model, over, batch, layer + 1, after, values.find());
    }
  }

  /// The scores for the next token once all blocks have run, `[batch, pos, d_vocab]`.
  ///
  /// @param positions which positions
  /// @param hooks who looks and changes
  /// @return a tensor of the current scope
  public Tensor logits(Capture.Positions positions, Hooks hooks) {
    PartialRun<S> last = this;
    try {
      while (last.layer < model.spec().nLayers()) {
        PartialRun<S> before = last;
        last = before.next(hooks);
        closeUnlessThis(before);
      }
      return last.ended(positions, hooks);
    } finally {
      closeUnlessThis(last);
    }
  }

  private Tensor ended(Capture.Positions positions, Hooks hooks) {
    try (Scope scope = Scope.open();
        Span span = batch.span()) {
      Hooks placed = hooks.over(batch.stretch(0));
      return scope.keep(model.ended(over, stream, span, positions, placed).view());
    }
  }

  private void closeUnlessThis(PartialRun<S> other) {
    if (other != this) {
      other.close();
    }
  }

  @Override
  public void close() {
    owner.close();
  }
}
