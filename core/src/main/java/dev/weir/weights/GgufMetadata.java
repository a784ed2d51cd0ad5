package dev.weir.weights;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/// The key-value pairs of a GGUF file: hyper-parameters, vocabulary, and what the file says about
/// itself. Each value is asked for by its kind; absent keys give empty results, a value of another
/// kind is an error. Arrays are decoded when asked for, not at opening.
public final class GgufMetadata {
  static final long LONGEST_TEXT = 1 << 24;
  private static final int DEEPEST = 4;
  private static final int MOST_NUMBERS = 1 << 24;
  private static final int MOST_TEXTS = 1 << 22;

  private final Path path;
  private final Map<String, Value> values;

  private GgufMetadata(Path path, Map<String, Value> values) {
    this.path = path;
    this.values = Collections.unmodifiableMap(values);
  }

  /// The kinds of value, in the order of their numbers in the file.
  enum Kind {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    STRING(8),
    ARRAY(12),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    /// How many bytes a value takes at least.
    final int minimumBytes;

    Kind(int minimumBytes) {
      this.minimumBytes = minimumBytes;
    }

    boolean isWhole() {
      return switch (this) {
        case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
        case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
      };
    }

    boolean isReal() {
      return this == FLOAT32 || this == FLOAT64;
    }
  }

  /// A value as it lies in the file.
  private sealed interface Value {
    String describe();

    record Text(String text) implements Value {
      @Override
      public String describe() {
        return "a text";
      }
    }

    record Whole(Kind kind, long number) implements Value {
      @Override
      public String describe() {
        return "a whole number (" + kind + ")";
      }
    }

    record Real(double number) implements Value {
      @Override
      public String describe() {
        return "a fraction";
      }
    }

    record Flag(Answer answer) implements Value {
      @Override
      public String describe() {
        return "a truth value";
      }
    }

    record Array(Kind kind, long count, MemorySegment bytes) implements Value {
      @Override
      public String describe() {
        return "an array of %d %s".formatted(count, kind);
      }
    }
  }

  private enum Answer {
    FALSE,
    TRUE
  }

  /// Reads `count` pairs and leaves the cursor behind the last.
  static GgufMetadata read(Path path, ByteCursor cursor, long count) {
    Map<String, Value> values = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      String key = cursor.readText(65_535, "metadata key " + i);
      Kind kind = readKind(path, cursor, key);
      if (values.put(key, readValue(path, cursor, kind, key)) != null) {
        throw WeightException.repeatedKey(path, key);
      }
    }
    return new GgufMetadata(path, values);
  }

  private static Kind readKind(Path path, ByteCursor cursor, String key) {
    int number = cursor.readInt("the type of " + key);
    if (number < 0 || number >= Kind.values().length) {
      throw WeightException.unknownMetadataType(path, key, number);
    }
    return Kind.values()[number];
  }

  private static Value readValue(Path path, ByteCursor cursor, Kind kind, String key) {
    return switch (kind) {
      case STRING -> new Value.Text(cursor.readText(LONGEST_TEXT, key));
      case FLOAT32 -> new Value.Real(cursor.readFloat(key));
      case FLOAT64 -> new Value.Real(cursor.readDouble(key));
      case BOOL -> new Value.Flag(readAnswer(path, cursor, key));
      case ARRAY -> readArray(path, cursor, key, 1);
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
          new Value.Whole(kind, readWhole(cursor, kind, key));
    };
  }

  private static Answer readAnswer(Path path, ByteCursor cursor, String key) {
    byte stored = cursor.readByte(key);
    if (stored != 0 && stored != 1) {
      throw WeightException.badTruthValue(path, key, stored);
    }
    return Answer.values()[stored];
  }

  private static long readWhole(ByteCursor cursor, Kind kind, String key) {
    return switch (kind) {
      case UINT8 -> Byte.toUnsignedLong(cursor.readByte(key));
      case INT8 -> cursor.readByte(key);
      case UINT16 -> Short.toUnsignedLong(cursor.readShort(key));
      case INT16 -> cursor.readShort(key);
      case UINT32 -> Integer.toUnsignedLong(cursor.readInt(key));
      case INT32 -> cursor.readInt(key);
      case UINT64, INT64 -> cursor.readLong(key);
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new AssertionError(kind);
    };
  }

  /// Steps over an array and remembers where it lies.
  private static Value.Array readArray(Path path, ByteCursor cursor, String key, int depth) {
    if (depth > DEEPEST) {
      throw WeightException.nestedTooDeep(path, key, DEEPEST);
    }
    Kind kind = readKind(path, cursor, key);
    long count = cursor.readCount(kind.minimumBytes, "the length of " + key);
    long start = cursor.position();
    switch (kind) {
      case STRING -> {
        for (long i = 0; i < count; i++) {
          cursor.skip(cursor.readCount(1, key), key);
        }
      }
      case ARRAY -> {
        for (long i = 0; i < count; i++) {
          readArray(path, cursor, key, depth + 1);
        }
      }
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, UINT64, INT64, FLOAT64 ->
          cursor.skip(count * kind.minimumBytes, key);
    }
    return new Value.Array(kind, count, cursor.since(start));
  }

  /// All keys, in the order of the file.
  public Set<String> keys() {
    return values.keySet();
  }

  /// Whether this key is there, whatever its kind.
  ///
  /// @param key the key
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /// A text.
  ///
  /// @param key for instance `general.architecture`
  /// @throws WeightException if the value is no text
  public Optional<String> text(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Value.Text(String text) -> Optional.of(text);
      case Value other -> throw wrongKind(key, "a text", other);
    };
  }

  /// A whole number.
  ///
  /// @param key for instance `llama.block_count`
  /// @throws WeightException if the value is no whole number or does not fit in 63 bits
  public OptionalLong whole(String key) {
    return switch (values.get(key)) {
      case null -> OptionalLong.empty();
      case Value.Whole(Kind kind, long number) -> OptionalLong.of(inRange(key, kind, number));
      case Value other -> throw wrongKind(key, "a whole number", other);
    };
  }

  /// A number, whole or not.
  ///
  /// @param key for instance `llama.rope.freq_base`
  /// @throws WeightException if the value is no number
  public OptionalDouble number(String key) {
    return switch (values.get(key)) {
      case null -> OptionalDouble.empty();
      case Value.Real(double number) -> OptionalDouble.of(number);
      case Value.Whole(Kind kind, long number) ->
          OptionalDouble.of((double) inRange(key, kind, number));
      case Value other -> throw wrongKind(key, "a number", other);
    };
  }

  /// A truth value.
  ///
  /// @param key for instance `tokenizer.ggml.add_bos_token`
  /// @throws WeightException if the value is no truth value
  public Optional<Boolean> flag(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Value.Flag(Answer answer) -> Optional.of(answer == Answer.TRUE);
      case Value other -> throw wrongKind(key, "a truth value", other);
    };
  }

  /// An array of texts; empty if the key is absent.
  ///
  /// @param key for instance `tokenizer.ggml.tokens`
  /// @throws WeightException if the value is no array of texts or one is not UTF-8
  public Optional<List<String>> texts(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Value.Array(Kind kind, long count, MemorySegment bytes) when kind == Kind.STRING ->
          Optional.of(readTexts(key, count, bytes));
      case Value other -> throw wrongKind(key, "an array of texts", other);
    };
  }

  private List<String> readTexts(String key, long count, MemorySegment bytes) {
    ByteCursor cursor = new ByteCursor(path, bytes, 0);
    int length = arrayLength(key, count, MOST_TEXTS);
    List<String> texts = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      texts.add(cursor.readText(LONGEST_TEXT, key + "[" + i + "]"));
    }
    return Collections.unmodifiableList(texts);
  }

  /// An array of whole numbers; empty if the key is absent.
  ///
  /// @param key for instance `tokenizer.ggml.token_type`
  /// @throws WeightException if the value is no array of whole numbers
  public Optional<long[]> wholes(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Value.Array(Kind kind, long count, MemorySegment bytes) when kind.isWhole() ->
          Optional.of(readWholes(key, kind, count, bytes));
      case Value other -> throw wrongKind(key, "an array of whole numbers", other);
    };
  }

  private long[] readWholes(String key, Kind kind, long count, MemorySegment bytes) {
    ByteCursor cursor = new ByteCursor(path, bytes, 0);
    long[] numbers = new long[arrayLength(key, count, MOST_NUMBERS)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = inRange(key, kind, readWhole(cursor, kind, key));
    }
    return numbers;
  }

  /// An array of fractions; empty if the key is absent.
  ///
  /// @param key for instance `tokenizer.ggml.scores`
  /// @throws WeightException if the value is no array of fractions
  public Optional<float[]> floats(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Value.Array(Kind kind, long count, MemorySegment bytes) when kind.isReal() ->
          Optional.of(readFloats(key, kind, count, bytes));
      case Value other -> throw wrongKind(key, "an array of fractions", other);
    };
  }

  private float[] readFloats(String key, Kind kind, long count, MemorySegment bytes) {
    ByteCursor cursor = new ByteCursor(path, bytes, 0);
    float[] numbers = new float[arrayLength(key, count, MOST_NUMBERS)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = kind == Kind.FLOAT32 ? cursor.readFloat(key) : (float) cursor.readDouble(key);
    }
    return numbers;
  }

  /// Every single value as text and every array as what it is, for listings.
  Map<String, String> describe() {
    Map<String, String> texts = new LinkedHashMap<>();
    values.forEach((key, value) ->
        texts.put(
            key,
            switch (value) {
              case Value.Text(String text) -> text;
              case Value.Whole(Kind kind, long number) ->
                  kind == Kind.UINT64 ? Long.toUnsignedString(number) : Long.toString(number);
              case Value.Real(double number) -> Double.toString(number);
              case Value.Flag(Answer answer) -> Boolean.toString(answer == Answer.TRUE);
              case Value.Array array -> array.describe();
            }));
    return texts;
  }

  private int arrayLength(String key, long count, int most) {
    if (count > most) {
      throw WeightException.arrayTooLong(path, key, count, most);
    }
    return (int) count;
  }

  private long inRange(String key, Kind kind, long number) {
    if (kind == Kind.UINT64 && number < 0) {
      throw WeightException.numberTooLarge(path, key, Long.toUnsignedString(number));
    }
    return number;
  }

  private WeightException wrongKind(String key, String expected, Value found) {
    return WeightException.wrongMetadataKind(path, key, expected, found.describe());
  }
}
