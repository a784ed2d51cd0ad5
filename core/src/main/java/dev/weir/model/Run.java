package dev.weir.model;

import dev.weir.pathway.Past;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// What all blocks share while one stretch of text runs.
///
/// @param span which positions these are
/// @param past what came before along the sequence
/// @param cache keys and values of the tokens before, if the text grows
/// @param beside what queries and keys read and the stream does not hold, `[pos, d_model]`
/// @param firstValues the values of the first block's attention, for blocks that read them
/// @param routes what the pathway's routing decides
/// @param hooks who looks
record Run(
    Span span,
    Past past,
    Optional<KvCache> cache,
    Optional<Tensor> beside,
    FirstValues firstValues,
    List<HookPoint.Route> routes,
    Hooks hooks) {

  /// Whether somebody looks at what a sublayer reads or at what routing decides for its write.
  boolean watches(Site site) {
    for (HookPoint in : in(site)) {
      if (hooks.touches(in)) {
        return true;
      }
    }
    for (HookPoint.Route route : routes) {
      if (route.moment() == HookPoint.Moment.WRITE
          && route.site().equals(site)
          && hooks.touches(route)) {
        return true;
      }
    }
    return false;
  }

  private static List<HookPoint> in(Site site) {
    int layer = site.layer();
    return switch (site.sublayer()) {
      case LOCAL -> List.of(new HookPoint.LocalIn(layer));
      case ATTENTION ->
          List.of(
              new HookPoint.AttnIn(layer),
              new HookPoint.QueryIn(layer),
              new HookPoint.KeyIn(layer),
              new HookPoint.ValueIn(layer));
      case MLP -> List.of(new HookPoint.MlpIn(layer));
      case UNEMBED -> List.of();
    };
  }
}
