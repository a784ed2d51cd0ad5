package dev.weir.stream;

import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// The record of a run: the values that a [Capture] asked for. It owns their memory; close it when
/// done.
///
/// Values of one text have no batch axis; values of several have `batch` in front.
public final class StreamTrace implements AutoCloseable {
  private final List<int[]> tokens;
  private final Map<HookPoint, Tensor> values;
  private final Optional<Tensor> logits;
  private final Capture.Positions kept;
  private final TensorOwner owner;

  StreamTrace(
      List<int[]> tokens,
      Map<HookPoint, Tensor> values,
      Optional<Tensor> logits,
      Capture.Positions kept,
      TensorOwner owner) {
    this.tokens = tokens.stream().map(int[]::clone).toList();
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    this.logits = logits;
    this.kept = kept;
    this.owner = owner;
  }

  /// The value at a place; its axes are those in the Javadoc of the [HookPoint], with only the kept
  /// positions.
  ///
  /// @param point the place
  /// @throws StreamException if it was not captured
  public Tensor get(HookPoint point) {
    Tensor value = values.get(point);
    if (value == null) {
      throw StreamException.notCaptured(point, values.size());
    }
    return value;
  }

  /// Whether a place was captured.
  ///
  /// @param point the place
  public boolean has(HookPoint point) {
    return values.containsKey(point);
  }

  /// The places captured, in the order of the computation.
  public Set<HookPoint> points() {
    return values.keySet();
  }

  /// The model's scores for the next token, `[pos, d_vocab]`, kept positions only.
  ///
  /// @throws StreamException if the run stopped before the unembedding
  public Tensor logits() {
    return logits.orElseThrow(StreamException::noLogits);
  }

  /// Whether the run went on to the unembedding.
  public boolean hasLogits() {
    return logits.isPresent();
  }

  /// The tokens that were run, one array for each text.
  public List<int[]> tokens() {
    return tokens.stream().map(int[]::clone).toList();
  }

  /// The positions that were kept, in the order they stand in the values, counted in the longest
  /// text.
  public List<Integer> positions() {
    int length = longest();
    return switch (kept) {
      case Capture.Positions.All(), Capture.Positions.OneQuery(int _) ->
          IntStream.range(0, length).boxed().toList();
      case Capture.Positions.One(int index) -> List.of(index < 0 ? length + index : index);
      case Capture.Positions.Some(int from, int to) -> IntStream.range(from, to).boxed().toList();
    };
  }

  /// The record of one of the texts, as a run of it alone would have left it: no batch axis, no
  /// padding. It shares the memory, and both may be closed in any order.
  ///
  /// @param index which text, from 0
  /// @throws StreamException if the position that was kept lies before this text begins
  public StreamTrace text(int index) {
    int padding = longest() - tokens.get(index).length;
    Capture.Positions own = own(padding);
    TensorOwner views = new TensorOwner();
    Map<HookPoint, Tensor> of = new LinkedHashMap<>();
    values.forEach((point, value) -> of.put(point, views.own(textOf(value, index, padding))));
    Optional<Tensor> scores = logits.map(all -> views.own(textOf(all, index, padding)));
    return new StreamTrace(List.of(tokens.get(index)), of, scores, own, views);
  }

  /// The record of some of the positions, as a run that kept only them would have left it. It
  /// shares the memory, and both may be closed in any order.
  ///
  /// @param from the first position
  /// @param to one past the last
  /// @throws StreamException if this record lacks some of them
  public StreamTrace between(int from, int to) {
    if (!(kept instanceof Capture.Positions.All) || from < 0 || from >= to || to > longest()) {
      throw StreamException.notKept(from, to, positions());
    }
    Capture.Positions some = new Capture.Positions.Some(from, to);
    TensorOwner views = new TensorOwner();
    Map<HookPoint, Tensor> of = new LinkedHashMap<>();
    values.forEach((point, value) -> of.put(point, views.own(some(value, some))));
    Optional<Tensor> scores = logits.map(all -> views.own(some(all, some)));
    return new StreamTrace(tokens, of, scores, some, views);
  }

  /// Routing weights may be the same at every position.
  private static Tensor some(Tensor value, Capture.Positions positions) {
    boolean has = value.shape().has("pos") || value.shape().has("query_pos");
    return has ? positions.of(value) : value.alias();
  }

  /// The kept positions, counted in a text with so much padding before it.
  private Capture.Positions own(int padding) {
    return switch (kept) {
      case Capture.Positions.All all -> all;
      case Capture.Positions.One(int position) -> new Capture.Positions.One(own(position, padding));
      case Capture.Positions.OneQuery(int position) ->
          new Capture.Positions.OneQuery(own(position, padding));
      case Capture.Positions.Some(int from, int to) -> {
        if (from < padding) {
          throw StreamException.positionOutside(from - padding, longest() - padding);
        }
        yield new Capture.Positions.Some(from - padding, to - padding);
      }
    };
  }

  private int own(int position, int padding) {
    if ((position < 0 ? longest() + position : position) < padding) {
      throw StreamException.positionOutside(position, longest() - padding);
    }
    return position < 0 ? position : position - padding;
  }

  private Tensor textOf(Tensor value, int index, int padding) {
    Tensor text = value.shape().has("batch") ? value.at("batch", index) : value.alias();
    for (String axis : List.of("pos", "query_pos", "key_pos")) {
      if (text.shape().has(axis) && text.size(axis) == longest()) {
        text = text.slice(axis, padding, longest() - padding);
      }
    }
    return text;
  }

  private int longest() {
    return tokens.stream().mapToInt(text -> text.length).max().orElse(0);
  }

  /// Frees the values.
  @Override
  public void close() {
    owner.close();
  }
}
