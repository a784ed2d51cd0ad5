package dev.weir.readout.bandwidth;

import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Directions of the stream that hold most of what a matrix can write or see.
///
/// @param basis orthonormal, `[rank, d_model]`
/// @param reduced a matrix with the same singular values and right singular vectors, of no more
///   rows than the stream is wide, `[rank, d_model]`
/// @param length the Frobenius norm of the matrix
record Subspace(Tensor basis, Tensor reduced, double length) {

  /// The directions of the largest singular values that together hold a share of the energy.
  ///
  /// @param matrix `[row, d_model]`
  /// @param energy the share, above 0 and up to 1
  static Subspace of(Tensor matrix, double energy) {
    if (!(energy > 0 && energy <= 1)) {
      throw BandwidthException.badEnergy(energy);
    }
    LinearAlgebra.Svd svd = LinearAlgebra.svd(matrix, "row", "d_model");
    Spectrum energies = new Spectrum(Arrays.stream(svd.s().toDoubles()).map(s -> s * s).toArray());
    Tensor directions = svd.v().order("rank", "d_model");
    int rank = energies.total() == 0 ? 0 : energies.dimensionsFor(energy);
    return new Subspace(
        directions.slice("rank", 0, rank), directions.times(svd.s()), Math.sqrt(energies.total()));
  }

  int rank() {
    return Math.toIntExact(basis.size("rank"));
  }
}
