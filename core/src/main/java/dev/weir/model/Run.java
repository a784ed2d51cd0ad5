package dev.weir.model;

import dev.weir.pathway.Past;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// What all blocks share while one stretch of text runs.
///
/// @param span which positions these are
/// @param past what came before along the sequence
/// @param cache keys and values of the tokens before, if the text grows
/// @param beside what queries and keys read and the stream does not hold, `[pos, d_model]`
/// @param firstValues the values of the first block's attention, for blocks that read them
/// @param hooks who looks
record Run(
    Span span,
    Past past,
    Optional<KvCache> cache,
    Optional<Tensor> beside,
    FirstValues firstValues,
    Hooks hooks) {}
