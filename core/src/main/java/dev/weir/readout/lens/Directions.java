package dev.weir.readout.lens;

import dev.weir.weights.Safetensors;
import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// Directions of the stream from a file: steering vectors, probes, the decoder of a sparse
/// autoencoder.
///
/// @param all the directions, in the order of the file
public record Directions(List<Direction> all) {
  private static final long LONGEST_JSON = 1L << 28;

  public Directions {
    all = List.copyOf(all);
  }

  /// Reads a file: `.npy` (`[d_model]` or `[rows, d_model]`), `.safetensors` (one tensor of such a
  /// shape), or `.json` (numbers, rows of numbers, or an object that names rows).
  ///
  /// @param file the file
  /// @param tensor which tensor of a `.safetensors` file; not needed where there is one
  /// @param dModel how wide the stream is
  /// @throws LensException if it holds no directions, or directions of another width
  public static Directions read(Path file, Optional<String> tensor, int dModel) {
    Directions found = readRows(file, tensor, dModel);
    for (Direction direction : found.all) {
      if (direction.length() == 0) {
        throw LensException.noDirections(
            file, "Direction '%s' points nowhere: it is 0".formatted(direction.label()));
      }
    }
    return found;
  }

  /// Reads a file in the same formats whose rows belong together, one for each position: a row may
  /// be 0.
  ///
  /// @param file the file
  /// @param tensor which tensor of a `.safetensors` file; not needed where there is one
  /// @param dModel how wide the stream is
  /// @throws LensException if it holds no rows, or rows of another width
  public static Directions readRows(Path file, Optional<String> tensor, int dModel) {
    if (!Files.isRegularFile(file)) {
      throw LensException.noDirections(file, "There is no such file");
    }
    String name = file.toString();
    List<Direction> found =
        name.endsWith(".npy")
            ? rows(NpyFile.read(file), file, dModel)
            : name.endsWith(".safetensors")
                ? ofSafetensors(file, tensor, dModel)
                : name.endsWith(".json") ? ofJson(file) : unknown(file);
    for (Direction direction : found) {
      check(direction, file, dModel);
    }
    if (found.isEmpty()) {
      throw LensException.noDirections(file, "There is no direction in the file");
    }
    return new Directions(found);
  }

  private static List<Direction> unknown(Path file) {
    throw LensException.noDirections(file, "The ending says no format that directions come in");
  }

  private static void check(Direction direction, Path file, int dModel) {
    double[] vector = direction.vector();
    if (vector.length != dModel) {
      throw LensException.wrongWidth(file, vector.length, dModel);
    }
    if (!Arrays.stream(vector).allMatch(Double::isFinite)) {
      throw LensException.noDirections(
          file, "Direction '%s' holds a number that is not finite".formatted(direction.label()));
    }
  }

  /// Some of them.
  ///
  /// @param indices which, from 0
  public Directions at(List<Integer> indices) {
    for (int index : indices) {
      if (index < 0 || index >= all.size()) {
        throw LensException.noSuchRow(index, all.size());
      }
    }
    return new Directions(indices.stream().map(all::get).toList());
  }

  // ---------------------------------------------------------------- formats

  private static List<Direction> ofSafetensors(Path file, Optional<String> tensor, int dModel) {
    try (Safetensors source = Safetensors.open(file)) {
      if (tensor.isEmpty() && source.names().size() != 1) {
        throw LensException.whichTensor(file, source.names());
      }
      WeightEntry entry = source.entry(tensor.orElseGet(() -> source.names().getFirst()));
      float[] floats = entry.toFloats();
      double[] values = IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
      return rows(new NpyFile.Array(values, entry.sizes()), file, dModel);
    }
  }

  private static List<Direction> rows(NpyFile.Array array, Path file, int dModel) {
    List<Long> sizes = array.sizes();
    if (sizes.isEmpty() || sizes.size() > 2) {
      throw LensException.noDirections(
          file, "An array of shape %s holds no rows of directions".formatted(sizes));
    }
    if (sizes.getLast() != dModel) {
      throw LensException.wrongWidth(file, sizes.getLast(), dModel);
    }
    List<Direction> rows = new ArrayList<>();
    for (int from = 0; from < array.values().length; from += dModel) {
      rows.add(
          new Direction(
              String.valueOf(rows.size()),
              Arrays.copyOfRange(array.values(), from, from + dModel)));
    }
    return rows;
  }

  private static List<Direction> ofJson(Path file) {
    JsonNode node = StrictJson.read(file, LONGEST_JSON);
    if (node.isObject()) {
      return node.properties().stream()
          .map(entry -> new Direction(entry.getKey(), numbers(entry.getValue(), file)))
          .toList();
    }
    if (node.isArray() && !node.isEmpty() && node.get(0).isArray()) {
      return IntStream.range(0, node.size())
          .mapToObj(i -> new Direction(String.valueOf(i), numbers(node.get(i), file)))
          .toList();
    }
    return List.of(new Direction("0", numbers(node, file)));
  }

  private static double[] numbers(JsonNode node, Path file) {
    if (!node.isArray() || !node.valueStream().allMatch(JsonNode::isNumber)) {
      throw LensException.noDirections(file, "A direction is no list of numbers");
    }
    return node.valueStream().mapToDouble(JsonNode::doubleValue).toArray();
  }
}
