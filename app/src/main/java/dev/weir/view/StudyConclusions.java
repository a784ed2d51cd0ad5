package dev.weir.view;

import dev.weir.model.TransformerSpec;
import dev.weir.pathway.DepthAttention;
import dev.weir.study.Budget;
import dev.weir.study.Companions;
import dev.weir.study.Comparison;
import dev.weir.study.Comparison.Result;
import dev.weir.study.Contest;
import dev.weir.study.Outcome;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a study found, in sentences. Each is made from a verdict and its interval alone, so that it
/// claims no more than they do.
final class StudyConclusions {
  private final StudyResults results;
  private final Study study;
  private final List<Comparison> found;
  private final List<Comparison> companions;

  private StudyConclusions(StudyResults results) {
    this.results = results;
    this.study = results.study();
    this.found = results.comparisons();
    this.companions = Companions.comparisons(results);
  }

  static List<Report.Section> sections(StudyResults results) {
    return new StudyConclusions(results).sections();
  }

  private List<Report.Section> sections() {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.Text("In short", inShort()));
    sections.add(new Report.TableSection(verdicts()));
    for (StudyTask task : study.tasks()) {
      List<String> sentences = sentences(task);
      if (!sentences.isEmpty()) {
        sections.add(new Report.Text("At " + task.name(), sentences));
      }
    }
    List<String> cautions = cautions();
    if (!cautions.isEmpty()) {
      sections.add(new Report.Text("Read with caution", cautions));
    }
    return sections;
  }

  // ---------------------------------------------------------------- in short

  private List<String> inShort() {
    List<String> words = new ArrayList<>(state());
    for (Budget budget : study.budgets()) {
      inShort(budget).ifPresent(words::add);
    }
    return words;
  }

  /// What is missing and what failed; nothing where all went well.
  private List<String> state() {
    List<String> words = new ArrayList<>();
    int all = results.plan().runs().size();
    if (results.done() < all) {
      words.add(
          "The study is not finished: %d of %d runs are done, and %d of %d comparisons can be made. What is missing is left out below, or called not done."
              .formatted(results.done(), all, found.size(), results.plan().contests().size()));
    }
    Map<String, Long> failed =
        results.outcomes().values().stream()
            .filter(outcome -> !outcome.trouble().isEmpty())
            .sorted(java.util.Comparator.comparing(Outcome::variant).thenComparing(Outcome::task))
            .collect(
                Collectors.groupingBy(
                    outcome ->
                        "%s at %s (%s)"
                            .formatted(outcome.variant(), outcome.task(), outcome.trouble()),
                    LinkedHashMap::new,
                    Collectors.counting()));
    failed.forEach((who, count) ->
        words.add(
            "%d %s of %s failed and decided nothing."
                .formatted(count, count == 1 ? "run" : "runs", who)));
    return words;
  }

  /// Who wins and who loses with one thing made equal, over all tasks.
  private Optional<String> inShort(Budget budget) {
    List<Comparison> here = found.stream().filter(c -> c.contest().budget() == budget).toList();
    if (here.isEmpty()) {
      return Optional.empty();
    }
    long none = here.stream().filter(c -> c.result() == Result.NO_DIFFERENCE_FOUND).count();
    long undecided = here.stream().filter(c -> c.result() == Result.UNDECIDED).count();
    List<String> parts = new ArrayList<>();
    who(here, Result.WINS).ifPresent(who -> parts.add("better than the baseline: " + who));
    who(here, Result.LOSES).ifPresent(who -> parts.add("worse: " + who));
    if (none > 0) {
      parts.add(
          none == here.size()
              ? "no difference found, for any variant at any task"
              : "no difference found in %d of %d comparisons".formatted(none, here.size()));
    }
    if (undecided > 0) {
      parts.add("%d undecided".formatted(undecided));
    }
    return Optional.of(
        "With %s (%s): %s."
            .formatted(
                budget.words(), StudyWords.seeds(study.seeds().size()), String.join("; ", parts)));
  }

  private static Optional<String> who(List<Comparison> here, Result result) {
    Map<String, List<String>> tasks = new LinkedHashMap<>();
    here.stream()
        .filter(c -> c.result() == result)
        .forEach(c ->
            tasks
                .computeIfAbsent(c.contest().variant().name(), _ -> new ArrayList<>())
                .add(c.contest().task().name()));
    return tasks.isEmpty()
        ? Optional.empty()
        : Optional.of(
            tasks.entrySet().stream()
                .map(entry ->
                    "%s at %s".formatted(entry.getKey(), StudyWords.listed(entry.getValue())))
                .collect(Collectors.joining(", ")));
  }

  // ---------------------------------------------------------------- verdicts

  private Table verdicts() {
    Table.Builder table =
        Table.named("verdicts")
            .title("Beside " + study.baseline().name())
            .name("task", "what was learned")
            .name("variant", "who is compared");
    study
        .budgets()
        .forEach(budget ->
            table.name(budget.words(), "what follows, and the difference it follows from"));
    for (StudyTask task : study.tasks()) {
      for (Variant variant : challengers()) {
        List<Object> row = new ArrayList<>(List.of(task.name(), variant.name()));
        study.budgets().forEach(budget -> row.add(verdict(task, variant, budget)));
        table.row(row.toArray());
      }
    }
    return table
        .note(
            "Differences are the variant's less the baseline's: loss in nats where a text is learned (below zero is better), right answers in percentage points where a task is (above zero is better). %s each. In the sentences below, brackets run from the lowest to the highest end of both intervals (see Methods). “No difference found” does not say that there is none."
                .formatted(StudyWords.seeds(study.seeds().size())))
        .build();
  }

  private String verdict(StudyTask task, Variant variant, Budget budget) {
    return find(task, variant, budget)
        .map(c ->
            c.result() == Result.UNDECIDED
                ? "undecided"
                : "%s, %s".formatted(c.result().label(), StudyWords.difference(c)))
        .orElse("not done");
  }

  private List<Variant> challengers() {
    return study.variants().subList(1, study.variants().size());
  }

  private Optional<Comparison> find(StudyTask task, Variant variant, Budget budget) {
    return found.stream()
        .filter(c -> {
          Contest contest = c.contest();
          return contest.task().equals(task)
              && contest.variant().equals(variant)
              && contest.budget() == budget;
        })
        .findFirst();
  }

  // ---------------------------------------------------------------- sentences

  private List<String> sentences(StudyTask task) {
    List<String> sentences = new ArrayList<>();
    for (Variant variant : challengers()) {
      List<Comparison> mine =
          found.stream()
              .filter(c -> c.contest().task().equals(task) && c.contest().variant().equals(variant))
              .toList();
      sentence(variant.name(), study.baseline().name(), mine).ifPresent(sentences::add);
    }
    for (Companions pair : Companions.of(study)) {
      List<Comparison> theirs =
          companions.stream()
              .filter(c ->
                  c.contest().task().equals(task)
                      && c.contest().variant().equals(pair.first())
                      && c.contest().against().equals(pair.second()))
              .toList();
      sentence(pair.first().name(), pair.second().name(), theirs)
          .map(words -> "%s (%s.%s)".formatted(words, capital(pair.why()), speed(theirs)))
          .ifPresent(sentences::add);
    }
    return sentences;
  }

  /// What else separates a pair that is given the same seconds.
  private static String speed(List<Comparison> theirs) {
    return theirs.stream().anyMatch(c -> c.contest().budget() == Budget.SECONDS)
        ? " With equal seconds, how fast each is implemented counts too."
        : "";
  }

  /// One sentence for one variant at one task, its budgets gathered by what follows.
  ///
  /// @param name who is compared
  /// @param other with whom
  /// @param comparisons one for each budget
  static Optional<String> sentence(String name, String other, List<Comparison> comparisons) {
    List<String> parts = new ArrayList<>();
    for (Result result : Result.values()) {
      List<Comparison> alike = comparisons.stream().filter(c -> c.result() == result).toList();
      if (!alike.isEmpty()) {
        parts.add(
            "%s with %s"
                .formatted(
                    verb(result, other),
                    StudyWords.listed(
                        alike.stream().map(c -> StudyConclusions.evidence(c, other)).toList())));
      }
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%s is %s. %s."
                .formatted(
                    name,
                    String.join("; ", parts),
                    capital(StudyWords.seeds(comparisons.getFirst().loss().pairs()))));
  }

  private static String verb(Result result, String other) {
    return switch (result) {
      case WINS -> "better than " + other;
      case LOSES -> "worse than " + other;
      case NO_DIFFERENCE_FOUND -> "not found to differ from " + other;
      case UNDECIDED -> "undecided beside " + other;
    };
  }

  private static String evidence(Comparison found, String other) {
    String against = found.contest().against().name();
    return "%s (%s%s)"
        .formatted(
            found.contest().budget().words(),
            against.equals(other) ? "" : "against %s: ".formatted(against),
            found.result() == Result.UNDECIDED
                ? StudyWords.undecided(found)
                : StudyWords.measured(found));
  }

  // ---------------------------------------------------------------- cautions

  private List<String> cautions() {
    Stream<String> windows = challengers().stream().flatMap(variant -> onWindow(variant).stream());
    return Stream.concat(StudyRates.cautions(results).stream(), windows).toList();
  }

  private Optional<String> onWindow(Variant variant) {
    TransformerSpec spec = variant.model(study.model()).spec();
    return spec.pathway() instanceof DepthAttention read && read.leavesOut(spec.depth())
        ? Optional.of(
            "%s reads the last %d of up to %d states along depth. Published results agree that this loses most of what reading along depth gains (DenseFormer, MUDDFormer, Attention Residuals), so where it does not win, that says little of depth reads that see all of depth. %s"
                .formatted(
                    variant.name(), read.window(), read.mostSources(spec.depth()), control()))
        : Optional.empty();
  }

  private String control() {
    return challengers().stream()
        .filter(variant -> variant.pathway().equals("attnres-block"))
        .findFirst()
        .map(variant -> "%s, which sees all of it, stands beside it.".formatted(variant.name()))
        .orElse("The study has no variant that sees all of it to stand beside.");
  }

  private static String capital(String words) {
    return words.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + words.substring(1);
  }
}
