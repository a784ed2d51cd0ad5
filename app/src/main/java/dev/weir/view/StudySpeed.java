package dev.weir.view;

import dev.weir.study.Budget;
import dev.weir.study.Contest;
import dev.weir.study.Outcome;
import dev.weir.study.Pace;
import dev.weir.study.Spread;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyTask;
import dev.weir.study.Sweep;
import dev.weir.study.Variant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/// What the variants of a study cost: speed and memory as measured, operations and weights as
/// counted; and what a sweep of learning rates gave.
public final class StudySpeed {
  private static final double MEBIBYTE = 1 << 20;
  private static final double KIBIBYTE = 1 << 10;
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private StudySpeed() {}

  /// The sections; those that nothing is known of are left out.
  ///
  /// @param results what is known
  public static List<Report.Section> sections(StudyResults results) {
    List<Table> tables = new ArrayList<>();
    Pace pace = results.pace();
    if (pace.circumstances().isPresent()) {
      tables.add(training(results));
      tables.add(writing(results));
    }
    if (results.study().budgets().contains(Budget.PARAMETERS)) {
      tables.add(parameters(results));
    }
    if (results.study().rates().size() > 1 && !results.sweeps().isEmpty()) {
      tables.add(sweeps(results));
    }
    return tables.stream().<Report.Section>map(Report.TableSection::new).toList();
  }

  // ---------------------------------------------------------------- speed

  private static Table training(StudyResults results) {
    Study study = results.study();
    Table.Builder table =
        Table.named("training_pace")
            .title("How fast variants train")
            .name("task", "what was learned")
            .name("variant", "who was trained")
            .real("tokens", "/s", "trained on, median of the rounds")
            .real("slowest", "/s", "of the rounds")
            .real("fastest", "/s", "of the rounds")
            .real("beside", "%s's".formatted(study.baseline().name()), "tokens per second")
            .real("step", "s", "median of the rounds");
    for (StudyTask task : study.tasks()) {
      Optional<Double> plain = trained(results, study.baseline(), task);
      for (Variant variant : study.variants()) {
        results
            .pace()
            .training(variant, task)
            .ifPresent(found -> {
              Spread tokens = found.tokensPerSecond();
              table.row(
                  task.name(),
                  variant.name(),
                  tokens.median(),
                  tokens.least(),
                  tokens.most(),
                  beside(tokens.median(), plain),
                  found.secondsPerStep().median());
            });
      }
    }
    return table.note(circumstances(results.pace())).build();
  }

  private static Optional<Double> trained(StudyResults results, Variant variant, StudyTask task) {
    return results.pace().training(variant, task).map(t -> t.tokensPerSecond().median());
  }

  private static Cell beside(double number, Optional<Double> plain) {
    return plain.map(other -> Cell.of(number / other)).orElseGet(Cell::missing);
  }

  private static String circumstances(Pace pace) {
    Pace.Circumstances found = pace.circumstances().orElseThrow();
    OptionalDouble load = found.load();
    return "Measured once, on %s, on %d processors%s; variants took turns. Under another load other numbers would come out, and seconds are made equal by these."
        .formatted(
            MINUTE.format(found.when()),
            found.processors(),
            load.isPresent()
                ? String.format(
                    Locale.ROOT, " with a load average of %.1f before it began", load.getAsDouble())
                : "; this system tells no load average");
  }

  private static Table writing(StudyResults results) {
    Study study = results.study();
    Pace pace = results.pace();
    String plain = "%s's".formatted(study.baseline().name());
    Table.Builder table =
        Table.named("decoding_and_memory")
            .title("How fast variants write, what they keep meanwhile, what memory training takes")
            .name("variant", "who")
            .real("tokens", "/s", "written one after the other, one text, median of the rounds")
            .real("slowest", "/s", "of the rounds")
            .real("fastest", "/s", "of the rounds")
            .real("speed", plain, "tokens per second")
            .real("kept", "KiB", "from token to token, at the end of the text")
            .real("keeping", plain, "of what is kept")
            .real("training", "MiB", "peak memory, grown over that of the engine and the data")
            .real("memory", plain, "of training");
    Optional<Pace.Decoding> plainly = pace.decoding(study.baseline());
    Optional<Pace.Memory> plainMemory = memory(results, study.baseline());
    for (Variant variant : study.variants()) {
      Optional<Spread> tokens = pace.decoding(variant).map(Pace.Decoding::tokensPerSecond);
      Optional<Double> speed = tokens.map(Spread::median);
      Optional<Double> kept = pace.decoding(variant).map(d -> d.stateBytes() / KIBIBYTE);
      Optional<Double> memory = memory(results, variant).map(m -> m.peakBytes() / MEBIBYTE);
      table.row(
          variant.name(),
          cell(speed),
          cell(tokens.map(Spread::least)),
          cell(tokens.map(Spread::most)),
          ratio(speed, plainly.map(d -> d.tokensPerSecond().median())),
          cell(kept),
          ratio(kept, plainly.map(d -> d.stateBytes() / KIBIBYTE)),
          cell(memory),
          ratio(memory, plainMemory.map(m -> m.peakBytes() / MEBIBYTE)));
    }
    plainly.ifPresent(d ->
        table.note(
            "Written at %s: %d tokens after a prompt of %d, through the cache, in float32. What is kept is counted from the caches that are held."
                .formatted(d.task(), d.tokens(), d.prompt())));
    memoryNotes(results).forEach(table::note);
    return table.note(circumstances(pace)).build();
  }

  /// What was measured, unless it is less than the weights need.
  private static Optional<Pace.Memory> memory(StudyResults results, Variant variant) {
    return results
        .pace()
        .memory(variant)
        .filter(found -> found.isEnough(parameters(results, variant, found.task())));
  }

  private static long parameters(StudyResults results, Variant variant, String task) {
    return results.plan().runs().stream()
        .filter(run -> run.variant().equals(variant) && run.task().name().equals(task))
        .mapToLong(StudyRun::parameters)
        .findFirst()
        .orElse(0);
  }

  private static List<String> memoryNotes(StudyResults results) {
    List<Pace.Memory> measured = results.pace().memory();
    if (measured.isEmpty()) {
      return List.of("Memory was not measured: only Linux tells it.");
    }
    List<String> notes = new ArrayList<>();
    notes.add(
        "Memory at %s: by how much the resident memory of a process grew at most that trains this variant alone: weights, gradients, the optimizer's state and activations."
            .formatted(measured.getFirst().task()));
    List<String> tooLittle =
        results.study().variants().stream()
            .filter(v -> results.pace().memory(v).isPresent() && memory(results, v).isEmpty())
            .map(Variant::name)
            .toList();
    if (!tooLittle.isEmpty()) {
      notes.add(
          "That of %s is too little to be measured: it grew by less than weights, gradients and the optimizer's state need, 16 bytes a parameter."
              .formatted(StudyWords.listed(tooLittle)));
    }
    return notes;
  }

  private static Cell cell(Optional<Double> number) {
    return number.map(Cell::of).orElseGet(Cell::missing);
  }

  private static Cell ratio(Optional<Double> number, Optional<Double> plain) {
    return number.map(found -> beside(found, plain)).orElseGet(Cell::missing);
  }

  // ---------------------------------------------------------------- weights and operations

  private static Table parameters(StudyResults results) {
    Table.Builder table =
        Table.named("equal_parameters")
            .title("How equal equal parameters are")
            .name("task", "what was learned")
            .name("variant", "who was compared")
            .name("against", "who with")
            .integer("parameters", "", "of the variant")
            .integer("theirs", "", "of the other")
            .real("more", "%", "that the variant has, of the other's")
            .text("runs", "whether the other is one that equal tokens have too");
    results.plan().contests().stream()
        .filter(contest -> contest.budget() == Budget.PARAMETERS)
        .forEach(contest -> row(table, contest, results.study()));
    return table
        .note(
            "The baseline is widened by whole neurons, as many in each block, to the nearest. A variant with less than half a neuron more, or fewer weights, meets the baseline itself: the same runs as under equal tokens.")
        .build();
  }

  private static void row(Table.Builder table, Contest contest, Study study) {
    StudyRun mine = contest.pairs().getFirst().mine();
    StudyRun theirs = contest.pairs().getFirst().theirs();
    table.row(
        contest.task().name(),
        contest.variant().name(),
        contest.against().name(),
        mine.parameters(),
        theirs.parameters(),
        100 * contest.moreParameters(),
        contest.against().equals(study.baseline()) ? "the baseline itself" : "its own");
  }

  // ---------------------------------------------------------------- sweep

  private static Table sweeps(StudyResults results) {
    Table.Builder table =
        Table.named("learning_rates")
            .title("What each learning rate gave")
            .name("task", "what was learned")
            .name("variant", "who was trained")
            .integer("steps", "", "of each run")
            .real("rate", "", "what the recipe's learning rate was multiplied with")
            .real("loss", "nats", "at the end, mean over seeds")
            .integer("seeds", "", "runs")
            .integer("failed", "", "of them")
            .name("chosen", "the rate that the variant is judged at");
    results.sweeps().forEach(sweep -> sweep.rates().forEach(rate -> row(table, sweep, rate)));
    if (results.sweeps().stream().anyMatch(Sweep::isAtItsEdge)) {
      table.note(
          "Where the chosen rate is the lowest or highest of the sweep, a better one may lie outside it: widen the sweep before believing the comparison.");
    }
    return table
        .note(
            "Each side is judged at the rate with the lowest mean loss, chosen on the runs that are compared: the chosen loss flatters, being the least of several noisy means. Both sides choose among %d rates, so most of that cancels in their difference; the intervals do not know of the choice."
                .formatted(results.study().rates().size()))
        .build();
  }

  private static void row(Table.Builder table, Sweep sweep, Sweep.Rate rate) {
    Outcome one = rate.outcomes().getFirst();
    boolean chosen = rate.equals(sweep.best());
    table.row(
        one.task(),
        one.variant(),
        rate.outcomes().stream().mapToInt(Outcome::steps).max().orElseThrow(),
        rate.rate(),
        rate.loss(),
        rate.outcomes().size(),
        rate.failed(),
        !chosen ? "" : sweep.isAtItsEdge() ? "chosen, at the edge" : "chosen");
  }
}
