package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.model.family.ModelFiles;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.lens.TunedLensTraining.Method;
import dev.weir.readout.lens.TunedLensTraining.Settings;
import dev.weir.readout.lens.TunedLensTraining.Step;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TunedLensTrainingTest {
  private static final int D_MODEL = 4;
  private static final int VOCAB = 24;

  // ---------------------------------------------------------------- a planted rotation

  /// A model whose only block turns the stream by a rotation `R`: attention writes nothing, and an
  /// MLP of pairs of rectifiers writes `x (R − I)`. The lens that undoes it is `A = R − I`, `b =
  /// 0`.
  private static Transformer turning(Tensor rotation) {
    double[] turn = rotation.toDoubles();
    double[] in = new double[D_MODEL * 2 * D_MODEL];
    double[] out = new double[2 * D_MODEL * D_MODEL];
    for (int i = 0; i < D_MODEL; i++) {
      in[i * 2 * D_MODEL + i] = 1;
      in[i * 2 * D_MODEL + D_MODEL + i] = -1;
      for (int j = 0; j < D_MODEL; j++) {
        double added = turn[i * D_MODEL + j] - (i == j ? 1 : 0);
        out[i * D_MODEL + j] = added;
        out[(D_MODEL + i) * D_MODEL + j] = -added;
      }
    }
    SplittableRandom random = new SplittableRandom(5);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    Axis dModel = new Axis("d_model", D_MODEL);
    Axis vocab = new Axis("d_vocab", VOCAB);
    weights.put("embed.W_E", Tensor.gaussian(Shape.of(vocab, dModel), 1, random));
    for (String name : List.of("W_Q", "W_K", "W_V", "W_O")) {
      String head = name.equals("W_K") || name.equals("W_V") ? "kv_head" : "head";
      weights.put(
          "blocks.0.attn." + name,
          Tensor.zeros(Shape.of(new Axis(head, 1), new Axis("d_head", 2), dModel), DType.FLOAT64));
    }
    Axis neurons = new Axis("d_mlp", 2L * D_MODEL);
    weights.put("blocks.0.mlp.W_in", Tensor.of(in, Shape.of(dModel, neurons)));
    weights.put("blocks.0.mlp.W_out", Tensor.of(out, Shape.of(neurons, dModel)));
    weights.put("unembed.W_U", Tensor.gaussian(Shape.of(dModel, vocab), 1, random));
    TensorOwner owner = new TensorOwner();
    weights.replaceAll((_, weight) -> owner.own(weight.to(DType.FLOAT64).copy()));
    return Transformer.of(spec(), new Parameters(weights), owner, "planted");
  }

  private static TransformerSpec spec() {
    NormSpec none = new NormSpec.NoNorm();
    AttentionSpec attention =
        new AttentionSpec(
            1,
            1,
            2,
            1,
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.Causal(),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.NONE,
            1);
    BlockSpec block =
        new BlockSpec(
            attention,
            new MlpSpec.Plain(2 * D_MODEL, Activation.RELU, false),
            BlockSpec.Wiring.SEQUENTIAL,
            none,
            none,
            none,
            none);
    return new TransformerSpec(
        "planted",
        D_MODEL,
        VOCAB,
        VOCAB,
        VOCAB,
        List.of(block),
        new PositionCode.NoPositions(),
        1,
        none,
        TransformerSpec.Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @ParameterizedTest
  @EnumSource
  void aPlantedRotationIsFound(Method optimizer) {
    int[] everyToken = IntStream.range(0, VOCAB).toArray();
    double scale = optimizer == Method.SGD ? 10 : 20;
    Settings settings = new Settings(1500, 1, optimizer, scale, 0, 0);
    try (Scope _ = Scope.open()) {
      Tensor rotation = LinearAlgebra.orthogonal("from", "to", D_MODEL, new SplittableRandom(9));
      try (Transformer model = turning(rotation);
          Translators lens = Translators.identity(model, "planted")) {
        List<Step> steps =
            TunedLensTraining.run(model, lens, List.of(everyToken), settings, _ -> {}).steps();
        assertThat(steps.getFirst().kl().getFirst()).isGreaterThan(0.5);
        assertThat(steps.getLast().kl().getFirst()).isLessThan(1e-4);
        double[] turn = rotation.toDoubles();
        double[] found = lens.weight(0);
        for (int i = 0; i < turn.length; i++) {
          double identity = i % (D_MODEL + 1) == 0 ? 1 : 0;
          // A KL of 1e-4 leaves logits off by about its root.
          assertThat(found[i] + identity).as("entry " + i).isCloseTo(turn[i], within(0.02));
        }
      }
    }
  }

  // ---------------------------------------------------------------- real models

  @Test
  void tuningTheBundledModelLowersTheKlAtEveryLayer() {
    Path folder = Path.of("..", "models", "weir-stories");
    SplittableRandom random = new SplittableRandom(2);
    try (Scope _ = Scope.open();
        Transformer model = ModelFiles.open(folder, ModelFiles.Options.usual());
        Translators lens = Translators.identity(model, "weir-stories")) {
      List<int[]> texts = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        texts.add(random.ints(16, 0, model.spec().dVocab()).toArray());
      }
      Settings settings = new Settings(12, 2, Method.SGD, 1, 1e-3, 0);
      List<Step> steps = TunedLensTraining.run(model, lens, texts, settings, _ -> {}).steps();
      for (int layer = 0; layer < model.spec().nLayers(); layer++) {
        assertThat(steps.getLast().kl().get(layer))
            .as("block " + layer)
            .isLessThan(steps.getFirst().kl().get(layer));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pathway/ddl/rms/mha",
        "pathway/post_norm/layer/mha",
        "pathway/mhc/rms/gqa",
        "models/gpt2",
        "models/gemma2"
      })
  void everyKindOfModelCanBeTuned(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        Translators lens = Translators.identity(model, name)) {
      Settings settings = new Settings(10, 1, Method.ADAM, 1, 0, 0);
      List<Step> steps =
          TunedLensTraining.run(model, lens, List.of(EveryModel.tokens(name)), settings, _ -> {})
              .steps();
      assertThat(sum(steps.getLast())).isLessThan(sum(steps.getFirst()));
    }
  }

  private static double sum(Step step) {
    return step.kl().stream().mapToDouble(Double::doubleValue).sum();
  }

  @Test
  void theSameSeedGivesTheSameLens() {
    List<int[]> texts = List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6}, new int[] {7, 8});
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT64);
        Translators one = Translators.identity(model, "one");
        Translators two = Translators.identity(model, "two")) {
      Settings settings = new Settings(4, 2, Method.SGD, 1, 1e-3, 7);
      TunedLensTraining.run(model, one, texts, settings, _ -> {});
      TunedLensTraining.run(model, two, texts, settings, _ -> {});
      assertThat(two.weight(1)).containsExactly(one.weight(1));
      assertThat(one.weight(1)).isNotEqualTo(new double[one.weight(1).length]);
    }
  }

  @Test
  void refusesInOneLine() {
    assertThatExceptionOfType(LensException.class)
        .isThrownBy(() -> new Settings(0, 8, Method.SGD, 1, 0, 0))
        .withMessageStartingWith("0 steps of 8 texts are not possible");
    assertThatExceptionOfType(LensException.class)
        .isThrownBy(() -> new Settings(1, 8, Method.SGD, Double.NaN, 0, 0))
        .withMessageStartingWith("A learning rate scale of NaN");
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32);
        Translators lens = Translators.identity(model, "gpt2")) {
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(
              () -> TunedLensTraining.run(model, lens, List.of(), Settings.usual(), _ -> {}))
          .withMessageStartingWith("There are no texts to tune the lens on");
    }
  }
}
