package dev.weir.edit;

import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.Stretch;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Puts what another text has at some places into a run, position by position as a map says:
/// activation patching (Vig et al. 2020, arXiv:2004.12265; Meng et al. 2022, arXiv:2202.05262).
///
/// Where the stream itself passes (`hook_resid_*`), a position takes the whole state of the
/// pathway, every lane and source of it: no later reader can then tell the two runs apart there.
/// Other hooks of a run see the stream after this, in whatever order they are named. Positions
/// behind the map stay as they are, so that a text may grow. It owns what it took from the other
/// text; close it when no run uses it any more.
public final class RunPatch implements Hooks, AutoCloseable {
  private final Source source;
  private final Target.Heads heads;
  private final int[] from;
  private final Optional<Stretch> stretch;

  /// How many tensors of the state have passed at each place of this stretch.
  private final Map<HookPoint, Integer> passed = new HashMap<>();

  private RunPatch(Source source, Target.Heads heads, int[] from, Optional<Stretch> stretch) {
    this.source = source;
    this.heads = heads;
    this.from = from;
    this.stretch = stretch;
  }

  /// What another text has at some places.
  ///
  /// @param model whose runs
  /// @param other the tokens of the other text
  /// @param points a hook point's name; `*` stands for anything
  /// @param heads which heads
  /// @param kept what the run that is changed will keep: what is looked at is computed another way,
  ///   and only runs that are computed alike are alike to the last bit
  /// @param from for each position of the text that is changed, the position of the other that it
  ///   takes from; negative for none
  /// @throws EditException if a place has no such heads, or the other text has no such position
  /// @throws dev.weir.stream.StreamException if no hook point has such a name
  public static RunPatch of(
      Transformer model,
      int[] other,
      String points,
      Target.Heads heads,
      Capture kept,
      int... from) {
    List<HookPoint> places = List.copyOf(Capture.matching(points).resolve(model.hookPoints()));
    for (HookPoint point : places) {
      Edits.checkHeads(point, heads, PointShape.of(point, model.spec()));
      if (Arrays.stream(from).anyMatch(position -> position >= other.length)) {
        throw EditException.lengthsDiffer(point, other.length, from.length);
      }
    }
    Source source = Source.of(model, other, places, kept.resolve(model.hookPoints()));
    return new RunPatch(source, heads, from.clone(), Optional.empty());
  }

  /// What was taken from the other text: `[batch, pos, ..]` for each tensor of a state, the axes of
  /// the place elsewhere.
  private record Source(StreamTrace trace, Map<HookPoint, List<Tensor>> states, TensorOwner owner) {

    static Source of(
        Transformer model, int[] other, List<HookPoint> places, Set<HookPoint> watched) {
      TensorOwner owner = new TensorOwner();
      Map<HookPoint, List<Tensor>> states = new HashMap<>();
      places.stream().filter(RunPatch::isStream).forEach(p -> states.put(p, new ArrayList<>()));
      Capture capture = Capture.of(places.toArray(HookPoint[]::new)).withoutLogits();
      StateRecorder recorder = new StateRecorder(states, watched, owner);
      StreamTrace trace = model.trace(List.of(other), capture, recorder);
      owner.own(trace);
      return new Source(trace, states, owner);
    }
  }

  private static boolean isStream(HookPoint point) {
    return point instanceof HookPoint.ResidPre
        || point instanceof HookPoint.ResidLocal
        || point instanceof HookPoint.ResidMid
        || point instanceof HookPoint.ResidPost;
  }

  /// Keeps the state of the stream as it passes, and looks at some places.
  private record StateRecorder(
      Map<HookPoint, List<Tensor>> states, Set<HookPoint> watched, TensorOwner owner)
      implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return watched.contains(point);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value;
    }

    @Override
    public boolean touchesState(HookPoint point) {
      return states.containsKey(point);
    }

    @Override
    public Tensor applyToState(HookPoint point, Tensor part) {
      states.getOrDefault(point, List.of()).add(owner.own(part.alias()));
      return part;
    }
  }

  // ---------------------------------------------------------------- as the values pass

  @Override
  public Hooks over(Stretch now) {
    return new RunPatch(source, heads, from, Optional.of(now));
  }

  @Override
  public boolean touches(HookPoint point) {
    return source.trace.has(point) && !isStream(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    return patched(point, source.trace.get(point), value);
  }

  @Override
  public boolean touchesState(HookPoint point) {
    return source.states.containsKey(point);
  }

  @Override
  public Tensor applyToState(HookPoint point, Tensor part) {
    List<Tensor> states = source.states.get(point);
    if (states == null) {
      return part;
    }
    int index = passed.merge(point, 1, Integer::sum) - 1;
    return patched(point, states.get(index).at("batch", 0), part);
  }

  private Tensor patched(HookPoint point, Tensor other, Tensor value) {
    String axis = PointEdit.positionAxis(value);
    Stretch now = stretch.orElseGet(() -> Edits.whole(value));
    int[] taken = taken(now);
    if (Arrays.stream(taken).allMatch(position -> position < 0)) {
      return value;
    }
    if (now.padded()) {
      throw EditException.padded(point);
    }
    if (value.shape().has("key_pos")) {
      requireSameKeys(point, other, value);
    }
    Axis positions = new Axis(axis, taken.length);
    long[] rows = Arrays.stream(taken).mapToLong(position -> Math.max(position, 0)).toArray();
    Tensor rowsOfOther = other.take(axis, Tensor.of(rows, Shape.of(positions)).to(value.device()));
    return rowsOfOther
        .to(value.dtype())
        .where(mask(taken, positions, value), value)
        .order(value.shape().names().toArray(String[]::new));
  }

  /// For each place of the stretch, the position of the other text; negative for none.
  private int[] taken(Stretch now) {
    return IntStream.range(0, Math.toIntExact(now.length()))
        .mapToLong(place -> now.start() + place)
        .mapToInt(position -> position < from.length ? from[(int) position] : -1)
        .toArray();
  }

  /// A row of a pattern says which keys it saw; at another position, or in a longer text, these are
  /// others.
  private void requireSameKeys(HookPoint point, Tensor other, Tensor value) {
    boolean moved = IntStream.range(0, from.length).anyMatch(to -> from[to] >= 0 && from[to] != to);
    if (moved || other.size("key_pos") != value.size("key_pos")) {
      throw EditException.keysDiffer(point, other.size("key_pos"), value.size("key_pos"));
    }
  }

  /// True where a number is taken from the other text.
  private Tensor mask(int[] taken, Axis positions, Tensor value) {
    long[] ones = Arrays.stream(taken).mapToLong(position -> position < 0 ? 0 : 1).toArray();
    Tensor mask = PointEdit.booleans(ones, Shape.of(positions), value);
    return switch (heads) {
      case Target.Heads.All() -> mask;
      case Target.Heads.Some(List<Integer> indices) -> mask.and(PointEdit.headMask(indices, value));
    };
  }

  /// Frees what was taken from the other text.
  @Override
  public void close() {
    source.owner.close();
  }
}
