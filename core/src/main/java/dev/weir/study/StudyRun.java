package dev.weir.study;

import dev.weir.model.ParameterLayout;
import dev.weir.tensor.Shape;
import dev.weir.train.RunPlan;

/// One model trained once.
///
/// @param id its folder's name: the same for the same plan, whichever study or budget asks for it
/// @param variant who is trained
/// @param task what it learns
/// @param seed where its luck comes from
/// @param rate what the learning rate is multiplied with
/// @param plan all that its numbers depend on
public record StudyRun(
    String id, Variant variant, StudyTask task, long seed, double rate, RunPlan plan) {

  /// How many steps it has.
  public int steps() {
    return plan.training().schedule().steps();
  }

  /// What it is, for a reader.
  public String label() {
    String seeded = "%s, %s, seed %d".formatted(variant.name(), task.name(), seed);
    return rate == 1 ? seeded : "%s, rate %s".formatted(seeded, rate);
  }

  /// How many weights it trains.
  public long parameters() {
    return ParameterLayout.of(plan.model().spec()).values().stream()
        .mapToLong(Shape::elements)
        .sum();
  }
}
