package dev.weir.model;

import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.HashMap;
import java.util.Map;

/// Which stretch of the texts one run computes: where it starts, which positions it has, and who
/// sees whom. What depends on nothing else is worked out once and shared by all blocks.
final class Span implements AutoCloseable {
  private final long start;
  private final long queries;
  private final Tensor paddings;
  private final boolean padded;
  private final Tensor positions;
  private final Tensor real;
  // Sublayers free what they made when they are done; this outlives them.
  private final TensorOwner owner = new TensorOwner();
  private final Map<Visibility, Mask> masks = new HashMap<>();
  private final Map<Integer, Mask> recent = new HashMap<>();
  private final Map<Rotary, Rotary.Angles> angles = new HashMap<>();

  /// The stretch from `start` on.
  ///
  /// @param start how many tokens are in the cache
  /// @param queries how many tokens are run now
  /// @param paddings how many places each row is filled up with, `[batch]`
  /// @param padded whether any row is
  Span(long start, long queries, Tensor paddings, boolean padded) {
    this.start = start;
    this.queries = queries;
    this.paddings = paddings;
    this.padded = padded;
    Tensor places = Tensor.range(start, new Axis("pos", queries));
    // Padding has no position; 0 is as good as any.
    this.positions = padded ? paddings.times(-1).plus(places).relu() : places;
    this.real = paddings.atMost(places);
  }

  /// Positions of the tokens in their texts, int64, `[pos]`, or `[batch, pos]` where texts are
  /// padded.
  Tensor positions() {
    return positions;
  }

  /// How many tokens the longest text has so far.
  long length() {
    return start + queries;
  }

  /// A value of this stretch with zeros where texts are padded, `[batch, pos, ..]`.
  Tensor withoutPadding(Tensor value) {
    return padded
        ? value.where(real, 0).order(value.shape().names().toArray(String[]::new))
        : value;
  }

  Rotary.Angles angles(Rotary rotary, Tensor like) {
    return angles.computeIfAbsent(
        rotary,
        r -> {
          Rotary.Angles made = r.angles(positions, length(), like);
          return new Rotary.Angles(owner.own(made.cos()), owner.own(made.sin()));
        });
  }

  /// Who sees whom.
  sealed interface Mask {

    /// Every query sees every key.
    record Everything() implements Mask {}

    /// Query `i` sees the keys up to `i`, and there are as many keys as queries.
    ///
    /// @param visible the same as booleans, `[query_pos, key_pos]`
    record Triangle(Tensor visible) implements Mask {}

    /// As the booleans say, `[query_pos, key_pos]` or `[batch, query_pos, key_pos]`.
    record Some(Tensor visible) implements Mask {}
  }

  /// Who sees whom where only the latest keys are there, the queries' own among them.
  ///
  /// @param windowSize how many keys a query sees, its own included
  Mask recent(int windowSize) {
    return recent.computeIfAbsent(windowSize, w -> owned(makeRecent(w)));
  }

  private Mask makeRecent(int windowSize) {
    if (queries == 1 && !padded) {
      return new Mask.Everything();
    }
    long first = Math.max(0, start - (windowSize - 1));
    Tensor queryPos = Tensor.range(start, new Axis("query_pos", queries));
    Tensor keyPos = Tensor.range(first, new Axis("key_pos", length() - first));
    Tensor age = queryPos.minus(keyPos);
    Tensor visible = since(age, 0).and(age.atMost(windowSize - 1));
    return new Mask.Some(unpadded(visible, keyPos));
  }

  Mask mask(Visibility visibility) {
    return masks.computeIfAbsent(visibility, v -> owned(makeMask(v)));
  }

  private Mask owned(Mask mask) {
    return switch (mask) {
      case Mask.Everything everything -> everything;
      case Mask.Triangle(Tensor visible) -> new Mask.Triangle(owner.own(visible));
      case Mask.Some(Tensor visible) -> new Mask.Some(owner.own(visible));
    };
  }

  private Mask makeMask(Visibility visibility) {
    Tensor queryPos = Tensor.range(start, new Axis("query_pos", queries));
    Tensor keyPos = Tensor.range(0, new Axis("key_pos", length()));
    Tensor age = queryPos.minus(keyPos);
    return switch (visibility) {
      case Visibility.Bidirectional() ->
          padded ? new Mask.Some(unpadded(age.times(0).atMost(0), keyPos)) : new Mask.Everything();
      case Visibility.Causal() -> causal(age, keyPos);
      case Visibility.SlidingWindow(int windowSize) ->
          windowSize >= length()
              ? causal(age, keyPos)
              : new Mask.Some(unpadded(since(age, 0).and(age.atMost(windowSize - 1)), keyPos));
    };
  }

  private Mask causal(Tensor age, Tensor keyPos) {
    if (queries == 1 && !padded) {
      return new Mask.Everything();
    }
    Tensor visible = since(age, 0);
    return start == 0 && !padded
        ? new Mask.Triangle(visible)
        : new Mask.Some(unpadded(visible, keyPos));
  }

  private static Tensor since(Tensor age, long first) {
    return age.times(-1).atMost((double) -first);
  }

  /// Nobody sees padding but the padding itself, whose rows would otherwise have nothing to see.
  private Tensor unpadded(Tensor visible, Tensor keyPos) {
    if (!padded) {
      return visible;
    }
    Tensor real = paddings.atMost(keyPos);
    Tensor queryPos = Tensor.range(start, new Axis("query_pos", queries));
    Tensor itself = queryPos.minus(keyPos).abs().atMost(0);
    return real.and(visible).or(itself.and(visible)).order("batch", "query_pos", "key_pos");
  }

  @Override
  public void close() {
    owner.close();
  }
}
