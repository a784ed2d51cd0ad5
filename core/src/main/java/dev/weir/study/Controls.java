package dev.weir.study;

import dev.weir.pathway.DeepDelta;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Which variants of a study are controls of another: the same model, but its pathway, Deep Delta
/// Learning, writes as it does and erases nothing.
final class Controls {
  private final Study study;

  /// Controls.
  ///
  /// @param study where they are looked for
  Controls(Study study) {
    this.study = study;
  }

  /// The controls of a variant; none where it is not Deep Delta Learning.
  List<Variant> of(Variant variant) {
    return delta(variant).stream().flatMap(delta -> of(variant, delta)).toList();
  }

  private Stream<Variant> of(Variant variant, DeepDelta delta) {
    return study.variants().stream()
        .filter(other -> other.mixers().equals(variant.mixers()))
        .filter(other -> other.shape().equals(variant.shape()))
        .filter(other ->
            Stream.of(DeepDelta.Update.WRITE_ONLY, DeepDelta.Update.ADDITIVE)
                .map(delta::withUpdate)
                .anyMatch(Change.spec(study, other).pathway()::equals));
  }

  /// Whether a variant is Deep Delta Learning, erasing included.
  boolean isDelta(Variant variant) {
    return delta(variant).isPresent();
  }

  private Optional<DeepDelta> delta(Variant variant) {
    return Change.spec(study, variant).pathway() instanceof DeepDelta delta
            && delta.update() == DeepDelta.Update.DELTA
        ? Optional.of(delta)
        : Optional.empty();
  }
}
