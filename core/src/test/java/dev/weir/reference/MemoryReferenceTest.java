package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.memory.CopySuppression;
import dev.weir.readout.memory.ErasureCandidates;
import dev.weir.readout.memory.NormGrowth;
import dev.weir.readout.memory.Persistence;
import dev.weir.readout.memory.ProjectionRatios;
import dev.weir.readout.memory.ProjectionRatios.Part;
import dev.weir.readout.memory.Quartiles;
import dev.weir.readout.memory.Rows;
import dev.weir.readout.memory.SelfRepair;
import dev.weir.readout.memory.Write;
import dev.weir.reference.Stories260kTest.Precision;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The stream of a real trained model as a memory: numbers of appendix B of `analyses.md`, and,
/// where it has none, of another float64 forward pass in NumPy, which gives B1's cross entropy to
/// 15 digits.
class MemoryReferenceTest {
  private static final int[] TOKENS = Stories260kTest.TOKENS;

  @ParameterizedTest
  @EnumSource
  void whatBecomesOfWhatTheFirstMlpWrote(Precision precision) {
    double[] along = {
      1.6263781372614556,
      1.6640915248450083,
      2.135832249491678,
      2.1787052774668596,
      2.3316644902573995,
      2.2920624818749475,
      2.636996096234842,
      2.5580819891250055,
      3.1282073183083168
    };
    double before = 0.6263781372614557;
    double[] shares = {
      0.5596560520015037,
      0.5300730172063433,
      0.4352184508429579,
      0.4165522387903052,
      0.3813384354892706,
      0.35343875578194145,
      0.2916928292171189,
      0.2746696227534161,
      0.20813290610213497
    };
    try (Transformer model = open(precision);
        StreamTrace trace = model.trace(TOKENS, Persistence.capture())) {
      Persistence found =
          Persistence.of(
              model,
              trace,
              new Persistence.Subject.Of(Write.parse("0_mlp_out", model)),
              new Rows.One(100));
      List<Persistence.Point> curve = found.curve();
      assertThat(curve.stream().map(Persistence.Point::place))
          .containsExactly(
              "1_pre", "1_mid", "2_pre", "2_mid", "3_pre", "3_mid", "4_pre", "4_mid", "final_post");
      for (int i = 0; i < along.length; i++) {
        Persistence.Point point = curve.get(i);
        precision.same(point.along().mean(), along[i], point.place());
        precision.same(point.grown().mean(), along[i] - before, 1, point.place());
        precision.same(point.share().mean(), shares[i], "share at " + point.place());
        // On the plain pathway nothing is taken from a write.
        precision.same(point.kept().mean(), 1, "kept at " + point.place());
      }
      assertThat(found.halfLife()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void b1NormsAndTheirGrowth(Precision precision) {
    double[] lengths = {1.940685, 3.729084, 5.349164, 7.374619, 10.112184, 13.091787};
    double[] first = {2.249571, 8.213993, 10.360884, 12.217556, 16.026151, 18.647962};
    try (Transformer model = open(precision);
        StreamTrace trace = model.trace(TOKENS, NormGrowth.capture())) {
      NormGrowth found = NormGrowth.of(model, trace, new NormGrowth.Range(1, 4));
      for (int place = 0; place < lengths.length; place++) {
        precision.same(found.length(place).mean(), lengths[place], found.places().get(place));
        precision.same(found.firstLength(place).mean(), first[place], "first position");
      }
      precision.same(found.slope().mean(), 0.3149934219874343, "slope");
      // Student's t with 126 degrees of freedom.
      double reach = 1.97897 * 0.00497166255661193;
      assertThat(found.slope().high() - found.slope().mean()).isCloseTo(reach, within(1e-6));
      precision.same(found.factor().mean(), Math.exp(0.3149934219874343), "factor");
    }
  }

  @ParameterizedTest
  @EnumSource
  void b5CosinesAndCopyingScores(Precision precision) {
    double[][] inOut = {
      {0.068584, -0.800099, 0.742747},
      {-0.192496, -0.598123, 0.463442},
      {-0.151186, -0.589610, 0.550905},
      {-0.147865, -0.613892, 0.360376},
      {-0.133808, -0.553234, 0.311937}
    };
    double[][] gateOut = {
      {-0.008783, -0.808783},
      {-0.005812, -0.514753},
      {0.000438, -0.571637},
      {-0.007647, -0.546643},
      {0.004305, -0.412988}
    };
    double[][] copying = {
      {0.729636, 0.866009, 0.392462, 0.006831, 0.059037, -0.124606, -0.190028, -0.138821},
      {-0.03117, 0.147308, -0.595218, -0.383681, 0.097565, -0.562874, -0.074476, -0.142743},
      {0.268254, 0.36501, 0.462011, 0.278577, 0.460169, 0.298073, 0.890079, -0.158273},
      {0.735863, 0.679976, 0.730149, -0.207381, 0.766945, 0.708355, -0.429466, 0.032114},
      {0.8852, 0.762715, 0.748224, 0.631751, 0.944392, -0.189843, 0.632436, 0.785149}
    };
    try (Transformer model = open(precision);
        StreamTrace trace = model.trace(TOKENS, ErasureCandidates.capture())) {
      ErasureCandidates.Reader reader = ErasureCandidates.reader(model, new SplittableRandom(0));
      reader.read(trace);
      ErasureCandidates found = reader.found();
      for (int layer = 0; layer < 5; layer++) {
        ErasureCandidates.Layer at = found.layers().get(layer);
        // Means of many cosines and differences of eigenvalues are as good as their parts: 1.
        precision.same(at.inOut().mean(), inOut[layer][0], 1, "mean");
        precision.same(at.inOut().least(), inOut[layer][1], 1, "least");
        precision.same(at.inOut().greatest(), inOut[layer][2], 1, "greatest");
        precision.same(at.gateOut().mean(), gateOut[layer][0], 1, "gate mean");
        precision.same(at.gateOut().least(), gateOut[layer][1], 1, "gate least");
        // 172 neurons: a shuffled mean further from 0 than 5 / √(172 · 64) is no chance.
        assertThat(at.shuffled().mean()).isCloseTo(0, within(0.05));
        for (int head = 0; head < 8; head++) {
          precision.same(
              found.heads().get(8 * layer + head).copying(), copying[layer][head], 1, "copying");
        }
      }
      precision.same(
          found.heads().get(8 + 2).toItself().mean(), 0.09033560233604841, "L1H2 to itself");
    }
  }

  @Test
  void projectionRatiosOfHeadsAndMlps() {
    try (Transformer model = open(Precision.DOUBLE);
        StreamTrace trace = model.trace(TOKENS, ProjectionRatios.capture())) {
      ProjectionRatios found =
          ProjectionRatios.of(model, trace, Optional.empty(), new Rows.AfterFirst());
      close(found.of("L2H6", Part.WHOLE, "L0H2"), -0.04720934, 0.02344518, 0.18555643);
      close(found.of("4_mlp_out", Part.WHOLE, "L0H1"), -0.84732726, 0.65191864, 1.73769641);
      close(
          found.of("L3H0", Part.FROM_FIRST, "L1H3"),
          6.41088343e-05,
          2.09715104e-03,
          1.79344138e-02);
      close(found.of("L3H0", Part.FROM_OTHERS, "L1H3"), -0.06434727, 0.10685359, 0.35514092);
      close(found.of("1_mlp_out", Part.WHOLE, "embed"), -0.01052772, 0.06804262, 0.14275484);
    }
  }

  /// Numbers are kept in float32, and printed with nine digits.
  private static void close(Quartiles found, double low, double median, double high) {
    assertThat(found.count()).isEqualTo(127);
    assertThat(found.low()).isCloseTo(low, within(2e-7));
    assertThat(found.median()).isCloseTo(median, within(2e-7));
    assertThat(found.high()).isCloseTo(high, within(2e-7));
  }

  @ParameterizedTest
  @EnumSource
  void whoMakesUpForAHead(Precision precision) {
    try (Transformer model = open(precision)) {
      SelfRepair found =
          SelfRepair.of(
              model,
              TOKENS,
              new Write.Head(2, 1),
              SelfRepair.Reach.THERE,
              new Question.Difference(264, 444));
      SelfRepair.Totals totals = found.totals();
      // Differences of logits of size 3 to 18.
      precision.same(totals.clean().mean(), 2.9276119246342853, 18, "clean");
      precision.same(totals.ablated().mean(), 2.7969865561840637, 18, "ablated");
      precision.same(totals.direct().mean(), -0.17409126247358284, 1, "direct");
      precision.same(totals.others().mean(), 0.09619910923675627, 3, "others");
      precision.same(totals.scale().mean(), -0.052733215213395454, 3, "scale");
      SelfRepair.Change mlp =
          found.changes().stream()
              .filter(change -> change.label().equals("4_mlp_out"))
              .findFirst()
              .orElseThrow();
      precision.same(mlp.change().mean(), 0.03747080581042518, 3, "the last MLP");
    }
  }

  @Test
  void copySuppressionByWeightsByRunAndByAblation() {
    try (Transformer model = open(Precision.DOUBLE);
        StreamTrace trace = model.trace(TOKENS, CopySuppression.capture())) {
      CopySuppression.Reader reader =
          CopySuppression.reader(
              model,
              CopySuppression.Options.usual().keepingOnly(new Write.Head(3, 6)),
              new SplittableRandom(0));
      reader.read(trace);
      CopySuppression found = reader.found();
      assertThat(found.source()).isEqualTo(CopySuppression.Source.AFTER_FIRST_MLP);
      double[][] expected = {
        // layer, head, lowest, rank, effect, attention
        {3, 6, 0.046875, 0.4562821061643836, 0.035354682564515245, 0.9876369578657804},
        {1, 2, 0.013671875, 0.5763132950097848, 0.0661202536216915, 0.9737652013243541},
        {0, 7, 0.0390625, 0.5005312805772995, 0.02302661453958381, 0.9785536762250873}
      };
      for (double[] numbers : expected) {
        CopySuppression.Head head = found.heads().get((int) (8 * numbers[0] + numbers[1]));
        assertThat(head.lowest().mean()).isCloseTo(numbers[2], within(1e-12));
        assertThat(head.rank().mean()).isCloseTo(numbers[3], within(1e-12));
        assertThat(head.effect().mean()).isCloseTo(numbers[4], within(1e-9));
        assertThat(head.attention().mean()).isCloseTo(numbers[5], within(1e-9));
      }
      CopySuppression.Mechanism mechanism = found.mechanism().orElseThrow();
      assertThat(mechanism.zeroed().mean()).isCloseTo(0.0039464531350532255, within(1e-9));
      assertThat(mechanism.kept().mean()).isCloseTo(0.003884992347955164, within(1e-9));
      assertThat(mechanism.share()).isCloseTo(0.015573677171573097, within(1e-6));
    }
  }

  private static Transformer open(Precision precision) {
    return Stories260kTest.open(precision == Precision.DOUBLE ? DType.FLOAT64 : DType.FLOAT32);
  }
}
