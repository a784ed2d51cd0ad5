package dev.weir.study;

import dev.weir.study.Recommendation.Barrier;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How a recommendation says what was found.
final class Wording {
  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");

  private Wording() {}

  /// Why a variant is recommended, or none is.
  static String because(List<Candidate> candidates, Optional<Candidate> chosen) {
    if (chosen.isPresent()) {
      return chosen.get().variant().name() + " " + chosen.get().why();
    }
    return candidates.isEmpty()
        ? "no variant of this study changes what the goal is about"
        : "%s: %s"
            .formatted(
                candidates.size() == 1
                    ? "the only candidate does not earn it"
                    : "none of %d candidates earns it".formatted(candidates.size()),
                candidates.stream()
                    .map(c -> "%s (%s)".formatted(c.variant().name(), of(c.standing())))
                    .collect(Collectors.joining(", ")));
  }

  /// What became of a candidate, with all that is known of it.
  static String why(Standing standing, Evidence evidence) {
    List<String> parts = new ArrayList<>();
    parts.add(of(standing));
    evidence.prices().forEach(price -> parts.add(price.words()));
    if (evidence.deciding().isEmpty()) {
      parts.add("no comparison at a task that asks for it is done");
    }
    if (standing != Standing.NOT_CHEAPER) {
      evidence.deciding().forEach(c -> parts.add(of(c)));
    }
    if (standing == Standing.NOT_SHOWN_AS_GOOD) {
      parts.add(
          String.format(
              Locale.ROOT, "only what is worse by less than %.2f would do", CostRule.MARGIN));
    }
    evidence
        .controls()
        .forEach(c ->
            parts.add("beside its control %s, %s".formatted(c.contest().against().name(), of(c))));
    evidence
        .barriers()
        .forEach(b -> parts.add("ruled out at %s: %s".formatted(b.size().label(), b.why())));
    return String.join("; ", parts);
  }

  /// What became of a candidate, with the comparisons that were decided and what ruled it out.
  static String brief(Candidate candidate) {
    Stream<String> standing =
        Stream.of("%s: %s".formatted(candidate.variant().name(), of(candidate.standing())));
    Stream<String> decided =
        candidate.deciding().stream()
            .filter(c -> c.result() != Comparison.Result.NO_DIFFERENCE_FOUND)
            .map(Wording::of);
    Stream<String> ruledOut = candidate.barriers().stream().map(Barrier::why).limit(1);
    return Stream.of(standing, decided, ruledOut)
        .flatMap(parts -> parts)
        .collect(Collectors.joining("; "));
  }

  private static String of(Standing standing) {
    return standing.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /// What comparisons found.
  static String of(List<Comparison> found) {
    return found.stream().map(Wording::of).collect(Collectors.joining("; "));
  }

  /// What a comparison found: `stories, equal FLOPs: wins, loss −0.0310 nats (99.2 % interval …)`.
  static String of(Comparison found) {
    boolean accuracy = found.contest().task().byAccuracy();
    Difference difference = accuracy ? found.accuracy() : found.loss();
    double unit = accuracy ? 100 : 1;
    String digits = accuracy ? "%+.1f" : "%+.4f";
    return String.format(
        Locale.ROOT,
        "%s, %s: %s, %s (%.1f %% interval %s to %s, %d pairs of runs)",
        found.contest().task().name(),
        found.contest().budget().words(),
        found.result().label(),
        String.format(
            accuracy ? "accuracy %s points" : "loss %s nats",
            signed(digits, unit * difference.mean())),
        100 * difference.level(),
        signed(digits, unit * difference.student().low()),
        signed(digits, unit * difference.student().high()),
        difference.pairs());
  }

  private static String signed(String digits, double number) {
    return String.format(Locale.ROOT, digits, number).replace('-', '−');
  }

  /// `612 B`, `18.4 KiB`.
  static String bytes(double number) {
    int unit = 0;
    double rest = number;
    while (rest >= 1024 && unit + 1 < UNITS.size()) {
      rest /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.3g %s", rest, UNITS.get(unit));
  }
}
