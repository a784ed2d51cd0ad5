package dev.weir.laws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.ElcBert;
import dev.weir.pathway.LayerScale;
import dev.weir.pathway.ManifoldHyperConnections;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PostNorm;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.Golden;
import dev.weir.testing.PathwayModels;
import dev.weir.train.Initialization;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where the papers say so, a pathway at its neutral parameters is the plain stream: same logits
/// for the same weights of the shared parts. Where none exists, the difference is shown.
class NeutralTest {
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

  /// Float64: what remains is the order of summation.
  private static final double EXACT = 1e-10;

  private static final Set<Class<?>> WITHOUT =
      Set.of(
          PostNorm.class, ElcBert.class, dev.weir.pathway.VerticalAttention.class, DeepDelta.class);

  /// Every listed variant whose paper has a neutral setting.
  static Stream<String> neutral() {
    return Pathways.all().stream()
        .filter(listing -> !WITHOUT.contains(listing.kind()))
        .flatMap(listing -> listing.variants().keySet().stream());
  }

  static Stream<String> withoutNeutral() {
    return Pathways.all().stream()
        .filter(listing -> WITHOUT.contains(listing.kind()))
        .flatMap(listing -> listing.variants().keySet().stream());
  }

  @ParameterizedTest
  @MethodSource("neutral")
  void atItsNeutralSettingItIsThePlainStream(String name) {
    PathwaySpec pathway = neutral(Pathways.find(name).orElseThrow());
    assertThat(distanceFromPlain(pathway, NeutralTest::neutralNumbers)).isLessThan(EXACT);
  }

  /// The settings under which numbers can be neutral at all.
  private static PathwaySpec neutral(PathwaySpec pathway) {
    return switch (pathway) {
      case LayerScale(LayerScale.Gain gain, _) -> new LayerScale(gain, 1);
      case ManifoldHyperConnections mhc ->
          new ManifoldHyperConnections(mhc.lanes(), mhc.iterations(), mhc.readout(), 0, 1e-20);
      case DepthAttention depth when depth.injection() != DepthAttention.Injection.BRANCH ->
          new DepthAttention(
              1,
              depth.injection(),
              DepthAttention.SourceKind.STATES,
              1,
              depth.sharing(),
              depth.heads(),
              depth.dKey(),
              depth.keyNorm(),
              depth.ageBias(),
              depth.epsilon());
      default -> pathway;
    };
  }

  /// As training starts, which is the neutral setting where there is one.
  private static Tensor neutralNumbers(String name, Tensor start) {
    return start;
  }

  static double distanceFromPlain(PathwaySpec pathway) {
    return distanceFromPlain(pathway, NeutralTest::neutralNumbers);
  }

  private static double distanceFromPlain(
      PathwaySpec pathway, BiFunction<String, Tensor, Tensor> numbers) {
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      TransformerSpec spec = scaleFree(PathwayModels.on(pathway));
      Parameters own = new Initialization(0.3, 1).parameters(spec, DType.FLOAT64, owner);
      Map<String, Tensor> shared = new LinkedHashMap<>();
      Map<String, Tensor> all = new LinkedHashMap<>();
      own.tensors()
          .forEach((name, tensor) -> {
            if (name.contains("path.")) {
              all.put(name, numbers.apply(name, tensor.detached()));
            } else {
              // The pathways' own starts scale some matrices; the comparison is of equal ones.
              all.put(name, tensor.detached());
              shared.put(name, tensor.detached());
            }
          });
      Tensor logits = logits(spec, all, owner);
      Tensor plain = logits(spec.withPathway(new PreNorm()), shared, owner);
      return Golden.largestDifference(logits.toDoubles(), plain.toDoubles());
    }
  }

  /// Means instead of sums, and sums of several lanes, are the same only to readers that take the
  /// size away, which an epsilon keeps them from doing.
  private static TransformerSpec scaleFree(TransformerSpec spec) {
    java.util.function.UnaryOperator<NormSpec> free =
        norm ->
            norm instanceof NormSpec.RmsNorm(_, NormSpec.Gain gain)
                ? new NormSpec.RmsNorm(1e-16, gain)
                : norm;
    return spec.mapBlocks(block -> block.mapNorms(free)).withLnFinal(free.apply(spec.lnFinal()));
  }

  private static Tensor logits(
      TransformerSpec spec, Map<String, Tensor> numbers, TensorOwner owner) {
    return Transformer.of(spec, new Parameters(numbers), owner, "test").logits(TOKENS);
  }

  @ParameterizedTest
  @MethodSource("withoutNeutral")
  void pathwaysWithoutANeutralSettingDiffer(String name) {
    PathwaySpec pathway = Pathways.find(name).orElseThrow();
    assertThat(distanceFromPlain(pathway, NeutralTest::neutralNumbers)).isGreaterThan(0.1);
  }

  /// One-hot mixes, the limit of a large score, are not it either.
  @ParameterizedTest
  @ValueSource(strings = {"elc", "elc-zero", "elc-output"})
  void mixesOfOneStateAreNotThePlainStream(String name) {
    PathwaySpec pathway = Pathways.find(name).orElseThrow();
    double distance =
        distanceFromPlain(
            pathway,
            (weight, start) -> {
              long newest = start.size("source") - 1;
              double[] scores = new double[(int) newest + 1];
              scores[(int) newest] = 60;
              return Tensor.of(scores, start.shape());
            });
    assertThat(distance).isGreaterThan(0.1);
  }

  @Test
  void aGateOfZeroSkipsTheSublayer() {
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      TransformerSpec spec = PathwayModels.on(DeepDelta.scalar(1));
      Map<String, Tensor> numbers = new LinkedHashMap<>();
      new Initialization(0.3, 1)
          .parameters(spec, DType.FLOAT64, owner)
          .tensors()
          .forEach((name, tensor) ->
              numbers.put(
                  name,
                  name.endsWith("W_beta") || name.endsWith("b_beta")
                      ? tensor.detached().times(0).plus(name.endsWith("b_beta") ? -1e4 : 0)
                      : tensor.detached()));
      Tensor skipped = logits(spec, numbers, owner);
      Transformer model = Transformer.of(spec, new Parameters(numbers), new TensorOwner(), "test");
      Tensor embedding =
          model.parameters().get("embed.W_E").take("d_vocab", ids()).order("pos", "d_model");
      Tensor alone =
          model.unembed(
              model
                  .lnFinal()
                  .forward(
                      embedding,
                      new dev.weir.stream.NormSite.LnFinal(),
                      dev.weir.stream.Hooks.none()));
      assertThat(skipped.toDoubles()).isEqualTo(alone.toDoubles());
    }
  }

  private static Tensor ids() {
    long[] ids = java.util.Arrays.stream(TOKENS).asLongStream().toArray();
    return Tensor.of(ids, dev.weir.tensor.Shape.of(new dev.weir.tensor.Axis("pos", ids.length)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void zeroQueriesAreThePlainStreamForAnyBlockSize(int size) {
    for (AttentionResiduals.Evaluation evaluation : AttentionResiduals.Evaluation.values()) {
      PathwaySpec pathway = new AttentionResiduals(size, evaluation, 1e-6);
      assertThat(distanceFromPlain(pathway, NeutralTest::neutralNumbers)).isLessThan(EXACT);
    }
  }

  /// With the mixers' last map at zero a block is as if they were not there.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "shortswa",
        "shortconv",
        "shortswa-branch",
        "shortconv-branch",
        "canon-a",
        "canon-abcd",
        "value-residual"
      })
  void localMixersWithNothingToSayAreNotThere(String name) {
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      TransformerSpec spec = PathwayModels.spec("mixer/" + name + "/rms/mha");
      Map<String, Tensor> numbers = new LinkedHashMap<>();
      Map<String, Tensor> shared = new LinkedHashMap<>();
      new Initialization(0.3, 1)
          .parameters(spec, DType.FLOAT64, owner)
          .tensors()
          .forEach((weight, start) -> {
            Tensor tensor = start.detached();
            boolean own = weight.matches(".*\\.(local|canon|ln0|attn\\.branch)\\..*");
            if (weight.endsWith("lambda_v")) {
              numbers.put(weight, Tensor.of(new double[] {0, 1}, tensor.shape()));
            } else if (own) {
              numbers.put(weight, silenced(weight, tensor));
            } else {
              numbers.put(weight, tensor);
              shared.put(weight, tensor);
            }
          });
      TransformerSpec plain =
          spec.mapBlocks(block ->
              block
                  .withLocal(LocalMixing.none())
                  .withAttention(
                      block.attention().withValues(dev.weir.model.AttentionSpec.Values.OWN)));
      assertThat(
              Golden.largestDifference(
                  logits(spec, numbers, owner).toDoubles(),
                  logits(plain, shared, owner).toDoubles()))
          .isLessThan(EXACT);
    }
  }

  private static Tensor silenced(String weight, Tensor tensor) {
    boolean speaks = weight.matches(".*(W_O|conv|canon.*|gate)$");
    return speaks ? tensor.times(0) : tensor;
  }

  /// A read that starts at zero must be able to leave it: the last map learns first, and once it
  /// has moved, everything before it does.
  @ParameterizedTest
  @MethodSource("neutral")
  void readsThatStartSilentLearn(String name) {
    PathwaySpec pathway = Pathways.find(name).orElseThrow();
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      TransformerSpec spec = PathwayModels.on(pathway);
      Parameters start = new Initialization(0.3, 1).parameters(spec, DType.FLOAT64, owner);
      Map<String, Tensor> first = gradients(spec, start, owner);
      Set<String> moved = new java.util.HashSet<>();
      Map<String, Tensor> stepped = new LinkedHashMap<>();
      start
          .tensors()
          .forEach((weight, tensor) -> {
            Tensor gradient = first.get(weight);
            if (length(gradient) > 1e-12) {
              moved.add(weight);
            }
            stepped.put(
                weight, owner.own(tensor.detached().minus(gradient.times(0.5)).asParameter()));
          });
      Map<String, Tensor> second = gradients(spec, new Parameters(stepped), owner);
      second.forEach((weight, gradient) -> {
        if (length(gradient) > 1e-12) {
          moved.add(weight);
        }
      });
      // The first reader has one source to choose from, the first lanes are all the same, and the
      // last doubly stochastic mixing leaves the sum of lanes, which is all that is read after it.
      start.tensors().keySet().stream()
          .filter(weight -> weight.contains("path."))
          .filter(weight -> !weight.matches("blocks\\.0\\.(attn_)?path\\..*"))
          .filter(weight -> !weight.matches("blocks\\.3\\.mlp_path\\.res_.*"))
          .forEach(weight -> assertThat(moved.contains(weight)).as(weight).isTrue());
    }
  }

  private static double length(Tensor gradient) {
    return Gradients.norm(List.of(gradient));
  }

  private static Map<String, Tensor> gradients(
      TransformerSpec spec, Parameters parameters, TensorOwner owner) {
    Tensor logits = Transformer.of(spec, parameters, owner, "test").logits(TOKENS);
    Tensor loss = logits.logSoftmax("d_vocab").square().mean();
    List<String> names = List.copyOf(parameters.tensors().keySet());
    List<Tensor> found = Gradients.orZero(loss, List.copyOf(parameters.tensors().values()));
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      gradients.put(names.get(i), found.get(i));
    }
    return gradients;
  }
}
