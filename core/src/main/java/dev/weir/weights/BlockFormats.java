package dev.weir.weights;

/// The blocks of GGUF, one function each. `from[at…]` is the block, `to[into…]` where its numbers
/// go. Products are rounded one by one, in the order of the reference, so results are equal to the
/// bit.
final class BlockFormats {

  private BlockFormats() {}

  /// `d` (half) and 32 signed bytes q: `d * q`.
  static void decodeQ80(byte[] from, int at, float[] to, int into) {
    float d = half(from, at);
    for (int i = 0; i < 32; i++) {
      to[into + i] = d * from[at + 2 + i];
    }
  }

  /// `d` (half) and 16 bytes: low nibbles are the first 16 numbers, high nibbles the last: `d * (q
  /// - 8)`.
  static void decodeQ40(byte[] from, int at, float[] to, int into) {
    float d = half(from, at);
    for (int i = 0; i < 16; i++) {
      int pair = from[at + 2 + i];
      to[into + i] = d * ((pair & 0xF) - 8);
      to[into + 16 + i] = d * ((pair >> 4 & 0xF) - 8);
    }
  }

  /// `d`, `dmin` (halves), 12 bytes of scales, 128 bytes of nibbles: `d * scale * q - dmin * min`.
  static void decodeQ4K(byte[] from, int at, float[] to, int into) {
    for (int group = 0; group < 8; group++) {
      float scale = half(from, at) * scaleOf(from, at + 4, group);
      float min = half(from, at + 2) * minOf(from, at + 4, group);
      int quants = at + 16 + (group >> 1) * 32;
      int shift = (group & 1) * 4;
      int start = into + group * 32;
      for (int i = 0; i < 32; i++) {
        to[start + i] = scale * (from[quants + i] >> shift & 0xF) - min;
      }
    }
  }

  /// As Q4_K, with 32 bytes between scales and nibbles whose bit `group` is the number's fifth bit.
  static void decodeQ5K(byte[] from, int at, float[] to, int into) {
    for (int group = 0; group < 8; group++) {
      float scale = half(from, at) * scaleOf(from, at + 4, group);
      float min = half(from, at + 2) * minOf(from, at + 4, group);
      int high = at + 16;
      int quants = at + 48 + (group >> 1) * 32;
      int shift = (group & 1) * 4;
      int start = into + group * 32;
      for (int i = 0; i < 32; i++) {
        int fifth = (from[high + i] >> group & 1) << 4;
        to[start + i] = scale * ((from[quants + i] >> shift & 0xF) | fifth) - min;
      }
    }
  }

  /// 128 bytes of low nibbles, 64 of high pairs of bits, 16 signed scales, `d` (half): `d * scale *
  /// (q - 32)`. A row of 32 numbers takes one nibble and one pair from each of 32 bytes.
  static void decodeQ6K(byte[] from, int at, float[] to, int into) {
    float d = half(from, at + 208);
    for (int row = 0; row < 8; row++) {
      int low = at + (row >> 2) * 64 + (row & 1) * 32;
      int lowShift = (row >> 1 & 1) * 4;
      int high = at + 128 + (row >> 2) * 32;
      int highShift = (row & 3) * 2;
      for (int i = 0; i < 32; i++) {
        float scale = d * from[at + 192 + row * 2 + (i >> 4)];
        int bits = (from[low + i] >> lowShift & 0xF) | ((from[high + i] >> highShift & 3) << 4);
        to[into + row * 32 + i] = scale * (bits - 32);
      }
    }
  }

  private static float half(byte[] from, int at) {
    return Float.float16ToFloat((short) ((from[at] & 0xFF) | (from[at + 1] << 8)));
  }

  /// Eight 6-bit scales in 12 bytes: four whole in bytes 0..3, the others split between the low
  /// nibbles of bytes 8..11 and the upper two bits of bytes 0..3.
  private static int scaleOf(byte[] from, int at, int group) {
    return group < 4
        ? from[at + group] & 0x3F
        : (from[at + group + 4] & 0xF) | (from[at + group - 4] >> 2 & 0x30);
  }

  /// As [#scaleOf], from bytes 4..7 and the high nibbles of bytes 8..11.
  private static int minOf(byte[] from, int at, int group) {
    return group < 4
        ? from[at + group + 4] & 0x3F
        : (from[at + group + 4] >> 4 & 0xF) | (from[at + group] >> 2 & 0x30);
  }
}
