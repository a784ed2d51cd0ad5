package dev.weir.model;

import dev.weir.pathway.Past;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// What came before a stretch of text: the cache remembers it where there is one, and padding is
/// nothing.
///
/// @param span which positions run now
/// @param cache what is remembered from stretch to stretch
record SequencePast(Span span, Optional<KvCache> cache) implements Past {

  @Override
  public Tensor before(String where, Tensor now, int count) {
    Tensor real = span.withoutPadding(now);
    Tensor tail = cache.flatMap(c -> c.tail(where)).orElseGet(() -> Past.zeros(real, count));
    Tensor all = Tensor.concat("pos", List.of(tail, real));
    cache.ifPresent(c -> c.keepTail(where, all.slice("pos", all.size("pos") - count, count)));
    return all;
  }
}
