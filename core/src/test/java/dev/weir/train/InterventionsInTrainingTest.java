package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamException;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Values of the forward passes that are trained on can be read, changed and made small.
class InterventionsInTrainingTest {
  private static final String POINT = "blocks.1.hook_resid_pre";

  private final Tensor direction =
      Tensor.gaussian(Shape.of("d_model", 32), 1, new SplittableRandom(3));

  @AfterEach
  void free() {
    direction.close();
  }

  // ---------------------------------------------------------------- edits

  @Test
  void steeringByZeroChangesNoBit() {
    List<Double> plain = TinyRuns.losses(TinyRuns.steps(TinyRuns.settings(8), parts()));
    assertThat(TinyRuns.losses(TinyRuns.steps(TinyRuns.settings(8), steered(0)))).isEqualTo(plain);
    assertThat(TinyRuns.losses(TinyRuns.steps(TinyRuns.settings(8), steered(0.5))))
        .isNotEqualTo(plain);
  }

  private static TrainingParts parts() {
    return TrainingParts.usual();
  }

  private TrainingParts steered(double coefficient) {
    return parts()
        .withEdits(model ->
            Edits.of(
                model, new Edit(Target.at(POINT), new Intervention.Steer(direction, coefficient))));
  }

  @Test
  void anAblatedComponentReceivesNoGradient() {
    TrainingParts ablated =
        parts()
            .withEdits(model ->
                Edits.of(
                    model,
                    new Edit(Target.at("blocks.0.hook_mlp_out"), new Intervention.Ablate.Zero())));
    TrainingSettings settings =
        TinyRuns.settings(6)
            .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 0.99, 1e-8), 0, 1));
    try (TrainingRun run = new TrainingRun(TinyRuns.spec(), TinyRuns.data(), settings, ablated)) {
      Map<String, float[]> before = numbers(run.model());
      run.run(_ -> {});
      numbers(run.model())
          .forEach((name, after) -> {
            if (name.startsWith("blocks.0.mlp.") || name.startsWith("blocks.0.ln2.")) {
              assertThat(after).as(name).isEqualTo(before.get(name));
            } else {
              assertThat(after).as(name).isNotEqualTo(before.get(name));
            }
          });
    }
  }

  private static Map<String, float[]> numbers(Transformer model) {
    Map<String, float[]> numbers = new TreeMap<>();
    try (Scope _ = Scope.open()) {
      model
          .parameters()
          .tensors()
          .forEach((name, weight) -> numbers.put(name, weight.detached().toFloats()));
    }
    return numbers;
  }

  @Test
  void looksAtTheValidationTextsAreLeftAlone() {
    try (TrainingRun plain =
            new TrainingRun(TinyRuns.spec(), TinyRuns.data(), TinyRuns.settings(6));
        TrainingRun steered =
            new TrainingRun(TinyRuns.spec(), TinyRuns.data(), TinyRuns.settings(6), steered(5))) {
      assertThat(steered.look()).isEqualTo(plain.look());
    }
  }

  // ---------------------------------------------------------------- penalties

  @Test
  void aPenaltyReducesTheUseOfADirection() {
    double without = use(parts());
    double with = use(parts().withAuxiliaries(new DirectionPenalty(POINT, direction, 10)));
    assertThat(with).isLessThan(without / 10);
  }

  /// The mean squared projection on the direction after training.
  private double use(TrainingParts parts) {
    try (TrainingRun run =
            new TrainingRun(TinyRuns.spec(), TinyRuns.data(), TinyRuns.settings(60), parts);
        Scope _ = Scope.open()) {
      run.run(_ -> {});
      int[] text = TinyRuns.coins(TinyRuns.WINDOW, 9).documents().getFirst();
      try (StreamTrace trace = run.model().trace(text, Capture.matching(POINT))) {
        Tensor along = trace.get(HookPoint.parse(POINT)).dot(direction, "d_model").square();
        return along.mean("pos").item() / direction.square().sum("d_model").item();
      }
    }
  }

  @Test
  void aPenaltyIsTheMeanSquareOfTheProjection() {
    try (Scope _ = Scope.open()) {
      Tensor values =
          Tensor.of(
              new float[] {1, 0, 2, 0, 0, 5, 3, 4}, Shape.of("batch", 2, "pos", 2, "d_model", 2));
      Tensor first = Tensor.of(new float[] {7, 0}, Shape.of("d_model", 2));
      Map<HookPoint, Tensor> seen = Map.of(HookPoint.parse(POINT), values);
      assertThat(new DirectionPenalty(POINT, first, 0.5).of(seen).item())
          .isCloseTo(0.5 * (1 + 4 + 0 + 9) / 4, within(1e-6));
    }
  }

  @Test
  void thePenaltyIsLoggedApartFromTheLoss() {
    DirectionPenalty penalty = new DirectionPenalty(POINT, direction, 1e-3);
    TrainingStep step =
        TinyRuns.steps(TinyRuns.settings(6), parts().withAuxiliaries(penalty)).getFirst();
    double loss = TinyRuns.steps(TinyRuns.settings(6), parts()).getFirst().trainLoss();
    assertThat(step.trainLoss()).isEqualTo(loss);
    assertThat(step.auxiliaryLosses()).containsOnlyKeys("direction at " + POINT);
    assertThat(step.auxiliaryLosses().get("direction at " + POINT)).isPositive();
  }

  @Test
  void saysWhatIsNoPenalty() {
    assertThatThrownBy(() -> new DirectionPenalty(POINT, direction, Double.NaN))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "A direction of float32 [d_model=32] with weight NaN is no penalty. Where: "
                + POINT
                + ". To fix: give one vector of finite length above 0 and a finite weight.");
    try (Scope _ = Scope.open()) {
      Tensor nothing = direction.times(0);
      assertThatThrownBy(() -> new DirectionPenalty(POINT, nothing, 1))
          .isInstanceOf(TrainException.class);
    }
    DirectionPenalty nowhere = new DirectionPenalty("blocks.7.hook_z", direction, 1);
    assertThatThrownBy(() -> TinyRuns.steps(TinyRuns.settings(6), parts().withAuxiliaries(nowhere)))
        .isInstanceOf(StreamException.class)
        .hasMessageContaining("No hook point of this model matches 'blocks.7.hook_z'");
  }

  // ---------------------------------------------------------------- statistics

  @Test
  void statisticsAreTakenInStepsThatLookAndChangeNothing() {
    PointStatistics statistics = new PointStatistics(point -> point instanceof HookPoint.AttnOut);
    List<TrainingStep> watched =
        TinyRuns.steps(TinyRuns.settings(6), parts().withStatistics(statistics));
    assertThat(watched.stream().map(step -> step.statistics().size()))
        .containsExactly(0, 0, 2, 0, 0, 2);
    assertThat(watched.getLast().statistics())
        .containsOnlyKeys("blocks.0.hook_attn_out", "blocks.1.hook_attn_out");
    assertThat(TinyRuns.losses(watched))
        .isEqualTo(TinyRuns.losses(TinyRuns.steps(TinyRuns.settings(6), parts())));
  }

  @Test
  void statisticsCoverAllThatPassed() {
    PointStatistics statistics = new PointStatistics(_ -> true);
    HookPoint point = HookPoint.parse(POINT);
    try (Scope _ = Scope.open()) {
      Shape shape = Shape.of("pos", 2, "d_model", 2);
      Tensor value = Tensor.of(new float[] {1, 2, 3, 4}, shape);
      assertThat(statistics.apply(point, value)).isSameAs(value);
      Tensor _ = statistics.apply(point, Tensor.of(new float[] {-5, 6, 7, 8}, shape));
    }
    Map<String, StepStatistics.Summary> taken = statistics.take();
    assertThat(taken).containsOnlyKeys(POINT);
    StepStatistics.Summary summary = List.copyOf(taken.values()).getFirst();
    double mean = 26 / 8.0;
    assertThat(summary.mean()).isCloseTo(mean, within(1e-12));
    assertThat(summary.deviation())
        .isCloseTo(
            Math.sqrt((1 + 4 + 9 + 16 + 25 + 36 + 49 + 64) / 8.0 - mean * mean), within(1e-12));
    assertThat(summary.least()).isEqualTo(-5);
    assertThat(summary.greatest()).isEqualTo(8);
    assertThat(statistics.take()).isEmpty();
  }

  // ---------------------------------------------------------------- decay, cost

  @Test
  void matricesDecayAndGainsDoNot() {
    assertThat(Decay.declared().of(TinyRuns.spec()))
        .contains("embed.W_E", "blocks.0.mlp.W_in", "blocks.1.attn.W_O")
        .doesNotContain("blocks.0.ln1.w", "ln_final.w");
  }

  @Test
  void whatDecaysIsAMatterOfChoice() {
    TrainingSettings strong =
        TinyRuns.settings(6)
            .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 0.99, 1e-8), 50, 1));
    double shrunk = gain(strong, _ -> Set.of("ln_final.w"));
    double left = gain(strong, Decay.declared());
    assertThat(shrunk).isLessThan(0.9 * left);
  }

  private static double gain(TrainingSettings settings, Decay decay) {
    try (TrainingRun run =
            new TrainingRun(TinyRuns.spec(), TinyRuns.data(), settings, parts().withDecay(decay));
        Scope _ = Scope.open()) {
      run.run(_ -> {});
      return run.model().parameters().get("ln_final.w").detached().mean("d_model").item();
    }
  }

  @Test
  void operationsAreCountedByTheToken() {
    List<TrainingStep> steps =
        TinyRuns.steps(TinyRuns.settings(6), parts().withFlopsPerToken(1000));
    assertThat(steps.getLast().flops()).isEqualTo(6 * 8 * 16 * 1000.0);
  }
}
