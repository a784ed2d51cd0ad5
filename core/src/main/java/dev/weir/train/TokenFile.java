package dev.weir.train;

import dev.weir.weights.Encoding;
import dev.weir.weights.NpyHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A file of tokens: raw little-endian numbers as nanoGPT's `.bin` files hold them, or an `.npy`
/// array of integers (NumPy enhancement proposal 1), its rows one after the other. The file is
/// mapped, so that its size does not matter; the mapping lives as long as this object is used.
public final class TokenFile {

  /// Mapped in pieces, each short enough for a [ByteBuffer] and a multiple of every width.
  private static final long PIECE = 1L << 30;

  private final Path path;
  private final Width width;
  private final List<ByteBuffer> pieces;
  private final long size;

  /// How a token is written, least significant byte first.
  public enum Width {
    /// One byte.
    UINT8(1),
    /// Two bytes, as nanoGPT writes them.
    UINT16(2),
    /// Four bytes.
    UINT32(4),
    /// Four bytes with a sign.
    INT32(4),
    /// Eight bytes with a sign.
    INT64(8);

    private final int bytes;

    Width(int bytes) {
      this.bytes = bytes;
    }

    /// How many bytes a token takes.
    public int bytes() {
      return bytes;
    }
  }

  private TokenFile(Path path, Width width, List<ByteBuffer> pieces, long size) {
    this.path = path;
    this.width = width;
    this.pieces = pieces;
    this.size = size;
  }

  /// The tokens of a file.
  ///
  /// @param path a file; if its name ends in `.npy` it says itself how tokens are written
  /// @param width how tokens are written in any other file
  /// @throws TrainException if the file cannot be read, is empty, or is no whole number of tokens
  /// @throws dev.weir.weights.WeightException if it is a damaged `.npy` file
  public static TokenFile open(Path path, Width width) {
    try (FileChannel channel = FileChannel.open(path)) {
      if (channel.size() == 0) {
        throw TrainException.emptyCorpusFile(path.toString());
      }
      boolean npy = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT).endsWith(".npy");
      return npy ? npy(path, channel) : raw(path, channel, width, 0, channel.size());
    } catch (IOException e) {
      throw TrainException.unreadableCorpus(path.toString(), e);
    }
  }

  private static TokenFile raw(Path path, FileChannel channel, Width width, long from, long bytes)
      throws IOException {
    if (bytes % width.bytes() != 0) {
      throw TrainException.brokenTokens(path.toString(), bytes, width.bytes());
    }
    List<ByteBuffer> pieces = new ArrayList<>();
    for (long at = 0; at < bytes; at += PIECE) {
      ByteBuffer piece =
          channel.map(FileChannel.MapMode.READ_ONLY, from + at, Math.min(PIECE, bytes - at));
      pieces.add(piece.order(ByteOrder.LITTLE_ENDIAN));
    }
    return new TokenFile(path, width, List.copyOf(pieces), bytes / width.bytes());
  }

  private static TokenFile npy(Path path, FileChannel channel) throws IOException {
    long fileBytes = channel.size();
    ByteBuffer start =
        channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(NpyHeader.LONGEST, fileBytes));
    NpyHeader header = NpyHeader.parse(start, fileBytes, path);
    if (header.elements() == 0) {
      throw TrainException.emptyCorpusFile(path.toString());
    }
    if (header.sizes().isEmpty()) {
      throw TrainException.badNpy(path.toString(), "it is one number");
    }
    int from = header.dataStart();
    return raw(path, channel, width(path, header.encoding()), from, fileBytes - from);
  }

  private static Width width(Path path, Encoding encoding) {
    return switch (encoding) {
      case U8 -> Width.UINT8;
      case U16 -> Width.UINT16;
      case U32 -> Width.UINT32;
      case I32 -> Width.INT32;
      case I64, U64 -> Width.INT64;
      case F64, F32, F16, BF16, I16, I8, BOOL, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K ->
          throw TrainException.badNpy(
              path.toString(),
              "its numbers are %s, not one of U8, U16, U32, I32, I64, U64".formatted(encoding));
    };
  }

  /// The file.
  public Path path() {
    return path;
  }

  /// How many tokens there are.
  public long size() {
    return size;
  }

  /// The token at a place.
  ///
  /// @param index from 0
  /// @throws TrainException if it is no token in any vocabulary
  public int at(long index) {
    return checked(stored(index), Integer.MAX_VALUE, index);
  }

  private int checked(long token, int dVocab, long index) {
    if (token < 0 || token >= dVocab) {
      throw TrainException.tokenOutside(token, dVocab, "%s, token %,d".formatted(path, index + 1));
    }
    return (int) token;
  }

  private long stored(long index) {
    long offset = Math.multiplyExact(index, width.bytes());
    ByteBuffer piece = pieces.get((int) (offset / PIECE));
    int at = (int) (offset % PIECE);
    return switch (width) {
      case UINT8 -> Byte.toUnsignedInt(piece.get(at));
      case UINT16 -> Short.toUnsignedInt(piece.getShort(at));
      case UINT32 -> Integer.toUnsignedLong(piece.getInt(at));
      case INT32 -> piece.getInt(at);
      case INT64 -> piece.getLong(at);
    };
  }

  /// Tokens that follow each other.
  ///
  /// @param from the first, from 0
  /// @param length how many
  public int[] slice(long from, int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = at(from + i);
    }
    return tokens;
  }

  /// Looks through all tokens.
  ///
  /// @param dVocab how many tokens the vocabulary has
  /// @return this
  /// @throws TrainException if a token is not among them, with the first place
  public TokenFile requireBelow(int dVocab) {
    for (long index = 0; index < size; index++) {
      checked(stored(index), dVocab, index);
    }
    return this;
  }

  @Override
  public String toString() {
    return "TokenFile[%s, %,d tokens]".formatted(path, size);
  }
}
