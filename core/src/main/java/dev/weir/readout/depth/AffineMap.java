package dev.weir.readout.depth;

import dev.weir.tensor.Tensor;

/// `y = x W + b`.
///
/// @param matrix `W`, `[d_model, out]`, float64
/// @param shift `b`, `[out]`, float64
public record AffineMap(Tensor matrix, Tensor shift) {}
