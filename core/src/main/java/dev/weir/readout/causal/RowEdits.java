package dev.weir.readout.causal;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Edits of a batch, each of one row: it takes what another row has at a place, or a given value.
/// So one batch holds as many experiments as it has rows, the runs that they borrow from among
/// them.
///
/// Where the stream itself passes (`hook_resid_*`), a row takes the whole state of the pathway,
/// every lane and source of it: no later block can then tell the two rows apart.
final class RowEdits implements Hooks {
  private final int rows;
  private final Map<HookPoint, List<Edit>> edits = new HashMap<>();

  /// No edits yet.
  ///
  /// @param rows how many rows the batch has
  RowEdits(int rows) {
    this.rows = rows;
  }

  /// Which numbers of a row are changed; positions of scores and patterns are those of the query.
  ///
  /// @param position one position, or all
  /// @param units heads, key/value heads or neurons, whichever the place has; none for all
  @SuppressWarnings("ArrayRecordComponent") // Never leaves this package.
  record Part(OptionalInt position, int... units) {
    static Part all() {
      return new Part(OptionalInt.empty());
    }

    static Part at(int position) {
      return new Part(OptionalInt.of(position));
    }

    static Part units(int... units) {
      return new Part(OptionalInt.empty(), units);
    }

    static Part of(Component component) {
      return switch (component) {
        case Component.Head(int _, int head) -> units(head);
        case Component.Mlp _ -> all();
        case Component.Neurons(int _, List<Integer> neurons) ->
            units(neurons.stream().mapToInt(Integer::intValue).toArray());
      };
    }

    /// Sets the numbers of this part to 0.
    ///
    /// @param numbers of a row `[positions, units]`, from `start` on
    private void clear(long[] numbers, int start, int positions, int units) {
      for (int p = 0; p < positions; p++) {
        for (int u = 0; u < units; u++) {
          if (hasPosition(p) && hasUnit(u)) {
            numbers[start + p * units + u] = 0;
          }
        }
      }
    }

    private boolean hasPosition(int candidate) {
      return position.isEmpty() || position.getAsInt() == candidate;
    }

    private boolean hasUnit(int candidate) {
      return units.length == 0 || Arrays.stream(units).anyMatch(unit -> unit == candidate);
    }
  }

  /// Where the new numbers come from.
  private sealed interface Donor {
    record Row(int from) implements Donor {}

    record Value(Tensor value) implements Donor {}

    record Zero() implements Donor {}
  }

  private record Edit(int row, Donor donor, Part part) {}

  /// A row takes what another has. Edits of one row at one place are made in the order given; a row
  /// that others take from must not be changed there itself.
  RowEdits copy(HookPoint point, int to, int from, Part part) {
    return add(point, new Edit(to, new Donor.Row(from), part));
  }

  /// A row takes a value, whose axes are some of those of the place.
  RowEdits put(HookPoint point, int row, Tensor value, Part part) {
    return add(point, new Edit(row, new Donor.Value(value), part));
  }

  /// A row takes zeros.
  RowEdits zero(HookPoint point, int row, Part part) {
    return add(point, new Edit(row, new Donor.Zero(), part));
  }

  private RowEdits add(HookPoint point, Edit edit) {
    edits.computeIfAbsent(point, _ -> new ArrayList<>()).add(edit);
    return this;
  }

  // ---------------------------------------------------------------- as the values pass

  private static boolean isStream(HookPoint point) {
    return point instanceof HookPoint.ResidPre
        || point instanceof HookPoint.ResidMid
        || point instanceof HookPoint.ResidPost;
  }

  @Override
  public boolean touches(HookPoint point) {
    return edits.containsKey(point) && !isStream(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    return value.shape().has("batch") ? changed(point, value) : value;
  }

  @Override
  public boolean touchesState(HookPoint point) {
    return edits.containsKey(point) && isStream(point);
  }

  @Override
  public Tensor applyToState(HookPoint point, Tensor part) {
    return changed(point, part);
  }

  private Tensor changed(HookPoint point, Tensor value) {
    Tensor result = value;
    for (List<Edit> together : rounds(edits.getOrDefault(point, List.of()))) {
      result = copied(result, together);
      result = filled(result, together);
      result = zeroed(result, together);
    }
    return result;
  }

  /// The n-th edit of each row.
  private static List<List<Edit>> rounds(List<Edit> edits) {
    List<List<Edit>> rounds = new ArrayList<>();
    Map<Integer, Integer> seen = new HashMap<>();
    for (Edit edit : edits) {
      int round = seen.merge(edit.row, 1, Integer::sum) - 1;
      if (round == rounds.size()) {
        rounds.add(new ArrayList<>());
      }
      rounds.get(round).add(edit);
    }
    return rounds;
  }

  private Tensor copied(Tensor value, List<Edit> edits) {
    long[] from = IntStream.range(0, rows).asLongStream().toArray();
    List<Edit> copies = new ArrayList<>();
    for (Edit edit : edits) {
      if (edit.donor instanceof Donor.Row(int row)) {
        from[edit.row] = row;
        copies.add(edit);
      }
    }
    if (copies.isEmpty()) {
      return value;
    }
    Tensor indices = Tensor.of(from, Shape.of(new Axis("batch", rows))).to(value.device());
    return chosen(value.take("batch", indices), mask(value, copies), value);
  }

  private Tensor filled(Tensor value, List<Edit> edits) {
    Map<Tensor, List<Edit>> byValue = new LinkedHashMap<>();
    for (Edit edit : edits) {
      if (edit.donor instanceof Donor.Value(Tensor given)) {
        byValue.computeIfAbsent(given, _ -> new ArrayList<>()).add(edit);
      }
    }
    Tensor result = value;
    for (Map.Entry<Tensor, List<Edit>> entry : byValue.entrySet()) {
      Tensor given = entry.getKey().to(value.dtype()).to(value.device());
      result = chosen(given, mask(value, entry.getValue()), result);
    }
    return result;
  }

  private Tensor zeroed(Tensor value, List<Edit> edits) {
    List<Edit> zeros = edits.stream().filter(edit -> edit.donor instanceof Donor.Zero).toList();
    return zeros.isEmpty() ? value : chosen(value.times(0), mask(value, zeros), value);
  }

  private static Tensor chosen(Tensor value, Tensor mask, Tensor otherwise) {
    return value.where(mask, otherwise).order(otherwise.shape().names().toArray(String[]::new));
  }

  // ---------------------------------------------------------------- which numbers

  /// True where a number is changed, `[batch]`, with `pos` and with heads or neurons where edits
  /// tell them apart.
  private Tensor mask(Tensor value, List<Edit> edits) {
    List<Axis> axes = new ArrayList<>();
    axes.add(value.shape().axis("batch"));
    int positions = 1;
    int units = 1;
    if (edits.stream().anyMatch(edit -> edit.part.position.isPresent())) {
      Axis axis = value.shape().axis(value.shape().has("query_pos") ? "query_pos" : "pos");
      positions = (int) axis.size();
      axes.add(axis);
    }
    if (edits.stream().anyMatch(edit -> edit.part.units.length > 0)) {
      Axis axis = units(value.shape());
      units = (int) axis.size();
      axes.add(axis);
    }
    long[] kept = new long[rows * positions * units];
    Arrays.fill(kept, 1);
    for (Edit edit : edits) {
      edit.part.clear(kept, edit.row * positions * units, positions, units);
    }
    return Tensor.of(kept, new Shape(axes)).to(value.device()).atMost(0);
  }

  private static Axis units(Shape shape) {
    return List.of("head", "kv_head", "d_mlp").stream()
        .filter(shape::has)
        .findFirst()
        .map(shape::axis)
        .orElseThrow(() -> new IllegalArgumentException(shape + " has no heads or neurons"));
  }
}
