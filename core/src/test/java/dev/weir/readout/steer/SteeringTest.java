package dev.weir.readout.steer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.model.Transformer;
import dev.weir.readout.probe.Leace;
import dev.weir.readout.probe.Moments;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.GoldenModels;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SteeringTest {
  private static final String GPT2 = "models/gpt2";

  static Stream<String> models() {
    return EveryModel.names();
  }

  private static double[] direction(Transformer model) {
    return new SplittableRandom(5).doubles(model.spec().dModel(), -1, 1).toArray();
  }

  private static double along(Tensor value, double... direction) {
    Tensor r = Tensor.of(direction, Shape.of("d_model", direction.length));
    return value.to(DType.FLOAT64).times(r).sum("d_model").abs().max(rest(value)).item();
  }

  private static String[] rest(Tensor value) {
    return value.shape().names().stream().filter(n -> !n.equals("d_model")).toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("models")
  void anAblatedDirectionIsInNoStreamAndNoWriteOfAnyModel(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      double[] r = direction(model);
      SteeringVector vector = SteeringVector.everywhere(new HookPoint.ResidPre(0), r);
      Hooks ablated = Edits.of(model, vector.ablating());
      Capture streams =
          Capture.matching("blocks.*.hook_resid_*", "blocks.*.hook_attn_out").withoutLogits();
      try (StreamTrace plain = model.trace(List.of(tokens), streams, Hooks.none());
          StreamTrace trace = model.trace(List.of(tokens), streams, ablated)) {
        for (HookPoint point : trace.points()) {
          if (!point.name().endsWith("resid_mid") && !point.name().endsWith("resid_local")) {
            double scale =
                1 + plain.get(point).abs().max(rest(plain.get(point))).max("d_model").item();
            assertThat(along(trace.get(point), r)).as(point.name()).isLessThan(1e-9 * scale);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void addingMovesTheStreamByTheVectorOnEveryModel(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      HookPoint point = new HookPoint.ResidPost(model.spec().nLayers() - 1);
      SteeringVector vector =
          SteeringVector.front(point, new double[][] {direction(model), direction(model)});
      Capture stream = Capture.of(point).withoutLogits();
      try (StreamTrace plain = model.trace(tokens, stream);
          StreamTrace steered =
              model.trace(List.of(tokens), stream, Edits.of(model, vector.adding(3)))) {
        double[] moved = steered.get(point).minus(plain.get(point)).toDoubles();
        double[] r = direction(model);
        for (int i = 0; i < moved.length; i++) {
          double expected = i < 2 * r.length ? 3 * r[i % r.length] : 0;
          assertThat(moved[i]).isCloseTo(expected, within(1e-9));
        }
      }
    }
  }

  @Test
  void addingTheDifferenceOfTwoPromptsGivesTheOther() {
    int[] minus = GoldenModels.tokens(GPT2);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      int[] plus = GoldenModels.otherTokens(GPT2, model);
      SteeringVector vector =
          SteeringVector.activationAddition(model, new HookPoint.ResidPre(1), plus, minus);
      assertThat(model.logits(List.of(minus), Edits.of(model, vector.adding(1))).toDoubles())
          .containsExactly(model.logits(List.of(plus), Hooks.none()).toDoubles(), within(1e-10));
      assertThatExceptionOfType(SteerException.class)
          .isThrownBy(() ->
              SteeringVector.activationAddition(
                  model, new HookPoint.ResidPre(1), plus, Arrays.copyOf(minus, 2)));
    }
  }

  @Test
  void contrastsAreDifferencesOfMeans() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint point = new HookPoint.ResidPre(1);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, Capture.of(point))) {
      SteeringVector.Contrast contrast = new SteeringVector.Contrast(model, point, -1);
      assertThatExceptionOfType(SteerException.class).isThrownBy(contrast::vector);
      contrast.plus(Arrays.copyOf(tokens, 3));
      contrast.plus(Arrays.copyOf(tokens, 5));
      contrast.minus(Arrays.copyOf(tokens, 4));
      Tensor x = trace.get(point);
      double[] expected =
          x.at("pos", 2).plus(x.at("pos", 4)).times(0.5).minus(x.at("pos", 3)).toDoubles();
      assertThat(contrast.vector().direction()).containsExactly(expected, within(1e-10));
    }
  }

  @Test
  void takingADirectionOutOfTheWeightsIsTakingItOutOfTheActivations() {
    int[] tokens = GoldenModels.tokens(GPT2);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      SteeringVector vector =
          SteeringVector.everywhere(new HookPoint.ResidPre(0), direction(model));
      try (Transformer without = DirectionalAblation.without(model, vector)) {
        double[] plain = model.logits(tokens).toDoubles();
        double[] weights = without.logits(tokens).toDoubles();
        assertThat(weights)
            .containsExactly(
                model.logits(List.of(tokens), Edits.of(model, vector.ablating())).toDoubles(),
                within(1e-10));
        assertThat(weights).isNotEqualTo(plain);
      }
    }
  }

  @Test
  void theWeightVersionIsRefusedWhereWritesDoNotStayAsTheyAre() {
    try (Transformer model = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT32)) {
      assertThatExceptionOfType(SteerException.class)
          .isThrownBy(() ->
              DirectionalAblation.without(
                  model, SteeringVector.everywhere(new HookPoint.ResidPre(0), direction(model))))
          .withMessageContaining("pathway");
    }
  }

  @Test
  void theSweepComparesWithTheModelLeftAlone() {
    int[] tokens = GoldenModels.tokens(GPT2);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      SteeringVector vector =
          SteeringVector.everywhere(new HookPoint.ResidPre(1), direction(model));
      SteeringSweep sweep =
          SteeringSweep.of(
              model,
              tokens,
              List.of(
                  SteeringSweep.Change.none(), new SteeringSweep.Change("2", 2, vector.adding(2))),
              new SteeringSweep.Options(2, List.of(3), 4, Set.of()));
      double[] plain = probabilities(model, tokens, Hooks.none());
      double[] steered = probabilities(model, tokens, Edits.of(model, vector.adding(2)));
      double kl = 0;
      for (int i = 0; i < plain.length; i++) {
        kl += plain[i] * Math.log(plain[i] / steered[i]);
      }
      assertThat(sweep.steps().getFirst().klToUnsteered()).isZero();
      assertThat(sweep.steps().getLast().klToUnsteered()).isCloseTo(kl, within(1e-12));
      assertThat(sweep.steps().getLast().followed()[0]).isCloseTo(steered[3], within(1e-12));
      assertThat(sweep.steps().getLast().continuation()).hasSize(4);
      assertThat(sweep.steps().getLast().continuation()[0])
          .isEqualTo(sweep.steps().getLast().top().getFirst().token());
    }
  }

  private static double[] probabilities(Transformer model, int[] tokens, Hooks hooks) {
    Tensor logits = model.logits(List.of(tokens), hooks).at("batch", 0);
    return logits.at("pos", tokens.length - 1L).softmax("d_vocab").toDoubles();
  }

  @Test
  void anEraserInARunIsTheEraserOnItsValues() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint point = new HookPoint.ResidPre(1);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace plain = model.trace(tokens, Capture.of(point))) {
      Tensor values = plain.get(point).rename("pos", "row").rename("d_model", "feature");
      double[] halves = new double[2 * tokens.length];
      for (int row = 0; row < tokens.length; row++) {
        halves[2 * row + row % 2] = 1;
      }
      Leace leace =
          Leace.fit(
              Moments.of(values, Tensor.of(halves, Shape.of("row", tokens.length, "target", 2))),
              Leace.Options.usual());
      Edits edits = Edits.of(model, Edit.at(point.name(), leace.intervention()));
      try (StreamTrace erased = model.trace(List.of(tokens), Capture.of(point), edits)) {
        assertThat(erased.get(point).toDoubles())
            .containsExactly(leace.apply(values).toDoubles(), within(1e-10));
      }
      assertThat(leace.rank()).isEqualTo(1);
    }
  }
}
