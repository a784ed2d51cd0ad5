package dev.weir.study;

import dev.weir.study.Recommendation.Agreement;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Paper;
import dev.weir.study.Recommendation.Standing;
import dev.weir.train.Mixers;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What arXiv:2603.16039 recommends for a goal, and whether a study agrees.
final class PaperRule {
  private final Study study;
  private final Constraints constraints;
  private final Controls controls;
  private final HeadToHead headToHead;

  /// The paper's rule.
  ///
  /// @param study what was asked
  /// @param constraints what is run
  /// @param controls which variants are the paper's own
  /// @param headToHead how variants did beside one another
  PaperRule(Study study, Constraints constraints, Controls controls, HeadToHead headToHead) {
    this.study = study;
    this.constraints = constraints;
    this.controls = controls;
    this.headToHead = headToHead;
  }

  /// The rule for a goal, beside what the study found.
  ///
  /// @param goal what is wanted
  /// @param candidates what became of those that could serve it
  /// @param chosen which is recommended
  Paper beside(Goal goal, List<Candidate> candidates, Optional<Candidate> chosen) {
    return switch (goal) {
      case BETTER_SHORTCUT ->
          onQuality(
              "Where the shortcut itself is to be better: Deep Delta Learning.",
              those(c -> controls.isDelta(c.variant()), candidates),
              chosen);
      case LOCAL_MIXING ->
          onQuality(
              "Where neighbours are to meet by what they hold: ShortSWA, a sublayer before attention.",
              those(c -> isShortSwa(c.variant()), candidates),
              chosen);
      case CROSS_DEPTH_RETRIEVAL ->
          onRetrieval(
              onQuality(
                  "Attention along depth only where retrieval across depth is what is studied.",
                  those(PaperRule::readsDepth, candidates),
                  chosen));
      case LOWER_MEMORY, FASTER_DECODE -> onCost(goal, those(PaperRule::readsDepth, candidates));
    };
  }

  private static List<Candidate> those(Predicate<Candidate> meant, List<Candidate> candidates) {
    return candidates.stream().filter(meant).toList();
  }

  private static boolean isShortSwa(Variant variant) {
    return variant.mixers().sublayer().kind() == Mixers.Kind.SHORTSWA;
  }

  private static boolean readsDepth(Candidate candidate) {
    return candidate.changes().contains(Change.DEPTH_READ);
  }

  // ---------------------------------------------------------------- quality

  /// Whether the study agrees that one kind of variant is the right one. To find no difference is
  /// not to disagree.
  private Paper onQuality(String rule, List<Candidate> meant, Optional<Candidate> chosen) {
    if (meant.isEmpty()) {
      return new Paper(rule, Agreement.CANNOT_TELL, "The study has no such variant.");
    }
    if (chosen.filter(meant::contains).isPresent()) {
      return new Paper(
          rule, Agreement.AGREES, "%s earns it.".formatted(chosen.get().variant().name()));
    }
    String found = meant.stream().map(Wording::brief).collect(Collectors.joining(". ", "", "."));
    if (meant.stream().allMatch(PaperRule::isRefuted)) {
      return new Paper(rule, Agreement.DISAGREES, found);
    }
    return chosen
        .flatMap(better -> whyBeaten(better, meant))
        .map(why -> new Paper(rule, Agreement.DISAGREES, why))
        .orElseGet(() -> new Paper(rule, Agreement.CANNOT_TELL, found));
  }

  /// Whether what the paper recommends was found to be wrong here, not merely not found right.
  private static boolean isRefuted(Candidate candidate) {
    return candidate.standing() == Standing.LOSES || candidate.standing() == Standing.RULED_OUT;
  }

  /// How what is recommended beats all that the paper means, if it does.
  private Optional<String> whyBeaten(Candidate chosen, List<Candidate> meant) {
    List<Variant> others = meant.stream().map(Candidate::variant).toList();
    List<Comparison> won =
        headToHead.with(others, chosen.deciding()).stream()
            .filter(c -> c.result() == Comparison.Result.WINS)
            .toList();
    List<Variant> beaten = won.stream().map(c -> c.contest().against()).toList();
    return beaten.containsAll(others)
        ? Optional.of("%s beats it: %s.".formatted(chosen.variant().name(), Wording.of(won)))
        : Optional.empty();
  }

  /// Texts ask for everything at once, so they do not tell whether retrieval is what was won.
  private Paper onRetrieval(Paper found) {
    return Goal.CROSS_DEPTH_RETRIEVAL.isAskedByItself(study)
        ? found
        : new Paper(
            found.rule(),
            Agreement.CANNOT_TELL,
            "No task here asks for retrieval across depth by itself. " + found.why());
  }

  // ---------------------------------------------------------------- cost

  /// The paper sees no general case for attention along depth in large systems.
  private Paper onCost(Goal goal, List<Candidate> reads) {
    String rule = "Attention along depth makes no general case in large systems.";
    if (reads.isEmpty()) {
      return new Paper(rule, Agreement.CANNOT_TELL, "The study has no variant that reads depth.");
    }
    List<Candidate> cheaper = those(c -> c.standing() != Standing.NOT_CHEAPER, reads);
    String state = goal == Goal.LOWER_MEMORY ? onState(reads) : "";
    return cheaper.isEmpty()
        ? new Paper(
            rule,
            Agreement.AGREES,
            "None costs less than the baseline in one way without costing more in another: %s.%s"
                .formatted(prices(goal, reads), state))
        : new Paper(
            rule,
            Agreement.DISAGREES,
            "Some cost less than the baseline's: %s.%s".formatted(prices(goal, cheaper), state));
  }

  private String prices(Goal goal, List<Candidate> candidates) {
    return candidates.stream()
        .map(Candidate::variant)
        .map(variant -> {
          Costs costs = Costs.of(study, variant, constraints);
          return variant.name() + " " + costs.price(goal, Scale.Size.MEDIUM).words();
        })
        .collect(Collectors.joining("; "));
  }

  /// What reads of depth hold while a token is decoded, beside what short attention keeps: the
  /// paper's "second cache" is small where there are no pipeline stages.
  private String onState(List<Candidate> reads) {
    double passing = most(reads.stream().map(Candidate::variant), Scale::passing);
    double ring = most(study.variants().stream().filter(PaperRule::isShortSwa), Scale::ring);
    String held =
        " While a token is decoded they hold at most %s a sequence at %s"
            .formatted(Wording.bytes(passing * constraints.bytes()), Scale.Size.MEDIUM.label());
    return ring == 0
        ? held + "."
        : "%s; short attention's ring keeps %s."
            .formatted(held, Wording.bytes(ring * constraints.bytes()));
  }

  /// The most elements per sequence that any of some variants needs.
  private double most(Stream<Variant> variants, ToDoubleFunction<Scale> elements) {
    return variants
        .map(variant -> Scale.of(study, variant, Scale.Size.MEDIUM, constraints))
        .mapToDouble(elements)
        .max()
        .orElse(0);
  }
}
