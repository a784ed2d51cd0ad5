package dev.weir.page.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.LanguageModel;
import dev.weir.model.Transformer;
import dev.weir.page.run.CellDetail.Written;
import dev.weir.page.run.CellReading.Kind;
import dev.weir.readout.Components;
import dev.weir.readout.Decomposition;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.StreamNorms;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What cells show, on every pathway, against other readouts and plain arithmetic.
class PlaneTest {
  private static final double CLOSE = 1e-9;
  private static final String DELTA = "pathway/ddl-sigmoid/rms/mha";

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// A run of a model, and the run as one makes it without the page.
  private record Pair(PromptRun run, Transformer model, StreamTrace trace) {
    List<Places.Place> places() {
      return Places.SUBLAYERS.of(model.spec());
    }

    /// `[d_model]`.
    double[] stream(int place, int position) {
      return trace.get(places().get(place).point()).at("pos", position).toDoubles();
    }
  }

  private static void with(String name, ObjIntConsumer<Pair> check) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        LanguageModel numbered = NumberedModel.open(name);
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, Decomposition.capture())) {
      LanguageModel language = new LanguageModel(model, numbered.tokenizer());
      OpenModel open = new OpenModel("m0", name, CompletableFuture.completedFuture(language));
      Recipe recipe = Recipe.of("m0", tokens, List.of());
      try (PromptRun run = PromptRun.of(recipe.id(), recipe, open, new Vectors())) {
        check.accept(new Pair(run, model, trace), tokens.length);
      }
    }
  }

  private static Plane plane(PromptRun run, Kind kind, Projection direction, int token) {
    return Plane.of(
        run, kind.of(() -> direction, () -> new LogitLens.Target.Token(token)), Window.all(run));
  }

  // ---------------------------------------------------------------- readings

  @ParameterizedTest
  @MethodSource("models")
  void lengthAndTurnAreThoseOfTheReadoutOfNorms(String name) {
    with(
        name,
        (runs, length) -> {
          StreamNorms norms = StreamNorms.of(runs.model(), runs.trace(), Places.SUBLAYERS);
          Plane lengths = plane(runs.run(), Kind.NORM, Projection.plain(), 0);
          Plane turns = plane(runs.run(), Kind.TURN, Projection.plain(), 0);
          for (int place = 0; place < runs.places().size(); place++) {
            for (int i = 0; i < length; i++) {
              assertThat(lengths.values().get(place)[i])
                  .isCloseTo(norms.length(place, i), within(CLOSE));
              if (place > 0) {
                assertThat(turns.values().get(place)[i])
                    .isCloseTo(1 - norms.cosineToNext(place - 1, i), within(CLOSE));
              }
            }
          }
          assertThat(turns.values().getFirst()).containsOnly(Double.NaN);
        });
  }

  @ParameterizedTest
  @MethodSource("models")
  void changeDotProductAndCosineAreThoseOfPlainArithmetic(String name) {
    with(
        name,
        (runs, length) -> {
          SplittableRandom random = new SplittableRandom(3);
          double[] numbers =
              random.doubles(runs.model().spec().dModel()).map(x -> x - 0.5).toArray();
          Projection direction = new Projection(numbers, 0.25);
          Plane changes = plane(runs.run(), Kind.CHANGE, direction, 0);
          Plane dots = plane(runs.run(), Kind.DOT, direction, 0);
          Plane cosines = plane(runs.run(), Kind.COSINE, direction, 0);
          assertThat(changes.values().getFirst()).containsOnly(Double.NaN);
          for (int place = 0; place < runs.places().size(); place++) {
            for (int i = 0; i < length; i++) {
              double[] stream = runs.stream(place, i);
              assertThat(dots.values().get(place)[i])
                  .isCloseTo(direction.of(stream), within(CLOSE));
              assertThat(cosines.values().get(place)[i])
                  .isCloseTo(
                      dot(stream, numbers) / Math.sqrt(dot(stream, stream) * dot(numbers, numbers)),
                      within(CLOSE));
              if (place > 0) {
                double[] before = runs.stream(place - 1, i);
                double[] step = minus(stream, before);
                assertThat(changes.values().get(place)[i])
                    .isCloseTo(Math.sqrt(dot(step, step) / dot(before, before)), within(CLOSE));
              }
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("models")
  void whatTheLensSaysIsWhatTheReadoutSaysOfTheWholeRun(String name) {
    with(
        name,
        (runs, length) -> {
          LogitLens lens =
              LogitLens.of(
                  runs.model(),
                  runs.trace(),
                  LogitLens.Options.usual().with(new LogitLens.Target.Token(2)));
          for (Kind kind :
              List.of(Kind.TOP, Kind.ENTROPY, Kind.KL, Kind.PROBABILITY, Kind.RANK, Kind.LOGIT)) {
            Plane plane = plane(runs.run(), kind, Projection.plain(), 2);
            for (int place = 0; place < runs.places().size(); place++) {
              for (int i = 0; i < length; i++) {
                LogitLens.Reading reading = lens.at(place, i);
                double expected =
                    switch (kind) {
                      case ENTROPY -> reading.entropy();
                      case KL -> reading.klToFinal();
                      case PROBABILITY -> reading.targetProbability();
                      case RANK -> reading.targetRank();
                      case LOGIT -> reading.targetLogit();
                      default -> reading.top().getFirst().probability();
                    };
                assertThat(plane.values().get(place)[i]).isCloseTo(expected, within(CLOSE));
                if (kind == Kind.TOP) {
                  assertThat(plane.texts().get(place).get(i))
                      .isEqualTo(runs.run().model().word(reading.top().getFirst().token()));
                }
              }
            }
          }
        });
  }

  @Test
  void aPartOfThePlaneIsCutOutOfTheWhole() {
    with(
        DELTA,
        (runs, length) -> {
          Window part = new Window(3, 6, 2, 7);
          for (Kind kind : Kind.values()) {
            CellReading reading =
                kind.of(
                    () -> Projection.plain(new double[runs.model().spec().dModel()]),
                    LogitLens.Target.FinalTop::new);
            Plane whole = Plane.of(runs.run(), reading, Window.all(runs.run()));
            Plane some = Plane.of(runs.run(), reading, part);
            for (int p = 0; p < 3; p++) {
              assertThat(some.values().get(p))
                  .usingElementComparator(
                      (a, b) -> Math.abs(a - b) < CLOSE ? 0 : Double.compare(a, b))
                  .containsExactly(Arrays.copyOfRange(whole.values().get(3 + p), 2, 7));
            }
          }
        });
  }

  @Test
  void aWindowIsCutIntoStepsThatCoverItOnce() {
    Window window = new Window(2, 9, 5, 16);
    for (int cells : new int[] {1, 3, 7, 20, 76, 77, 1000}) {
      int[][] seen = new int[20][20];
      for (Window step : window.steps(cells)) {
        assertThat(step.places() * step.positions()).isLessThanOrEqualTo(cells);
        IntStream.range(step.fromPlace(), step.toPlace())
            .forEach(p ->
                IntStream.range(step.fromPosition(), step.toPosition()).forEach(i -> seen[p][i]++));
      }
      assertThat(Arrays.stream(seen).flatMapToInt(Arrays::stream).sum()).isEqualTo(77);
      assertThat(Arrays.stream(seen).flatMapToInt(Arrays::stream).max()).hasValue(1);
    }
  }

  @Test
  void aDirectionOfAnotherWidthIsRefused() {
    with(
        DELTA,
        (runs, _) ->
            assertThatExceptionOfType(PageException.class)
                .isThrownBy(() -> plane(runs.run(), Kind.DOT, Projection.plain(1, 2), 0))
                .withMessageContaining("has 2 numbers, and the stream of this model 12"));
  }

  // ---------------------------------------------------------------- a glance at a cell

  @ParameterizedTest
  @MethodSource("models")
  void whatWasWrittenIsTheChangeOfTheStream(String name) {
    with(
        name,
        (runs, length) -> {
          for (CellDetail cell : CellDetail.of(runs.run(), Window.all(runs.run()))) {
            double[] stream = runs.stream(cell.place(), cell.position());
            double there =
                cell.place() == 0 ? 0 : dot(runs.stream(cell.place() - 1, cell.position()), stream);
            double shares =
                cell.written().stream().filter(w -> !w.part()).mapToDouble(Written::share).sum();
            // What is less than rounding is not told.
            assertThat(shares).isCloseTo(1 - there / dot(stream, stream), within(1e-4));
            assertThat(cell.norm()).isCloseTo(Math.sqrt(dot(stream, stream)), within(CLOSE));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("models")
  void whoWroteIsWhoTheDecompositionNames(String name) {
    with(
        name,
        (runs, length) -> {
          List<CellDetail> cells = CellDetail.of(runs.run(), Window.all(runs.run()));
          Decomposition whole = Decomposition.of(runs.model(), runs.trace());
          for (int place = 0; place < runs.places().size(); place++) {
            Decomposition here = whole.upTo(runs.places().get(place).point());
            Components layers = here.perLayer();
            Components heads = here.perHead();
            for (CellDetail cell : cells.subList(place * length, (place + 1) * length)) {
              double[] stream = runs.stream(place, cell.position());
              for (Written written : cell.written()) {
                if (written.writer().equals("rest") || written.writer().endsWith("_bias")) {
                  continue;
                }
                Components parts = written.part() ? heads : layers;
                double[] part = parts.get(written.writer()).at("pos", cell.position()).toDoubles();
                assertThat(written.length()).isCloseTo(Math.sqrt(dot(part, part)), within(CLOSE));
                assertThat(written.share())
                    .isCloseTo(dot(part, stream) / dot(stream, stream), within(CLOSE));
              }
            }
          }
        });
  }

  @Test
  void onlyAPathwayThatChangesWhatWasThereLeavesARest() {
    with("pathway/pre_norm/rms/mha", (runs, _) -> assertThat(rests(runs)).isZero());
    with(DELTA, (runs, _) -> assertThat(rests(runs)).isPositive());
  }

  private static long rests(Pair runs) {
    return CellDetail.of(runs.run(), Window.all(runs.run())).stream()
        .flatMap(cell -> cell.written().stream())
        .filter(written -> written.writer().equals("rest"))
        .count();
  }

  @Test
  void aGlanceAtSomeCellsIsThatAtAllOfThem() {
    with(
        DELTA,
        (runs, length) -> {
          List<CellDetail> all = CellDetail.of(runs.run(), Window.all(runs.run()));
          CellDetail cell = CellDetail.of(runs.run(), new Window(4, 5, 6, 7)).getFirst();
          CellDetail same = all.get(4 * length + 6);
          assertThat(cell.entropy()).isCloseTo(same.entropy(), within(CLOSE));
          assertThat(cell.klToEnd()).isCloseTo(same.klToEnd(), within(CLOSE));
          assertThat(cell.token()).isEqualTo(same.token());
          assertThat(cell.next()).isEqualTo(same.next());
          assertThat(cell.top())
              .extracting(t -> t.text())
              .isEqualTo(same.top().stream().map(t -> t.text()).toList());
          assertThat(cell.written())
              .extracting(Written::writer)
              .isEqualTo(same.written().stream().map(Written::writer).toList());
          assertThat(all.getLast().next()).isEmpty();
        });
  }

  // ---------------------------------------------------------------- plain arithmetic

  private static double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }

  private static double[] minus(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }
}
