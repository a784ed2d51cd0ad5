package dev.weir.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/// Pieces and ids, both ways. Ids may have holes; no id has two pieces.
final class Vocabulary {
  /// Larger than any vocabulary in use by a factor of ten; keeps a bad file from asking for memory.
  static final int MAX_ID = 4_000_000;

  private final String source;
  private final Map<String, Integer> ids;
  private String[] pieces;
  private int size;

  Vocabulary(String source, int expected) {
    this.source = source;
    this.ids = HashMap.newHashMap(expected);
    this.pieces = new String[Math.max(16, expected)];
    Arrays.fill(pieces, "");
  }

  /// Adds a piece; the same piece under the same id again is harmless.
  ///
  /// @throws TextException if the id is out of range or taken, or the piece has another id
  void add(String piece, long id) {
    if (id < 0 || id > MAX_ID) {
      throw TextException.badVocabulary(
          source, "the id of '%s' is %d, outside 0 to %,d".formatted(piece, id, MAX_ID));
    }
    Integer known = ids.putIfAbsent(piece, (int) id);
    if (known != null && known != id) {
      throw TextException.badVocabulary(
          source, "'%s' has two ids, %d and %d".formatted(piece, known, id));
    }
    if (known == null && has((int) id)) {
      throw TextException.badVocabulary(
          source, "id %d is '%s' and '%s'".formatted(id, pieces[(int) id], piece));
    }
    put((int) id, piece);
  }

  /// Adds the next id. Where a piece occurs twice, text finds the first.
  void append(String piece) {
    ids.putIfAbsent(piece, size);
    put(size, piece);
  }

  private void put(int id, String piece) {
    if (id >= pieces.length) {
      int old = pieces.length;
      pieces = Arrays.copyOf(pieces, Math.max(id + 1, old + old / 2));
      Arrays.fill(pieces, old, pieces.length, "");
    }
    pieces[id] = piece;
    size = Math.max(size, id + 1);
  }

  private boolean has(int id) {
    return id < size && (!pieces[id].isEmpty() || id(pieces[id]).orElse(-1) == id);
  }

  /// How many pieces there are.
  int count() {
    return ids.size();
  }

  /// One more than the highest id.
  int size() {
    return size;
  }

  OptionalInt id(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// The piece of an id, empty where there is none.
  String piece(int id) {
    return id >= 0 && id < size ? pieces[id] : "";
  }

  /// The length of the longest piece, in UTF-16 chars.
  int longest() {
    int longest = 0;
    for (String piece : pieces) {
      longest = Math.max(longest, piece.length());
    }
    return longest;
  }

  /// Whether an id has a piece.
  boolean contains(int id) {
    return id >= 0 && has(id);
  }
}
