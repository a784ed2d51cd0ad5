package dev.weir.train;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/// Mean, spread and range of the values at some hook points, over all that passes there. Only
/// finite values can be summed up: masked scores, which are minus infinity, have no mean.
public final class PointStatistics implements StepStatistics, Hooks {
  private final Predicate<HookPoint> wanted;
  private final Map<String, Sums> sums = new LinkedHashMap<>();

  /// Statistics of some places.
  ///
  /// @param wanted which places
  public PointStatistics(Predicate<HookPoint> wanted) {
    this.wanted = wanted;
  }

  /// @param count how many numbers there were
  /// @param sum of them
  /// @param squares of them, added up
  private record Sums(double count, double sum, double squares, double least, double greatest) {

    static Sums of(Tensor value) {
      Tensor all = value.detached().to(DType.FLOAT64);
      String[] axes = all.shape().axes().stream().map(Axis::name).toArray(String[]::new);
      return new Sums(
          all.shape().elements(),
          all.sum(axes).item(),
          all.square().sum(axes).item(),
          -all.times(-1).max(axes).item(),
          all.max(axes).item());
    }

    Sums plus(Sums other) {
      return new Sums(
          count + other.count,
          sum + other.sum,
          squares + other.squares,
          Math.min(least, other.least),
          Math.max(greatest, other.greatest));
    }

    Summary summary() {
      double mean = sum / count;
      return new Summary(
          mean, Math.sqrt(Math.max(0, squares / count - mean * mean)), least, greatest);
    }
  }

  @Override
  public Hooks watching() {
    return this;
  }

  @Override
  public boolean touches(HookPoint point) {
    return wanted.test(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    Sums found =
        Gradients.untracked(() -> {
          try (Scope _ = Scope.open()) {
            return Sums.of(value);
          }
        });
    sums.merge(point.name(), found, Sums::plus);
    return value;
  }

  @Override
  public Map<String, Summary> take() {
    Map<String, Summary> taken = new LinkedHashMap<>();
    sums.forEach((name, found) -> taken.put(name, found.summary()));
    sums.clear();
    return taken;
  }
}
