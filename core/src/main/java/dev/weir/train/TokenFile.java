package dev.weir.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A file of tokens: raw little-endian numbers as nanoGPT's `.bin` files hold them, or an `.npy`
/// array of integers (NumPy enhancement proposal 1), its rows one after the other. The file is
/// mapped, so that its size does not matter; the mapping lives as long as this object is used.
public final class TokenFile {

  /// Mapped in pieces, each short enough for a [ByteBuffer] and a multiple of every width.
  private static final long PIECE = 1L << 30;

  private static final byte[] NPY = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']*)'");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([0-9, ]*)\\)");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order':\\s*True");

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
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(channel.size(), 1 << 16));
    channel.read(start, 0);
    start.flip().order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[NPY.length];
    if (start.remaining() < 12) {
      throw TrainException.badNpy(path.toString(), "it is too short");
    }
    start.get(magic);
    if (!Arrays.equals(magic, NPY)) {
      throw TrainException.badNpy(path.toString(), "it does not begin like one");
    }
    int version = start.get();
    start.get();
    long length = version == 1 ? Short.toUnsignedInt(start.getShort()) : start.getInt();
    if (version < 1 || version > 3 || length < 1 || length > start.remaining()) {
      throw TrainException.badNpy(path.toString(), "its header is damaged");
    }
    byte[] header = new byte[(int) length];
    start.get(header);
    return npy(path, channel, start.position(), new String(header, StandardCharsets.ISO_8859_1));
  }

  private static TokenFile npy(Path path, FileChannel channel, long from, String header)
      throws IOException {
    long elements = elements(path, header);
    Width width = width(path, header);
    long bytes = channel.size() - from;
    if (elements == 0) {
      throw TrainException.emptyCorpusFile(path.toString());
    }
    if (elements != bytes / width.bytes() || bytes % width.bytes() != 0) {
      throw TrainException.badNpy(
          path.toString(),
          "%,d numbers should follow, but %,d bytes do".formatted(elements, bytes));
    }
    return raw(path, channel, width, from, bytes);
  }

  private static long elements(Path path, String header) {
    Matcher shape = SHAPE.matcher(header);
    if (!shape.find()) {
      throw TrainException.badNpy(path.toString(), "its header names no shape");
    }
    long elements = 1;
    int axes = 0;
    try {
      for (String size : shape.group(1).replace(" ", "").split(",", -1)) {
        if (!size.isEmpty()) {
          elements = Math.multiplyExact(elements, Long.parseLong(size));
          axes++;
        }
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw TrainException.badNpy(path.toString(), "its shape is (%s)".formatted(shape.group(1)));
    }
    if (axes == 0 || (axes > 1 && FORTRAN.matcher(header).find())) {
      throw TrainException.badNpy(path.toString(), "it is one number, or lies column by column");
    }
    return elements;
  }

  private static Width width(Path path, String header) {
    Matcher descr = DESCR.matcher(header);
    String type = descr.find() ? descr.group(1) : "unnamed";
    return switch (type) {
      case "|u1" -> Width.UINT8;
      case "<u2" -> Width.UINT16;
      case "<u4" -> Width.UINT32;
      case "<i4" -> Width.INT32;
      case "<i8", "<u8" -> Width.INT64;
      default ->
          throw TrainException.badNpy(
              path.toString(),
              "its numbers are %s, not one of |u1, <u2, <u4, <i4, <i8, <u8".formatted(type));
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
