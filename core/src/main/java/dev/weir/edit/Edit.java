package dev.weir.edit;

/// One change of a run.
///
/// @param target where
/// @param intervention what
public record Edit(Target target, Intervention intervention) {

  /// A change at every head and position of some hook points.
  ///
  /// @param points a hook point's name; `*` stands for anything
  /// @param intervention what is done there
  public static Edit at(String points, Intervention intervention) {
    return new Edit(Target.at(points), intervention);
  }
}
