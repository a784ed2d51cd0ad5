package dev.weir.study;

import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DepthAttention;
import dev.weir.study.Recommendation.Agreement;
import dev.weir.study.Recommendation.Barrier;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Paper;
import dev.weir.study.Recommendation.Standing;
import dev.weir.train.Mixers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The rules behind a [Recommendation]. Each is a method; none knows a variant by its name.
///
/// **For quality**, a variant earns a goal if it changes what the goal is about, wins at one task
/// at least that asks for it, loses at none of them, its own control does not win as well unless it
/// is beaten, and the constraints leave it possible at one size at least.
///
/// **For cost**, a variant earns a goal if it is counted to cost less at one size at least, loses
/// at no task, and is shown to be worse by less than [#MARGIN]: that no difference was found shows
/// nothing.
final class Advisor {
  /// What a cheaper model may lose: nats, or the share of right answers. The published gains of
  /// pathways over the plain stream are 0.01 to 0.03 nats; what loses more than that costs more
  /// than any of them wins.
  static final double MARGIN = 0.02;

  /// What counts as a saving: formulas agree with operations as they are run within 1 %.
  static final double LEAST_SAVING = 0.01;

  /// How many vectors may cross a boundary of pipeline stages. Four lanes do in hyper-connections,
  /// which were trained at 27B parameters for 6.7 % more time (arXiv:2512.24880).
  static final double MOST_PAYLOAD = 4;

  private final StudyResults results;
  private final Study study;
  private final Constraints constraints;
  private final List<Comparison> comparisons;
  private final Map<Scale.Size, Scale> plain;

  /// An advisor.
  ///
  /// @param results what is known of a study
  /// @param constraints what is run
  Advisor(StudyResults results, Constraints constraints) {
    this.results = results;
    this.study = results.study();
    this.constraints = constraints;
    this.comparisons = results.comparisons();
    this.plain = scales(study.baseline());
  }

  private Map<Scale.Size, Scale> scales(Variant variant) {
    Map<Scale.Size, Scale> scales = new EnumMap<>(Scale.Size.class);
    for (Scale.Size size : Scale.Size.values()) {
      scales.put(size, Scale.of(study, variant, size, constraints));
    }
    return scales;
  }

  private static Scale at(Scale.Size size, Map<Scale.Size, Scale> scales) {
    return Objects.requireNonNull(scales.get(size), size::label);
  }

  /// What to do about a goal.
  ///
  /// @param goal what is wanted
  Recommendation advise(Goal goal) {
    List<Candidate> candidates = candidates(goal);
    Optional<Candidate> chosen = chosen(goal, candidates);
    return new Recommendation(
        goal,
        constraints,
        budget(goal),
        chosen.map(Candidate::variant),
        because(candidates, chosen),
        candidates,
        cautions(goal, candidates, chosen),
        goal.isQuality()
            ? paperOnQuality(goal, candidates, chosen)
            : paperOnCost(goal, candidates));
  }

  // ---------------------------------------------------------------- candidates

  private List<Candidate> candidates(Goal goal) {
    return study.variants().stream()
        .skip(1)
        .filter(variant -> goal.isServedBy(Change.of(study, variant)))
        .map(variant -> candidate(goal, variant))
        .toList();
  }

  private Candidate candidate(Goal goal, Variant variant) {
    Budget budget = budget(goal);
    List<Comparison> asked =
        comparisons.stream()
            .filter(c -> c.contest().variant().equals(variant))
            .filter(c -> goal.isAskedBy(c.contest().task()))
            .toList();
    List<Comparison> deciding = asked.stream().filter(c -> c.contest().budget() == budget).toList();
    List<Comparison> beside = asked.stream().filter(c -> c.contest().budget() != budget).toList();
    List<Comparison> controls = goal.isQuality() ? controls(variant, deciding) : List.of();
    Map<Scale.Size, Scale> scales = scales(variant);
    List<Barrier> barriers = barriers(scales);
    Standing standing =
        goal.isQuality()
            ? quality(deciding, controls, barriers)
            : cost(goal, deciding, scales, barriers);
    return new Candidate(
        variant,
        Change.of(study, variant),
        deciding,
        beside,
        controls,
        barriers,
        standing,
        why(goal, standing, deciding, controls, barriers, scales));
  }

  /// What was made equal where a goal is decided: the first budget of the study that the goal asks
  /// for.
  private Budget budget(Goal goal) {
    return goal.budgets().stream().filter(study.budgets()::contains).findFirst().orElseThrow();
  }

  // ---------------------------------------------------------------- quality

  private Standing quality(
      List<Comparison> deciding, List<Comparison> controls, List<Barrier> barriers) {
    if (deciding.isEmpty() || all(deciding, Comparison.Result.UNDECIDED)) {
      return Standing.UNDECIDED;
    }
    boolean loses = any(deciding, Comparison.Result.LOSES);
    if (!any(deciding, Comparison.Result.WINS)) {
      return loses ? Standing.LOSES : Standing.NO_DIFFERENCE_FOUND;
    }
    if (loses) {
      return Standing.WINS_AND_LOSES;
    }
    if (deciding.stream().noneMatch(c -> isItsOwn(c, controls))) {
      return Standing.CONTROL_WINS_TOO;
    }
    return isRuledOut(barriers) ? Standing.RULED_OUT : Standing.EARNS_IT;
  }

  private static boolean any(List<Comparison> found, Comparison.Result result) {
    return found.stream().anyMatch(c -> c.result() == result);
  }

  private static boolean all(List<Comparison> found, Comparison.Result result) {
    return found.stream().allMatch(c -> c.result() == result);
  }

  /// Whether a comparison is won, and no control wins as well without being beaten.
  private boolean isItsOwn(Comparison found, List<Comparison> controls) {
    return found.result() == Comparison.Result.WINS
        && controls.stream()
            .filter(beside -> beside.contest().task().equals(found.contest().task()))
            .noneMatch(beside -> beside.result() != Comparison.Result.WINS && winsToo(beside));
  }

  /// Whether the control of a comparison wins over the baseline.
  private boolean winsToo(Comparison beside) {
    return comparison(beside.contest().against(), beside.contest())
        .filter(c -> c.result() == Comparison.Result.WINS)
        .isPresent();
  }

  // ---------------------------------------------------------------- cost

  private Standing cost(
      Goal goal, List<Comparison> deciding, Map<Scale.Size, Scale> scales, List<Barrier> barriers) {
    if (Arrays.stream(Scale.Size.values()).noneMatch(size -> price(goal, size, scales).saves())) {
      return Standing.NOT_CHEAPER;
    }
    if (deciding.isEmpty() || any(deciding, Comparison.Result.UNDECIDED)) {
      return Standing.UNDECIDED;
    }
    if (any(deciding, Comparison.Result.LOSES)) {
      return Standing.LOSES;
    }
    if (isRuledOut(barriers)) {
      return Standing.RULED_OUT;
    }
    return deciding.stream().allMatch(c -> worst(c) <= MARGIN)
        ? Standing.EARNS_IT
        : Standing.NOT_SHOWN_AS_GOOD;
  }

  /// What a variant costs beside the baseline, in the two ways that a goal asks for.
  ///
  /// @param first the first, as a multiple of the baseline's
  /// @param second the second
  /// @param words what they are
  private record Price(double first, double second, String words) {
    boolean saves() {
      return Math.max(first, second) <= 1 && Math.min(first, second) <= 1 - LEAST_SAVING;
    }

    double both() {
      return first * second;
    }
  }

  private Price price(Goal goal, Scale.Size size, Map<Scale.Size, Scale> scales) {
    Scale mine = at(size, scales);
    Scale theirs = at(size, plain);
    boolean memory = goal == Goal.LOWER_MEMORY;
    double first =
        memory
            ? mine.trainingMemory() / theirs.trainingMemory()
            : mine.decodeFlops() / theirs.decodeFlops();
    double second =
        memory
            ? mine.decodingMemory() / theirs.decodingMemory()
            : mine.decodeBytes() / theirs.decodeBytes();
    return new Price(
        first,
        second,
        String.format(
            Locale.ROOT,
            memory
                ? "at %s, %.3f times the memory to train and %.3f times to decode"
                : "at %s, %.3f times the operations and %.3f times the bytes read for a decoded token",
            size.label(),
            first,
            second));
  }

  /// How much worse than the baseline a variant may be, by both intervals: nats, or a share of
  /// right answers.
  private static double worst(Comparison found) {
    return found.contest().task().byAccuracy()
        ? -found.accuracy().whole().low()
        : found.loss().whole().high();
  }

  // ---------------------------------------------------------------- constraints

  private List<Barrier> barriers(Map<Scale.Size, Scale> scales) {
    return scales.entrySet().stream()
        .flatMap(entry ->
            Stream.of(
                    pipeline(entry.getKey(), entry.getValue()),
                    memory(entry.getKey(), entry.getValue()),
                    ranks(entry.getValue()))
                .flatMap(Optional::stream)
                .map(why -> new Barrier(entry.getKey(), why)))
        .toList();
  }

  private static boolean isRuledOut(List<Barrier> barriers) {
    return barriers.stream().map(Barrier::size).distinct().count() == Scale.Size.values().length;
  }

  /// More crosses between pipeline stages than is known to be borne.
  private Optional<String> pipeline(Scale.Size size, Scale scale) {
    return scale.worstPayload() <= MOST_PAYLOAD
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "of %d pipeline stages, one is sent %.1f vectors a token where the plain stream sends 1 (%s for a batch, not %s); more than %.0f are borne only if stages keep what they were sent",
                constraints.stages(),
                scale.worstPayload(),
                bytes(scale.worstCrossing()),
                bytes(at(size, plain).worstCrossing()),
                MOST_PAYLOAD));
  }

  /// It does not fit where the baseline does.
  private Optional<String> memory(Scale.Size size, Scale scale) {
    Scale theirs = at(size, plain);
    if (theirs.decodes() && !scale.decodes()) {
      return Optional.of(tooMuch("decoding", scale.decodingMemory(), theirs.decodingMemory()));
    }
    return theirs.trains() && !scale.trains()
        ? Optional.of(tooMuch("training", scale.trainingMemory(), theirs.trainingMemory()))
        : Optional.empty();
  }

  private String tooMuch(String what, double mine, double theirs) {
    return "%s needs %s a device, more than its %s; the baseline needs %s"
        .formatted(what, bytes(mine), bytes(constraints.memory()), bytes(theirs));
  }

  /// A local mixer reaches over more than the rank before.
  private Optional<String> ranks(Scale scale) {
    int held = constraints.tokensPerRank();
    return constraints.ranks() == 1 || scale.reach() - 1 <= held
        ? Optional.empty()
        : Optional.of(
            "a mixer that sees %d positions reaches over more than the %d tokens of the rank before"
                .formatted(scale.reach(), held));
  }

  // ---------------------------------------------------------------- controls

  /// The variant beside its controls: the same pathway that writes as it does but erases nothing.
  private List<Comparison> controls(Variant variant, List<Comparison> deciding) {
    List<Variant> controls =
        study.variants().stream().filter(other -> isControl(other, variant)).toList();
    return deciding.stream().flatMap(mine -> beside(mine, controls).stream()).toList();
  }

  private boolean isControl(Variant other, Variant variant) {
    return isDelta(variant)
        && Change.spec(study, variant).pathway() instanceof DeepDelta delta
        && other.mixers().equals(variant.mixers())
        && other.shape().equals(variant.shape())
        && Stream.of(DeepDelta.Update.WRITE_ONLY, DeepDelta.Update.ADDITIVE)
            .map(delta::withUpdate)
            .anyMatch(Change.spec(study, other).pathway()::equals);
  }

  /// Whether a variant is Deep Delta Learning, erasing included.
  private boolean isDelta(Variant variant) {
    return Change.spec(study, variant).pathway() instanceof DeepDelta delta
        && delta.update() == DeepDelta.Update.DELTA;
  }

  /// A variant beside others at the task and under the budget of one of its comparisons.
  private List<Comparison> beside(Comparison mine, List<Variant> others) {
    List<Contest> contests =
        others.stream()
            .flatMap(other -> comparison(other, mine.contest()).stream())
            .map(theirs -> mine.contest().against(theirs.contest()))
            .toList();
    return Comparison.of(contests, results.outcomes(), contests.size());
  }

  /// How a variant did beside the baseline in a contest like this.
  private Optional<Comparison> comparison(Variant variant, Contest like) {
    return comparisons.stream()
        .filter(c -> c.contest().variant().equals(variant))
        .filter(c -> c.contest().task().equals(like.task()))
        .filter(c -> c.contest().budget() == like.budget())
        .findFirst();
  }

  // ---------------------------------------------------------------- the choice

  private Optional<Candidate> chosen(Goal goal, List<Candidate> candidates) {
    Comparator<Candidate> better =
        goal.isQuality()
            ? Comparator.comparingLong(Advisor::lost).thenComparingDouble(Advisor::meanLoss)
            : Comparator.comparingDouble(
                c -> price(goal, Scale.Size.MEDIUM, scales(c.variant())).both());
    return candidates.stream().filter(c -> c.standing() == Standing.EARNS_IT).min(better);
  }

  /// At how many tasks a candidate does not win.
  private static long lost(Candidate candidate) {
    return candidate.deciding().stream().filter(c -> c.result() != Comparison.Result.WINS).count();
  }

  private static double meanLoss(Candidate candidate) {
    return candidate.deciding().stream().mapToDouble(c -> c.loss().mean()).average().orElse(0);
  }

  // ---------------------------------------------------------------- words

  private String because(List<Candidate> candidates, Optional<Candidate> chosen) {
    if (chosen.isPresent()) {
      return chosen.get().variant().name() + " " + chosen.get().why();
    }
    return candidates.isEmpty()
        ? "no variant of this study changes what the goal is about"
        : "none of %d candidates earns it: %s"
            .formatted(
                candidates.size(),
                candidates.stream()
                    .map(c -> "%s (%s)".formatted(c.variant().name(), words(c.standing())))
                    .collect(Collectors.joining(", ")));
  }

  private static String words(Standing standing) {
    return standing.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private String why(
      Goal goal,
      Standing standing,
      List<Comparison> deciding,
      List<Comparison> controls,
      List<Barrier> barriers,
      Map<Scale.Size, Scale> scales) {
    List<String> parts = new ArrayList<>();
    parts.add(words(standing));
    if (!goal.isQuality()) {
      for (Scale.Size size : Scale.Size.values()) {
        parts.add(price(goal, size, scales).words());
      }
    }
    if (deciding.isEmpty()) {
      parts.add("no comparison at a task that asks for it is done");
    }
    if (standing != Standing.NOT_CHEAPER) {
      deciding.forEach(c -> parts.add(words(c)));
    }
    if (standing == Standing.NOT_SHOWN_AS_GOOD) {
      parts.add(
          String.format(Locale.ROOT, "only what is worse by less than %.2f would do", MARGIN));
    }
    controls.forEach(c ->
        parts.add("beside its control %s, %s".formatted(c.contest().against().name(), words(c))));
    barriers.forEach(b -> parts.add("ruled out at %s: %s".formatted(b.size().label(), b.why())));
    return String.join("; ", parts);
  }

  /// What a comparison found: `stories, equal flops: wins, loss -0.031 nats (99.2 % interval …)`.
  private static String words(Comparison found) {
    boolean accuracy = found.contest().task().byAccuracy();
    Difference difference = accuracy ? found.accuracy() : found.loss();
    double unit = accuracy ? 100 : 1;
    return String.format(
        Locale.ROOT,
        accuracy
            ? "%s, equal %s: %s, accuracy %+.1f points (%.1f %% interval %+.1f to %+.1f, %d pairs of runs)"
            : "%s, equal %s: %s, loss %+.4f nats (%.1f %% interval %+.4f to %+.4f, %d pairs of runs)",
        found.contest().task().name(),
        found.contest().budget().label(),
        found.result().label(),
        unit * difference.mean(),
        100 * difference.level(),
        unit * difference.student().low(),
        unit * difference.student().high(),
        difference.pairs());
  }

  private static String words(List<Comparison> found) {
    return found.stream().map(Advisor::words).collect(Collectors.joining("; "));
  }

  /// `612 B`, `18.4 KiB`.
  static String bytes(double number) {
    List<String> units = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");
    int unit = 0;
    double rest = number;
    while (rest >= 1024 && unit + 1 < units.size()) {
      rest /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.3g %s", rest, units.get(unit));
  }

  // ---------------------------------------------------------------- cautions

  private List<String> cautions(Goal goal, List<Candidate> candidates, Optional<Candidate> chosen) {
    List<String> cautions = new ArrayList<>();
    chosen.ifPresent(c -> cautions.addAll(onChosen(c, candidates)));
    candidates.forEach(c -> cautions.addAll(onCandidate(goal, c)));
    if (goal.isQuality() && goal != Goal.BETTER_SHORTCUT && !isAskedByItself(goal)) {
      cautions.add(
          "No task of this study asks for "
              + goal.words()
              + " by itself; texts ask for everything at once.");
    }
    if (!goal.isQuality()) {
      cautions.add(
          goal == Goal.LOWER_MEMORY
              ? "Memory is counted by formulas, not measured; what is kept for the backward pass is an estimate."
              : "Decoding is counted by formulas, not timed: which of operations and bytes binds depends on the device.");
    }
    return cautions;
  }

  /// Whether some task asks for a goal and nothing else, as texts do not.
  private boolean isAskedByItself(Goal goal) {
    return study.tasks().stream().anyMatch(task -> task.byAccuracy() && goal.isAskedBy(task));
  }

  private List<String> onChosen(Candidate chosen, List<Candidate> candidates) {
    List<String> cautions = new ArrayList<>();
    chosen.beside().stream()
        .filter(c -> c.result() != Comparison.Result.WINS)
        .forEach(
            c -> cautions.add("Where something else is equal it does not win: " + words(c) + "."));
    chosen
        .barriers()
        .forEach(b -> cautions.add("Ruled out at %s: %s.".formatted(b.size().label(), b.why())));
    List<Variant> rivals =
        candidates.stream()
            .filter(c -> c.standing() == Standing.EARNS_IT && !c.equals(chosen))
            .map(Candidate::variant)
            .toList();
    chosen.deciding().stream()
        .flatMap(c -> beside(c, rivals).stream())
        .forEach(c ->
            cautions.add(
                "%s earns it too; beside it, %s."
                    .formatted(c.contest().against().name(), words(c))));
    return cautions;
  }

  private List<String> onCandidate(Goal goal, Candidate candidate) {
    List<String> cautions = new ArrayList<>();
    String name = candidate.variant().name();
    if (candidate.changes().size() > 1) {
      cautions.add(
          "%s changes several things at once (%s); which of them does it, this study does not tell."
              .formatted(
                  name,
                  candidate.changes().stream()
                      .sorted()
                      .map(Change::label)
                      .collect(Collectors.joining(", "))));
    }
    if (goal == Goal.BETTER_SHORTCUT
        && isDelta(candidate.variant())
        && study.variants().stream().noneMatch(v -> isControl(v, candidate.variant()))) {
      cautions.add(
          "%s is compared with no control that writes without erasing, so nothing it wins is known to be the delta rule's."
              .formatted(name));
    }
    if (goal == Goal.CROSS_DEPTH_RETRIEVAL
        && Change.spec(study, candidate.variant()).pathway() instanceof DepthAttention depth
        && depth.window() > 0) {
      cautions.add(onWindow(name, depth.window()));
    }
    return cautions;
  }

  /// A window of the newest states is the weakest published way to read along depth.
  private String onWindow(String name, int window) {
    int blocks = study.model().nLayers();
    String here =
        window > blocks
            ? "With the %d blocks of this study that is all of them; with more blocks it is not"
                .formatted(blocks)
            : "With the %d blocks of this study that leaves out the oldest".formatted(blocks);
    return "%s reads the newest %d states. %s. Cutting off all but the newest layers loses most of the gain where it was published: perplexity 18.28 with the last 4 of 48 blocks, 17.84 with all, 18.61 with none (DenseFormer, arXiv:2402.02622); loss 1.764, 1.737 and 1.766 (Attention Residuals, arXiv:2603.15031). Judge reading along depth by block summaries too."
        .formatted(name, window, here);
  }

  // ---------------------------------------------------------------- the paper

  private Paper paperOnQuality(Goal goal, List<Candidate> candidates, Optional<Candidate> chosen) {
    return switch (goal) {
      case BETTER_SHORTCUT ->
          paper(
              "Where the shortcut itself is to be better: Deep Delta Learning.",
              this::isDelta,
              candidates,
              chosen);
      case LOCAL_MIXING ->
          paper(
              "Where neighbours are to meet by what they hold: ShortSWA, a sublayer before attention.",
              variant -> variant.mixers().sublayer().kind() == Mixers.Kind.SHORTSWA,
              candidates,
              chosen);
      case CROSS_DEPTH_RETRIEVAL, LOWER_MEMORY, FASTER_DECODE -> {
        Paper found =
            paper(
                "Attention along depth only where retrieval across depth is what is studied.",
                variant -> Change.of(study, variant).contains(Change.DEPTH_READ),
                candidates,
                chosen);
        yield isAskedByItself(goal)
            ? found
            : new Paper(
                found.rule(),
                Agreement.CANNOT_TELL,
                "No task here asks for retrieval across depth by itself. " + found.why());
      }
    };
  }

  /// Whether the study agrees that one kind of variant is the right one. To find no difference is
  /// not to disagree.
  private Paper paper(
      String rule,
      Predicate<Variant> isMeant,
      List<Candidate> candidates,
      Optional<Candidate> chosen) {
    List<Candidate> meant = candidates.stream().filter(c -> isMeant.test(c.variant())).toList();
    if (meant.isEmpty()) {
      return new Paper(rule, Agreement.CANNOT_TELL, "The study has no such variant.");
    }
    if (chosen.filter(meant::contains).isPresent()) {
      return new Paper(
          rule, Agreement.AGREES, "%s earns it.".formatted(chosen.get().variant().name()));
    }
    String found = meant.stream().map(Advisor::brief).collect(Collectors.joining(". ", "", "."));
    if (meant.stream().allMatch(Advisor::isRefuted)) {
      return new Paper(rule, Agreement.DISAGREES, found);
    }
    List<Comparison> beaten =
        chosen.stream()
            .flatMap(c -> c.deciding().stream())
            .flatMap(c -> beside(c, meant.stream().map(Candidate::variant).toList()).stream())
            .filter(c -> c.result() == Comparison.Result.WINS)
            .toList();
    boolean all =
        meant.stream()
            .allMatch(
                m -> beaten.stream().anyMatch(c -> c.contest().against().equals(m.variant())));
    return all
        ? new Paper(
            rule,
            Agreement.DISAGREES,
            "%s beats it: %s.".formatted(chosen.orElseThrow().variant().name(), words(beaten)))
        : new Paper(rule, Agreement.CANNOT_TELL, found);
  }

  /// What became of a candidate, with the comparisons that were decided and what ruled it out.
  private static String brief(Candidate candidate) {
    Stream<String> decided =
        candidate.deciding().stream()
            .filter(c -> c.result() != Comparison.Result.NO_DIFFERENCE_FOUND)
            .map(Advisor::words);
    Stream<String> ruledOut = candidate.barriers().stream().map(Barrier::why).limit(1);
    return Stream.concat(
            Stream.of("%s: %s".formatted(candidate.variant().name(), words(candidate.standing()))),
            Stream.concat(decided, ruledOut))
        .collect(Collectors.joining("; "));
  }

  /// Whether what the paper recommends was found to be wrong here, not merely not found right.
  private static boolean isRefuted(Candidate candidate) {
    return candidate.standing() == Standing.LOSES || candidate.standing() == Standing.RULED_OUT;
  }

  /// The paper sees no general case for attention along depth in large systems.
  private Paper paperOnCost(Goal goal, List<Candidate> candidates) {
    String rule = "Attention along depth makes no general case in large systems.";
    List<Candidate> reads =
        candidates.stream().filter(c -> c.changes().contains(Change.DEPTH_READ)).toList();
    if (reads.isEmpty()) {
      return new Paper(rule, Agreement.CANNOT_TELL, "The study has no variant that reads depth.");
    }
    List<Candidate> cheaper =
        reads.stream().filter(c -> c.standing() != Standing.NOT_CHEAPER).toList();
    Agreement agreement = cheaper.isEmpty() ? Agreement.AGREES : Agreement.DISAGREES;
    String prices =
        (cheaper.isEmpty() ? reads : cheaper)
            .stream()
                .map(c -> {
                  Price price = price(goal, Scale.Size.MEDIUM, scales(c.variant()));
                  return "%s %s".formatted(c.variant().name(), price.words());
                })
                .collect(Collectors.joining("; "));
    return new Paper(
        rule,
        agreement,
        "%s the baseline's: %s.%s"
            .formatted(
                cheaper.isEmpty() ? "Each costs as much as or more than" : "Some cost less than",
                prices,
                goal == Goal.LOWER_MEMORY ? onState(reads) : ""));
  }

  /// What reads of depth hold while a token is decoded, beside what short attention keeps: the
  /// paper's "second cache" is small where there are no pipeline stages.
  private String onState(List<Candidate> reads) {
    double most =
        reads.stream()
            .mapToDouble(c -> at(Scale.Size.MEDIUM, scales(c.variant())).passing())
            .max()
            .orElse(0);
    double ring =
        study.variants().stream()
            .filter(v -> v.mixers().sublayer().kind() == Mixers.Kind.SHORTSWA)
            .mapToDouble(v -> at(Scale.Size.MEDIUM, scales(v)).ring())
            .max()
            .orElse(0);
    String held =
        " While a token is decoded they hold at most %s a sequence at %s"
            .formatted(bytes(most * constraints.bytes()), Scale.Size.MEDIUM.label());
    return ring == 0
        ? held + "."
        : "%s; short attention's ring keeps %s.".formatted(held, bytes(ring * constraints.bytes()));
  }

  // ---------------------------------------------------------------- uncertainty

  /// What limits everything that a study says.
  ///
  /// @param results what is known of it
  static List<String> uncertainty(StudyResults results) {
    Study study = results.study();
    List<Comparison> found = results.comparisons();
    List<String> sentences = new ArrayList<>();
    sentences.add(size(study, found));
    sentences.add(
        "A win at this size, on these data and after so many tokens need not hold at another; of quality, nothing is extrapolated.");
    noDifference(found).ifPresent(sentences::add);
    sentences.add(
        "Intervals are corrected for the %d variants beside one baseline, not for the %d tasks and %d budgets beside each other."
            .formatted(study.variants().size() - 1, study.tasks().size(), study.budgets().size()));
    return sentences;
  }

  private static String size(Study study, List<Comparison> found) {
    long parameters =
        found.stream()
            .filter(c -> c.contest().against().equals(study.baseline()))
            .mapToLong(c -> c.theirs().getFirst().parameters())
            .max()
            .orElse(0);
    return String.format(
        Locale.ROOT,
        "Measured with %d seeds on models of %d blocks of width %d (%s parameters), %d tokens each.",
        study.seeds().size(),
        study.model().nLayers(),
        study.model().dModel(),
        parameters == 0 ? "unknown" : String.valueOf(parameters),
        study.recipe().tokens());
  }

  private static Optional<String> noDifference(List<Comparison> found) {
    List<Comparison> open =
        found.stream().filter(c -> c.result() == Comparison.Result.NO_DIFFERENCE_FOUND).toList();
    if (open.isEmpty()) {
      return Optional.empty();
    }
    List<String> reach = new ArrayList<>();
    double loss = widest(open, false);
    double accuracy = widest(open, true);
    if (loss > 0) {
      reach.add(String.format(Locale.ROOT, "%.4f nats", loss));
    }
    if (accuracy > 0) {
      reach.add(String.format(Locale.ROOT, "%.1f points of accuracy", 100 * accuracy));
    }
    return Optional.of(
        "'No difference found' is no evidence of equality: of %d such comparisons, intervals allow differences of up to %s."
            .formatted(open.size(), String.join(" and ", reach)));
  }

  private static double widest(List<Comparison> found, boolean accuracy) {
    return found.stream()
        .filter(c -> c.contest().task().byAccuracy() == accuracy)
        .map(c -> accuracy ? c.accuracy() : c.loss())
        .mapToDouble(d -> Math.max(Math.abs(d.student().low()), Math.abs(d.student().high())))
        .max()
        .orElse(0);
  }
}
