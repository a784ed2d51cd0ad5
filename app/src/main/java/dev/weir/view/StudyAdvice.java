package dev.weir.view;

import dev.weir.study.Change;
import dev.weir.study.Comparison;
import dev.weir.study.Constraints;
import dev.weir.study.Difference;
import dev.weir.study.Goal;
import dev.weir.study.Recommendation;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Scale;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// What a study recommends: for each goal a variant or none, with its evidence, its limits and the
/// rule of arXiv:2603.16039 beside it; and what variants cost at sizes that were not trained.
public final class StudyAdvice {
  private static final double GIB = 1L << 30;

  private StudyAdvice() {}

  /// For all goals, under the usual constraints.
  ///
  /// @param results what is known of the study
  public static List<Report.Section> sections(StudyResults results) {
    return sections(results, List.of(Goal.values()), Constraints.usual());
  }

  /// For some goals.
  ///
  /// @param results what is known of the study
  /// @param goals which
  /// @param constraints what is run
  public static List<Report.Section> sections(
      StudyResults results, List<Goal> goals, Constraints constraints) {
    List<Recommendation> found =
        goals.stream().map(goal -> Recommendation.of(results, goal, constraints)).toList();
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(recommendations(results, found)));
    found.forEach(one -> sections.add(words(results, one)));
    sections.add(new Report.Text("How sure this is", Recommendation.uncertainty(results)));
    sections.add(new Report.TableSection(evidence(found)));
    sections.add(new Report.TableSection(scales(results.study(), constraints)));
    return sections;
  }

  /// A report of nothing else.
  ///
  /// @param results what is known of the study
  /// @param goals which
  /// @param constraints what is run
  public static Report report(StudyResults results, List<Goal> goals, Constraints constraints) {
    return new Report(
        "Advice from study: " + results.study().name(),
        words(constraints),
        sections(results, goals, constraints),
        List.of());
  }

  /// The constraints in words.
  static String words(Constraints constraints) {
    return String.format(
        Locale.ROOT,
        "%d texts of %d tokens at once, pipeline stages: %d, context-parallel ranks: %d, %.3g GiB a device, bytes of a number: %d",
        constraints.sequences(),
        constraints.context(),
        constraints.stages(),
        constraints.ranks(),
        constraints.memory() / GIB,
        constraints.bytes());
  }

  // ---------------------------------------------------------------- recommendations

  private static Table recommendations(StudyResults results, List<Recommendation> found) {
    Table.Builder table =
        Table.named("advice")
            .title("What this study recommends")
            .name("goal", "what is wanted")
            .name("recommended", "a variant, or to keep the baseline")
            .text("decided by", "what was made equal where the question is decided")
            .text("paper", "whether arXiv:2603.16039 recommends the same")
            .text("its rule", "what it recommends");
    for (Recommendation one : found) {
      table.row(
          one.goal().words(),
          answer(results, one),
          one.candidates().isEmpty() ? "–" : one.budget().words(),
          words(one.paper().agreement()),
          one.paper().rule());
    }
    return table.note("Constraints: " + words(found.getFirst().constraints()) + ".").build();
  }

  private static String answer(StudyResults results, Recommendation one) {
    return one.variant()
        .map(Variant::name)
        .orElseGet(() ->
            one.candidates().isEmpty()
                ? "no variant is about it"
                : "keep " + results.study().baseline().name());
  }

  private static String advice(StudyResults results, Recommendation one) {
    String answer = answer(results, one);
    return one.variant().isPresent() ? "use " + answer : answer;
  }

  private static Report.Section words(StudyResults results, Recommendation one) {
    List<String> paragraphs = new ArrayList<>();
    paragraphs.add("Because " + one.because() + ".");
    one.candidates().stream()
        .filter(candidate -> !one.variant().equals(Optional.of(candidate.variant())))
        .forEach(candidate ->
            paragraphs.add(
                "%s (%s): %s."
                    .formatted(candidate.variant().name(), changes(candidate), candidate.why())));
    paragraphs.add(
        "The paper (arXiv:2603.16039): %s This study %s: %s"
            .formatted(one.paper().rule(), words(one.paper().agreement()), one.paper().why()));
    paragraphs.addAll(one.cautions());
    return new Report.Text(
        "Goal: %s: %s.".formatted(one.goal().words(), advice(results, one)), paragraphs);
  }

  private static String changes(Candidate candidate) {
    return candidate.changes().isEmpty()
        ? "the baseline under another name"
        : candidate.changes().stream()
            .sorted()
            .map(Change::label)
            .collect(Collectors.joining(", "));
  }

  private static String words(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  // ---------------------------------------------------------------- evidence

  private static Table evidence(List<Recommendation> found) {
    Table.Builder table =
        Table.named("advice_evidence")
            .title("What recommendations rest on")
            .name("goal", "what is wanted")
            .name("variant", "who is compared")
            .name("beside", "who with")
            .name("task", "what was learned")
            .name("budget", "what was made equal")
            .text("part", "whether it decides, stands beside, or compares with a control")
            .text("result", "what follows from both intervals")
            .real("difference", "", "nats of loss, or percentage points of right answers")
            .text("unit", "of the difference")
            .real("low", "", "lower end by Student's t")
            .real("high", "", "upper end by Student's t")
            .integer("seeds", "", "pairs of runs");
    for (Recommendation one : found) {
      for (Candidate candidate : one.candidates()) {
        candidate.deciding().forEach(c -> row(table, one.goal(), "decides", c));
        candidate.controls().forEach(c -> row(table, one.goal(), "control", c));
        candidate.beside().forEach(c -> row(table, one.goal(), "beside", c));
      }
    }
    return table
        .note("Measured here, on models of the study's size. Of quality, nothing is extrapolated.")
        .build();
  }

  private static void row(Table.Builder table, Goal goal, String part, Comparison found) {
    Difference difference = StudyWords.judged(found);
    table.row(
        goal.words(),
        found.contest().variant().name(),
        found.contest().against().name(),
        found.contest().task().name(),
        found.contest().budget().words(),
        part,
        words(found.result()),
        difference.mean(),
        StudyWords.unit(found),
        difference.student().low(),
        difference.student().high(),
        difference.pairs());
  }

  // ---------------------------------------------------------------- costs

  private static Table scales(Study study, Constraints constraints) {
    Table.Builder table =
        Table.named("advice_costs")
            .title("What variants would cost at other sizes, by formulas")
            .name("size", "of a published model")
            .name("variant", "with the study's settings")
            .real("parameters", "", "how many weights")
            .real("added", "", "beyond the baseline's")
            .real("training", "FLOPs a token", "forward and backward")
            .real("decode", "FLOPs a token", "the last of the context, those before it cached")
            .real("decode reads", "bytes a token", "weights shared by all sequences, and state")
            .real("kept", "elements a token", "for the backward pass, an estimate")
            .real("cache", "bytes", "keys and values, all sequences")
            .real("ring", "bytes", "kept beside the cache, all sequences")
            .real("transient", "bytes", "held while a token runs, all sequences")
            .real("payload", "vectors", "over the busiest pipeline boundary; 1 in the plain stream")
            .real("busiest", "bytes", "over that boundary, forward, for all sequences")
            .real("crossings", "bytes", "over all boundaries together")
            .real("halo", "bytes", "over a boundary of ranks, beside what attention needs")
            .real("training memory", "bytes a device", "weights, gradients, optimizer, kept")
            .real("decoding memory", "bytes a device", "weights and state")
            .text("fits", "which of both fits a device");
    for (Scale.Size size : Scale.Size.values()) {
      Scale plain = Scale.of(study, study.baseline(), size, constraints);
      for (Variant variant : study.variants()) {
        row(table, size, variant, Scale.of(study, variant, size, constraints), plain);
      }
    }
    Arrays.stream(Scale.Size.values())
        .forEach(size -> table.note("%s: %s.".formatted(size.label(), size.source())));
    return table
        .note(
            "Nothing here is measured. Windows, taps, lanes and ranks of maps are the study's; width, depth and heads are the published model's.")
        .build();
  }

  private static void row(
      Table.Builder table, Scale.Size size, Variant variant, Scale scale, Scale plain) {
    double all = (double) scale.constraints().sequences() * scale.constraints().bytes();
    table.row(
        size.label(),
        variant.name(),
        scale.parameters(),
        scale.parameters() - plain.parameters(),
        scale.trainingFlops(),
        scale.decodeFlops(),
        scale.decodeBytes(),
        scale.kept(),
        scale.cache() * all,
        scale.ring() * all,
        scale.passing() * all,
        scale.worstPayload(),
        scale.worstCrossing(),
        scale.allCrossings(),
        scale.haloBytes(),
        scale.trainingMemory(),
        scale.decodingMemory(),
        fits(scale));
  }

  private static String fits(Scale scale) {
    if (scale.trains()) {
      return scale.decodes() ? "both" : "training";
    }
    return scale.decodes() ? "decoding" : "neither";
  }
}
