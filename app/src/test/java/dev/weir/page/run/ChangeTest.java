package dev.weir.page.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.readout.steer.SteeringVector;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.PathwayModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChangeTest {
  private static final String PLAIN = "pathway/pre_norm/rms/mha";
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final HookPoint END = new HookPoint.ResidPost(3);
  private static final int[] OTHER = {3, 1, 4, 8, 5, 9, 7, 6, 5, 11};

  private final List<TestRuns> open = new ArrayList<>();

  static Stream<String> pathways() {
    return PathwayModels.names();
  }

  private TestRuns runs(String model) {
    TestRuns runs = TestRuns.of(model);
    open.add(runs);
    return runs;
  }

  @AfterEach
  void close() {
    open.forEach(TestRuns::close);
  }

  /// Every number of a run's streams, place by place.
  private static List<List<Double>> streams(TestRuns runs, int[] tokens, Change... changes) {
    return runs.read(tokens, List.of(changes), ChangeTest::streams);
  }

  private static List<List<Double>> streams(PromptRun run) {
    return run.places().stream().map(p -> numbers(run.trace().get(p.point()))).toList();
  }

  private static List<Double> numbers(Tensor value) {
    return Arrays.stream(value.toDoubles()).boxed().toList();
  }

  /// The same of a run that was made by hand.
  private static List<List<Double>> byHand(
      TestRuns runs, int[] tokens, Function<Transformer, Hooks> hand) {
    return runs.read(
        tokens,
        List.of(),
        run -> {
          Transformer model = run.model().transformer();
          Capture capture = PromptRun.capture();
          try (Scope _ = Scope.open();
              StreamTrace trace = model.trace(List.of(tokens), capture, hand.apply(model))) {
            return run.places().stream().map(p -> numbers(trace.get(p.point()))).toList();
          }
        });
  }

  private static String direction(TestRuns runs, long seed) {
    int width = runs.read(TOKENS, List.of(), r -> r.model().transformer().spec().dModel());
    return runs.vectors.put(new SplittableRandom(seed).doubles(width, -1, 1).toArray());
  }

  private static Tensor tensor(TestRuns runs, String direction) {
    double[] numbers = runs.vectors.projection(direction).numbers();
    return Tensor.of(numbers, Shape.of(new Axis("d_model", numbers.length)));
  }

  // ---------------------------------------------------------------- every pathway

  @ParameterizedTest
  @MethodSource("pathways")
  void anAblatedHeadIsWhatAnEditByHandMakesOfIt(String name) {
    TestRuns runs = runs(name);
    String hook = "blocks.1.attn.hook_z";
    Change change = new Change.Ablate(hook, List.of(1), List.of(), List.of(2, -1));

    assertThat(streams(runs, TOKENS, change))
        .isEqualTo(
            byHand(
                runs,
                TOKENS,
                model ->
                    Edits.of(
                        model,
                        new Edit(
                            Target.at(hook).heads(1).positions(2, 9),
                            new Intervention.Ablate.Zero()))))
        .isNotEqualTo(streams(runs, TOKENS));
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void steeringIsWhatAnEditByHandMakesOfItAndSteeringByZeroChangesNoBit(String name) {
    TestRuns runs = runs(name);
    String direction = direction(runs, 1);
    String hook = "blocks.2.hook_resid_pre";

    assertThat(streams(runs, TOKENS, steer(hook, direction, 0))).isEqualTo(streams(runs, TOKENS));
    assertThat(streams(runs, TOKENS, steer(hook, direction, 1.5)))
        .isEqualTo(
            byHand(
                runs,
                TOKENS,
                model ->
                    Edits.of(
                        model,
                        Edit.at(hook, new Intervention.Steer(tensor(runs, direction), 1.5)))));
    double before = along(runs, direction);
    assertThat(along(runs, direction, steer(END.name(), direction, 2))).isGreaterThan(before);
    assertThat(along(runs, direction, steer(END.name(), direction, -2))).isLessThan(before);
  }

  private static Change steer(String hook, String direction, double coefficient) {
    return new Change.Steer(hook, direction, coefficient, Change.Steer.Unit.RAW, List.of());
  }

  /// How far the last stream at the last token lies along a direction.
  private static double along(TestRuns runs, String direction, Change... changes) {
    double[] along = runs.vectors.projection(direction).numbers();
    return runs.read(
        TOKENS,
        List.of(changes),
        run -> {
          double[] last = run.trace().get(END).at("pos", TOKENS.length - 1).toDoubles();
          return IntStream.range(0, along.length).mapToDouble(i -> last[i] * along[i]).sum();
        });
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void patchingARunWithItselfChangesNoBit(String name) {
    TestRuns runs = runs(name);

    for (String hook : List.of("blocks.*.hook_resid_*", "blocks.*.attn.hook_z", "hook_embed")) {
      assertThat(streams(runs, TOKENS, patch(hook, TOKENS)))
          .as(hook)
          .isEqualTo(streams(runs, TOKENS));
    }
  }

  private static Change patch(String hook, int... from) {
    return new Change.Patch(hook, List.of(), List.of(), NumberedModel.text(from), List.of());
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void patchingTheWholeStreamGivesTheOtherRunFromThereOn(String name) {
    TestRuns runs = runs(name);
    List<List<Double>> other = streams(runs, OTHER);
    // Blocks that take values from the first block's attention read them beside the stream.
    int block = name.contains("value-residual") || name.contains("svformer") ? 0 : 1;
    HookPoint from = new HookPoint.ResidPre(block);
    int entering = runs.read(TOKENS, List.of(), run -> place(run, from));

    List<List<Double>> patched = streams(runs, TOKENS, patch(from.name(), OTHER));

    assertThat(patched.subList(entering, patched.size()))
        .isEqualTo(other.subList(entering, other.size()));
    assertThat(patched.subList(0, entering)).isEqualTo(streams(runs, TOKENS).subList(0, entering));
  }

  private static int place(PromptRun run, HookPoint point) {
    return run.places().stream().map(p -> p.point()).toList().indexOf(point);
  }

  @ParameterizedTest
  @MethodSource("pathways")
  void aDirectionThatIsProjectedOutEverywhereIsNowhereInTheStream(String name) {
    TestRuns runs = runs(name);
    String direction = direction(runs, 3);
    Change out = new Change.ProjectOut(Change.EVERYWHERE, direction, List.of());

    assertThat(streams(runs, TOKENS, out))
        .isEqualTo(
            byHand(
                runs,
                TOKENS,
                model ->
                    Edits.of(
                        model,
                        SteeringVector.everywhere(
                                new HookPoint.ResidPre(0),
                                runs.vectors.projection(direction).numbers())
                            .ablating())));
  }

  // ---------------------------------------------------------------- what each kind does

  @Test
  void aPatchTakesFromThePositionsThatItsMapNames() {
    TestRuns runs = runs(PLAIN);
    int[] longer = {7, 7, 3, 1, 4, 8, 5, 9, 7, 6, 5, 11};
    HookPoint point = new HookPoint.ResidPre(2);
    Change change =
        new Change.Patch(
            point.name(), List.of(), List.of(3, -1), NumberedModel.text(longer), List.of(5, -1));

    double[][] patched = rows(runs, TOKENS, point, change);
    double[][] other = rows(runs, longer, point);
    double[][] unchanged = rows(runs, TOKENS, point);

    for (int position = 0; position < TOKENS.length; position++) {
      double[] expected =
          switch (position) {
            case 3 -> other[5];
            case 9 -> other[11];
            default -> unchanged[position];
          };
      assertThat(patched[position]).as("position %d", position).isEqualTo(expected);
    }
  }

  private static double[][] rows(TestRuns runs, int[] tokens, HookPoint point, Change... changes) {
    return runs.read(
        tokens,
        List.of(changes),
        run ->
            IntStream.range(0, tokens.length)
                .mapToObj(p -> run.trace().get(point).at("pos", p).toDoubles())
                .toArray(double[][]::new));
  }

  @Test
  void promptsOfTwoLengthsNeedAMap() {
    TestRuns runs = runs(PLAIN);
    int[] longer = Arrays.copyOf(OTHER, 12);

    assertThatThrownBy(() -> streams(runs, TOKENS, patch("blocks.1.hook_resid_pre", longer)))
        .isInstanceOf(PageException.class)
        .hasMessage(
            "The prompt has 10 tokens and the other 12, and nothing says which belong together."
                + " Where: patch. To fix: name the positions to change, and from which positions"
                + " of the other prompt.");
    Change uneven =
        new Change.Patch(
            "hook_embed", List.of(), List.of(1, 2), NumberedModel.text(longer), List.of(1));
    assertThatThrownBy(() -> streams(runs, TOKENS, uneven))
        .hasMessageStartingWith("2 positions are to be changed from 1");
    Change moved =
        new Change.Patch(
            "blocks.0.attn.hook_pattern",
            List.of(),
            List.of(1),
            NumberedModel.text(OTHER),
            List.of(2));
    assertThatThrownBy(() -> streams(runs, TOKENS, moved))
        .hasMessageStartingWith("A row of 'blocks.0.attn.hook_pattern' says which keys it saw");
  }

  @Test
  void aPatchedHeadLeavesTheOthersAsTheyAre() {
    TestRuns runs = runs(PLAIN);
    HookPoint point = new HookPoint.Z(1);
    Change change =
        new Change.Patch(point.name(), List.of(1), List.of(), NumberedModel.text(OTHER), List.of());

    List<double[]> patched = heads(runs, TOKENS, change);

    assertThat(patched.get(1)).isEqualTo(heads(runs, OTHER).get(1));
    assertThat(patched.get(0)).isEqualTo(heads(runs, TOKENS).get(0));
  }

  private static List<double[]> heads(TestRuns runs, int[] tokens, Change... changes) {
    return runs.read(
        tokens,
        List.of(changes),
        run ->
            IntStream.range(0, 2)
                .mapToObj(h -> run.trace().get(new HookPoint.Z(1)).at("head", h).toDoubles())
                .toList());
  }

  @Test
  void neuronsAreSetToZeroOrToTheirMeanAndOthersStayAsTheyAre() {
    TestRuns runs = runs(PLAIN);
    HookPoint point = new HookPoint.MlpPost(2);
    double[][] unchanged = rows(runs, TOKENS, point);
    double mean = Arrays.stream(unchanged).mapToDouble(row -> row[5]).average().orElseThrow();

    double[][] zeroed =
        rows(
            runs,
            TOKENS,
            point,
            new Change.Ablate(point.name(), List.of(), List.of(3, 5), List.of(4)));
    double[][] meant =
        rows(runs, TOKENS, point, new Change.Mean(point.name(), List.of(), List.of(5), List.of()));

    for (int position = 0; position < TOKENS.length; position++) {
      double[] expected = unchanged[position].clone();
      if (position == 4) {
        expected[3] = 0;
        expected[5] = 0;
      }
      assertThat(zeroed[position]).isEqualTo(expected);
      assertThat(meant[position][5]).isCloseTo(mean, within(mean));
      assertThat(meant[position][4]).isEqualTo(unchanged[position][4]);
    }
  }

  /// Float32 keeps seven digits.
  private static org.assertj.core.data.Offset<Double> within(double of) {
    return org.assertj.core.data.Offset.offset(1e-6 * Math.max(1, Math.abs(of)));
  }

  @Test
  void theMeanOverTheRunIsTheMeanOverItsPositions() {
    TestRuns runs = runs(PLAIN);
    HookPoint point = new HookPoint.AttnOut(1);
    double[][] unchanged = rows(runs, TOKENS, point);
    double[][] meant =
        rows(runs, TOKENS, point, new Change.Mean(point.name(), List.of(), List.of(), List.of(-1)));

    double mean = Arrays.stream(unchanged).mapToDouble(row -> row[7]).average().orElseThrow();
    assertThat(meant[9][7]).isCloseTo(mean, within(mean));
    assertThat(meant[8]).isEqualTo(unchanged[8]);
  }

  @Test
  void inUnitsOfTheStreamACoefficientOfOneAddsItsMedianLength() {
    TestRuns runs = runs(PLAIN);
    HookPoint point = new HookPoint.ResidPre(2);
    double[][] unchanged = rows(runs, TOKENS, point);
    Change change =
        new Change.Steer(point.name(), direction(runs, 4), 1, Change.Steer.Unit.STREAM, List.of(5));
    double[] steered = rows(runs, TOKENS, point, change)[5];

    double[] added =
        IntStream.range(0, steered.length).mapToDouble(i -> steered[i] - unchanged[5][i]).toArray();
    double[] lengths = Arrays.stream(unchanged).mapToDouble(ChangeTest::length).sorted().toArray();
    assertThat(length(added)).isCloseTo((lengths[4] + lengths[5]) / 2, within(lengths[5]));
  }

  private static double length(double... vector) {
    return Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
  }

  @Test
  void aProjectionIsSetToANumber() {
    TestRuns runs = runs(PLAIN);
    String direction = direction(runs, 5);
    double length = length(runs.vectors.projection(direction).numbers());

    double set =
        along(runs, direction, new Change.SetProjection(END.name(), direction, 3, List.of()));
    double out = along(runs, direction, new Change.ProjectOut(END.name(), direction, List.of()));

    assertThat(set / length).isCloseTo(3, within(3));
    assertThat(out / length).isCloseTo(0, within(1));
  }

  @Test
  void patchesOfTheStreamComeFirstAndOtherChangesInTheirOrder() {
    TestRuns runs = runs(PLAIN);
    String hook = "blocks.2.hook_resid_pre";
    Change steer = steer(hook, direction(runs, 6), 1);
    Change patch = patch(hook, OTHER);

    assertThat(streams(runs, TOKENS, steer, patch)).isEqualTo(streams(runs, TOKENS, patch, steer));
    assertThat(rows(runs, TOKENS, new HookPoint.ResidPost(3), patch, steer))
        .isDeepEqualTo(rows(runs, OTHER, new HookPoint.ResidPost(3), steer));
  }

  @Test
  void aDirectionThatIsLetGoMeanwhileIsMissedByName() {
    TestRuns runs = runs(PLAIN);

    assertThatThrownBy(() -> streams(runs, TOKENS, steer("blocks.1.hook_resid_pre", "00", 1)))
        .isInstanceOf(PageException.class)
        .hasMessageStartingWith("There is no direction '00' here");
  }

  @Test
  void whatMakesNoSenseIsRefusedInOneLine() {
    TestRuns runs = runs(PLAIN);
    String direction = direction(runs, 7);

    refused(runs, ablate("blocks.9.hook_mlp_out"), "No hook point of this model matches");
    refused(runs, ablate("ln_final.hook_normalized"), "'ln_final.hook_normalized' lies behind");
    refused(runs, ablate("blocks.0.ln1.hook_scale"), "'blocks.0.ln1.hook_scale' is what a norm");
    refused(
        runs,
        new Change.Ablate("blocks.0.hook_mlp_out", List.of(0), List.of(), List.of()),
        "'blocks.0.hook_mlp_out' has no heads");
    refused(
        runs,
        new Change.Ablate("blocks.0.attn.hook_z", List.of(2), List.of(), List.of()),
        "'blocks.0.attn.hook_z' has no head 2");
    refused(
        runs,
        new Change.Ablate("blocks.0.attn.hook_z", List.of(), List.of(1), List.of()),
        "'blocks.0.attn.hook_z' is not one place with neurons");
    refused(
        runs,
        new Change.Ablate("blocks.0.mlp.hook_post", List.of(), List.of(20), List.of()),
        "There is no neuron 20 at 'blocks.0.mlp.hook_post'");
    refused(
        runs,
        new Change.Ablate("hook_embed", List.of(), List.of(), List.of(10)),
        "There is no position 10 in a prompt of 10 tokens");
    refused(
        runs,
        steer("blocks.0.attn.hook_pattern", direction, 1),
        "'blocks.0.attn.hook_pattern' holds no vectors");
  }

  private static Change ablate(String hook) {
    return new Change.Ablate(hook, List.of(), List.of(), List.of());
  }

  private static void refused(TestRuns runs, Change change, String why) {
    assertThatThrownBy(() -> streams(runs, TOKENS, change))
        .hasMessageStartingWith(why)
        .hasMessageContaining(" To fix: ")
        .hasMessageNotContaining("\n");
  }

  // ---------------------------------------------------------------- recipes

  @Test
  void aRecipeIsAnotherWhereAnythingThatItsChangesReferToIsAnother() {
    TestRuns runs = runs(PLAIN);
    List<Change> one = List.of(patch("hook_embed", OTHER));
    List<Change> two = List.of(patch("hook_embed", TOKENS));

    assertThat(id(runs, one)).isEqualTo(id(runs, List.copyOf(one)));
    assertThat(id(runs, one)).isNotEqualTo(id(runs, two));
    assertThat(id(runs, List.of(steer("hook_embed", direction(runs, 8), 1))))
        .isNotEqualTo(id(runs, List.of(steer("hook_embed", direction(runs, 9), 1))));
  }

  @Test
  void aTextThatReadsLikeTwoChangesIsStillOne() {
    TestRuns runs = runs(PLAIN);
    Change two = new Change.Patch("a", List.of(), List.of(), "x", List.of());
    Change one =
        new Change.Patch(
            "a",
            List.of(),
            List.of(),
            "x, from=[]], Patch[hook=a, heads=[], positions=[], prompt=x",
            List.of());

    assertThat(List.of(two, two)).hasToString(List.of(one).toString());
    assertThat(id(runs, List.of(two, two))).isNotEqualTo(id(runs, List.of(one)));
  }

  private static String id(TestRuns runs, List<Change> changes) {
    return runs.runs.remember(Recipe.of("m0", TOKENS, changes));
  }
}
