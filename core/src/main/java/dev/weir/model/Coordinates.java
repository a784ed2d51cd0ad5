package dev.weir.model;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// Which coordinates a model's stream and weights are in. Streams, norms, virtual weights and
/// lenses differ between raw and folded ones, so every printed number says which.
///
/// @param steps what was folded; nothing for raw weights
public record Coordinates(Set<Folding.Step> steps) {

  public Coordinates {
    steps =
        Collections.unmodifiableSet(
            steps.isEmpty() ? EnumSet.noneOf(Folding.Step.class) : EnumSet.copyOf(steps));
  }

  /// The weights as the file has them.
  public static Coordinates raw() {
    return new Coordinates(Set.of());
  }

  /// Whether the weights are as the file has them.
  public boolean isRaw() {
    return steps.isEmpty();
  }

  /// In words, for instance `raw` or `folded (norm biases, norm gains)`.
  @Override
  public String toString() {
    return isRaw()
        ? "raw"
        : steps.stream()
            .map(step -> step.name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .collect(Collectors.joining(", ", "folded (", ")"));
  }
}
