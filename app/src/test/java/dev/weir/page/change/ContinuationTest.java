package dev.weir.page.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Generator;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.page.job.Job;
import dev.weir.page.job.JobStatus;
import dev.weir.page.job.Jobs;
import dev.weir.page.run.Change;
import dev.weir.page.run.NumberedModel;
import dev.weir.page.run.TestRuns;
import dev.weir.stream.Hooks;
import dev.weir.testing.PathwayModels;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContinuationTest {
  private static final String PLAIN = "pathway/pre_norm/rms/mha";
  private static final String HOOK = "blocks.1.hook_mlp_out";
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9};
  private static final int MORE = 8;

  static Stream<String> pathways() {
    return PathwayModels.names();
  }

  private static Continuation.Manner greedy(During during) {
    return new Continuation.Manner(MORE, 0, 0, 1, 0, during);
  }

  private static Change ablate(Integer... positions) {
    return new Change.Ablate(HOOK, List.of(), List.of(), List.of(positions));
  }

  private static List<List<Integer>> grown(
      TestRuns runs, Continuation.Manner manner, List<String> ids) {
    try (Jobs jobs = new Jobs(runs.engine, InstantSource.system(), Throwable::printStackTrace)) {
      return ended(jobs.start("generate", new Continuation(runs.engine, runs.runs, ids, manner)))
          .found()
          .orElseThrow()
          .stream()
          .map(text -> text.tokens().stream().map(Continuation.Token::id).toList())
          .toList();
    }
  }

  private static JobStatus<List<Continuation.Text>> ended(Job<List<Continuation.Text>> job) {
    try (Job<List<Continuation.Text>>.Watch watch = job.watch()) {
      JobStatus<List<Continuation.Text>> status;
      do {
        status = watch.next(Duration.ofSeconds(20)).orElseThrow();
      } while (!status.state().ended());
      return status;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What the generator adds when it is asked by hand.
  private static List<Integer> byHand(
      TestRuns runs, Sampler sampler, Function<Transformer, Hooks> hand) {
    return runs.read(
        TOKENS,
        List.of(),
        run -> {
          Transformer model = run.model().transformer();
          int[] whole =
              new Generator(model, sampler, Set.of(), hand.apply(model))
                  .generate(List.of(TOKENS), MORE, (_, _) -> {})
                  .getFirst()
                  .tokens();
          return Arrays.stream(whole).skip(TOKENS.length).boxed().toList();
        });
  }

  private static Hooks zero(Transformer model, Function<Target, Target> where) {
    return Edits.of(model, new Edit(where.apply(Target.at(HOOK)), new Intervention.Ablate.Zero()));
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void aTextGoesOnAsTheGeneratorDoesWithTheSameEditsAndWithout(String name) {
    try (TestRuns runs = TestRuns.of(name)) {
      List<List<Integer>> grown =
          grown(
              runs,
              greedy(During.ALL),
              List.of(runs.id("m0", TOKENS), runs.id("m0", TOKENS, ablate())));

      assertThat(grown)
          .containsExactly(
              byHand(runs, Sampler.greedy(), _ -> Hooks.none()),
              byHand(runs, Sampler.greedy(), model -> zero(model, target -> target)));
    }
  }

  @Test
  void changesActEverywhereInThePromptAloneOrAtTheNewestToken() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      String everywhere = runs.id("m0", TOKENS, ablate());

      assertThat(grown(runs, greedy(During.PROMPT), List.of(everywhere)).getFirst())
          .isEqualTo(
              byHand(runs, Sampler.greedy(), m -> zero(m, t -> t.positions(0, 1, 2, 3, 4, 5))));
      assertThat(grown(runs, greedy(During.LAST), List.of(everywhere)).getFirst())
          .isEqualTo(byHand(runs, Sampler.greedy(), m -> zero(m, t -> t.positions(-1))));
      String last = runs.id("m0", TOKENS, ablate(-1));
      assertThat(grown(runs, greedy(During.PROMPT), List.of(last)).getFirst())
          .isEqualTo(byHand(runs, Sampler.greedy(), m -> zero(m, t -> t.positions(5))));
    }
  }

  @Test
  void theSameSeedGivesTheSameTextAndItIsTheSamplers() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      Continuation.Manner manner = new Continuation.Manner(MORE, 1.5, 0, 1, 11, During.ALL);
      String id = runs.id("m0", TOKENS);

      List<List<Integer>> grown = grown(runs, manner, List.of(id, id));

      assertThat(grown.get(0)).isEqualTo(grown.get(1));
      assertThat(grown.get(0))
          .isEqualTo(
              byHand(runs, new Sampler(1.5, 0, 1, new SplittableRandom(11)), _ -> Hooks.none()));
    }
  }

  @Test
  void aPatchedPromptGoesOnAsTheOtherPromptDoes() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      int[] other = {8, 1, 4, 2, 5, 11};
      String text = NumberedModel.text(other);
      Change patch = new Change.Patch("hook_embed", List.of(), List.of(), text, List.of());

      List<List<Integer>> grown =
          grown(
              runs,
              greedy(During.ALL),
              List.of(runs.id("m0", other), runs.id("m0", TOKENS, patch)));

      assertThat(grown.get(1)).isEqualTo(grown.get(0));
    }
  }

  @Test
  void twoModelsGoOnSideBySideUntilTheContextIsFull() {
    try (TestRuns runs = TestRuns.of(PLAIN, "pathway/ddl/rms/mha")) {
      Continuation.Manner manner = new Continuation.Manner(100, 0, 0, 1, 0, During.ALL);
      long longest =
          runs.read(TOKENS, List.of(), run -> run.model().transformer().spec().longestText());
      try (Jobs jobs = new Jobs(runs.engine, InstantSource.system(), Throwable::printStackTrace)) {
        List<String> ids = List.of(runs.id("m0", TOKENS), runs.id("m1", TOKENS));
        List<Continuation.Text> texts =
            ended(jobs.start("generate", new Continuation(runs.engine, runs.runs, ids, manner)))
                .found()
                .orElseThrow();

        assertThat(texts)
            .hasSize(2)
            .allSatisfy(text -> {
              assertThat(text.end()).isEqualTo("context_full");
              assertThat(text.tokens()).hasSize((int) longest - TOKENS.length);
            });
      }
    }
  }

  @Test
  void aTextThatNobodyWantsAnyMoreStopsGrowing() {
    try (TestRuns runs = TestRuns.of(PLAIN);
        Jobs jobs = new Jobs(runs.engine, InstantSource.system(), Throwable::printStackTrace)) {
      Continuation.Manner manner = new Continuation.Manner(20, 0, 0, 1, 0, During.ALL);
      Job<List<Continuation.Text>> job =
          jobs.start(
              "generate",
              new Continuation(runs.engine, runs.runs, List.of(runs.id("m0", TOKENS)), manner));
      job.cancel();

      assertThat(ended(job).state()).isEqualTo(JobStatus.State.CANCELLED);
    }
  }

  @Test
  void whatMakesNoSenseIsRefusedInOneLine() {
    try (TestRuns runs = TestRuns.of(PLAIN)) {
      assertThatThrownBy(() -> grown(runs, greedy(During.ALL), List.of("00")))
          .hasMessageStartingWith("There is no run '00' here");
      assertThatThrownBy(() -> new Continuation.Manner(0, 0, 0, 1, 0, During.ALL))
          .hasMessageStartingWith("0 tokens cannot be added");
      assertThatThrownBy(() -> new Continuation.Manner(9, -1, 0, 1, 0, During.ALL))
          .hasMessageContaining(" To fix: ");
    }
  }
}
