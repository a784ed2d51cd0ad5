package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Sums of products over named axes, done as one matrix product on views of the memory as it lies.
final class Contraction {

  private Contraction() {}

  /// `Σ a · b` over the named axes; other shared axes are matched and come first.
  static Tensor of(Tensor a, Tensor b, String... axes) {
    List<String> summed = List.of(axes);
    checkSizes(a, b, summed);
    List<Axis> shared = rest(a, axes);
    shared.removeIf(axis -> !b.shape().has(axis.name()));
    return shared.isEmpty() ? unshared(a, b, axes) : batched(a, b, shared, axes);
  }

  /// `Σ a · weight + bias`, the bias added while the product is written.
  static Tensor of(Tensor a, Tensor weight, Tensor bias, String... axes) {
    checkSizes(a, weight, List.of(axes));
    List<Axis> restA = rest(a, axes);
    List<Axis> restW = rest(weight, axes);
    bias.require("bias", new Shape(restW));
    long n = product(restW);
    var rows = asMatrix(a, restA, axes, Side.LAST);
    var flatBias = restW.size() == 1 ? bias.handle() : bias.handle().reshape(n);
    Side side = stands(weight, axes);
    var matrix = asMatrix(weight, restW, axes, side);
    var product =
        isRow(rows)
            ? torch.addmv(flatBias, side == Side.LAST ? matrix : matrix.t(), rows.view(-1))
            : side == Side.LAST
                ? torch.linear(rows, matrix, new TensorOptional(flatBias))
                : torch.addmm(flatBias, rows, matrix);
    Shape result = new Shape(concat(restA, restW));
    return new Tensor(product.view(result.sizes()), result, a.dtype());
  }

  private static Tensor unshared(Tensor a, Tensor b, String... axes) {
    List<Axis> restA = rest(a, axes);
    List<Axis> restB = rest(b, axes);
    var rows = asMatrix(a, restA, axes, Side.LAST);
    Side side = stands(b, axes);
    var matrix = asMatrix(b, restB, axes, side);
    var product =
        isRow(rows)
            ? torch.mv(side == Side.LAST ? matrix : matrix.t(), rows.view(-1))
            : side == Side.LAST ? torch.linear(rows, matrix) : torch.mm(rows, matrix);
    Shape result = new Shape(concat(restA, restB));
    return new Tensor(product.reshape(result.sizes()), result, a.dtype());
  }

  /// A single row: a matrix-vector product reads the weights at memory speed, where the general
  /// product would take several times as long.
  private static boolean isRow(org.bytedeco.pytorch.Tensor rows) {
    return rows.size(0) == 1 && !rows.requires_grad();
  }

  private static Tensor batched(Tensor a, Tensor b, List<Axis> shared, String... axes) {
    List<Axis> restA = rest(a, axes);
    List<Axis> restB = rest(b, axes);
    restA.removeAll(shared);
    restB.removeAll(shared);
    long batch = product(shared);
    var left =
        a.order(names(shared, restA, axes)).handle().reshape(batch, product(restA), size(a, axes));
    var right =
        b.order(names(shared, restB, axes)).handle().reshape(batch, product(restB), size(b, axes));
    Shape result = new Shape(concat(shared, concat(restA, restB)));
    return new Tensor(
        torch.bmm(left, right.transpose(1, 2)).view(result.sizes()), result, a.dtype());
  }

  /// Whether the summed axes stand together at the front or at the end of a tensor.
  private enum Side {
    FIRST,
    LAST
  }

  private static Side stands(Tensor tensor, String... axes) {
    return tensor.shape().startsWith(axes) ? Side.FIRST : Side.LAST;
  }

  /// `[rest, summed]` or `[summed, rest]`; a view unless the summed axes stand apart.
  private static org.bytedeco.pytorch.Tensor asMatrix(
      Tensor tensor, List<Axis> rest, String[] axes, Side side) {
    if (rest.size() == 1 && axes.length == 1 && stands(tensor, axes) == side) {
      return tensor.handle();
    }
    long inner = size(tensor, axes);
    long outer = product(rest);
    String[] order = side == Side.LAST ? names(List.of(), rest, axes) : names(axes, rest);
    var ordered = tensor.order(order).handle();
    return side == Side.LAST ? ordered.reshape(outer, inner) : ordered.reshape(inner, outer);
  }

  static boolean needsCopy(Tensor weight, String... axes) {
    try (Scope _ = Scope.open()) {
      var matrix = asMatrix(weight, rest(weight, axes), axes, stands(weight, axes));
      return matrix.data_ptr().address() != weight.handle().data_ptr().address();
    }
  }

  /// The rest first, the summed axes last, row by row.
  static Tensor laidOut(Tensor weight, String... axes) {
    return weight.order(names(List.of(), rest(weight, axes), axes)).copy();
  }

  private static void checkSizes(Tensor a, Tensor b, List<String> summed) {
    for (String name : summed) {
      if (a.size(name) != b.size(name)) {
        throw TensorException.sizesDiffer(name, a.shape(), b.shape());
      }
    }
    if (a.dtype() != b.dtype()) {
      throw TensorException.dtypesDiffer(a, b);
    }
  }

  private static List<Axis> rest(Tensor tensor, String... axes) {
    return tensor.shape().except(axes);
  }

  private static String[] names(List<Axis> first, List<Axis> second, String... last) {
    List<String> names = new ArrayList<>();
    first.forEach(axis -> names.add(axis.name()));
    second.forEach(axis -> names.add(axis.name()));
    names.addAll(List.of(last));
    return names.toArray(String[]::new);
  }

  private static String[] names(String[] first, List<Axis> last) {
    List<String> names = new ArrayList<>(List.of(first));
    last.forEach(axis -> names.add(axis.name()));
    return names.toArray(String[]::new);
  }

  private static List<Axis> concat(List<Axis> a, List<Axis> b) {
    List<Axis> both = new ArrayList<>(a);
    both.addAll(b);
    return both;
  }

  private static long size(Tensor tensor, String... axes) {
    long size = 1;
    for (String axis : axes) {
      size *= tensor.size(axis);
    }
    return size;
  }

  private static long product(List<Axis> axes) {
    long product = 1;
    for (Axis axis : axes) {
      product *= axis.size();
    }
    return product;
  }
}
