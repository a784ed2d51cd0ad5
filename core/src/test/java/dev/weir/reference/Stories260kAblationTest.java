package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Transformer;
import dev.weir.readout.causal.AblationSweep;
import dev.weir.readout.causal.AblationSweep.Cell;
import dev.weir.readout.causal.Component;
import dev.weir.reference.Stories260kTest.Precision;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What each head of a real model is worth, against an independent float64 computation
/// (`analyses.md`, appendix B4).
class Stories260kAblationTest {
  private static final double BASE = 0.4879628275129056;

  private static final double[][] HEADS = {
    {0.016004, 0.025932, 0.017006, -0.002528, -0.002236, 0.005075, 0.000339, 0.00434},
    {0.009133, 0.013179, 0.009019, 0.003965, 0.009748, 0.001404, 0.019181, 0.000382},
    {0.011856, 0.001431, 0.01299, 0.016614, 0.017586, 0.006156, 0.022363, 0.011242},
    {0.044099, 0.027454, 0.004819, 0.004649, 0.004666, 0.014036, 0.006166, 0.02266},
    {0.023783, 0.026118, 0.031649, 0.029042, 0.016765, 0.011658, 0.020834, 0.007458}
  };

  @ParameterizedTest
  @EnumSource
  void b4HeadAblations(Precision precision) {
    DType dtype = precision == Precision.DOUBLE ? DType.FLOAT64 : DType.FLOAT32;
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(dtype)) {
      AblationSweep sweep =
          new AblationSweep(model, Component.all(model), AblationSweep.Replacement.ZERO);
      sweep.add(Stories260kTest.TOKENS);
      precision.same(sweep.base().mean(), BASE, "base");
      List<Cell> cells = sweep.cells();
      int compared = 0;
      for (Cell cell : cells) {
        if (cell.component() instanceof Component.Head(int layer, int head)) {
          // The difference of two cross entropies is as good as they are.
          precision.same(cell.change().mean(), HEADS[layer][head], BASE, cell.component().label());
          compared++;
        }
      }
      assertThat(compared).isEqualTo(40);
    }
  }
}
