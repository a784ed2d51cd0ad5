package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.Composition;
import dev.weir.readout.circuit.HeadDetectors;
import dev.weir.readout.circuit.HeadDetectors.Detector;
import dev.weir.readout.circuit.StreamPart;
import dev.weir.readout.circuit.VirtualWeights;
import dev.weir.reference.Stories260kTest.Precision;
import dev.weir.stream.StreamTrace;
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

  /// The induction sequence and the prefix score of appendix B; expected numbers from a forward
  /// pass written in NumPy for this test, float64.
  @ParameterizedTest
  @EnumSource
  void headsOnTheInductionSequence(Precision precision) {
    double[][] prefix = {
      {0.002369, 0.009719, 0.00217, 0.006274, 0.002321, 0.000238, 0.001235, 0.017445},
      {0.001348, 0.000092, 0.000012, 0, 0.000081, 0.000005, 0.000004, 0.000164},
      {0.000017, 0.000019, 0.000019, 0.000508, 0.003398, 0.001104, 0.017684, 0.015822},
      {0.00337, 0.000165, 0.000105, 0.000167, 0.00001, 0.000004, 0, 0.000081},
      {0.007653, 0.011154, 0.001826, 0.000712, 0.007515, 0.008743, 0.000345, 0.001276}
    };
    double[][] previous = {
      {0.01949, 0.02947, 0.020594, 0.036189, 0.013138, 0.01485, 0.006246, 0.020993},
      {0.30301, 0.373451, 0.608548, 0.863517, 0.609588, 0.588422, 0.59215, 0.335321},
      {0.345671, 0.406916, 0.532242, 0.374765, 0.034137, 0.081617, 0.057866, 0.139777},
      {0.057549, 0.177492, 0.297397, 0.111402, 0.275899, 0.361251, 0.869687, 0.549074},
      {0.02833, 0.108938, 0.101341, 0.078644, 0.066311, 0.048341, 0.217986, 0.131218}
    };
    double[] duplicate = {
      0.000717, 0.004753, 0.000047, 0.000357, 0.01454, 0.000059, 0.000005, 0.002041
    };
    double[] first = {
      0.013074, 0.019728, 0.104264, 0.040287, 0.015342, 0.01881, 0.021564, 0.012304
    };
    double[] entropy = {
      2.893075, 2.417279, 2.497421, 2.363061, 3.270867, 3.25485, 1.605171, 2.187878
    };
    double[] diagonal = {
      0.002298, 0.009435, 0.015792, 0.010201, 0.002246, 0.00023, 0.001196, 0.017289
    };
    int[] text = new int[121];
    text[0] = 1;
    for (int i = 0; i < 120; i++) {
      text[1 + i] = 3 + (7919 * (i % 60) + 104729) % 509;
    }
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(precision.dtype());
        StreamTrace trace = model.trace(text, HeadDetectors.capture())) {
      HeadDetectors found = new HeadDetectors();
      found.addRepeated(trace, 60, HeadDetectors.Rows.SECOND_COPY);
      HeadDetectors whole = new HeadDetectors();
      whole.addRepeated(trace, 60, HeadDetectors.Rows.WHOLE_DIAGONAL);
      for (int head = 0; head < 8; head++) {
        for (int layer = 0; layer < 5; layer++) {
          String name = "L%dH%d".formatted(layer, head);
          same(precision, found, Detector.INDUCTION, layer, head, prefix[layer][head], name);
          same(precision, found, Detector.PREVIOUS, layer, head, previous[layer][head], name);
        }
        same(precision, found, Detector.DUPLICATE, 0, head, duplicate[head], "duplicate");
        same(precision, found, Detector.FIRST, 0, head, first[head], "first");
        same(precision, found, Detector.ENTROPY, 4, head, entropy[head], "entropy");
        same(precision, whole, Detector.INDUCTION, 0, head, diagonal[head], "diagonal");
      }
    }
  }

  /// Shares of attention are numbers up to 1.
  private static void same(
      Precision precision,
      HeadDetectors found,
      Detector detector,
      int layer,
      int head,
      double expected,
      String what) {
    precision.same(
        found.score(detector, layer, head).mean(), expected, Math.max(1, expected), what);
  }
}
