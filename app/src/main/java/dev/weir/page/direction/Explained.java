package dev.weir.page.direction;

import dev.weir.readout.bandwidth.PrincipalComponents;
import dev.weir.readout.bandwidth.PrincipalComponents.Component;
import java.util.List;
import java.util.stream.IntStream;

/// How much of the variance components explain.
///
/// @param pca of what
/// @param corpus the name of the text
/// @param tokens how many were read so far
/// @param participationRatio how many dimensions are in use: `(Σλ)² / Σλ²`
/// @param components largest variance first, at most 64
public record Explained(
    DirectionRecipe.Pca pca,
    String corpus,
    long tokens,
    double participationRatio,
    List<Bar> components) {

  public Explained {
    components = List.copyOf(components);
  }

  /// How much of the variance one component explains.
  ///
  /// @param index which component
  /// @param variance along it
  /// @param share of the variance of all coordinates
  public record Bar(int index, double variance, double share) {}

  static Explained of(DirectionRecipe.Pca pca, String corpus, PrincipalComponents.Found found) {
    List<Component> all = found.components();
    return new Explained(
        pca,
        corpus,
        found.tokens(),
        found.participationRatio(),
        IntStream.range(0, all.size())
            .mapToObj(i -> new Bar(i, all.get(i).variance(), all.get(i).share()))
            .toList());
  }
}
