package dev.weir.readout.subvalue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SubvalueInterventionTest {
  private static final String NAME = "models/llama";

  @Test
  void aNeuronThatIsOffIsARowOfZeros() {
    int[] tokens = EveryModel.tokens(NAME);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(NAME, DType.FLOAT64);
        Transformer without = withoutRows(model)) {
      SubvalueIntervention effect =
          SubvalueIntervention.of(
              model,
              tokens,
              5,
              List.of(
                  new Scored(new Unit.MlpNeuron(1, 4), 1, 1),
                  new Scored(new Unit.AttentionNeuron(0, 2, 3, 7), 1, 1),
                  new Scored(new Unit.AttentionNeuron(0, 2, 3, 9), 1, 1)),
              2,
              new SplittableRandom(1));
      assertThat(effect.neurons()).isEqualTo(2);
      assertThat(effect.found().probability())
          .isCloseTo(probability(without, tokens), within(1e-12));
      assertThat(effect.before().probability())
          .isCloseTo(probability(model, tokens), within(1e-12));
    }
  }

  private static double probability(Transformer model, int[] tokens) {
    return model
        .logits(tokens)
        .at("pos", tokens.length - 1L)
        .softmax("d_vocab")
        .at("d_vocab", 5)
        .item();
  }

  /// The same model with a row of `W_out` and one of `W_O` at zero.
  private static Transformer withoutRows(Transformer model) {
    Map<String, Tensor> weights = new LinkedHashMap<>(model.parameters().tensors());
    weights.compute("blocks.1.mlp.W_out", (_, w) -> zeroed(w, "d_mlp", 4));
    weights.compute(
        "blocks.0.attn.W_O",
        (_, w) -> {
          Tensor row = only("head", w.size("head"), 2).times(only("d_head", w.size("d_head"), 3));
          return w.times(row.times(-1).plus(1).to(w.dtype()));
        });
    TensorOwner owner = new TensorOwner();
    weights.replaceAll((_, w) -> owner.own(w.copy()));
    return Transformer.of(model.spec(), new Parameters(weights), owner, "test");
  }

  private static Tensor zeroed(Tensor weight, String axis, int index) {
    Tensor mask = only(axis, weight.size(axis), index).times(-1).plus(1).to(weight.dtype());
    return weight.times(mask).order(weight.shape().names().toArray(String[]::new));
  }

  private static Tensor only(String axis, long size, int index) {
    double[] one = new double[Math.toIntExact(size)];
    one[index] = 1;
    return Tensor.of(one, Shape.of(new Axis(axis, size)));
  }

  @Test
  void controlsAreTheSameForTheSameSeed() {
    int[] tokens = EveryModel.tokens(NAME);
    List<Scored> found = List.of(new Scored(new Unit.MlpNeuron(0, 0), 1, 1));
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(NAME, DType.FLOAT64)) {
      double[] a = controls(model, tokens, found, 3);
      assertThat(controls(model, tokens, found, 3)).containsExactly(a);
      assertThat(controls(model, tokens, found, 4)).isNotEqualTo(a);
      assertThat(Arrays.stream(a).distinct().count()).isGreaterThan(1);
    }
  }

  private static double[] controls(Transformer model, int[] tokens, List<Scored> found, long seed) {
    SubvalueIntervention effect =
        SubvalueIntervention.of(model, tokens, 5, found, 6, new SplittableRandom(seed));
    assertThat(effect.randomProbability().count()).isEqualTo(6);
    assertThat(effect.randomProbability().low()).isLessThan(effect.randomProbability().high());
    return effect.random().stream().mapToDouble(SubvalueIntervention.Answer::probability).toArray();
  }

  @Test
  void refusesInOneLine() {
    List<Scored> many =
        java.util.stream.IntStream.range(0, 64)
            .mapToObj(i -> new Scored(new Unit.MlpNeuron(0, i), 1, 1))
            .toList();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(NAME, DType.FLOAT32)) {
      assertThatExceptionOfType(SubvalueException.class)
          .isThrownBy(() ->
              SubvalueIntervention.of(
                  model, new int[] {1}, 5, List.of(), 1, new SplittableRandom(1)))
          .withMessageStartingWith("1 random controls are not possible");
      assertThatExceptionOfType(SubvalueException.class)
          .isThrownBy(() ->
              SubvalueIntervention.of(model, new int[] {1}, 5, many, 2, new SplittableRandom(1)))
          .withMessageContaining("which leaves too few for a control");
    }
  }
}
