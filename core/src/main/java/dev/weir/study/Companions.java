package dev.weir.study;

import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.Pathways;
import dev.weir.train.Mixers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Two variants that say more beside each other than each beside the baseline: a mechanism and the
/// control that leaves its point out, or two mechanisms of one purpose. Under a budget that makes
/// both equal to the baseline they are equal to each other.
///
/// @param first who is compared
/// @param second with whom
/// @param why what the comparison says
public record Companions(Variant first, Variant second, String why) {
  private static final String CONTROL = "-write-only";

  /// The companions among the variants of a study.
  ///
  /// @param study the study
  public static List<Companions> of(Study study) {
    List<Companions> all = new ArrayList<>();
    add(
        all,
        study,
        _ -> true,
        (first, second) ->
            second.pathway().equals(first.pathway() + CONTROL)
                && second.mixers().equals(first.mixers())
                && second.shape().equals(first.shape()),
        "the control gates and normalizes its writes in the same way, and erases nothing: with"
            + " the same tokens or operations, what separates them is the erasing");
    add(
        all,
        study,
        variant -> sequenceWindow(variant).isPresent(),
        (_, second) -> !second.mixers().canon().isEmpty(),
        "both mix neighbours, one by what they hold, the other by fixed weights");
    List<Variant> sequence =
        study.variants().stream().filter(v -> sequenceWindow(v).isPresent()).toList();
    List<Variant> depth =
        study.variants().stream().filter(v -> depthWindow(v).isPresent()).toList();
    boolean isOneEach = sequence.size() == 1 && depth.size() == 1;
    add(
        all,
        study,
        variant -> sequenceWindow(variant).isPresent(),
        (first, second) ->
            depthWindow(second).isPresent()
                && (isOneEach || depthWindow(second).equals(sequenceWindow(first))),
        "the same operator, along the sequence and along depth");
    add(
        all,
        study,
        variant -> depthWindow(variant).isPresent(),
        (_, second) -> second.pathway().equals("attnres-block"),
        "both read along depth, one a window of states, the other a summary of every block");
    return List.copyOf(all);
  }

  private interface Pairing {
    boolean fits(Variant first, Variant second);
  }

  private static void add(
      List<Companions> all, Study study, Predicate<Variant> is, Pairing pairing, String why) {
    List<Variant> others = study.variants().subList(1, study.variants().size());
    for (Variant first : others) {
      others.stream()
          .filter(second -> is.test(first) && !second.equals(first) && pairing.fits(first, second))
          .forEach(second -> all.add(new Companions(first, second, why)));
    }
  }

  /// How far a variant attends along the sequence beside global attention, if it does.
  private static OptionalInt sequenceWindow(Variant variant) {
    return Stream.of(variant.mixers().sublayer(), variant.mixers().branch())
        .filter(local -> local.kind() == Mixers.Kind.SHORTSWA)
        .mapToInt(Mixers.Local::reach)
        .findFirst();
  }

  /// How many of the last states a variant attends to along depth as a branch, if it does.
  private static OptionalInt depthWindow(Variant variant) {
    return Pathways.find(variant.pathway()).stream()
        .filter(DepthAttention.class::isInstance)
        .map(DepthAttention.class::cast)
        .filter(depth ->
            depth.injection() == DepthAttention.Injection.BRANCH
                && depth.sources() == DepthAttention.SourceKind.STATES
                && depth.window() > 0)
        .mapToInt(DepthAttention::window)
        .findFirst();
  }

  /// What separates companions, for each task and budget whose runs are done, in the order of the
  /// study. Equal parameters are left out: there each is compared with a baseline of its own.
  ///
  /// @param results what is known
  public static List<Comparison> comparisons(StudyResults results) {
    List<Companions> pairs = of(results.study());
    List<Comparison> all = new ArrayList<>();
    for (StudyTask task : results.study().tasks()) {
      for (Budget budget : results.study().budgets()) {
        if (budget != Budget.PARAMETERS) {
          List<Contest> contests =
              pairs.stream()
                  .flatMap(pair -> pair.contest(results, task, budget).stream())
                  .filter(results::isDone)
                  .toList();
          all.addAll(results.decided(contests, pairs.size()));
        }
      }
    }
    return List.copyOf(all);
  }

  private Optional<Contest> contest(StudyResults results, StudyTask task, Budget budget) {
    Optional<Contest> mine = find(results, first, task, budget);
    Optional<Contest> theirs = find(results, second, task, budget);
    return mine.flatMap(one -> theirs.map(one::against));
  }

  private static Optional<Contest> find(
      StudyResults results, Variant variant, StudyTask task, Budget budget) {
    return results.plan().contests().stream()
        .filter(contest ->
            contest.variant().equals(variant)
                && contest.task().equals(task)
                && contest.budget() == budget)
        .findFirst();
  }
}
