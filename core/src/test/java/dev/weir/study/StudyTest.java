package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.tensor.AdamW;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.Tensor;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import dev.weir.train.TrainingParts;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Small studies of which it is known what they must find.
class StudyTest {
  private static final Variant PLAIN = Variant.plain("plain");

  @TempDir Path folder;

  @Test
  void findsNoWinnerBetweenAModelAndItself() {
    Variant same = Variant.of("same", "the plain stream again", "pre_norm", Mixers.none());
    List<Comparison> found = run(study(List.of(PLAIN, same), 5), _ -> TrainingParts.usual());
    assertThat(found)
        .allSatisfy(c -> {
          assertThat(c.result()).isEqualTo(Comparison.Result.NO_DIFFERENCE_FOUND);
          assertThat(c.loss().mean()).isZero();
        });
  }

  @Test
  void findsTheLoserWhoseGradientIsBroken() {
    Variant broken = Variant.of("broken", "the plain stream", "pre_norm", Mixers.none());
    List<Comparison> found =
        run(
            study(List.of(PLAIN, broken), 5),
            run ->
                run.variant().equals(broken)
                    ? TrainingParts.usual().withOptimizers(StudyTest::mistaken)
                    : TrainingParts.usual());
    assertThat(found).allSatisfy(c -> assertThat(c.result()).isEqualTo(Comparison.Result.LOSES));
  }

  private static Optimizer mistaken(
      dev.weir.train.TrainingSettings.Optimizer settings, Tensor weight) {
    return new Backwards(new AdamW(settings.adamW(), weight));
  }

  /// Follows the gradient instead of going against it.
  private record Backwards(AdamW right) implements Optimizer {
    @Override
    public void update(Tensor gradient, double factor, double rate, double decay) {
      right.update(gradient, -factor, rate, decay);
    }

    @Override
    public List<String> stateNames() {
      return right.stateNames();
    }

    @Override
    public List<Tensor> state() {
      return right.state();
    }

    @Override
    public void restore(List<Tensor> state, long updatesSoFar) {
      right.restore(state, updatesSoFar);
    }

    @Override
    public void close() {
      right.close();
    }
  }

  private static Study study(List<Variant> variants, int seeds) {
    return new Study(
        "test",
        "does it find what it must?",
        new ModelSettings(
            "pre_norm",
            16,
            1,
            1,
            1,
            32,
            2,
            2,
            ModelSettings.NormKind.RMS,
            ModelSettings.MlpKind.GATED,
            ModelSettings.Positions.LEARNED,
            ModelSettings.Head.SEPARATE),
        new Recipe(8 * 16, 8 * 16 * 20, 3e-3, 0.1, 0.2, 0.01, 2, 1024),
        variants,
        List.of(
            new StudyTask(
                "mess3", "task:mess3:length=16", Optional.empty(), 16, OptionalDouble.empty())),
        List.of(Budget.TOKENS),
        LongStream.range(0, seeds).boxed().toList(),
        List.of(1.0));
  }

  private List<Comparison> run(Study study, Function<StudyRun, TrainingParts> parts) {
    StudyFolder place = StudyFolder.of(folder, study);
    new StudyWorker(place, parts)
        .work(
            place.results(System::nanoTime, _ -> {}).plan(),
            StudyWorker.Listener.silent(),
            () -> false);
    return place.results(System::nanoTime, _ -> {}).comparisons();
  }
}
