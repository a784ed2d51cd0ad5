package dev.weir.pathway;

import dev.weir.tensor.Tensor;

/// What went through a sublayer.
///
/// @param read what the pathway let it read
/// @param normed the same after the sublayer's norm, `[batch, pos, d_model]`
/// @param out what it writes, `[batch, pos, d_model]`
public record Passage(Reading read, Tensor normed, Tensor out) {}
