package dev.weir.costs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.pathway.Depth;
import dev.weir.pathway.PathwayCost;
import dev.weir.pathway.PathwaySpec;
import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The formulas of costs agree with what pathways call for, what the engine is asked to compute,
/// and what their states hold.
///
/// Operations are counted call by call ([OperationCount]) for texts of two lengths; the difference
/// leaves out what a run does once for all its tokens. Formula and count follow the same
/// conventions to the last operation, so they agree exactly: a pathway that is computed in another
/// way has to say so in its formula.
class PathwayCostTest {
  private static final int D_MODEL = 24;
  private static final int LAYERS = 7;
  private static final int SHORT = 3;
  private static final int LONG = 5;

  private static Method run;

  @BeforeAll
  static void loadWeirAgain() throws ReflectiveOperationException {
    run =
        new CountedClasses()
            .loadClass(PathwayRun.class.getName())
            .getMethod("run", String.class, int.class, int.class, String.class, int.class);
  }

  static Stream<Arguments> everyPathway() {
    return PathwayRun.specs().keySet().stream()
        .flatMap(name ->
            Stream.of(PathwayRun.Blocks.values())
                .filter(blocks ->
                    spec(name).problems(PathwayRun.depth(LAYERS, D_MODEL, blocks)).isEmpty())
                .map(blocks -> Arguments.of(name, blocks)));
  }

  private static PathwaySpec spec(String name) {
    PathwaySpec spec = PathwayRun.specs().get(name);
    assertThat(spec).isNotNull();
    return spec;
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyPathway")
  void countsTheWeightsItCallsFor(String name, PathwayRun.Blocks blocks) {
    Depth depth = PathwayRun.depth(LAYERS, D_MODEL, blocks);
    long weights =
        spec(name).weights(depth).values().stream().mapToLong(w -> w.shape().elements()).sum();
    assertThat(spec(name).cost(depth).parameters()).isEqualTo((double) weights);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyPathway")
  void countsTheOperationsThatRun(String name, PathwayRun.Blocks blocks) throws Exception {
    Depth depth = PathwayRun.depth(LAYERS, D_MODEL, blocks);
    double plain = (double) D_MODEL * depth.sites().size();
    double counted = operationsPerToken(name, blocks) - plain;
    assertThat(spec(name).cost(depth).flops())
        .as("operations by the engine's names: %s", OperationCount.byName())
        .isEqualTo(counted, within(1e-6));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyPathway")
  void countsWhatItsStateHolds(String name, PathwayRun.Blocks blocks) {
    PathwayCost cost = spec(name).cost(PathwayRun.depth(LAYERS, D_MODEL, blocks));
    double[] held = PathwayRun.run(name, LAYERS, D_MODEL, blocks.name(), SHORT);
    assertThat(cost.passing()).isEqualTo(held[0]);
    for (int block = 0; block < LAYERS; block++) {
      assertThat(cost.payload().get(block))
          .as("after block %d", block)
          .isEqualTo(held[block + 1] / D_MODEL, within(1e-9));
    }
  }

  @Test
  void thePlainStreamCostsOneAdditionForEachWrite() throws Exception {
    assertThat(operationsPerToken("pre_norm", PathwayRun.Blocks.USUAL))
        .isEqualTo(2.0 * LAYERS * D_MODEL);
  }

  @Test
  void theCountSeesEveryKindOfCall() throws Exception {
    operationsPerToken("mudd-norms", PathwayRun.Blocks.USUAL);
    assertThat(OperationCount.byName())
        .containsKeys("add", "mul", "mm", "square", "mean", "rsqrt", "gelu");
  }

  @Test
  void aBoundaryOfStagesIsWhereTheBlocksAreDealtOut() {
    PathwayCost cost =
        spec("denseformer-4x5").cost(PathwayRun.depth(12, 8, PathwayRun.Blocks.USUAL));
    assertThat(cost.payloadAt(4, 1)).isEqualTo(4);
    assertThat(cost.payloadAt(4, 3)).isEqualTo(10);
  }

  private static double operationsPerToken(String name, PathwayRun.Blocks blocks)
      throws ReflectiveOperationException {
    long few = operations(name, blocks, SHORT);
    long many = operations(name, blocks, LONG);
    return (double) (many - few) / (LONG - SHORT);
  }

  private static long operations(String name, PathwayRun.Blocks blocks, int tokens)
      throws ReflectiveOperationException {
    OperationCount.reset();
    var _ = run.invoke(null, name, LAYERS, D_MODEL, blocks.name(), tokens);
    return OperationCount.total();
  }
}
