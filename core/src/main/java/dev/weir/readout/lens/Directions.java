package dev.weir.readout.lens;

import dev.weir.weights.NpyHeader;
import dev.weir.weights.Safetensors;
import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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
  private static final long LONGEST = Integer.MAX_VALUE - 8;
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
  /// @throws dev.weir.weights.WeightException if it is damaged
  public static Directions read(Path file, Optional<String> tensor, int dModel) {
    return readRows(file, tensor, dModel).requirePointing(file);
  }

  /// Reads the content of a file in the same formats.
  ///
  /// @param bytes the content
  /// @param name the name of the file, whose ending says the format
  /// @param tensor which tensor of a `.safetensors` file; not needed where there is one
  /// @param dModel how wide the stream is
  /// @throws LensException if it holds no directions, or directions of another width
  /// @throws dev.weir.weights.WeightException if it is damaged
  public static Directions read(byte[] bytes, String name, Optional<String> tensor, int dModel) {
    Path file = named(name);
    return rows(bytes, file, tensor, dModel).requirePointing(file);
  }

  private static Path named(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException _) {
      throw LensException.noDirections(Path.of("directions"), "The file has no proper name");
    }
  }

  /// Reads a file in the same formats whose rows belong together, one for each position: a row may
  /// be 0.
  ///
  /// @param file the file
  /// @param tensor which tensor of a `.safetensors` file; not needed where there is one
  /// @param dModel how wide the stream is
  /// @throws LensException if it holds no rows, or rows of another width
  /// @throws dev.weir.weights.WeightException if it is damaged
  public static Directions readRows(Path file, Optional<String> tensor, int dModel) {
    if (!Files.isRegularFile(file)) {
      throw LensException.noDirections(file, "There is no such file");
    }
    if (isSafetensors(file)) { // It may hold a whole model beside the tensor that is asked for.
      return checked(ofSafetensors(Safetensors.open(file), tensor, file, dModel), file, dModel);
    }
    try {
      if (Files.size(file) > LONGEST) {
        throw LensException.tooLong(file, Files.size(file), LONGEST);
      }
      return rows(Files.readAllBytes(file), file, tensor, dModel);
    } catch (IOException e) {
      throw LensException.unreadable(file, e);
    }
  }

  private static Directions rows(byte[] bytes, Path file, Optional<String> tensor, int dModel) {
    List<Direction> found;
    if (isSafetensors(file)) {
      found = ofSafetensors(Safetensors.of(bytes, file), tensor, file, dModel);
    } else if (file.toString().endsWith(".npy")) {
      found = ofArray(NpyHeader.array(bytes, file), file, dModel);
    } else if (file.toString().endsWith(".json")) {
      found = ofJson(bytes, file);
    } else {
      throw LensException.noDirections(file, "The ending says no format that directions come in");
    }
    return checked(found, file, dModel);
  }

  private static boolean isSafetensors(Path file) {
    return file.toString().endsWith(".safetensors");
  }

  private static Directions checked(List<Direction> found, Path file, int dModel) {
    if (found.isEmpty()) {
      throw LensException.noDirections(file, "There is no direction in the file");
    }
    found.forEach(direction -> check(direction, file, dModel));
    return new Directions(found);
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

  private Directions requirePointing(Path file) {
    for (Direction direction : all) {
      if (direction.length() == 0) {
        throw LensException.noDirections(
            file, "Direction '%s' points nowhere: it is 0".formatted(direction.label()));
      }
    }
    return this;
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

  private static List<Direction> ofSafetensors(
      Safetensors opened, Optional<String> tensor, Path file, int dModel) {
    try (Safetensors source = opened) {
      if (tensor.isEmpty() && source.names().size() != 1) {
        throw LensException.whichTensor(file, source.names());
      }
      String name = tensor.orElseGet(() -> source.names().getFirst());
      return ofArray(source.entry(name), file, dModel);
    }
  }

  private static List<Direction> ofArray(WeightEntry array, Path file, int dModel) {
    List<Long> sizes = array.sizes();
    if (sizes.isEmpty() || sizes.size() > 2) {
      throw LensException.noDirections(
          file, "An array of shape %s holds no rows of directions".formatted(sizes));
    }
    if (sizes.getLast() != dModel) {
      throw LensException.wrongWidth(file, sizes.getLast(), dModel);
    }
    double[] values = array.toDoubles();
    return IntStream.range(0, values.length / dModel)
        .mapToObj(row -> {
          int from = row * dModel;
          return new Direction(
              String.valueOf(row), Arrays.copyOfRange(values, from, from + dModel));
        })
        .toList();
  }

  private static List<Direction> ofJson(byte[] bytes, Path file) {
    if (bytes.length > LONGEST_JSON) {
      throw LensException.tooLong(file, bytes.length, LONGEST_JSON);
    }
    JsonNode node = StrictJson.parse(bytes, file.toString());
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
