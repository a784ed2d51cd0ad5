package dev.weir.weights;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// What one safetensors file says of itself: 8 bytes of length, then JSON, then the data, which the
/// tensors cover without gap or overlap.
///
/// @param metadata the texts of `__metadata__`
/// @param entries the tensors in the order of the header
record SafetensorsHeader(Map<String, String> metadata, Map<String, WeightEntry> entries) {
  static final long LONGEST_HEADER = 100_000_000;
  private static final int MOST_TENSORS = 250_000;
  private static final int MOST_SIZES = 32;
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  static SafetensorsHeader parse(MappedFile file) {
    MemorySegment bytes = file.bytes();
    if (bytes.byteSize() < 8) {
      throw WeightException.cutShort(file.path(), "the header length", 0, 8, bytes.byteSize());
    }
    long length = bytes.get(LENGTH, 0);
    if (length < 0 || length > LONGEST_HEADER || length > bytes.byteSize() - 8) {
      throw WeightException.badHeaderLength(file.path(), length, bytes.byteSize());
    }
    String where = file.path() + " (header)";
    String json = StrictJson.decode(bytes.asSlice(8, length).asByteBuffer(), where);
    Reader reader = new Reader(file.path(), bytes.asSlice(8 + length));
    try (JsonParser parser = StrictJson.parser(json)) {
      reader.readHeader(parser);
    } catch (JacksonException e) {
      throw WeightException.badJson(where, StrictJson.describe(e));
    }
    return reader.header();
  }

  /// Where a tensor lies in the data, not yet checked against its neighbours.
  private record Placed(String name, long begin, long end) {}

  /// Reads the header token by token, so that memory grows with the tensors and not with the text.
  private static final class Reader {
    private final Path path;
    private final MemorySegment data;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, WeightEntry> entries = new LinkedHashMap<>();
    private final List<Placed> placed = new ArrayList<>();

    Reader(Path path, MemorySegment data) {
      this.path = path;
      this.data = data;
    }

    SafetensorsHeader header() {
      requireNoGaps();
      return new SafetensorsHeader(metadata, entries);
    }

    void readHeader(JsonParser parser) {
      require(parser.nextToken() == JsonToken.START_OBJECT, "the header", "an object");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        require(value == JsonToken.START_OBJECT, name, "an object");
        if (name.equals("__metadata__")) {
          readMetadata(parser);
        } else {
          readTensor(name, parser);
        }
      }
      require(parser.nextToken() == null, "the header", "nothing but spaces after its end");
    }

    private void readMetadata(JsonParser parser) {
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        require(parser.nextToken() == JsonToken.VALUE_STRING, "__metadata__ " + key, "a text");
        metadata.put(key, parser.getString());
      }
    }

    private void readTensor(String name, JsonParser parser) {
      if (entries.size() >= MOST_TENSORS) {
        throw WeightException.tooManyTensors(path, MOST_TENSORS);
      }
      String dtype = "";
      List<Long> shape = List.of();
      List<Long> offsets = List.of();
      List<String> seen = new ArrayList<>();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        seen.add(field);
        switch (field) {
          case "dtype" -> {
            require(value == JsonToken.VALUE_STRING, name + ".dtype", "a text");
            dtype = parser.getString();
          }
          case "shape" -> shape = readNumbers(name + ".shape", value, parser);
          case "data_offsets" -> offsets = readNumbers(name + ".data_offsets", value, parser);
          default -> throw WeightException.unknownField(path, name, field);
        }
      }
      require(seen.size() == 3, name, "dtype, shape and data_offsets");
      require(offsets.size() == 2, name + ".data_offsets", "two numbers");
      place(name, encodingOf(dtype, name), shape, offsets.getFirst(), offsets.getLast());
    }

    private List<Long> readNumbers(String what, JsonToken first, JsonParser parser) {
      require(first == JsonToken.START_ARRAY, what, "a list of whole numbers");
      List<Long> numbers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        require(
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT && numbers.size() < MOST_SIZES,
            what,
            "a list of at most %d whole numbers".formatted(MOST_SIZES));
        numbers.add(parser.getLongValue());
      }
      return numbers;
    }

    private void place(String name, Encoding encoding, List<Long> shape, long begin, long end) {
      if (begin < 0 || end < begin || end > data.byteSize()) {
        throw WeightException.badOffsets(path, name, begin, end, data.byteSize());
      }
      MemorySegment bytes = data.asSlice(begin, end - begin);
      try {
        entries.put(name, new WeightEntry(name, encoding, shape, bytes));
      } catch (WeightException e) {
        throw e.in(path);
      }
      placed.add(new Placed(name, begin, end));
    }

    private void requireNoGaps() {
      placed.sort(Comparator.comparingLong(Placed::begin).thenComparingLong(Placed::end));
      long covered = 0;
      String before = "the header";
      for (Placed tensor : placed) {
        if (tensor.begin() < covered) {
          throw WeightException.overlap(path, before, covered, tensor.name(), tensor.begin());
        }
        if (tensor.begin() > covered) {
          throw WeightException.gap(path, covered, tensor.begin());
        }
        covered = tensor.end();
        before = tensor.name();
      }
      if (covered != data.byteSize()) {
        throw WeightException.gap(path, covered, data.byteSize());
      }
    }

    private Encoding encodingOf(String dtype, String name) {
      return switch (dtype) {
        case "F64" -> Encoding.F64;
        case "F32" -> Encoding.F32;
        case "F16" -> Encoding.F16;
        case "BF16" -> Encoding.BF16;
        case "I64" -> Encoding.I64;
        case "I32" -> Encoding.I32;
        case "I16" -> Encoding.I16;
        case "I8" -> Encoding.I8;
        case "U64" -> Encoding.U64;
        case "U32" -> Encoding.U32;
        case "U16" -> Encoding.U16;
        case "U8" -> Encoding.U8;
        case "BOOL" -> Encoding.BOOL;
        default -> throw WeightException.unknownDType(path, name, dtype);
      };
    }

    private void require(boolean holds, String what, String expected) {
      if (!holds) {
        throw WeightException.badHeaderField(path, what, expected);
      }
    }
  }
}
