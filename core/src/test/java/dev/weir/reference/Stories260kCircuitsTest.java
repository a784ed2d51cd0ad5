package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.Composition;
import dev.weir.readout.circuit.StreamPart;
import dev.weir.readout.circuit.VirtualWeights;
import dev.weir.reference.Stories260kTest.Precision;
import dev.weir.tensor.Scope;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Circuits of a real trained model against numbers from an independent float64 computation
/// (`analyses.md`, appendix B5), and the patterns of its heads against one of our own in NumPy.
class Stories260kCircuitsTest {

  @ParameterizedTest
  @EnumSource
  void b5CopyingScores(Precision precision) {
    double[][] expected = {
      {0.729636, 0.866009, 0.392462, 0.006831, 0.059037, -0.124606, -0.190028, -0.138821},
      {-0.03117, 0.147308, -0.595218, -0.383681, 0.097565, -0.562874, -0.074476, -0.142743},
      {0.268254, 0.36501, 0.462011, 0.278577, 0.460169, 0.298073, 0.890079, -0.158273},
      {0.735863, 0.679976, 0.730149, -0.207381, 0.766945, 0.708355, -0.429466, 0.032114},
      {0.8852, 0.762715, 0.748224, 0.631751, 0.944392, -0.189843, 0.632436, 0.785149}
    };
    try (Scope _ = Scope.open();
        Transformer raw = Stories260kTest.open(precision.dtype());
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      for (Circuits.Head head : circuits.heads()) {
        // A difference of eigenvalues of size 1 before they are added.
        precision.same(head.copying(), expected[head.layer()][head.head()], 1, head.label());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void b5aNeuronsReadAndWrite(Precision precision) {
    double[][] gate = {
      {-0.008783, -0.808783},
      {-0.005812, -0.514753},
      {0.000438, -0.571637},
      {-0.007647, -0.546643},
      {0.004305, -0.412988}
    };
    double[][] in = {
      {0.068584, -0.800099, 0.742747},
      {-0.192496, -0.598123, 0.463442},
      {-0.151186, -0.589610, 0.550905},
      {-0.147865, -0.613892, 0.360376},
      {-0.133808, -0.553234, 0.311937}
    };
    try (Scope _ = Scope.open();
        Transformer raw = Stories260kTest.open(precision.dtype());
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      for (int layer = 0; layer < 5; layer++) {
        var gates = Arrays.stream(circuits.neuronCosines(layer, true)).summaryStatistics();
        var ins = Arrays.stream(circuits.neuronCosines(layer, false)).summaryStatistics();
        precision.same(gates.getAverage(), gate[layer][0], "mean gate " + layer);
        precision.same(gates.getMin(), gate[layer][1], "min gate " + layer);
        precision.same(ins.getAverage(), in[layer][0], "mean in " + layer);
        precision.same(ins.getMin(), in[layer][1], "min in " + layer);
        precision.same(ins.getMax(), in[layer][2], "max in " + layer);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void b5bVirtualWeights(Precision precision) {
    try (Scope _ = Scope.open();
        Transformer raw = Stories260kTest.open(precision.dtype());
        Folded folded = Circuits.fold(raw)) {
      VirtualWeights weights =
          VirtualWeights.of(
              Circuits.of(folded),
              new StreamPart.NeuronsOut(0),
              new StreamPart.Gates(1),
              VirtualWeights.Options.strongest(3));
      VirtualWeights.Summary summary = weights.summary();
      assertThat(summary.writers()).isEqualTo(172);
      assertThat(summary.readers()).isEqualTo(172);
      precision.same(summary.norm(), 17.222460140522593, "norm");
      precision.same(summary.largest().product(), 0.6841826161168153, "largest");
      assertThat(summary.largest().reader()).isEqualTo(124);
      assertThat(summary.largest().writer()).isEqualTo(136);
      precision.same(summary.smallest().product(), -0.5982042143188623, "smallest");
      assertThat(weights.top().getFirst()).isEqualTo(summary.largest());
    }
  }

  @ParameterizedTest
  @EnumSource
  void b5cValueComposition(Precision precision) {
    try (Scope _ = Scope.open();
        Transformer raw = Stories260kTest.open(precision.dtype());
        Folded folded = Circuits.fold(raw)) {
      Composition composition =
          Composition.of(
              Circuits.of(folded),
              Composition.Kind.V,
              new Circuits.Positions.Ignored(),
              new SplittableRandom(1));
      assertThat(composition.scores()).hasSize(640);
      precision.same(composition.mean(), 0.10864696931435805, "mean");
      assertThat(composition.top(5).stream().map(Composition.Score::label))
          .containsExactly("L0H1->L4H5", "L0H1->L4H4", "L2H6->L4H0", "L0H7->L4H2", "L3H3->L4H3");
      precision.same(
          composition.top(5).stream().mapToDouble(Composition.Score::value).toArray(),
          new double[] {0.158999, 0.153084, 0.152546, 0.146401, 0.145553},
          "top");
    }
  }
}
