package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.model.TransformerCost;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is measured for a study, by a clock of which it is known what it shows.
class PaceTest {
  private static final int WINDOW = 12;
  private static final int BATCH = 2;
  private static final Variant PLAIN = Variant.plain("plain");
  private static final List<Variant> VARIANTS =
      List.of(
          PLAIN,
          variant("shortswa", "pre_norm", Mixers.Local.parse("shortswa:window=3"), ""),
          variant("canon", "pre_norm", Mixers.Local.none(), "ABCD"),
          variant("depth", "depth", Mixers.Local.none(), ""),
          variant("ddl", "ddl", Mixers.Local.none(), ""));
  private static final Pace.Circumstances THEN =
      new Pace.Circumstances(Instant.parse("2026-01-02T03:04:05Z"), 3, OptionalDouble.of(0.5));

  @TempDir Path folder;

  private static Variant variant(String name, String pathway, Mixers.Local sublayer, String canon) {
    return Variant.of(
        name,
        "",
        pathway,
        new Mixers(sublayer, Mixers.Local.none(), canon, dev.weir.model.AttentionSpec.Values.OWN));
  }

  /// Each reading of the clock is a second after the one before; a variant needs as many bytes as
  /// its name has letters.
  private static final class Known implements Instruments {
    private long seconds;

    @Override
    public long nanos() {
      seconds++;
      return seconds * 1_000_000_000L;
    }

    @Override
    public Pace.Circumstances circumstances() {
      return THEN;
    }

    @Override
    public OptionalLong trainingMemory(StudyFolder study, Variant variant, StudyTask task) {
      return variant.equals(PLAIN)
          ? OptionalLong.empty()
          : OptionalLong.of(variant.name().length());
    }
  }

  @Test
  void timesStepsByTheClock() {
    Pace pace = place(text(), synthetic()).measured(new Known(), _ -> {}, () -> false);
    assertThat(pace.training()).hasSize(2 * VARIANTS.size());
    assertThat(pace.training())
        .allSatisfy(t -> {
          // Two steps within each second that is timed.
          assertThat(t.secondsPerStep()).isEqualTo(new Spread(0.5, 0.5, 0.5));
          assertThat(t.tokensPerStep()).isEqualTo(BATCH * WINDOW);
          assertThat(t.tokensPerSecond().median()).isEqualTo(2.0 * BATCH * WINDOW);
        });
    assertThat(pace.circumstances()).contains(THEN);
  }

  @Test
  void writesTheSecondHalfOfTheFirstText() {
    Pace pace = place(synthetic(), text()).measured(new Known(), _ -> {}, () -> false);
    assertThat(pace.decoding()).hasSameSizeAs(VARIANTS);
    assertThat(pace.decoding())
        .allSatisfy(d -> {
          assertThat(d.task()).isEqualTo("text");
          assertThat(d.prompt()).isEqualTo(WINDOW / 2);
          assertThat(d.tokensPerSecond().median()).isEqualTo(d.tokens());
        });
  }

  /// Four bytes for each number that the formulas say is kept.
  @Test
  void keepsWhatTheFormulasSay() {
    StudyFolder place = place(text());
    Pace pace = place.measured(new Known(), _ -> {}, () -> false);
    for (Variant variant : VARIANTS) {
      ModelSettings model =
          variant.model(place.study().model()).with(place.tasks().getFirst().dVocab(), WINDOW);
      TransformerCost cost = TransformerCost.ofLastToken(model.spec(), WINDOW);
      assertThat((double) pace.decoding(variant).orElseThrow().stateBytes())
          .isEqualTo(4 * (cost.remembered() + WINDOW * cost.cached()));
    }
  }

  @Test
  void leavesOutTheMemoryThatIsNotTold() {
    Pace pace = place(text()).measured(new Known(), _ -> {}, () -> false);
    assertThat(pace.memory(PLAIN)).isEmpty();
    assertThat(pace.memory(VARIANTS.get(1)).orElseThrow().peakBytes()).isEqualTo(8);
  }

  @Test
  void measuresOnceAndKeepsIt() {
    StudyFolder place = place(text());
    List<String> told = new ArrayList<>();
    Pace first = place.measured(new Known(), told::add, () -> false);
    assertThat(told).hasSize(3);
    assertThat(place.measured(new Known(), told::add, () -> false)).isEqualTo(first);
    assertThat(told).hasSize(3);
    assertThat(place.results(System::nanoTime, told::add).pace()).isEqualTo(first);
  }

  /// The clock stands still once somebody says stop, since nothing is timed any more.
  @ParameterizedTest
  @ValueSource(ints = {1, 30, 70, 100})
  void stopsAfterTheStepUnderWayAndMeasuresAnewLater(int readings) {
    StudyFolder place = place(synthetic(), text());
    Known known = new Known();
    assertThatThrownBy(() -> place.measured(known, _ -> {}, () -> known.seconds >= readings))
        .isInstanceOf(CancellationException.class);
    assertThat(known.seconds).isBetween((long) readings, readings + 1L);
    assertThat(folder.resolve("pace.json")).doesNotExist();
    assertThat(place.measured(new Known(), _ -> {}, () -> false).training())
        .hasSize(2 * VARIANTS.size());
  }

  @Test
  @Timeout(60)
  void waitsForNoProcessThatMeasuresMemoryOnceItShallStop() {
    AtomicBoolean asked = new AtomicBoolean();
    CountDownLatch never = new CountDownLatch(1);
    Instruments slow =
        new Instruments() {
          private final Instruments known = new Known();

          @Override
          public long nanos() {
            return known.nanos();
          }

          @Override
          public Pace.Circumstances circumstances() {
            return THEN;
          }

          @Override
          public OptionalLong trainingMemory(StudyFolder study, Variant variant, StudyTask task) {
            asked.set(true);
            try {
              never.await();
            } catch (InterruptedException _) {
              Thread.currentThread().interrupt();
            }
            return OptionalLong.empty();
          }
        };
    StudyFolder place = place(synthetic());
    assertThatThrownBy(() -> place.measured(slow, _ -> {}, asked::get))
        .isInstanceOf(CancellationException.class);
    assertThat(folder.resolve("pace.json")).doesNotExist();
  }

  @Test
  void measuresNothingThatNoBudgetAsksFor() {
    assertThat(place(text()).results(System::nanoTime, _ -> {}).pace()).isEqualTo(Pace.none());
    assertThat(folder.resolve("pace.json")).doesNotExist();
  }

  /// Weights, gradients and the optimizer's two moments at least; two processes tell two sizes.
  @Test
  void aProcessOfItsOwnTellsTheMemoryOfTraining() {
    assumeThat(Files.exists(Path.of("/proc/self/status"))).isTrue();
    Variant wide =
        new Variant(
            "wide",
            "",
            "pre_norm",
            Mixers.none(),
            new Variant.Shape(
                java.util.OptionalInt.of(512),
                java.util.OptionalInt.empty(),
                java.util.OptionalInt.empty(),
                java.util.OptionalInt.empty()));
    StudyFolder place = StudyFolder.of(folder, study(List.of(PLAIN, wide), text()));
    StudyTask task = place.tasks().getFirst().task();
    StudyRun run =
        StudyPlan.of(place.study(), place.tasks(), Pace.none())
            .contests()
            .getFirst()
            .pairs()
            .getFirst()
            .mine();
    long bytes = MemoryProbe.measure(place, wide, task).orElseThrow();
    assertThat(bytes).isBetween(16 * run.parameters(), 40 * run.parameters());
    assertThat(MemoryProbe.measure(place, PLAIN, task).orElseThrow()).isLessThan(bytes / 2);
  }

  private StudyFolder place(StudyTask... tasks) {
    return StudyFolder.of(folder, study(VARIANTS, tasks));
  }

  private StudyTask text() {
    try {
      Path file = folder.resolveSibling(folder.getFileName() + ".txt");
      Files.writeString(file, "all work and no play makes a dull day. ".repeat(100));
      return new StudyTask(
          "text", file.toString(), Optional.empty(), WINDOW, OptionalDouble.empty());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static StudyTask synthetic() {
    return new StudyTask(
        "mess3", "task:mess3:length=" + WINDOW, Optional.empty(), WINDOW, OptionalDouble.empty());
  }

  private static Study study(List<Variant> variants, StudyTask... tasks) {
    return new Study(
        "test",
        "what does it cost?",
        TestStudies.model(),
        new Recipe(BATCH * WINDOW, 1000, 1e-3, 0.1, 0.2, 0.01, 2, 100),
        variants,
        List.of(tasks),
        List.of(Budget.TOKENS),
        List.of(0L),
        List.of(1.0));
  }
}
