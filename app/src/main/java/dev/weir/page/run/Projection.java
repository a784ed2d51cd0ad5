package dev.weir.page.run;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Where a stream `x` lies along a direction: `x · numbers − offset`. With an offset, 0 is not the
/// origin of the stream but another point, for instance the mean of a corpus: a component found on
/// z-scored values is read as `((x − μ) / σ) · v` with `numbers = v / σ` and `offset = μ ·
/// numbers`. Sums of projections are projections.
///
/// @param numbers `[d_model]`, in raw coordinates
/// @param offset what is taken from the product
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record Projection(double[] numbers, double offset) {

  public Projection {
    numbers = numbers.clone();
  }

  /// Without an offset: the plain product.
  ///
  /// @param numbers `[d_model]`
  public static Projection plain(double... numbers) {
    return new Projection(numbers, 0);
  }

  @Override
  public double[] numbers() {
    return numbers.clone();
  }

  /// How many numbers.
  public int width() {
    return numbers.length;
  }

  /// The Euclidean length of the numbers.
  public double length() {
    return Math.sqrt(Arrays.stream(numbers).map(x -> x * x).sum());
  }

  /// The same, longer or shorter.
  ///
  /// @param factor how much
  public Projection times(double factor) {
    return new Projection(Arrays.stream(numbers).map(x -> factor * x).toArray(), factor * offset);
  }

  /// Both together.
  ///
  /// @param other as wide
  public Projection plus(Projection other) {
    double[] sum = numbers.clone();
    Arrays.setAll(sum, i -> sum[i] + other.numbers[i]);
    return new Projection(sum, offset + other.offset);
  }

  /// Where streams lie, `[pos]`.
  ///
  /// @param streams `[pos, d_model]`, float64
  /// @throws PageException if they are of another width
  public Tensor of(Tensor streams) {
    return streams.dot(beside(streams), "d_model").plus(-offset);
  }

  /// The numbers where streams are, `[d_model]`.
  ///
  /// @param streams `[pos, d_model]`
  /// @throws PageException if they are of another width
  Tensor beside(Tensor streams) {
    Axis width = streams.shape().axis("d_model");
    if (width.size() != numbers.length) {
      throw PageException.wrongWidth(numbers.length, width.size());
    }
    return Tensor.of(numbers, Shape.of(width)).to(streams.device());
  }

  /// Where a stream lies.
  ///
  /// @param stream `[d_model]`
  public double of(double... stream) {
    double sum = -offset;
    for (int i = 0; i < numbers.length; i++) {
      sum += stream[i] * numbers[i];
    }
    return sum;
  }
}
