package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cli.Shell;
import dev.weir.study.Budget;
import dev.weir.study.Difference;
import dev.weir.study.Machine;
import dev.weir.study.Outcome;
import dev.weir.study.Pace;
import dev.weir.study.Prepared;
import dev.weir.study.Recipe;
import dev.weir.study.Spread;
import dev.weir.study.Study;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.Look;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Reports of studies whose outcomes are made up, so that what they must say is known.
class StudyReportTest {
  private static final List<Variant> MECHANISM_AND_CONTROL =
      List.of(
          Variant.plain("plain"),
          Variant.of("ddl", "", "ddl", Mixers.none()),
          Variant.of("control", "", "ddl-write-only", Mixers.none()));

  private static final double[] NOISE = {0.001, -0.002, 0.0015, -0.0005, 0.0005};

  @Test
  void aVariantIsCalledBetterWorseOrNeitherAsItsIntervalsSay() {
    String words = words(study(5, Budget.TOKENS), StudyReportTest::loss);

    assertThat(words)
        .contains("better is better than plain with equal tokens (−0.")
        .contains("worse is worse than plain with equal tokens (+0.")
        .contains("same is not found to differ from plain with equal tokens (")
        .contains(
            "With equal tokens (5 seeds): better than the baseline: better at text; worse: worse at text; no difference found in 1 of 3 comparisons.");
  }

  @Test
  void aSentenceClaimsADifferenceOnlyIfItsWholeIntervalLeavesOutZero() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 40; i++) {
      double shift = random.nextDouble(-0.03, 0.03);
      double[] differences = random.doubles(4, -0.02, 0.02).map(noise -> noise + shift).toArray();
      Difference difference = Difference.of(differences, 3, random);
      Difference.Interval whole = difference.whole();

      assertThat(difference.verdict() != Difference.Verdict.NO_DIFFERENCE_FOUND)
          .isEqualTo(whole.low() > 0 || whole.high() < 0);
    }
  }

  @Test
  void aRunThatFailedDecidesNothingAndIsToldWithItsTrouble() {
    String words =
        words(
            study(3, Budget.TOKENS),
            run ->
                run.variant().name().equals("better") && run.seed() == 1 ? Double.NaN : loss(run));

    assertThat(words)
        .contains("1 run of better at text (the loss became NaN) failed")
        .contains("better is undecided beside plain with equal tokens (1 of 6 runs failed:")
        .doesNotContain("better is better");
  }

  @Test
  void aStudyThatIsNotFinishedSaysWhatIsMissing() {
    StudyResults all = results(study(3, Budget.TOKENS), StudyReportTest::loss);
    Map<String, Outcome> some = new HashMap<>(all.outcomes());
    all.plan().runs().stream()
        .filter(run -> run.variant().name().equals("worse"))
        .forEach(run -> some.remove(run.id()));
    String words =
        markdown(new StudyResults(all.study(), all.plan(), all.pace(), some), Optional.empty());

    assertThat(words)
        .contains("9 of 12 runs are done, and 2 of 3 comparisons can be made")
        .contains("| text | worse | not done |")
        .contains("not done yet |")
        .doesNotContain("worse is");
  }

  @Test
  void aSingleSeedTellsNothing() {
    assertThat(words(study(1, Budget.TOKENS), StudyReportTest::loss))
        .contains("better is undecided beside plain with equal tokens (1 seed give")
        .doesNotContain("better than plain");
  }

  @Test
  void theBaselineThatWasWidenedIsNamed() {
    Variant larger =
        Variant.of(
            "larger",
            "",
            "pre_norm",
            new Mixers(
                Mixers.Local.parse("shortswa:window=4"),
                Mixers.Local.none(),
                "",
                dev.weir.model.AttentionSpec.Values.OWN));

    assertThat(
            words(
                study(3, List.of(Variant.plain("plain"), larger), Budget.PARAMETERS),
                StudyReportTest::loss))
        .containsPattern("with equal parameters \\(against plain, \\d+ neurons: ");
  }

  @Test
  void aMechanismStandsBesideItsControl() {
    String words =
        words(
            study(5, MECHANISM_AND_CONTROL, Budget.TOKENS),
            run -> loss(run) - (run.variant().name().equals("ddl") ? 0.5 : 0));

    assertThat(words).contains("ddl is better than control with equal tokens (−0.");
    assertThat(words).doesNotContain("control is better than ddl");
  }

  @Test
  void whatSeparatesAMechanismFromItsControlIsNotOnlyItsPointWhereSecondsAreEqual() {
    String speed = "With equal seconds, how fast each is implemented counts too.";
    assertThat(words(study(3, MECHANISM_AND_CONTROL, Budget.SECONDS), StudyReportTest::loss))
        .contains("what separates them is the erasing. " + speed)
        .contains("1 pair of variants is compared with each other");
    assertThat(words(study(3, MECHANISM_AND_CONTROL, Budget.TOKENS), StudyReportTest::loss))
        .doesNotContain(speed);
  }

  @Test
  void differencesHaveFourDecimalsAndNothingHasNoSign() {
    assertThat(NumberText.signed(-1.04e-5, 4)).isEqualTo("0.0000");
    assertThat(NumberText.signed(-0.03351, 4)).isEqualTo("−0.0335");
    assertThat(NumberText.signed(1.25e-4, 4)).isEqualTo("+0.0001");
    assertThat(NumberText.signed(Double.NaN, 4)).isEqualTo("NaN");
  }

  @Test
  void aDepthWindowThatIsCutShortComesWithItsCaution() {
    Variant.Shape threeBlocks =
        new Variant.Shape(
            OptionalInt.empty(), OptionalInt.of(3), OptionalInt.empty(), OptionalInt.empty());
    List<Variant> variants =
        List.of(
            Variant.plain("plain"),
            new Variant("cut", "", "depth-own-2", Mixers.none(), threeBlocks),
            // With two blocks there are two states to read.
            Variant.of("whole", "", "depth-own-2", Mixers.none()));

    assertThat(words(study(2, variants, Budget.TOKENS), StudyReportTest::loss))
        .contains("cut reads the last 2 of up to 3 states along depth")
        .doesNotContain("whole reads the last");
  }

  @Test
  void aVerdictStandsOnlyBesideTheNumbersItFollowsFrom() {
    Report mixed = report(with(study(5, Budget.TOKENS), text(), recall(2)));
    assertThat(column(table(mixed, "losses"), "result"))
        .containsExactly("wins", "loses", "no difference found", "–", "–", "–");
    assertThat(column(table(mixed, "accuracies"), "result"))
        .containsExactly("–", "–", "–", "wins", "loses", "no difference found");
    assertThat(table(mixed, "losses").notes().getFirst())
        .startsWith("recall-2 is judged by accuracy:");
    assertThat(table(mixed, "accuracies").notes().getFirst()).startsWith("text is judged by loss:");

    Report recall = report(with(study(5, Budget.TOKENS), recall(2)));
    assertThat(table(recall, "losses").columns().stream().map(Column::name))
        .doesNotContain("result");
  }

  @Test
  void whatIsPrintedShowsTheDifferenceThatJudgesBesideItsVerdict() {
    Table printed =
        StudyReport.comparisons(
            results(with(study(5, Budget.TOKENS), text(), recall(2)), StudyReportTest::loss));

    assertThat(TextTable.render(printed, Style.PLAIN, 100))
        .containsPattern(
            "text +tokens +better +wins +−0\\.\\d{4} nats +5 +−0\\.\\d{4}, −0\\.\\d{4} ")
        .containsPattern(
            "recall-2 +tokens +worse +loses +−\\d\\.\\d{2} points +5 +−\\d\\.\\d{2}, −\\d\\.\\d{2} ");
  }

  @Test
  void accuracyIsShownByDifficulty() {
    Study harder = with(study(3, Budget.TOKENS), recall(2), recall(4));
    Report report =
        StudyReport.of(
            results(harder, run -> run.task().difficulty().orElseThrow()), Optional.empty());

    LineChart chart =
        report.sections().stream()
            .flatMap(section ->
                section instanceof Report.LineSection(LineChart c)
                        && c.name().equals("mqar_difficulty_tokens")
                    ? java.util.stream.Stream.of(c)
                    : java.util.stream.Stream.of())
            .findFirst()
            .orElseThrow();
    assertThat(chart.series()).hasSize(4);
    // Accuracy is made up to be exp(-loss), and the loss to be the difficulty.
    assertThat(chart.series().getFirst().points())
        .containsExactly(new Point(2, 100 * Math.exp(-2)), new Point(4, 100 * Math.exp(-4)));
  }

  @Test
  void thePageNeedsNothingFromElsewhereAndItsLinksStayInIt() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    HtmlReport.write(
        StudyReport.of(
            results(study(3, Budget.values()), StudyReportTest::loss), Optional.of(machine())),
        out);
    String page = out.toString(UTF_8).replace("http://www.w3.org/2000/svg", "");

    assertThat(page).doesNotContain("http:", "https:", "src=", "url(", "@import", " style=");
    Matcher link = Pattern.compile("href=\"([^\"]*)\"").matcher(page);
    List<String> links = new ArrayList<>();
    while (link.find()) {
      links.add(link.group(1));
    }
    assertThat(links)
        .isNotEmpty()
        .allSatisfy(to -> assertThat(page).contains("id=\"%s\"".formatted(to.substring(1))));
  }

  @Test
  void theReportSaysWhereAndHowItWasMade() {
    assertThat(
            markdown(
                results(study(3, Budget.TOKENS), StudyReportTest::loss), Optional.of(machine())))
        .contains("weir study run x.yaml", "commit abc", "a processor, 2 processors, 8 GB memory");
  }

  @Test
  void methodsAndDocumentationSayHowOftenTheRuleErrsWhereModelsSpreadUnalike() throws IOException {
    String methods = words(study(3, Budget.TOKENS), StudyReportTest::loss);
    String documentation = Files.readString(Shell.root().resolve("docs/study.md"));

    assertThat(methods)
        .contains(
            "where all models spread alike from seed to seed, the chance of a false difference among them stays below 5 %")
        .contains(
            "With 3 seeds the percentile bootstrap runs from the smallest to the largest of the differences, whatever the level");
    for (Difference.Uneven uneven : Difference.Uneven.values()) {
      assertThat(methods)
          .contains(
              "%.0f %% of studies where %s spreads %.0f times as much"
                  .formatted(
                      100 * uneven.share(),
                      uneven.isBaseline() ? "the baseline" : "one variant",
                      uneven.times()));
      assertThat(documentation).contains("%.0f %%".formatted(100 * uneven.share()));
    }
  }

  /// Twice the rate is better for `plain` and `same`, half of it for `better`, and `worse` is best
  /// in between.
  private static double swept(StudyRun run) {
    double best =
        switch (run.variant().name()) {
          case "better" -> 0.5;
          case "worse" -> 1;
          default -> 2;
        };
    return loss(run) + Math.abs(run.rate() - best);
  }

  @Test
  void aSweepThatEndsTooEarlyComesWithItsCautionAndMethodsTellTheRatesThatWereJudged() {
    String words =
        words(with(study(3, Budget.TOKENS), List.of(0.5, 1.0, 2.0)), StudyReportTest::swept);

    assertThat(words)
        .contains(
            "3 of 4 learning rates chosen lie at the edge of those tried: at the lowest are better at text; at the highest are plain and same at text.")
        .contains("what is compared may be learning rates and not variants")
        .contains("rises over 10 % of the steps to the highest of the run, stays there")
        .contains("each of the highest learning rates 0.0015, 0.003 and 0.006 and is judged")
        .contains(
            "Judged runs had 0.0015 (better at text); 0.003 (worse at text); 0.006 (plain and same at text).");
    assertThat(words(with(study(3, Budget.TOKENS), List.of(0.5, 2.0)), StudyReportTest::swept))
        .contains("All learning rates chosen lie at the edge of those tried");
    assertThat(words(study(3, Budget.TOKENS), StudyReportTest::loss))
        .contains("of the steps to 0.003, stays there")
        .doesNotContain("learning rates chosen");
  }

  @Test
  void memoryThatIsLessThanTheWeightsNeedIsNotShown() {
    StudyResults all = results(study(3, Budget.TOKENS), StudyReportTest::loss);
    long weights = all.plan().runs().iterator().next().parameters();
    Pace measured =
        new Pace(
            Optional.of(new Pace.Circumstances(Instant.EPOCH, 2, OptionalDouble.empty())),
            all.pace().training(),
            List.of(),
            List.of(
                new Pace.Memory("plain", "text", 64 * weights),
                new Pace.Memory("better", "text", 15 * weights)));
    Table table =
        table(
            StudyReport.of(
                new StudyResults(all.study(), all.plan(), measured, all.outcomes()),
                Optional.empty()),
            "decoding_and_memory");

    assertThat(column(table, "memory")).containsExactly("1.000", "–", "–", "–");
    assertThat(column(table, "training").get(1)).isEqualTo("–");
    assertThat(table.notes())
        .anySatisfy(
            note -> assertThat(note).startsWith("That of better is too little to be measured"));
  }

  /// Names and words have none, and neither has what formulas say.
  private static final List<String> WITHOUT_SEEDS =
      List.of("variants", "verdicts", "advice", "advice_costs");

  @Test
  void everyTableOfNumbersHasItsSeeds() {
    Report report =
        StudyReport.of(results(study(3, Budget.TOKENS), StudyReportTest::loss), Optional.empty());

    assertThat(report.tables())
        .filteredOn(table -> !WITHOUT_SEEDS.contains(table.name()))
        .allSatisfy(table ->
            assertThat(table.columns().stream().map(Column::name)).containsAnyOf("seeds", "seed"));
  }

  // ---------------------------------------------------------------- made up

  private static Machine machine() {
    return new Machine(
        "weir study run x.yaml",
        "0.1.0",
        "abc",
        "a processor",
        2,
        8_000_000_000L,
        "Linux",
        "25",
        "2026-01-01T00:00:00Z");
  }

  /// Everyone's seeds move together; `better` and `worse` are 0.5 nats away, with some noise.
  private static double loss(StudyRun run) {
    String name = run.variant().name();
    int seed = (int) run.seed();
    double shift = name.equals("better") ? -0.5 : name.equals("worse") ? 0.5 : 0;
    double noise = NOISE[(seed + name.length()) % NOISE.length];
    return 2 + 0.1 * seed + shift + noise;
  }

  private static Report report(Study study) {
    return StudyReport.of(results(study, StudyReportTest::loss), Optional.empty());
  }

  private static Table table(Report report, String name) {
    return report.tables().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private static List<String> column(Table table, String name) {
    int index = table.indexOf(name);
    return table.rows().stream()
        .map(row -> NumberText.brief(row.get(index), table.columns().get(index).kind()))
        .toList();
  }

  private static Study with(Study study, StudyTask... tasks) {
    return new Study(
        study.name(),
        study.question(),
        study.model(),
        study.recipe(),
        study.variants(),
        List.of(tasks),
        study.budgets(),
        study.seeds(),
        study.rates());
  }

  private static Study with(Study study, List<Double> rates) {
    return new Study(
        study.name(),
        study.question(),
        study.model(),
        study.recipe(),
        study.variants(),
        study.tasks(),
        study.budgets(),
        study.seeds(),
        rates);
  }

  private static StudyTask text() {
    return new StudyTask("text", "a.txt", Optional.empty(), 16, OptionalDouble.empty());
  }

  private static StudyTask recall(int pairs) {
    return new StudyTask(
        "recall-" + pairs,
        "task:mqar:pairs=%d,queries=2,vocab=17,length=15".formatted(pairs),
        Optional.empty(),
        16,
        OptionalDouble.of(pairs));
  }

  private static Study study(int seeds, Budget... budgets) {
    return study(
        seeds,
        List.of(
            Variant.plain("plain"),
            Variant.plain("better"),
            Variant.plain("worse"),
            Variant.plain("same")),
        budgets);
  }

  private static Study study(int seeds, List<Variant> variants, Budget... budgets) {
    return new Study(
        "made-up",
        "Does it say what it must?",
        new ModelSettings(
            "pre_norm",
            16,
            2,
            1,
            1,
            32,
            2,
            2,
            ModelSettings.NormKind.RMS,
            ModelSettings.MlpKind.GATED,
            ModelSettings.Positions.ROTARY,
            ModelSettings.Head.SEPARATE),
        new Recipe(128, 2560, 3e-3, 0.1, 0.2, 0.01, 2, 1024),
        variants,
        List.of(text()),
        List.of(budgets),
        LongStream.range(0, seeds).boxed().toList(),
        List.of(1.0));
  }

  private static StudyResults results(Study study, ToDoubleFunction<StudyRun> loss) {
    List<Prepared> tasks =
        study.tasks().stream()
            .map(task ->
                new Prepared(
                    task,
                    new DataSettings(
                        task.source(), Optional.empty(), 0.1, CorpusFiles.usual(), "digest"),
                    32,
                    16))
            .toList();
    Pace pace = pace(study);
    StudyPlan plan = StudyPlan.of(study, tasks, pace);
    Map<String, Outcome> outcomes = new HashMap<>();
    plan.runs().forEach(run -> outcomes.put(run.id(), outcome(run, loss.applyAsDouble(run))));
    return new StudyResults(study, plan, pace, outcomes);
  }

  /// All are as fast.
  private static Pace pace(Study study) {
    List<Pace.Training> training =
        study.variants().stream()
            .flatMap(variant ->
                study.tasks().stream()
                    .map(task ->
                        new Pace.Training(variant.name(), task.name(), new Spread(1, 1, 1), 128)))
            .toList();
    return new Pace(Optional.empty(), training, List.of(), List.of());
  }

  private static Outcome outcome(StudyRun run, double loss) {
    boolean failed = Double.isNaN(loss);
    Look end = new Look(loss, Math.exp(-loss));
    return new Outcome(
        run.id(),
        run.variant().name(),
        run.task().name(),
        run.seed(),
        run.rate(),
        20,
        2560,
        1e6,
        10,
        1000,
        end,
        failed
            ? List.of()
            : List.of(
                new Outcome.Point(1280, 5e5, 5, new Look(loss + 1, 0.1)),
                new Outcome.Point(2560, 1e6, 10, end)),
        failed ? "the loss became NaN" : "");
  }

  private static String words(Study study, ToDoubleFunction<StudyRun> loss) {
    return markdown(results(study, loss), Optional.empty());
  }

  private static String markdown(StudyResults results, Optional<Machine> machine) {
    return MarkdownReport.text(StudyReport.of(results, machine), figure -> figure.name() + ".png")
        .replace("\\[", "[")
        .replace("\\]", "]");
  }
}
