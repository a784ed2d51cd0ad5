package dev.weir.laws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.ElcBert;
import dev.weir.pathway.ManifoldHyperConnections;
import dev.weir.pathway.VerticalAttention;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.train.Initialization;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Derivatives agree with finite differences, in every family and pathway.
class GradientsTest {

  /// Differences over four points at this step err by its fourth power and by the rounding of
  /// float64 divided by it, 1e-9. A larger step would now and then meet the kink of a ReLU.
  private static final double STEP = 1e-6;

  private static final double TOLERANCE = 1e-7;

  private static final List<int[]> TEXTS =
      List.of(new int[] {3, 1, 4, 1, 5, 9, 2, 6}, new int[] {2, 7, 1, 8, 2, 8, 1, 8});

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreeWithFiniteDifferences(String name) {
    TransformerSpec spec = specOf(name);
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      Parameters parameters = start(spec, owner);
      Map<String, Tensor> gradients = gradients(spec, parameters);
      SplittableRandom random = new SplittableRandom(7);
      for (String weight : gradients.keySet()) {
        Tensor direction = direction(parameters.get(weight), random);
        double near = rise(spec, parameters, weight, direction.times(STEP));
        double far = rise(spec, parameters, weight, direction.times(2 * STEP));
        double expected = (8 * near - far) / (12 * STEP);
        double slope = gradients.get(weight).times(direction).sum().item();
        assertThat(slope).as(weight).isCloseTo(expected, within(TOLERANCE));
      }
    }
  }

  /// The loss this far along a direction less the loss as far against it.
  private static double rise(
      TransformerSpec spec, Parameters parameters, String weight, Tensor step) {
    return loss(spec, moved(parameters, weight, step))
        - loss(spec, moved(parameters, weight, step.times(-1)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyParameterReceivesOne(String name) {
    TransformerSpec spec = specOf(name);
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open()) {
      gradients(spec, start(spec, owner))
          .forEach((weight, gradient) -> {
            double length = Gradients.norm(List.of(gradient));
            if (addsTheSameToEveryScore(weight, spec) || choosesAmongOne(weight, spec)) {
              assertThat(length).as(weight).isLessThan(1e-12);
            } else if (!mixesEqualLanes(weight, spec)) {
              // Far above the rounding of float64; lanes that are nearly equal learn slowly.
              assertThat(length).as(weight).isGreaterThan(1e-9);
            }
          });
    }
  }

  /// A key bias that is not turned adds the same number to all scores of a query, which the softmax
  /// takes away again.
  private static boolean addsTheSameToEveryScore(String weight, TransformerSpec spec) {
    return weight.endsWith("b_K")
        && !(spec.blocks().getFirst().attention().positions() instanceof PositionCode.Rotary);
  }

  /// The first reader has one source, which a softmax gives all its weight.
  private static boolean choosesAmongOne(String weight, TransformerSpec spec) {
    return switch (spec.pathway()) {
      case ElcBert _, VerticalAttention _ -> weight.equals("blocks.0.path.alpha");
      case AttentionResiduals _ -> weight.startsWith("blocks.0.attn_path.");
      case DepthAttention depth ->
          depth.sharing() == DepthAttention.Sharing.PER_LAYER
              && weight.matches("blocks\\.0\\.path\\.([qkvr]_)?(W_Q|W_K|age)");
      default -> false;
    };
  }

  /// The first readers find lanes that are all but equal: a norm takes the size of their mix away
  /// again, and mixing leaves them as they are. The last mixing leaves the sum of lanes, which is
  /// all that is read after it.
  private static boolean mixesEqualLanes(String weight, TransformerSpec spec) {
    return spec.pathway() instanceof ManifoldHyperConnections
        && weight.matches(
            "blocks\\.0\\.(attn|mlp)_path\\.(pre|res)_.*|blocks\\.3\\.mlp_path\\.res_.*");
  }

  private static TransformerSpec specOf(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      return model.spec();
    }
  }

  /// Away from the neutral gains and biases that training starts from.
  private static Parameters start(TransformerSpec spec, TensorOwner owner) {
    Parameters neutral = new Initialization(0.2, 1).parameters(spec, DType.FLOAT64, owner);
    SplittableRandom random = new SplittableRandom(2);
    return neutral.map(tensor -> {
      Tensor noise = Tensor.gaussian(tensor.shape(), 0.1, random).to(DType.FLOAT64);
      return tensor.detached().plus(noise).asParameter();
    });
  }

  private static Map<String, Tensor> gradients(TransformerSpec spec, Parameters parameters) {
    List<String> names = List.copyOf(parameters.tensors().keySet());
    List<Tensor> found =
        Gradients.orZero(lossTensor(spec, parameters), List.copyOf(parameters.tensors().values()));
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      gradients.put(names.get(i), found.get(i));
    }
    return gradients;
  }

  private static double loss(TransformerSpec spec, Parameters parameters) {
    try (Scope _ = Scope.open()) {
      return Gradients.untracked(() -> lossTensor(spec, parameters).item());
    }
  }

  private static Tensor lossTensor(TransformerSpec spec, Parameters parameters) {
    try (TensorOwner laidOut = new TensorOwner()) {
      Tensor logits = Transformer.of(spec, parameters, laidOut, "test").logits(TEXTS, Hooks.none());
      Tensor targets =
          Tensor.of(
              TEXTS.stream()
                  .flatMapToLong(text -> Arrays.stream(text).mapToLong(t -> 9 - t))
                  .toArray(),
              logits.shape().without(logits.shape().names().getLast()));
      return Fused.crossEntropy(logits, targets);
    }
  }

  private static Parameters moved(Parameters from, String weight, Tensor by) {
    Map<String, Tensor> moved = new LinkedHashMap<>(from.tensors());
    moved.put(weight, from.get(weight).detached().plus(by));
    return new Parameters(moved);
  }

  /// A direction of length 1, so that the step is the step.
  private static Tensor direction(Tensor like, SplittableRandom random) {
    double length = Math.sqrt((double) like.shape().elements());
    return Tensor.gaussian(like.shape(), 1 / length, random).to(DType.FLOAT64);
  }
}
