package dev.weir.readout.lens;

import dev.weir.model.Transformer;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The hash by which the tuned-lens library knows an unembedding: SHA-256 of what NumPy prints of
/// `[d_vocab, d_model]` with one digit after the point, which shows three rows and columns at each
/// end of a large matrix.
final class UnembeddingHash {
  /// NumPy prints a matrix of so many numbers in full.
  private static final long PRINTED_IN_FULL = 1000;

  private static final int EDGE = 3;

  private UnembeddingHash() {}

  /// Empty for matrices so small that NumPy prints all of it; nobody publishes lenses of those.
  static Optional<String> of(Transformer model) {
    try (Scope _ = Scope.open()) {
      return of(model.unembedding().order("d_vocab", "d_model"));
    }
  }

  static Optional<String> of(Tensor matrix) {
    return matrix.shape().elements() <= PRINTED_IN_FULL
        ? Optional.empty()
        : Optional.of(sha256(printed(matrix)));
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String printed(Tensor matrix) {
    List<Long> rows = edges(matrix.size("d_vocab"));
    List<Long> columns = edges(matrix.size("d_model"));
    float[] shown =
        matrix
            .take("d_vocab", indices("row", rows).to(matrix.device()))
            .take("d_model", indices("column", columns).to(matrix.device()))
            .toFloats();
    List<String> words = words(shown);
    String ellipsis = rows.size() < matrix.size("d_vocab") ? "..." : "";
    String columnEllipsis = columns.size() < matrix.size("d_model") ? "..." : "";
    List<String> lines =
        IntStream.range(0, rows.size())
            .mapToObj(row -> words.subList(row * columns.size(), (row + 1) * columns.size()))
            .map(row -> with(row, columnEllipsis).collect(Collectors.joining(" ", "[", "]")))
            .toList();
    return with(lines, ellipsis).collect(Collectors.joining("\n ", "[", "]"));
  }

  private static Stream<String> with(List<String> parts, String ellipsis) {
    return IntStream.range(0, parts.size())
        .boxed()
        .flatMap(i ->
            i == EDGE && !ellipsis.isEmpty()
                ? Stream.of(ellipsis, parts.get(i))
                : Stream.of(parts.get(i)));
  }

  private static List<Long> edges(long size) {
    return size > 2 * EDGE
        ? List.of(0L, 1L, 2L, size - 3, size - 2, size - 1)
        : IntStream.range(0, Math.toIntExact(size)).mapToObj(i -> (long) i).toList();
  }

  private static Tensor indices(String axis, List<Long> which) {
    long[] ids = which.stream().mapToLong(Long::longValue).toArray();
    return Tensor.of(ids, Shape.of(new Axis(axis, ids.length)));
  }

  // ---------------------------------------------------------------- NumPy's formats

  private static List<String> words(float[] values) {
    return exponents(values) ? padded(values, UnembeddingHash::scientific) : positional(values);
  }

  /// NumPy's own rule, in the arithmetic of the matrix.
  private static boolean exponents(float[] values) {
    float largest = 0;
    float smallest = Float.POSITIVE_INFINITY;
    for (float value : values) {
      if (value != 0) {
        largest = Math.max(largest, Math.abs(value));
        smallest = Math.min(smallest, Math.abs(value));
      }
    }
    return largest > 0 && (largest >= 1e8 || smallest < 0.0001 || largest / smallest > 1000);
  }

  /// Points stand below each other: filled up with spaces on both sides.
  private static List<String> positional(float[] values) {
    List<String> plain = padded(values, UnembeddingHash::fixed);
    int fraction = plain.stream().mapToInt(w -> w.length() - w.indexOf('.')).max().orElse(0);
    return plain.stream()
        .map(w -> w + " ".repeat(fraction - (w.length() - w.indexOf('.'))))
        .toList();
  }

  private static List<String> padded(float[] values, Function<Float, String> format) {
    List<String> words =
        IntStream.range(0, values.length).mapToObj(i -> format.apply(values[i])).toList();
    int whole = words.stream().mapToInt(w -> w.indexOf('.')).max().orElse(0);
    return words.stream().map(w -> " ".repeat(whole - w.indexOf('.')) + w).toList();
  }

  /// One digit after the point, none where it would be 0.
  private static String fixed(float value) {
    BigDecimal rounded = new BigDecimal(Math.abs(value)).setScale(1, RoundingMode.HALF_EVEN);
    String digits = rounded.toPlainString();
    return sign(value)
        + (digits.endsWith(".0") ? digits.substring(0, digits.length() - 1) : digits);
  }

  private static String scientific(float value) {
    BigDecimal rounded =
        new BigDecimal(Math.abs(value)).round(new MathContext(2, RoundingMode.HALF_EVEN));
    if (rounded.signum() == 0) {
      return sign(value) + "0.0e+00";
    }
    int exponent = rounded.precision() - rounded.scale() - 1;
    BigDecimal mantissa = rounded.movePointLeft(exponent).setScale(1, RoundingMode.UNNECESSARY);
    return "%s%se%s%02d"
        .formatted(
            sign(value), mantissa.toPlainString(), exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String sign(float value) {
    return Float.floatToRawIntBits(value) < 0 ? "-" : "";
  }
}
