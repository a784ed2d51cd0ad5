package dev.weir.geometry;

import dev.weir.model.TransformerSpec;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// The stream as a cloud of points at each place: one sample of tokens, drawn evenly from all texts
/// and the same at every place, without the first position of each text. Texts are read one at a
/// time; what is kept does not grow with their number.
public final class StreamShape {
  private final List<Places.Place> places;
  private final int most;
  private final int neighbours;
  private final RandomGenerator random;
  private final List<List<double[]>> points = new ArrayList<>();
  private long seen;

  /// The cloud at one place.
  ///
  /// @param place its label
  /// @param different how many points stand at places of their own
  /// @param twoNn see [IntrinsicDimension#twoNn]; NaN, as all the others, where there are too few
  ///   points
  /// @param twoNnLine see [IntrinsicDimension#twoNnLine]
  /// @param levinaBickel see [IntrinsicDimension#levinaBickel]
  /// @param mackayGhahramani see [IntrinsicDimension#mackayGhahramani]
  public record Layer(
      String place,
      int different,
      double twoNn,
      double twoNnLine,
      double levinaBickel,
      double mackayGhahramani) {}

  /// Starts with no texts.
  ///
  /// @param spec the model
  /// @param where at which places
  /// @param most how many tokens the sample has at most
  /// @param neighbours how many neighbours estimates look at
  /// @param random which tokens are taken
  public StreamShape(
      TransformerSpec spec, Places where, int most, int neighbours, RandomGenerator random) {
    this.places = where.of(spec);
    this.most = most;
    this.neighbours = neighbours;
    this.random = random;
    places.forEach(_ -> points.add(new ArrayList<>()));
  }

  /// What a run must keep.
  ///
  /// @param where at which places
  public static Capture capture(Places where) {
    return where.capture().withoutLogits();
  }

  /// Takes in a run of one text.
  ///
  /// @param trace a run that kept what [#capture] names
  public void read(StreamTrace trace) {
    int length = trace.positions().size();
    int[] slots = slots(length);
    for (int place = 0; place < places.size(); place++) {
      double[] rows = trace.get(places.get(place).point()).toDoubles();
      int width = rows.length / length;
      for (int position = 1; position < length; position++) {
        if (slots[position] >= 0) {
          put(
              points.get(place),
              slots[position],
              java.util.Arrays.copyOfRange(rows, position * width, (position + 1) * width));
        }
      }
    }
  }

  /// Where in the sample each position goes; -1 for nowhere (Vitter 1985, algorithm R).
  private int[] slots(int length) {
    return IntStream.range(0, length)
        .map(position -> {
          if (position == 0) {
            return -1;
          }
          long slot = seen < most ? seen : random.nextLong(seen + 1);
          seen++;
          return slot < most ? (int) slot : -1;
        })
        .toArray();
  }

  private static void put(List<double[]> sample, int slot, double[] point) {
    if (slot == sample.size()) {
      sample.add(point);
    } else {
      sample.set(slot, point);
    }
  }

  /// How many tokens the sample has.
  public int size() {
    return points.getFirst().size();
  }

  /// The clouds, first to last.
  public List<Layer> layers() {
    return IntStream.range(0, places.size()).mapToObj(this::layer).toList();
  }

  private Layer layer(int place) {
    String label = places.get(place).label();
    try (Scope _ = Scope.open()) {
      IntrinsicDimension dimension = IntrinsicDimension.of(cloud(place), neighbours);
      return new Layer(
          label,
          dimension.points(),
          dimension.twoNn(),
          dimension.twoNnLine(),
          dimension.levinaBickel(),
          dimension.mackayGhahramani());
    } catch (GeometryException _) {
      return new Layer(label, 0, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
  }

  /// `[point, d_model]`.
  private Tensor cloud(int place) {
    List<double[]> rows = points.get(place);
    int width = rows.isEmpty() ? 1 : rows.getFirst().length;
    return Tensor.of(
        rows.stream().flatMapToDouble(java.util.Arrays::stream).toArray(),
        Shape.of("point", rows.size(), "d_model", width));
  }

  /// How alike two places are, [Cka#unbiased] of the sample; NaN where it is too small.
  ///
  /// @param a index of a place
  /// @param b index of a place
  public double similarity(int a, int b) {
    try (Scope _ = Scope.open()) {
      return Cka.unbiased(cloud(a), cloud(b));
    } catch (GeometryException _) {
      return Double.NaN;
    }
  }
}
