package dev.weir.model;

import dev.weir.stream.Hooks;
import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// What all blocks share while one stretch of text runs.
///
/// @param span which positions these are
/// @param cache keys and values of the tokens before, if the text grows
/// @param beside what queries and keys read and the stream does not hold, `[pos, d_model]`
/// @param hooks who looks
/// @param routes who keeps what the pathway decided
record Run(
    Span span, Optional<KvCache> cache, Optional<Tensor> beside, Hooks hooks, Routes routes) {

  /// Keeps what the pathway decided at each site.
  interface Routes {
    void keep(Site site, Object routing);
  }

  void routed(Site site, Object routing) {
    routes.keep(site, routing);
  }
}
