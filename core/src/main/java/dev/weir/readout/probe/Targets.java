package dev.weir.readout.probe;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// What is to be read from each row.
sealed interface Targets {

  /// The names of what is read.
  List<String> outputs();

  /// Writes the targets of a row.
  ///
  /// @param row which
  /// @param into where to, zeros before
  /// @param at from which index on
  void write(int row, double[] into, int at);

  /// A control task: each type of token gets a target of its own, drawn from those of all rows, and
  /// keeps it wherever it stands (Hewitt & Liang 2019, arXiv:1909.03368, section 2).
  ///
  /// @param types the type of each row
  Targets control(int[] types, RandomGenerator random);

  /// Draws a row for each type.
  static int[] drawn(int[] types, RandomGenerator random) {
    Map<Integer, Integer> rows = new HashMap<>();
    return Arrays.stream(types)
        .map(type -> rows.computeIfAbsent(type, _ -> random.nextInt(types.length)))
        .toArray();
  }

  /// One class each.
  ///
  /// @param of the class of each row
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Classes(int[] of, List<String> outputs) implements Targets {

    /// Classes by their names, sorted.
    static Classes ofLabels(List<String> labels) {
      List<String> names =
          labels.stream()
              .distinct()
              .sorted(
                  labels.stream().allMatch(label -> number(label).isPresent())
                      ? Comparator.comparingDouble(Double::parseDouble)
                      : Comparator.naturalOrder())
              .toList();
      if (names.size() < 2) {
        throw ProbeException.oneClass(names);
      }
      Map<String, Integer> index = new HashMap<>();
      names.forEach(name -> index.put(name, index.size()));
      return new Classes(labels.stream().mapToInt(index::get).toArray(), names);
    }

    @Override
    public void write(int row, double[] into, int at) {
      into[at + of[row]] = 1;
    }

    @Override
    public Classes control(int[] types, RandomGenerator random) {
      return new Classes(IntStream.of(drawn(types, random)).map(row -> of[row]).toArray(), outputs);
    }
  }

  /// One number each.
  ///
  /// @param values of each row
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Numbers(double[] values, List<String> outputs) implements Targets {

    static Numbers ofLabels(List<String> labels) {
      return new Numbers(
          labels.stream()
              .mapToDouble(
                  label -> number(label).orElseThrow(() -> ProbeException.notANumber(label)))
              .toArray(),
          List.of("label"));
    }

    @Override
    public void write(int row, double[] into, int at) {
      into[at] = values[row];
    }

    @Override
    public Numbers control(int[] types, RandomGenerator random) {
      return new Numbers(
          IntStream.of(drawn(types, random)).mapToDouble(row -> values[row]).toArray(), outputs);
    }
  }

  /// The number a label says, if it says one.
  static Optional<Double> number(String label) {
    try {
      double number = Double.parseDouble(label);
      return Double.isFinite(number) ? Optional.of(number) : Optional.empty();
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }
}
