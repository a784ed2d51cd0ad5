package dev.weir.page.library;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The numbers of a direction, `[d_model]`. Two are equal where every bit is.
public final class Numbers {
  private static final int WIDEST = 100_000;

  static final Numbers NONE = new Numbers(new double[0]);

  private final double[] values;

  private Numbers(double[] values) {
    this.values = values;
  }

  /// Some numbers.
  ///
  /// @param values `[d_model]`
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Numbers of(double[] values) {
    return new Numbers(values.clone());
  }

  static Numbers ofBytes(byte[] bytes) {
    double[] values = new double[bytes.length / Double.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
    return new Numbers(values);
  }

  /// As the library keeps them: float64, little-endian.
  byte[] bytes() {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    return bytes.array();
  }

  /// How many.
  public int width() {
    return values.length;
  }

  /// `[d_model]`.
  @JsonValue
  public double[] toArray() {
    return values.clone();
  }

  Numbers requireSound(String field) {
    if (values.length == 0) {
      throw Problems.bad("It has no numbers", field, "give d_model numbers");
    }
    if (values.length > WIDEST) {
      throw Problems.tooLong(field, values.length, WIDEST, "numbers");
    }
    if (!Arrays.stream(values).allMatch(Double::isFinite)) {
      throw Problems.bad("One of its numbers is not finite", field, "give finite numbers");
    }
    return this;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Numbers numbers && Arrays.equals(values, numbers.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }
}
