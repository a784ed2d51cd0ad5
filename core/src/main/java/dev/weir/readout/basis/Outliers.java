package dev.weir.readout.basis;

import dev.weir.model.TransformerSpec;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Which coordinates of the stream stand out: outlier dimensions (Dettmers et al. 2022,
/// arXiv:2208.07339; Elhage, Lasenby & Olah 2023), massive activations (Sun et al. 2024,
/// arXiv:2402.17762) and how heavy the tail is (Hill 1975). Texts are read one at a time; what is
/// kept does not grow with their number.
public final class Outliers {
  private static final double SHARE_OF_TAIL = 0.1;

  private final List<Places.Place> places;
  private final Map<FirstPosition, List<Accumulated>> all = new EnumMap<>(FirstPosition.class);

  /// When something stands out.
  ///
  /// @param outlier a value beyond it is an outlier
  /// @param outlierShare at how many of the tokens, at least, in an outlier dimension
  /// @param massive a value beyond it may be massive
  /// @param massiveRatio how many times the median, at least, in a massive dimension
  /// @param tail how many of the largest values the Hill index is of, at most; never more than a
  ///   tenth of all
  public record Rules(
      double outlier, double outlierShare, double massive, double massiveRatio, int tail) {

    public Rules {
      if (!(outlier > 0) || !(massive > 0)) {
        throw BasisException.badNumber(
            "A bound", outlier > 0 ? massive : outlier, "use a number above 0");
      }
      if (!(outlierShare >= 0 && outlierShare <= 1)) {
        throw BasisException.badNumber("A share", outlierShare, "use a number from 0 to 1");
      }
      if (tail < 1) {
        throw BasisException.badNumber("A tail", tail, "use at least 1 value");
      }
    }

    /// `|x| > 6` at 6 % of the tokens (LLM.int8's rule, for one layer); `|x| > 100` and 1000 times
    /// the median (the rule of massive activations); a tail of 100.
    public static Rules usual() {
      return new Rules(6, 0.06, 100, 1000, 100);
    }
  }

  /// One coordinate at one place.
  ///
  /// @param index which
  /// @param largest the largest size it had
  /// @param beyond at which share of the tokens it was beyond the bound of outliers
  /// @param share which share of the stream's squared length lies along it
  /// @param mean over tokens
  /// @param deviation over tokens
  /// @param kurtosis over tokens: of this coordinate's values, not of a token's
  public record Dimension(
      int index,
      double largest,
      double beyond,
      double share,
      double mean,
      double deviation,
      double kurtosis) {}

  /// One place of the stream.
  ///
  /// @param place its label
  /// @param tokens how many were seen
  /// @param largest the three largest sizes of any value, largest first
  /// @param median of the sizes of all values; of a sample of them where there were very many
  /// @param dimensions every coordinate, in order
  /// @param outliers the coordinates that are outlier dimensions
  /// @param massive the coordinates that are massive
  /// @param hill the Hill index of the tail of the sizes: a small one means a heavy tail; NaN where
  ///   there are too few values
  /// @param tail how many values it is of
  public record Layer(
      String place,
      long tokens,
      List<Double> largest,
      double median,
      List<Dimension> dimensions,
      List<Integer> outliers,
      List<Integer> massive,
      double hill,
      int tail) {
    public Layer {
      largest = List.copyOf(largest);
      dimensions = List.copyOf(dimensions);
      outliers = List.copyOf(outliers);
      massive = List.copyOf(massive);
    }

    /// How many times the median the largest size is.
    public double largestOverMedian() {
      return largest.getFirst() / median;
    }

    /// The coordinates along which most of the squared length lies.
    ///
    /// @param count how many
    public List<Dimension> longest(int count) {
      return dimensions.stream()
          .sorted(Comparator.comparingDouble(Dimension::share).reversed())
          .limit(count)
          .toList();
    }
  }

  /// Starts with no texts.
  ///
  /// @param spec the model
  /// @param where at which places
  /// @param rules when something stands out
  /// @param random which values the median is of, where there are very many
  public Outliers(TransformerSpec spec, Places where, Rules rules, RandomGenerator random) {
    this.places = where.of(spec);
    for (FirstPosition first : FirstPosition.values()) {
      all.put(
          first,
          Stream.generate(() -> new Accumulated(spec.dModel(), rules, random.nextLong()))
              .limit(places.size())
              .toList());
    }
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
  /// @throws BasisException if it is of several texts, or lacks positions
  public void read(StreamTrace trace) {
    int _ = Rows.requireWhole(trace);
    for (int place = 0; place < places.size(); place++) {
      double[] rows = trace.get(places.get(place).point()).toDoubles();
      for (Map.Entry<FirstPosition, List<Accumulated>> one : all.entrySet()) {
        one.getValue().get(place).add(rows, one.getKey().from());
      }
    }
  }

  /// The places, first to last.
  ///
  /// @param first whether the first position of each text counts
  /// @throws BasisException if no text was long enough
  public List<Layer> layers(FirstPosition first) {
    List<Accumulated> found = all.getOrDefault(first, List.of());
    if (found.isEmpty() || found.getFirst().tokens == 0) {
      throw BasisException.nothingRead();
    }
    return IntStream.range(0, places.size())
        .mapToObj(place -> found.get(place).layer(places.get(place).label()))
        .toList();
  }

  // ---------------------------------------------------------------- inside

  /// What was seen at one place.
  private static final class Accumulated {
    private final int dModel;
    private final Rules rules;
    private final PowerSums[] dimensions;
    private final double[] largest;
    private final long[] beyond;
    private final Sizes sizes;
    private long tokens;

    Accumulated(int dModel, Rules rules, long seed) {
      this.dModel = dModel;
      this.rules = rules;
      this.dimensions = Stream.generate(PowerSums::new).limit(dModel).toArray(PowerSums[]::new);
      this.largest = new double[dModel];
      this.beyond = new long[dModel];
      this.sizes = new Sizes(rules.tail, new SplittableRandom(seed));
    }

    void add(double[] rows, int from) {
      for (int i = from * dModel; i < rows.length; i++) {
        int dimension = i % dModel;
        double size = Math.abs(rows[i]);
        dimensions[dimension].add(rows[i]);
        largest[dimension] = Math.max(largest[dimension], size);
        beyond[dimension] += size > rules.outlier ? 1 : 0;
        sizes.add(size);
      }
      tokens += Math.max(0, rows.length / dModel - from);
    }

    Layer layer(String place) {
      double total = 0;
      for (PowerSums sums : dimensions) {
        total += sums.meanSquare();
      }
      double whole = total;
      double median = sizes.median();
      List<Dimension> each = IntStream.range(0, dModel).mapToObj(i -> dimension(i, whole)).toList();
      int tail = (int) Math.min(rules.tail, SHARE_OF_TAIL * sizes.count());
      return new Layer(
          place,
          tokens,
          sizes.top(3),
          median,
          each,
          indices(each, d -> d.largest > rules.outlier && d.beyond >= rules.outlierShare),
          indices(each, d -> d.largest > rules.massive && d.largest >= rules.massiveRatio * median),
          sizes.hill(tail),
          tail);
    }

    private Dimension dimension(int i, double total) {
      PowerSums sums = dimensions[i];
      return new Dimension(
          i,
          largest[i],
          (double) beyond[i] / tokens,
          sums.meanSquare() / total,
          sums.mean(),
          sums.deviation(),
          sums.kurtosis());
    }

    private static List<Integer> indices(
        List<Dimension> all, java.util.function.Predicate<Dimension> standsOut) {
      return all.stream().filter(standsOut).map(Dimension::index).toList();
    }
  }
}
