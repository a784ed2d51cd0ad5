package dev.weir.geometry;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;

/// How alike two representations of the same points are, whatever rotation and scale each has
/// (Kornblith et al. 2019, arXiv:1905.00414).
public final class Cka {
  private static final int LEAST_UNBIASED = 4;

  private Cka() {}

  /// `‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F)` of centred points, from 0 to 1. Biased upwards where there are
  /// not many more points than dimensions.
  ///
  /// @param x `[point, ..]`
  /// @param y `[point, ..]`, the same points in the same order
  /// @throws GeometryException if there are fewer than two points, or not as many in each
  public static double linear(Tensor x, Tensor y) {
    requirePoints(x, y, 2);
    try (Scope _ = Scope.open()) {
      Tensor a = centred(x, "a");
      Tensor b = centred(y, "b");
      return product(a, b)
          / Math.sqrt(product(a, a.rename("a", "b")) * product(b.rename("b", "a"), b));
    }
  }

  /// `‖AᵀB‖²_F`.
  private static double product(Tensor a, Tensor b) {
    return a.dot(b, "point").square().sum().item();
  }

  /// The same with the unbiased estimate of Song et al. 2012 (JMLR 13, equation 5) of each product;
  /// around 0 for unrelated points however few there are, and may lie below.
  ///
  /// @param x `[point, ..]`
  /// @param y `[point, ..]`, the same points in the same order
  /// @throws GeometryException if there are fewer than four points, or not as many in each
  public static double unbiased(Tensor x, Tensor y) {
    requirePoints(x, y, LEAST_UNBIASED);
    try (Scope _ = Scope.open()) {
      Tensor k = gram(centred(x, "a"), "a");
      Tensor l = gram(centred(y, "b"), "b");
      return independence(k, l) / Math.sqrt(independence(k, k) * independence(l, l));
    }
  }

  /// The unbiased estimate of HSIC, of two Gram matrices without their diagonals.
  private static double independence(Tensor k, Tensor l) {
    double n = k.size("point");
    double trace = k.times(l).sum().item();
    double sums = k.sum().item() * l.sum().item() / ((n - 1) * (n - 2));
    double cross = k.sum("other").times(l.sum("other")).sum().item() * 2 / (n - 2);
    return (trace + sums - cross) / (n * (n - 3));
  }

  /// `X Xᵀ` with zeros on the diagonal, `[point, other]`.
  private static Tensor gram(Tensor points, String axis) {
    Tensor all = points.dot(points.rename("point", "other"), axis);
    Axis point = points.shape().axis("point");
    Tensor row = Tensor.range(0, point);
    Tensor column = Tensor.range(0, point.named("other"));
    Tensor below = row.plus(1).atMost(column);
    Tensor above = column.plus(1).atMost(row);
    return all.where(below.or(above), 0);
  }

  /// Float64, centred, `[point, feature]`.
  private static Tensor centred(Tensor points, String feature) {
    String own =
        points.shape().names().stream()
            .filter(name -> !name.equals("point"))
            .findFirst()
            .orElseThrow();
    Tensor wide = points.to(DType.FLOAT64).rename(own, feature).order("point", feature);
    return wide.minus(wide.mean("point"));
  }

  private static void requirePoints(Tensor x, Tensor y, int least) {
    if (x.size("point") != y.size("point")) {
      throw GeometryException.otherPoints(x.size("point"), y.size("point"));
    }
    if (x.size("point") < least) {
      throw GeometryException.tooFewPoints(x.size("point"), least);
    }
  }
}
