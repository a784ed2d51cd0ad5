package dev.weir.cli;

import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightFiles;
import dev.weir.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// One direction of the stream in a file: a JSON array, an `.npy` array with one axis, or a
/// safetensors file with one tensor.
final class DirectionFile {
  private static final long LONGEST = 1L << 24;
  private static final Pattern HEADER =
      Pattern.compile("'descr': '<f([48])'.*'fortran_order': False.*'shape': \\((\\d+),\\)");

  private DirectionFile() {}

  static List<Double> read(Path file) {
    String name = file.toString();
    try {
      if (Files.size(file) > LONGEST) {
        throw CliException.badDirection(file, "it is larger than any direction");
      }
      if (name.endsWith(".npy")) {
        return ofNpy(file, Files.readAllBytes(file));
      }
      return name.endsWith(".safetensors") ? ofSafetensors(file) : ofJson(file);
    } catch (IOException e) {
      throw CliException.unreadable(file, e);
    }
  }

  private static List<Double> ofJson(Path file) {
    JsonNode array = StrictJson.read(file, LONGEST);
    if (!array.isArray() || array.valueStream().anyMatch(number -> !number.isNumber())) {
      throw CliException.badDirection(file, "it is no JSON array of numbers");
    }
    return array.valueStream().map(JsonNode::doubleValue).toList();
  }

  private static List<Double> ofSafetensors(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      if (source.names().size() != 1) {
        throw CliException.badDirection(
            file, "it holds %d tensors, not one".formatted(source.names().size()));
      }
      List<Double> numbers = new ArrayList<>();
      for (float number : source.entry(source.names().getFirst()).toFloats()) {
        numbers.add((double) number);
      }
      return numbers;
    }
  }

  /// Version 1 has two bytes for the header's length, later ones four.
  private static List<Double> ofNpy(Path file, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int start = bytes.length > 6 && bytes[6] == 1 ? 10 : 12;
    if (bytes.length < start) {
      throw CliException.badDirection(file, "it is no NumPy array");
    }
    int length = start == 10 ? buffer.getShort(8) & 0xffff : buffer.getInt(8);
    if (length < 0 || length > bytes.length - start) {
      throw CliException.badDirection(file, "its header is cut short");
    }
    Matcher header = HEADER.matcher(new String(bytes, start, length, StandardCharsets.ISO_8859_1));
    if (!header.find()) {
      throw CliException.badDirection(file, "it is no array of float32 or float64 with one axis");
    }
    int width = Integer.parseInt(header.group(1));
    long count = Long.parseLong(header.group(2));
    if (bytes.length - start - length != count * width) {
      throw CliException.badDirection(file, "it does not hold as many numbers as it says");
    }
    buffer.position(start + length);
    List<Double> numbers = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      numbers.add(width == 4 ? (double) buffer.getFloat() : buffer.getDouble());
    }
    return numbers;
  }
}
