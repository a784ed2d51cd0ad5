package dev.weir.model;

import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.tensor.WindowAttention;
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

  /// Who sees whom where only the latest keys are there, the queries' own among them.
  ///
  /// @param windowSize how many keys a query sees, its own included
  Mask recent(int windowSize) {
    return recent.computeIfAbsent(windowSize, w -> owned(makeRecent(w)));
  }

  private Mask makeRecent(int windowSize) {
    return queries == 1 && !padded
        ? new Mask.Everything()
        : window(windowSize, Math.max(0, start - (windowSize - 1)));
  }

  Mask mask(Visibility visibility) {
    return masks.computeIfAbsent(visibility, v -> owned(makeMask(v)));
  }

  private Mask owned(Mask mask) {
    return switch (mask) {
      case Mask.Everything _, Mask.Triangle _ -> mask;
      case Mask.Window(WindowAttention attention) -> new Mask.Window(attention.ownedBy(owner));
      case Mask.Some(Tensor visible) -> new Mask.Some(owner.own(visible));
    };
  }

  private Mask makeMask(Visibility visibility) {
    return switch (visibility) {
      case Visibility.Bidirectional() ->
          padded ? new Mask.Some(unpadded(age(0).times(0).atMost(0), 0)) : new Mask.Everything();
      case Visibility.Causal() -> causal();
      case Visibility.SlidingWindow(int windowSize) ->
          windowSize >= length() ? causal() : window(windowSize, 0);
    };
  }

  private Mask causal() {
    if (queries == 1 && !padded) {
      return new Mask.Everything();
    }
    // Booleans of who sees whom would grow with the square of the length.
    return start == 0 && !padded
        ? new Mask.Triangle()
        : new Mask.Some(unpadded(WindowAttention.before(age(0)), 0));
  }

  private Mask window(int size, long firstKey) {
    return start == 0 && !padded && WindowAttention.pays(size, queries)
        ? new Mask.Window(new WindowAttention(size, queries))
        : new Mask.Some(unpadded(WindowAttention.latest(age(firstKey), size), firstKey));
  }

  /// How far keys are before queries, int64, `[query_pos, key_pos]`.
  private Tensor age(long firstKey) {
    return queryPos().minus(keyPos(firstKey));
  }

  private Tensor queryPos() {
    return Tensor.range(start, new Axis("query_pos", queries));
  }

  private Tensor keyPos(long first) {
    return Tensor.range(first, new Axis("key_pos", length() - first));
  }

  /// Nobody sees padding but the padding itself, whose rows would otherwise have nothing to see.
  private Tensor unpadded(Tensor visible, long firstKey) {
    if (!padded) {
      return visible;
    }
    Tensor there = paddings.atMost(keyPos(firstKey));
    Tensor itself = age(firstKey).abs().atMost(0);
    return there.and(visible).or(itself.and(visible)).order("batch", "query_pos", "key_pos");
  }

  @Override
  public void close() {
    owner.close();
  }
}
