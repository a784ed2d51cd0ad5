package dev.weir.view;

import dev.weir.study.Outcome;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.Sweep;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The learning rates of a study in words: which ones judged runs had, and where a sweep was too
/// narrow to compare variants at their best.
final class StudyRates {
  private StudyRates() {}

  // ---------------------------------------------------------------- cautions

  /// That a comparison may be of learning rates, where one that was chosen is at the edge of those
  /// tried; nothing where none is.
  ///
  /// @param results what is known
  static List<String> cautions(StudyResults results) {
    List<Sweep> sweeps = results.sweeps();
    List<Sweep> low = sweeps.stream().filter(s -> s.isAtItsEdge() && s.chosen() == 0).toList();
    List<Sweep> high = sweeps.stream().filter(s -> s.isAtItsEdge() && s.chosen() != 0).toList();
    int edges = low.size() + high.size();
    if (edges == 0) {
      return List.of();
    }
    List<String> where = new ArrayList<>();
    if (!low.isEmpty()) {
      where.add("at the lowest are " + who(low, StudyRates::name));
    }
    if (!high.isEmpty()) {
      where.add("at the highest are " + who(high, StudyRates::name));
    }
    return List.of(
        "%s learning rates chosen lie%s at the edge of those tried: %s. Better ones may lie outside, so what is compared may be learning rates and not variants. Give the study lower or higher rates before believing these comparisons."
            .formatted(
                edges == sweeps.size() ? "All" : "%d of %d".formatted(edges, sweeps.size()),
                edges == 1 ? "s" : "",
                String.join("; ", where)));
  }

  /// `plain and ddl at stories, ddl at recall`.
  private static String who(List<Sweep> sweeps, Function<Outcome, String> name) {
    Map<String, Set<String>> variants = new LinkedHashMap<>();
    for (Sweep sweep : sweeps) {
      Outcome one = sweep.best().outcomes().getFirst();
      variants.computeIfAbsent(one.task(), _ -> new LinkedHashSet<>()).add(name.apply(one));
    }
    return variants.entrySet().stream()
        .map(entry ->
            "%s at %s".formatted(StudyWords.listed(List.copyOf(entry.getValue())), entry.getKey()))
        .collect(Collectors.joining(", "));
  }

  /// A widened baseline has a comma in its name.
  private static String name(Outcome outcome) {
    return outcome.variant().contains(",")
        ? "“%s”".formatted(outcome.variant())
        : outcome.variant();
  }

  // ---------------------------------------------------------------- methods

  /// Which learning rates were tried, and which those had that were judged.
  ///
  /// @param results what is known
  static String methods(StudyResults results) {
    List<Double> rates = results.study().rates();
    if (rates.size() == 1) {
      return "Every variant has the same learning rate.";
    }
    double peak = results.study().recipe().peak();
    String tried =
        "Every variant runs with each of the highest learning rates %s and is judged at the one where its mean loss is lowest; so is the baseline."
            .formatted(
                StudyWords.listed(
                    rates.stream().sorted().map(rate -> number(peak * rate)).toList()));
    List<Sweep> sweeps = results.sweeps();
    return sweeps.isEmpty()
        ? tried
        : "%s Judged runs had %s.".formatted(tried, judged(results, sweeps));
  }

  /// `0.003 (plain and ddl at stories); 0.009 (canon at stories)`.
  private static String judged(StudyResults results, List<Sweep> sweeps) {
    Map<String, Double> peaks =
        results.plan().runs().stream()
            .collect(
                Collectors.toMap(StudyRun::id, run -> run.plan().training().schedule().peak()));
    Map<Double, List<Sweep>> byPeak = new TreeMap<>();
    Map<List<String>, Set<Double>> rates = new HashMap<>();
    for (Sweep sweep : sweeps) {
      Outcome one = sweep.best().outcomes().getFirst();
      byPeak.computeIfAbsent(peaks.get(one.run()), _ -> new ArrayList<>()).add(sweep);
      rates.computeIfAbsent(learner(one), _ -> new HashSet<>()).add(one.rate());
    }
    Function<Outcome, String> name =
        one ->
            rates.getOrDefault(learner(one), Set.of()).size() == 1
                ? name(one)
                : "%s over %,d steps".formatted(name(one), one.steps());
    return byPeak.entrySet().stream()
        .map(entry -> "%s (%s)".formatted(number(entry.getKey()), who(entry.getValue(), name)))
        .collect(Collectors.joining("; "));
  }

  private static List<String> learner(Outcome outcome) {
    return List.of(outcome.variant(), outcome.task());
  }

  /// With four digits however small: a learning rate is nothing to be rounded to 0.
  static String number(double rate) {
    return BigDecimal.valueOf(rate).round(new MathContext(4)).stripTrailingZeros().toPlainString();
  }
}
