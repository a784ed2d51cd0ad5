package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// How far a group of blocks turns the stream, `arccos(cos(x_l, x_{l+n})) / π` (Gromov et al. 2024,
/// arXiv:2403.17887, equation 6): the paper drops the group that turns it least.
public final class AngularDistance {
  private final double[][] distances;

  private AngularDistance(double[][] distances) {
    this.distances = distances;
  }

  /// At which positions the stream is compared.
  public enum Positions {
    /// The last, as in the paper.
    LAST,
    /// All; the mean of their angles.
    ALL
  }

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return Places.LAYERS.capture().withoutLogits();
  }

  /// Of a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param positions at which positions
  /// @throws DepthException if the trace is of several texts
  public static AngularDistance of(Transformer model, StreamTrace trace, Positions positions) {
    Streams.requireOneText("Angular distance", trace);
    try (Scope _ = Scope.open()) {
      List<Tensor> streams = Streams.layers(model.spec(), trace);
      int layers = streams.size() - 1;
      double[][] distances = new double[layers][];
      for (int from = 0; from < layers; from++) {
        int first = from;
        distances[from] =
            IntStream.rangeClosed(1, layers - from)
                .mapToDouble(n -> between(streams.get(first), streams.get(first + n), positions))
                .toArray();
      }
      return new AngularDistance(distances);
    }
  }

  private static double between(Tensor before, Tensor after, Positions positions) {
    try (Scope _ = Scope.open()) {
      double[] cosines = Streams.cosine(before, after).toDoubles();
      int from = positions == Positions.LAST ? cosines.length - 1 : 0;
      // A cosine that rounding lifted above 1 has no angle.
      return Arrays.stream(cosines, from, cosines.length)
          .map(cosine -> Math.acos(Math.clamp(cosine, -1, 1)) / Math.PI)
          .average()
          .orElseThrow();
    }
  }

  /// How many blocks there are.
  public int layers() {
    return distances.length;
  }

  /// From 0, the same direction, to 1, the opposite one.
  ///
  /// @param from the group's first block
  /// @param count how many blocks it has
  /// @throws DepthException if there is no such group
  public double of(int from, int count) {
    BlockOrder.requireBlock(from, distances.length);
    BlockOrder.requireBlock(from + count - 1, distances.length);
    return distances[from][count - 1];
  }

  /// The first block of the group that turns the stream least.
  ///
  /// @param count how many blocks it has
  /// @throws DepthException if there are not so many
  public int least(int count) {
    return least(distances, count);
  }

  static int least(double[][] distances, int count) {
    if (count < 1 || count > distances.length) {
      throw DepthException.badCount(
          "A group of blocks of size", count, "use 1 to %d".formatted(distances.length));
    }
    int best = 0;
    for (int from = 1; from + count <= distances.length; from++) {
      best = distances[from][count - 1] < distances[best][count - 1] ? from : best;
    }
    return best;
  }
}
