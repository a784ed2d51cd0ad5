package dev.weir.study;

import dev.weir.model.TransformerSpec;
import dev.weir.pathway.Depth;
import dev.weir.pathway.DepthAttention;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What speaks against a recommendation or is not known.
final class Cautions {
  private final Study study;
  private final Controls controls;
  private final HeadToHead headToHead;

  /// Cautions.
  ///
  /// @param study what was asked
  /// @param controls which variants are controls
  /// @param headToHead how variants did beside one another
  Cautions(Study study, Controls controls, HeadToHead headToHead) {
    this.study = study;
    this.controls = controls;
    this.headToHead = headToHead;
  }

  /// All that there are.
  ///
  /// @param goal what is wanted
  /// @param candidates what became of those that could serve it
  /// @param chosen which is recommended
  List<String> about(Goal goal, List<Candidate> candidates, Optional<Candidate> chosen) {
    return Stream.of(
            chosen.stream().flatMap(c -> onChosen(goal, c, candidates)),
            candidates.stream().flatMap(c -> onCandidate(goal, c)),
            onGoal(goal).stream())
        .flatMap(cautions -> cautions)
        .toList();
  }

  // ---------------------------------------------------------------- on who is recommended

  private Stream<String> onChosen(Goal goal, Candidate chosen, List<Candidate> candidates) {
    Stream<String> elsewhere =
        chosen.beside().stream()
            .filter(c ->
                goal.isQuality()
                    ? c.result() != Comparison.Result.WINS
                    : c.result() == Comparison.Result.LOSES)
            .map(c ->
                "Where something else is equal it %s: %s."
                    .formatted(goal.isQuality() ? "does not win" : "loses", Wording.of(c)));
    Stream<String> barriers =
        chosen.barriers().stream()
            .map(b -> "Ruled out at %s: %s.".formatted(b.size().label(), b.why()));
    Stream<String> rivals =
        headToHead.with(rivals(chosen, candidates), chosen.deciding()).stream()
            .map(c ->
                "%s earns it too; beside it, %s."
                    .formatted(c.contest().against().name(), Wording.of(c)));
    return Stream.of(elsewhere, barriers, rivals).flatMap(cautions -> cautions);
  }

  private static List<Variant> rivals(Candidate chosen, List<Candidate> candidates) {
    return candidates.stream()
        .filter(c -> c.standing() == Standing.EARNS_IT && !c.equals(chosen))
        .map(Candidate::variant)
        .toList();
  }

  // ---------------------------------------------------------------- on a candidate

  private Stream<String> onCandidate(Goal goal, Candidate candidate) {
    return Stream.of(onChanges(candidate), onControl(goal, candidate), onWindow(goal, candidate))
        .flatMap(Optional::stream);
  }

  private static Optional<String> onChanges(Candidate candidate) {
    return candidate.changes().size() > 1
        ? Optional.of(
            "%s changes several things at once (%s); which of them does it, this study does not tell."
                .formatted(
                    candidate.variant().name(),
                    candidate.changes().stream()
                        .sorted()
                        .map(Change::label)
                        .collect(Collectors.joining(", "))))
        : Optional.empty();
  }

  private Optional<String> onControl(Goal goal, Candidate candidate) {
    Variant variant = candidate.variant();
    return goal == Goal.BETTER_SHORTCUT
            && controls.isDelta(variant)
            && controls.of(variant).isEmpty()
        ? Optional.of(
            "%s is compared with no control that writes without erasing, so nothing it wins is known to be the delta rule's."
                .formatted(variant.name()))
        : Optional.empty();
  }

  /// A window of the newest states is the weakest published way to read along depth.
  private Optional<String> onWindow(Goal goal, Candidate candidate) {
    TransformerSpec spec = Change.spec(study, candidate.variant());
    return goal == Goal.CROSS_DEPTH_RETRIEVAL
            && spec.pathway() instanceof DepthAttention read
            && read.window() > 0
        ? Optional.of(
            "%s reads the newest %d states. %s. Cutting off all but the newest layers loses most of the gain where it was published: perplexity 18.28 with the last 4 of 48 blocks, 17.84 with all, 18.61 with none (DenseFormer, arXiv:2402.02622); loss 1.764, 1.737 and 1.766 (Attention Residuals, arXiv:2603.15031). Judge reading along depth by block summaries too."
                .formatted(candidate.variant().name(), read.window(), here(read, spec.depth())))
        : Optional.empty();
  }

  private static String here(DepthAttention read, Depth depth) {
    return (read.leavesOut(depth)
            ? "With the %d blocks of this study that leaves out the oldest"
            : "With the %d blocks of this study that is all of them; with more blocks it is not")
        .formatted(depth.nLayers());
  }

  // ---------------------------------------------------------------- on the goal

  private Optional<String> onGoal(Goal goal) {
    return switch (goal) {
      case BETTER_SHORTCUT -> Optional.empty();
      case LOCAL_MIXING, CROSS_DEPTH_RETRIEVAL ->
          goal.isAskedByItself(study)
              ? Optional.empty()
              : Optional.of(
                  "No task of this study asks for %s by itself; texts ask for everything at once."
                      .formatted(goal.words()));
      case LOWER_MEMORY ->
          Optional.of(
              "Memory is counted by formulas, not measured; what is kept for the backward pass is an estimate.");
      case FASTER_DECODE ->
          Optional.of(
              "Decoding is counted by formulas, not timed: which of operations and bytes binds depends on the device.");
    };
  }
}
