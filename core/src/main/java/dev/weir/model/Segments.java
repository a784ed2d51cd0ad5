package dev.weir.model;

import dev.weir.pathway.ResidualPathway;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Checkpointed;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// A [SegmentedPass] cut into [Checkpointed.Segment]s. What passes from one to the next is all that
/// any later one reads: the state of the pathway, whatever it is made of (so that whoever reads
/// over depth reads what was kept, and no source is computed more than twice), the first block's
/// attention values, and the values that the loss is made of.
///
/// @param <S> the state of the stream
final class Segments<S> {
  private final ResidualPathway<S> over;
  private final SegmentedPass pass;
  private final List<Checkpointed.Segment> segments = new ArrayList<>();

  /// What each segment gave when it ran last. Its tensors may be gone; how it is made is known.
  private final List<Optional<State<S>>> given = new ArrayList<>();

  Segments(ResidualPathway<S> over, SegmentedPass pass) {
    this.over = over;
    this.pass = pass;
  }

  /// The first segment.
  interface Opening<S> {
    S run(Hooks hooks);
  }

  /// A segment within the model.
  interface Middle<S> {
    S run(S stream, FirstValues firstValues, Hooks hooks);
  }

  /// The last segment.
  interface End<S> {
    /// The loss, `[]`.
    ///
    /// @param carried gives the values that it is made of, once all of them have passed
    Tensor run(S stream, Hooks hooks, Supplier<Map<HookPoint, Tensor>> carried);
  }

  void open(Opening<S> opening) {
    int index = next();
    segments.add(_ -> {
      try (Carrier carrier = new Carrier(pass.carried())) {
        S stream = opening.run(hooks(index, carrier));
        return gave(index, new State<>(stream, Optional.empty(), carrier.seen()));
      }
    });
  }

  void add(Middle<S> middle) {
    int index = next();
    segments.add(tensors -> {
      State<S> before = before(index, tensors);
      try (Carrier carrier = new Carrier(pass.carried());
          FirstValues firstValues = new FirstValues()) {
        before.firstValues.ifPresent(firstValues::keep);
        S stream = middle.run(before.stream, firstValues, hooks(index, carrier));
        Map<HookPoint, Tensor> carried = new LinkedHashMap<>(before.carried);
        carried.putAll(carrier.seen());
        return gave(index, new State<>(stream, firstValues.find().map(Tensor::view), carried));
      }
    });
  }

  void end(End<S> end) {
    int index = next();
    segments.add(tensors -> {
      State<S> before = before(index, tensors);
      try (Carrier carrier = new Carrier(pass.carried())) {
        Tensor loss =
            end.run(
                before.stream,
                hooks(index, carrier),
                () -> {
                  Map<HookPoint, Tensor> carried = new LinkedHashMap<>(before.carried);
                  carried.putAll(carrier.seen());
                  return carried;
                });
        given.set(index, Optional.of(before));
        return List.of(loss.view());
      }
    });
  }

  List<Checkpointed.Segment> all() {
    return segments;
  }

  private int next() {
    given.add(Optional.empty());
    return segments.size();
  }

  private Hooks hooks(int index, Carrier carrier) {
    return (given.get(index).isEmpty() ? pass.first() : pass.again()).then(carrier);
  }

  private List<Tensor> gave(int index, State<S> state) {
    given.set(index, Optional.of(state));
    return state.tensors(over);
  }

  private State<S> before(int index, List<Tensor> tensors) {
    return given.get(index - 1).orElseThrow().of(tensors, over);
  }

  /// What passes from one segment to the next.
  ///
  /// @param stream the state of the pathway
  /// @param firstValues `[batch, pos, kv_head, d_head]`, once there are any
  /// @param carried what the loss will be made of
  private record State<S>(S stream, Optional<Tensor> firstValues, Map<HookPoint, Tensor> carried) {

    /// Its tensors, in the order in which [#of] takes them.
    List<Tensor> tensors(ResidualPathway<S> over) {
      List<Tensor> tensors = new ArrayList<>();
      S _ =
          over.map(
              stream,
              tensor -> {
                tensors.add(tensor);
                return tensor;
              });
      firstValues.ifPresent(tensors::add);
      tensors.addAll(carried.values());
      return tensors;
    }

    /// A state of the same make.
    State<S> of(List<Tensor> tensors, ResidualPathway<S> over) {
      Iterator<Tensor> next = tensors.iterator();
      S other = over.map(stream, _ -> next.next());
      Optional<Tensor> values = firstValues.map(_ -> next.next());
      Map<HookPoint, Tensor> others = new LinkedHashMap<>();
      carried.keySet().forEach(point -> others.put(point, next.next()));
      return new State<>(other, values, others);
    }
  }

  /// Catches values that are to be carried. Sublayers free what they made when they are done, so
  /// they are held until the segment is.
  private static final class Carrier implements Hooks, AutoCloseable {
    private final Set<HookPoint> wanted;
    private final TensorOwner owner = new TensorOwner();
    private final Map<HookPoint, Tensor> seen = new LinkedHashMap<>();

    Carrier(Set<HookPoint> wanted) {
      this.wanted = wanted;
    }

    @Override
    public boolean touches(HookPoint point) {
      return wanted.contains(point);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      seen.put(point, owner.own(value.view()));
      return value;
    }

    /// What was seen, tensors of the current scope.
    Map<HookPoint, Tensor> seen() {
      Map<HookPoint, Tensor> views = new LinkedHashMap<>();
      seen.forEach((point, value) -> views.put(point, value.view()));
      return views;
    }

    @Override
    public void close() {
      owner.close();
    }
  }
}
