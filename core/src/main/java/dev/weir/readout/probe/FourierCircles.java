package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// The circles on which the vectors of a cyclic vocabulary lie: numbers modulo `n`, days, months
/// (Nanda et al. 2023, arXiv:2301.05217; Zhong et al. 2023, arXiv:2306.17844).
public final class FourierCircles {
  private static final int COMPONENTS = 4;

  private final int points;
  private final List<Circle> circles;
  private final double circularity;
  private final List<Integer> componentFrequencies;

  private FourierCircles(
      int points, List<Circle> circles, double circularity, List<Integer> componentFrequencies) {
    this.points = points;
    this.circles = List.copyOf(circles);
    this.circularity = circularity;
    this.componentFrequencies = List.copyOf(componentFrequencies);
  }

  /// What the vectors do at one frequency `k`: `cos(2πka/n) c + sin(2πka/n) s`.
  ///
  /// @param frequency `k`, how often the vectors go round while `a` goes once
  /// @param share of the vectors' variance that lies at this frequency
  /// @param cosRadius the length of `c`
  /// @param sinRadius the length of `s`
  /// @param cosine of the angle between `c` and `s`; 0 for a circle
  /// @param roundness the shorter half axis of the ellipse by the longer; 1 for a circle
  /// @param purity which share of the variance within the plane of `c` and `s` lies at this
  ///   frequency: how well an ellipse fits the points there, as an `R²`
  public record Circle(
      int frequency,
      double share,
      double cosRadius,
      double sinRadius,
      double cosine,
      double roundness,
      double purity) {}

  /// Of the vectors of a cyclic vocabulary.
  ///
  /// @param vectors one for each member in cyclic order, `[member, feature]`
  public static FourierCircles of(Tensor vectors) {
    int n = Math.toIntExact(vectors.size("member"));
    if (n < 3) {
      throw ProbeException.tooFewPoints(n);
    }
    try (Scope _ = Scope.open()) {
      Tensor x = vectors.order("member", "feature").to(DType.FLOAT64);
      Tensor centred = x.minus(x.mean("member"));
      double variance = centred.square().sum().item();
      List<Circle> circles = new ArrayList<>();
      for (int k = 1; k <= (n - 1) / 2; k++) {
        circles.add(circle(centred, k, n, variance));
      }
      Components components = components(centred, n);
      circles.sort(Comparator.comparingDouble(circle -> -circle.share()));
      return new FourierCircles(n, circles, components.circularity, components.frequencies);
    }
  }

  private static Circle circle(Tensor centred, int k, int n, double variance) {
    Tensor waves = Tensor.stack("wave", List.of(wave(k, n, 0), wave(k, n, Math.PI / 2)));
    Tensor axes = waves.dot(centred, "member").times(2.0 / n);
    double[] lengths = axes.norm("feature").toDoubles();
    double together = axes.at("wave", 0).times(axes.at("wave", 1)).sum().item();
    LinearAlgebra.Svd ellipse = LinearAlgebra.svd(axes, "wave", "feature");
    double[] halfAxes = ellipse.s().toDoubles();
    // Each wave has the squared length n / 2.
    double power = n / 2.0 * (lengths[0] * lengths[0] + lengths[1] * lengths[1]);
    double inPlane = centred.dot(ellipse.v(), "feature").square().sum().item();
    return new Circle(
        k,
        power / variance,
        lengths[0],
        lengths[1],
        together / (lengths[0] * lengths[1]),
        halfAxes[1] / halfAxes[0],
        power / inPlane);
  }

  /// `cos(2πka/n − phase)` for each `a`, `[member]`.
  private static Tensor wave(int k, int n, double phase) {
    double[] wave = new double[n];
    Arrays.setAll(wave, a -> Math.cos(2 * Math.PI * (long) k * a / n - phase));
    return Tensor.of(wave, Shape.of(new Axis("member", n)));
  }

  private record Components(double circularity, List<Integer> frequencies) {}

  /// Of each of the first principal components, the frequency that holds most of it.
  private static Components components(Tensor centred, int n) {
    LinearAlgebra.Svd svd = LinearAlgebra.svd(centred, "member", "feature");
    int count = Math.toIntExact(Math.min(COMPONENTS, svd.s().size("rank")));
    double sum = 0;
    List<Integer> frequencies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tensor component = svd.u().at("rank", i);
      double[] shares =
          IntStream.rangeClosed(1, (n - 1) / 2).mapToDouble(k -> power(component, k, n)).toArray();
      int best = LinearProbe.largest(shares);
      sum += shares[best];
      frequencies.add(best + 1);
    }
    return new Components(sum / count, frequencies);
  }

  /// Which share of a vector of length 1 lies at a frequency.
  private static double power(Tensor component, int k, int n) {
    double cos = component.times(wave(k, n, 0)).sum().item();
    double sin = component.times(wave(k, n, Math.PI / 2)).sum().item();
    return 2.0 / n * (cos * cos + sin * sin);
  }

  /// How many members the vocabulary has.
  public int points() {
    return points;
  }

  /// Every frequency, the one that holds most of the variance first. For an even number of members
  /// the highest frequency, where the vectors only alternate, is no circle and left out.
  public List<Circle> circles() {
    return circles;
  }

  /// Those that hold at least a share of the variance.
  ///
  /// @param share for instance 0.01
  public List<Circle> holding(double share) {
    return circles.stream().filter(circle -> circle.share() >= share).toList();
  }

  /// How much of each of the first four principal components is one frequency, on the mean (Zhong
  /// et al. 2023, appendix F): 1 for vectors on circles.
  public double circularity() {
    return circularity;
  }

  /// The frequency of each of the first four principal components.
  public List<Integer> componentFrequencies() {
    return componentFrequencies;
  }
}
