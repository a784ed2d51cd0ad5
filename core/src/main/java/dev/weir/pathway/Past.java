package dev.weir.pathway;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.List;

/// What came before along the sequence, for those who look back a fixed number of positions (short
/// convolutions). A text that grows token by token remembers it.
public interface Past {

  /// `now` with the positions before it in front; zeros where the text had not begun.
  ///
  /// @param where who looks back: each place of a model has a name of its own and asks once a run
  /// @param now the positions that run now, `[.., pos, ..]`
  /// @param count how many positions before
  /// @return `now`'s axes, `count` longer along `pos`
  Tensor before(String where, Tensor now, int count);

  /// The same past for somebody who only looks at the stream in passing, and so must not disturb
  /// what the model itself remembers.
  ///
  /// @param who the name of the place looked at
  default Past seenFrom(String who) {
    return (where, now, count) -> before(who + "/" + where, now, count);
  }

  /// A text that begins here.
  static Past none() {
    return (_, now, count) -> Tensor.concat("pos", List.of(zeros(now, count), now));
  }

  /// Zeros in front of a text, `now`'s axes with `count` positions.
  ///
  /// @param now any shape with `pos`
  /// @param count how many positions
  static Tensor zeros(Tensor now, int count) {
    return Tensor.zeros(now.shape().with("pos", new Axis("pos", count)), DType.FLOAT32)
        .to(now.dtype())
        .to(now.device());
  }
}
