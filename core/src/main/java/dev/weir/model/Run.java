package dev.weir.model;

import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// What all blocks share while one stretch of text runs.
///
/// @param span which positions these are
/// @param cache keys and values of the tokens before, if the text grows
/// @param beside what queries and keys read and the stream does not hold, `[pos, d_model]`
/// @param hooks who looks
record Run(Span span, Optional<KvCache> cache, Optional<Tensor> beside, Hooks hooks) {}
