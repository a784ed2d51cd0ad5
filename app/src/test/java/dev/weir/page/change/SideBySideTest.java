package dev.weir.page.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.Change;
import dev.weir.page.run.NumberedModel;
import dev.weir.page.run.Plane;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.TestRuns;
import dev.weir.page.run.Window;
import dev.weir.testing.PathwayModels;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Answers and planes of two runs.
class SideBySideTest {
  private static final String PLAIN = "pathway/pre_norm/rms/mha";
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final int[] OTHER = {3, 1, 4, 8, 5, 9, 7, 6, 5, 11};
  private static final Change ABLATED =
      new Change.Ablate("blocks.1.hook_mlp_out", List.of(), List.of(), List.of());

  static Stream<String> pathways() {
    return PathwayModels.names();
  }

  private static Answers.Question question(int position) {
    return new Answers.Question(position, 4, Optional.empty(), Optional.empty());
  }

  private static Answers answers(TestRuns runs, Change... changes) {
    return Answers.of(
        runs.runs, runs.id("m0", TOKENS), runs.id("m0", TOKENS, changes), question(-1));
  }

  private static double[] logits(TestRuns runs, int position, int... tokens) {
    return runs.read(
        tokens,
        List.of(),
        run -> run.model().transformer().logits(tokens).at("pos", position).toDoubles());
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void theAnswerIsTheModelsOwn(String name) {
    try (TestRuns runs = TestRuns.of(name)) {
      double[] logits = logits(runs, TOKENS.length - 1, TOKENS);
      double total = Math.log(DoubleStream.of(logits).map(Math::exp).sum());
      List<Integer> likeliest =
          IntStream.range(0, logits.length)
              .boxed()
              .sorted(Comparator.comparingDouble(token -> -logits[token]))
              .limit(4)
              .toList();

      Answers answers = answers(runs);

      assertThat(answers.before().top())
          .extracting(Answers.Scored::id)
          .containsExactlyElementsOf(likeliest);
      assertThat(answers.before().top())
          .allSatisfy(token -> {
            assertThat(token.score().logit()).isEqualTo(logits[token.id()], offset(1e-4));
            assertThat(Math.log(token.score().probability()))
                .isEqualTo(logits[token.id()] - total, offset(1e-4));
            assertThat(token.score().rank()).isEqualTo(likeliest.indexOf(token.id()));
          });
      assertThat(answers.divergence()).hasValue(0);
      assertThat(answers.moved()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void patchingTheWholePromptGivesTheAnswerOfTheOtherPrompt(String name) {
    try (TestRuns runs = TestRuns.of(name)) {
      String text = NumberedModel.text(OTHER);
      Change patch =
          new Change.Patch("blocks.0.hook_resid_pre", List.of(), List.of(), text, List.of());

      Answers answers =
          Answers.of(runs.runs, runs.id("m0", OTHER), runs.id("m0", TOKENS, patch), question(-1));

      assertThat(answers.after().top()).isEqualTo(answers.before().top());
      assertThat(answers.divergence()).hasValue(0);
    }
  }

  @Test
  void aChangeMovesProbabilityAndTheFarthestMovesComeFirst() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      Answers answers = answers(runs, ABLATED);

      assertThat(answers.divergence().orElseThrow()).isPositive();
      assertThat(answers.moved())
          .extracting(move -> Math.abs(move.after().probability() - move.before().probability()))
          .isSortedAccordingTo(Comparator.reverseOrder())
          .hasSize(4);
      double sum = 0;
      double[] before = probabilities(logits(runs, TOKENS.length - 1, TOKENS));
      double[] after =
          probabilities(
              runs.read(
                  TOKENS,
                  List.of(ABLATED),
                  run ->
                      Answer.of(run, -1).top(before.length).stream()
                          .sorted()
                          .mapToDouble(Answer.of(run, -1)::logit)
                          .toArray()));
      for (int token = 0; token < before.length; token++) {
        sum += before[token] * Math.log(before[token] / after[token]);
      }
      assertThat(answers.divergence().orElseThrow()).isEqualTo(sum, offset(1e-5));
    }
  }

  private static double[] probabilities(double... logits) {
    double sum = DoubleStream.of(logits).map(Math::exp).sum();
    return DoubleStream.of(logits).map(logit -> Math.exp(logit) / sum).toArray();
  }

  @Test
  void aDifferenceOfLogitsIsTheRightOneLessTheWrongOne() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      double[] logits = logits(runs, 4, TOKENS);
      Answers answers =
          Answers.of(
              runs.runs,
              runs.id("m0", TOKENS),
              runs.id("m0", TOKENS, ABLATED),
              new Answers.Question(4, 2, Optional.of(7), Optional.of(2)));

      assertThat(answers.difference().orElseThrow().before())
          .isEqualTo(logits[7] - logits[2], offset(1e-5));
      assertThat(answers.difference().orElseThrow().right()).isEqualTo("7");
    }
  }

  @Test
  void positionsOfTwoPromptsAreThoseThatStandSideBySide() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      int[] longer = {3, 1, 4, 7, 7, 1, 5, 9, 2, 6, 5, 3};
      String first = runs.id("m0", TOKENS);
      String second = runs.id("m0", longer);

      assertThat(Answers.of(runs.runs, first, second, question(6)).before().position())
          .isEqualTo(4);
      assertThat(Answers.of(runs.runs, first, second, question(-2)).before().position())
          .isEqualTo(8);
      assertThatThrownBy(() -> Answers.of(runs.runs, first, second, question(4)))
          .hasMessageStartingWith("Nothing stands beside position 4 in the other prompt");
      assertThatThrownBy(() -> Answers.of(runs.runs, first, second, question(12)))
          .hasMessageStartingWith("There is no position 12 in a prompt of 12 tokens");
    }
  }

  // ---------------------------------------------------------------- planes

  private static Comparison compared(TestRuns runs, String first, String second, Window window) {
    Comparison.Sheet sheet = Comparison.Sheet.of(runs.runs, first, second, Aligned.By.DEPTH);
    return Comparison.of(
        runs.runs,
        new Comparison.Side(first, new CellReading.Norm()),
        new Comparison.Side(second, new CellReading.Norm()),
        sheet,
        window);
  }

  @Test
  void theDifferenceIsThatOfTheCellsAndNothingBeforeTheChange() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      String first = runs.id("m0", TOKENS);
      String second = runs.id("m0", TOKENS, ABLATED);
      Window window = new Window(2, 9, 3, 8);

      Comparison compared = compared(runs, first, second, window);

      List<double[]> before = norms(runs, List.of(), window);
      List<double[]> after = norms(runs, List.of(ABLATED), window);
      for (int row = 0; row < window.places(); row++) {
        for (int column = 0; column < window.positions(); column++) {
          assertThat(compared.difference().get(row)[column])
              .isEqualTo(after.get(row)[column] - before.get(row)[column]);
        }
      }
      assertThat(compared.difference().get(0)).containsOnly(0);
      assertThat(compared.difference().get(1)).containsOnly(0);
      assertThat(compared.difference().get(2)).doesNotContain(0);
    }
  }

  private static List<double[]> norms(TestRuns runs, List<Change> changes, Window window) {
    return runs.read(
        TOKENS, changes, run -> Plane.of(run, new CellReading.Norm(), window).values());
  }

  @Test
  void cellsOfPromptsOfTwoLengthsAreAlignedWithGaps() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      int[] longer = {3, 1, 4, 7, 7, 1, 5, 9, 2, 6, 5, 3};
      String first = runs.id("m0", TOKENS);
      String second = runs.id("m0", longer);

      Comparison compared = compared(runs, first, second, new Window(0, 9, 0, 12));

      assertThat(compared.positions().first())
          .containsExactly(0, 1, 2, -1, -1, 3, 4, 5, 6, 7, 8, 9);
      double[] own = runs.read(TOKENS, List.of(), run -> row(run, 3));
      double[] others = runs.read(longer, List.of(), run -> row(run, 3));
      assertThat(compared.first().get(3)[3]).isNaN();
      assertThat(compared.difference().get(3)[4]).isNaN();
      assertThat(compared.first().get(3)[7]).isEqualTo(own[5]);
      assertThat(compared.second().get(3)[7]).isEqualTo(others[7]);
      assertThat(compared.difference().get(3)[7]).isEqualTo(others[7] - own[5]);
      assertThat(compared.difference().get(3)[2]).isEqualTo(0);
    }
  }

  private static double[] row(PromptRun run, int place) {
    Window window = new Window(place, place + 1, 0, run.length());
    return Plane.of(run, new CellReading.Norm(), window).values().getFirst();
  }

  @Test
  void aPlainModelStandsBesideAnotherPathwayCellByCell() {
    try (TestRuns runs = TestRuns.of(PLAIN, "pathway/ddl/rms/mha")) {
      String first = runs.id("m0", TOKENS);
      String second = runs.id("m1", TOKENS);

      Comparison compared = compared(runs, first, second, new Window(0, 9, 0, 10));
      Answers answers = Answers.of(runs.runs, first, second, question(-1));

      assertThat(compared.places().by()).isEqualTo(Aligned.By.INDEX);
      assertThat(compared.difference())
          .allSatisfy(row -> assertThat(row).doesNotContain(Double.NaN));
      assertThat(answers.divergence().orElseThrow()).isPositive();
      assertThat(answers.before().top()).isNotEqualTo(answers.after().top());
    }
  }

  @Test
  void whereTokensAreNotTheSameAnswersStandWithoutADivergence() {
    try (TestRuns runs = TestRuns.of(PLAIN, "models/llama")) {
      int[] tokens = {3, 1, 4};
      Answers answers =
          Answers.of(runs.runs, runs.id("m0", tokens), runs.id("m1", tokens), question(-1));

      assertThat(answers.divergence()).isEmpty();
      assertThat(answers.tokens()).isEmpty();
      assertThat(answers.before().top()).hasSize(4);
      assertThat(answers.after().top()).hasSize(4);
    }
  }

  @Test
  void aPartThatIsNoneIsRefused() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      String id = runs.id("m0", TOKENS);

      assertThatThrownBy(() -> compared(runs, id, id, new Window(0, 10, 0, 10)))
          .hasMessageStartingWith("The window places 0:10, positions 0:10 lies outside the plane");
    }
  }
}
