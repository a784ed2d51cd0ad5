package dev.weir.costs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.MixerCost;
import dev.weir.model.ParameterLayout;
import dev.weir.model.TransformerCost;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Shape;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a whole model costs agrees with what the engine is asked to compute, call by call
/// ([OperationCount]).
class TransformerCostTest {
  private static final int CONTEXT = 9;

  private static Method texts;
  private static Method lastToken;

  @BeforeAll
  static void loadWeirAgain() throws ReflectiveOperationException {
    Class<?> runs = new CountedClasses().loadClass(ModelRun.class.getName());
    texts = runs.getMethod("texts", String.class, int.class, int.class);
    lastToken = runs.getMethod("lastToken", String.class, int.class);
  }

  /// Over a whole text every key is computed and those out of sight are masked, so models with
  /// windows are counted token by token, below.
  static Stream<String> withoutWindows() {
    return PathwayModels.everyCombination().filter(name -> !name.contains("shortswa"));
  }

  static Stream<String> withMixers() {
    return PathwayModels.everyCombination().filter(name -> name.startsWith("mixer/"));
  }

  /// The difference between two texts and one, so that what a run does once is left out. Exact.
  @ParameterizedTest
  @MethodSource("withoutWindows")
  void aTextCostsWhatRuns(String name) throws Exception {
    TransformerSpec spec = PathwayModels.spec(name);
    double perToken = (double) (operations(name, 2) - operations(name, 1)) / CONTEXT;
    assertThat(TransformerCost.flopsPerToken(spec, CONTEXT))
        .as("operations by the engine's names: %s", OperationCount.byName())
        .isEqualTo(perToken, within(1e-6));
  }

  /// One token of a text longer than any window. Exact: these models do nothing once a run.
  @ParameterizedTest
  @MethodSource("withMixers")
  void aTokenCostsWhatRunsForIt(String name) throws Exception {
    TransformerSpec spec = PathwayModels.spec(name);
    var _ = lastToken.invoke(null, name, CONTEXT);
    assertThat(TransformerCost.ofLastToken(spec, CONTEXT).flops())
        .as("operations by the engine's names: %s", OperationCount.byName())
        .isEqualTo((double) OperationCount.total(), within(1e-6));
  }

  /// Published families: within 2 %, as Gemma adds one to its gains once a run and windows are
  /// masked, not cut.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.GoldenModels#names")
  void aTokenOfAFamilyCostsWhatRunsForIt(String name) throws Exception {
    TransformerSpec spec;
    try (var model = EveryModel.open(name, dev.weir.tensor.DType.FLOAT32)) {
      spec = model.spec();
    }
    var _ = lastToken.invoke(null, name, CONTEXT);
    double counted = OperationCount.total();
    assertThat(TransformerCost.ofLastToken(spec, CONTEXT).flops())
        .as("operations by the engine's names: %s", OperationCount.byName())
        .isEqualTo(counted, within(0.02 * counted));
  }

  @ParameterizedTest
  @MethodSource("withMixers")
  void mixersCountTheWeightsTheyBring(String name) {
    TransformerSpec with = PathwayModels.spec(name);
    TransformerSpec without =
        with.mapBlocks(block ->
            block
                .withLocal(dev.weir.model.LocalMixing.none())
                .withAttention(
                    block.attention().withValues(dev.weir.model.AttentionSpec.Values.OWN)));
    assertThat(MixerCost.ofText(with, CONTEXT).parameters())
        .isEqualTo(parameters(with) - parameters(without));
  }

  @ParameterizedTest
  @MethodSource("dev.weir.testing.PathwayModels#everyCombination")
  void aModelCountsItsWeightsAndItsPathwayIts(String name) {
    TransformerSpec spec = PathwayModels.spec(name);
    TransformerSpec plain = spec.withPathway(new PreNorm());
    assertThat(TransformerCost.ofText(spec, CONTEXT).parameters()).isEqualTo(parameters(spec));
    assertThat(spec.pathway().cost(spec.depth()).parameters())
        .isEqualTo(parameters(spec) - parameters(plain));
  }

  private static double parameters(TransformerSpec spec) {
    return ParameterLayout.of(spec).values().stream().mapToLong(Shape::elements).sum();
  }

  /// Twice the weights for each token, and what attention adds: the rule of thumb.
  @Test
  void aPlainTransformerCostsTwiceItsWeightsAndItsAttention() {
    TransformerSpec spec = PathwayModels.spec("pathway/pre_norm/rms/mha");
    TransformerCost cost = TransformerCost.ofText(spec, CONTEXT);
    double maps =
        ParameterLayout.of(spec).entrySet().stream()
            .filter(weight -> weight.getValue().rank() > 1)
            .filter(weight -> !weight.getKey().contains("embed.W_E"))
            .mapToDouble(weight -> weight.getValue().elements())
            .sum();
    assertThat(cost.products()).isEqualTo(2 * maps);
    assertThat(cost.attention()).isGreaterThan(4 * 12 * 5 * 4);
    // Norms, rotation, activations and the stream's own sums are the rest.
    assertThat(cost.flops())
        .isBetween(cost.products() + cost.attention(), 1.1 * (cost.products() + cost.attention()));
    assertThat(TransformerCost.trainingFlopsPerToken(spec, CONTEXT)).isEqualTo(3 * cost.flops());
  }

  private static long operations(String name, int howMany) throws ReflectiveOperationException {
    OperationCount.reset();
    try {
      var _ = texts.invoke(null, name, CONTEXT, howMany);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    }
    return OperationCount.total();
  }
}
