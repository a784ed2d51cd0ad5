package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.global.torch;

/// Decompositions of matrices whose two axes are named; any other axes count matrices and stay in
/// front. Numbers must be float32 or float64. Results are tensors of the current scope.
public final class LinearAlgebra {

  private LinearAlgebra() {}

  /// `matrix = u · diag(s) · v`, thin.
  ///
  /// @param u orthonormal columns, `[.., rows, rank]`
  /// @param s singular values, largest first, `[.., rank]`
  /// @param v orthonormal rows, `[.., rank, columns]`
  public record Svd(Tensor u, Tensor s, Tensor v) {}

  /// `matrix · vectors = vectors · diag(values)` of a symmetric matrix.
  ///
  /// @param values smallest first, `[.., eigen]`
  /// @param vectors orthonormal columns, `[.., rows, eigen]`
  public record Eigen(Tensor values, Tensor vectors) {}

  /// Complex numbers.
  ///
  /// @param real their real parts
  /// @param imaginary their imaginary parts, same shape
  public record Complex(Tensor real, Tensor imaginary) {}

  /// `matrix = q · r`.
  ///
  /// @param q orthonormal columns, `[.., rows, rank]`
  /// @param r upper triangular, `[.., rank, columns]`
  public record Qr(Tensor q, Tensor r) {}

  /// Singular values and vectors. The sign of each pair of vectors is arbitrary.
  ///
  /// @param matrix `[.., rows, columns]` in any order
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  public static Svd svd(Tensor matrix, String rows, String columns) {
    Tensor m = inOrder(matrix, rows, columns);
    var found = torch.linalg_svd(m.handle(), false, new StringViewOptional());
    Axis rank = rank(m, rows, columns);
    return new Svd(
        named(found.get0(), m, before(m, m.shape().axis(rows), rank)),
        named(found.get1(), m, before(m, rank)),
        named(found.get2(), m, before(m, rank, m.shape().axis(columns))));
  }

  /// Singular values alone, largest first.
  ///
  /// @param matrix `[.., rows, columns]` in any order
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  /// @return `[.., rank]`
  public static Tensor singularValues(Tensor matrix, String rows, String columns) {
    Tensor m = inOrder(matrix, rows, columns);
    return named(torch.linalg_svdvals(m.handle()), m, before(m, rank(m, rows, columns)));
  }

  /// Eigenvalues and eigenvectors of a symmetric matrix; only one triangle of it is read.
  ///
  /// @param matrix `[.., rows, columns]`, square
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  public static Eigen symmetricEigen(Tensor matrix, String rows, String columns) {
    Tensor m = inOrder(matrix, rows, columns);
    var found = torch.linalg_eigh(m.handle());
    Axis eigen = new Axis("eigen", m.size(rows));
    return new Eigen(
        named(found.get0(), m, before(m, eigen)),
        named(found.get1(), m, before(m, m.shape().axis(rows), eigen)));
  }

  /// Eigenvalues of any square matrix, in no order.
  ///
  /// @param matrix `[.., rows, columns]`, square
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  /// @return `[.., eigen]` each
  public static Complex eigenvalues(Tensor matrix, String rows, String columns) {
    Tensor m = inOrder(matrix, rows, columns);
    var found = torch.linalg_eigvals(m.handle());
    Shape shape = before(m, new Axis("eigen", m.size(rows)));
    return new Complex(
        named(torch.real(found).contiguous(), m, shape),
        named(torch.imag(found).contiguous(), m, shape));
  }

  /// Orthonormal columns that span the same space, and what makes the matrix of them.
  ///
  /// @param matrix `[.., rows, columns]` in any order
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  public static Qr qr(Tensor matrix, String rows, String columns) {
    Tensor m = inOrder(matrix, rows, columns);
    var found = torch.linalg_qr(m.handle());
    Axis rank = rank(m, rows, columns);
    return new Qr(
        named(found.get0(), m, before(m, m.shape().axis(rows), rank)),
        named(found.get1(), m, before(m, rank, m.shape().axis(columns))));
  }

  /// The `x` of `matrix · x = right`, `[columns, ..]`.
  ///
  /// @param matrix `[rows, columns]`, square and of full rank
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  /// @param right `[rows, other]`
  /// @throws TensorException if the matrix has no inverse
  public static Tensor solve(Tensor matrix, String rows, String columns, Tensor right) {
    Tensor m = inOrder(matrix, rows, columns);
    List<Axis> axes = new ArrayList<>(right.shape().without(rows).axes());
    List<String> names = new ArrayList<>(right.shape().without(rows).names());
    names.addFirst(rows);
    axes.addFirst(m.shape().axis(columns));
    var found = torch.linalg_solve(m.handle(), right.order(names.toArray(String[]::new)).handle());
    return named(found, m, new Shape(axes));
  }

  /// A rotation drawn uniformly from all of them (Haar): the QR factor of a Gaussian matrix with
  /// its signs fixed (Mezzadri 2007, arXiv:math-ph/0609050), `[rows, columns]`, float64.
  ///
  /// @param rows the name of its rows
  /// @param columns the name of its columns
  /// @param size how many of each
  /// @param random where the numbers come from
  public static Tensor orthogonal(String rows, String columns, long size, RandomGenerator random) {
    double[] numbers = new double[Math.toIntExact(size * size)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextGaussian();
    }
    Qr qr = qr(Tensor.of(numbers, Shape.of(rows, size, columns, size)), rows, columns);
    var signs = torch.sign(torch.diagonal(qr.r().handle()));
    return named(qr.q().handle().mul(signs), qr.q(), Shape.of(rows, size, columns, size));
  }

  // ---------------------------------------------------------------- inside

  private static Tensor inOrder(Tensor matrix, String rows, String columns) {
    List<String> names = new ArrayList<>(matrix.shape().names());
    names.remove(rows);
    names.remove(columns);
    names.add(rows);
    names.add(columns);
    return matrix.order(names.toArray(String[]::new));
  }

  private static Axis rank(Tensor m, String rows, String columns) {
    return new Axis("rank", Math.min(m.size(rows), m.size(columns)));
  }

  /// The axes that count matrices, and then these.
  private static Shape before(Tensor m, Axis... last) {
    List<Axis> axes = new ArrayList<>(m.shape().axes().subList(0, m.shape().rank() - 2));
    axes.addAll(List.of(last));
    return new Shape(axes);
  }

  private static Tensor named(org.bytedeco.pytorch.Tensor handle, Tensor like, Shape shape) {
    return new Tensor(handle, shape, like.dtype());
  }
}
