package dev.weir.readout.bandwidth;

import dev.weir.readout.FirstPosition;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The directions along which the stream varies most over tokens (Hotelling 1933), in raw
/// coordinates or with each coordinate brought to the same deviation first. Texts are read one at a
/// time; what is kept does not grow with their number.
public final class PrincipalComponents {
  private final HookPoint point;
  private final FirstPosition first;
  private final Covariance covariance;

  /// What becomes of the coordinates before their covariance is taken.
  public enum Scaling {
    /// Nothing: a coordinate that varies more counts more.
    RAW,
    /// Each is divided by its deviation, so that all count alike.
    Z_SCORED
  }

  /// Starts with no texts.
  ///
  /// @param point a hook point whose value is a vector for each position
  /// @param width how wide its values are
  /// @param first whether the first position of each text counts
  public PrincipalComponents(HookPoint point, int width, FirstPosition first) {
    this.point = point;
    this.first = first;
    this.covariance = new Covariance(width);
  }

  /// What a run must keep.
  ///
  /// @param point the hook point
  public static Capture capture(HookPoint point) {
    return Capture.of(point).withoutLogits();
  }

  /// Takes in a run of one text.
  ///
  /// @param trace a run that kept what [#capture] names
  /// @throws BandwidthException if it is of several texts, or lacks positions
  public void read(StreamTrace trace) {
    if (trace.tokens().size() != 1) {
      throw BandwidthException.severalTexts(trace.tokens().size());
    }
    int length = trace.tokens().getFirst().length;
    if (trace.positions().size() != length) {
      throw BandwidthException.missingPositions(trace.positions().size(), length);
    }
    int from = first.from();
    try (Scope _ = Scope.open()) {
      covariance.add(trace.get(point).slice("pos", from, length - (long) from));
    }
  }

  /// How many tokens were read.
  public long tokens() {
    return covariance.count();
  }

  /// One of the directions.
  ///
  /// @param vector of length 1 in the coordinates of the scaling; its number of largest size is
  ///   positive
  /// @param variance along it, divided by the number of tokens
  /// @param share of the variance of all coordinates
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Component(double[] vector, double variance, double share) {

    public Component {
      vector = vector.clone();
    }

    @Override
    public double[] vector() {
      return vector.clone();
    }
  }

  /// What was found. A stream `x` lies at `((x − mean) / deviation) · vector` along a component.
  ///
  /// @param mean of each coordinate
  /// @param deviation what each coordinate is divided by: 1 in raw coordinates, and where it never
  ///   changes
  /// @param components largest variance first
  /// @param participationRatio `(Σλ)² / Σλ²` over the variances of all components
  /// @param tokens how many were read
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Found(
      double[] mean,
      double[] deviation,
      List<Component> components,
      double participationRatio,
      long tokens) {

    public Found {
      mean = mean.clone();
      deviation = deviation.clone();
      components = List.copyOf(components);
    }

    @Override
    public double[] mean() {
      return mean.clone();
    }

    @Override
    public double[] deviation() {
      return deviation.clone();
    }

    /// What the raw stream is multiplied with to lie along a component, but for [#offset].
    ///
    /// @param component its index
    public double[] reading(int component) {
      double[] reading = components.get(component).vector();
      Arrays.setAll(reading, i -> reading[i] / deviation[i]);
      return reading;
    }

    /// Where the mean of all tokens lies along [#reading]: `x · reading − offset` is where a stream
    /// lies along the component.
    ///
    /// @param component its index
    public double offset(int component) {
      double[] reading = reading(component);
      double offset = 0;
      for (int i = 0; i < mean.length; i++) {
        offset += mean[i] * reading[i];
      }
      return offset;
    }
  }

  /// The components of what was read so far.
  ///
  /// @param scaling of the coordinates
  /// @param most how many components to name
  /// @throws BandwidthException if there were not two tokens
  public Found components(Scaling scaling, int most) {
    if (tokens() < 2) {
      throw BandwidthException.tooFewTokens(tokens());
    }
    double[] deviation = deviation(scaling);
    try (Scope _ = Scope.open()) {
      LinearAlgebra.Eigen eigen = LinearAlgebra.symmetricEigen(scaled(deviation), "row", "column");
      Spectrum spectrum = new Spectrum(eigen.values().toDoubles());
      double[] vectors = eigen.vectors().order("eigen", "row").toDoubles();
      return new Found(
          covariance.mean(),
          deviation,
          largest(spectrum, vectors, Math.min(most, covariance.size())),
          spectrum.participationRatio(),
          tokens());
    }
  }

  private double[] deviation(Scaling scaling) {
    double[] deviation = new double[covariance.size()];
    Arrays.setAll(
        deviation,
        i ->
            scaling == Scaling.RAW || covariance.variance(i) == 0
                ? 1
                : Math.sqrt(covariance.variance(i)));
    return deviation;
  }

  /// `[row, column]`.
  private Tensor scaled(double[] deviation) {
    int size = covariance.size();
    double[] all = covariance.covariances();
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        all[i * size + j] /= deviation[i] * deviation[j];
      }
    }
    return Tensor.of(all, Shape.of("row", size, "column", size));
  }

  /// @param vectors one after the other, smallest variance first
  private static List<Component> largest(Spectrum spectrum, double[] vectors, int count) {
    double[] variances = spectrum.eigenvalues();
    List<Component> components = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      int from = (variances.length - 1 - k) * variances.length;
      double[] vector = Arrays.copyOfRange(vectors, from, from + variances.length);
      components.add(new Component(signed(vector), variances[k], variances[k] / spectrum.total()));
    }
    return components;
  }

  /// An eigenvector has no sign of its own: its number of largest size is made positive.
  private static double[] signed(double[] vector) {
    double largest = 0;
    for (double number : vector) {
      largest = Math.abs(number) > Math.abs(largest) ? number : largest;
    }
    double sign = largest < 0 ? -1 : 1;
    Arrays.setAll(vector, i -> sign * vector[i]);
    return vector;
  }
}
