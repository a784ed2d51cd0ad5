package dev.weir.stream;

import dev.weir.tensor.Tensor;

/// What a run lets others do at its hook points: look, and hand back another value.
public interface Hooks {

  /// Whether this place matters; where it does not, the run may skip computing the value.
  ///
  /// @param point the place
  boolean touches(HookPoint point);

  /// Called as the value passes, at places that [#touches] names.
  ///
  /// @param point the place
  /// @param value the value there, `[batch, ..]` and then the axes of the place
  /// @return the value to go on with, same shape
  Tensor apply(HookPoint point, Tensor value);

  /// The same for one stretch of the texts; who cares about positions learns here which these are.
  ///
  /// @param stretch the positions that are about to run
  default Hooks over(Stretch stretch) {
    return this;
  }

  /// The value to go on with at a place, whether or not it matters there.
  ///
  /// @param point the place
  /// @param value the value there, the axes of the place, perhaps with `batch` in front
  /// @return `value`, or what was made of it, same shape
  default Tensor see(HookPoint point, Tensor value) {
    return touches(point) ? apply(point, value) : value;
  }

  /// Whether the whole state of the stream matters at a `hook_resid_*`, and not only the one vector
  /// that [#apply] sees: a pathway may keep several lanes, or everything written so far.
  ///
  /// @param point the place
  default boolean touchesState(HookPoint point) {
    return false;
  }

  /// Called with each tensor of the state, always in the same order, at places that [#touchesState]
  /// names, before [#apply].
  ///
  /// @param point the place
  /// @param part one tensor of the state, `[batch, pos, ..]`
  /// @return the tensor to go on with, same shape
  default Tensor applyToState(HookPoint point, Tensor part) {
    return part;
  }

  /// Nobody looks.
  static Hooks none() {
    return new None();
  }

  /// Nobody looks.
  record None() implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return false;
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value;
    }
  }

  /// First these, then the others, at every place.
  ///
  /// @param next who comes after
  default Hooks then(Hooks next) {
    return new Both(this, next);
  }

  /// One after the other.
  ///
  /// @param first sees the value as computed
  /// @param second sees what the first made of it
  record Both(Hooks first, Hooks second) implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return first.touches(point) || second.touches(point);
    }

    @Override
    public Hooks over(Stretch stretch) {
      return new Both(first.over(stretch), second.over(stretch));
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return second.see(point, first.see(point, value));
    }

    @Override
    public boolean touchesState(HookPoint point) {
      return first.touchesState(point) || second.touchesState(point);
    }

    @Override
    public Tensor applyToState(HookPoint point, Tensor part) {
      return second.applyToState(point, first.applyToState(point, part));
    }
  }
}
