package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.lens.LensReadings;
import dev.weir.readout.lens.LensSurvey;
import dev.weir.readout.lens.LensSurvey.Measure;
import dev.weir.readout.subvalue.QueryShare;
import dev.weir.readout.subvalue.Scored;
import dev.weir.readout.subvalue.Subvalues;
import dev.weir.readout.subvalue.Unit;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Log-probability increases of token 264 at position 127 of a real trained model, against numbers
/// computed by NumPy in float64 from the bytes of the file alone; and appendix B2 through a survey.
class SubvaluesOnStories260kTest {
  /// The printed numbers have eight digits after the point.
  private static final double PRINTED = 1e-7;

  @Test
  void increasesAreThoseOfAnIndependentComputation() {
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(DType.FLOAT64);
        StreamTrace trace = model.trace(Stories260kTest.TOKENS, Subvalues.capture())) {
      Subvalues found = Subvalues.of(model, trace, Subvalues.Options.usual());
      assertThat(found.target()).isEqualTo(264);
      assertThat(found.logProbabilityBefore()).isCloseTo(-5.714241800735414, within(PRINTED));
      assertThat(found.logProbabilityAfter()).isCloseTo(-0.05311469536335878, within(PRINTED));
      same(
          found.sublayers(),
          0.5289856340455961,
          0.4394297131694813,
          0.43346127283174596,
          1.3038723767201397,
          0.2043474230442346,
          0.1941773564132525,
          -0.13579271309799879,
          1.1138467793893252,
          0.08262755410973721,
          1.4961717087465418);
      same(
          found.heads().subList(0, 16),
          -0.02546055,
          0.01997241,
          0.03474382,
          0.12785665,
          0.07508126,
          0.01098739,
          0.11747054,
          0.169565,
          -0.04890098,
          0.15530155,
          0.21049796,
          0.33505682,
          -0.05811227,
          -0.0917386,
          -0.04229051,
          -0.02882819);
      List<Scored> neurons = found.topMlpNeurons(4);
      assertThat(neurons.stream().map(each -> each.unit().label()))
          .containsExactly("L4N89", "L3N102", "L4N63", "L3N116");
      same(neurons, 1.34253049, 1.07098917, 0.69618326, 0.48386302);
      assertThat(neurons.getFirst().coefficient()).isCloseTo(-8.53655559, within(PRINTED));
      List<Scored> attention = found.topAttentionNeurons(6);
      assertThat(attention.stream().map(each -> each.unit().label()))
          .containsExactly(
              "L1H2N3@126", "L1H3N3@126", "L1H3N1@126", "L0H3N5@126", "L4H5N5@125", "L4H6N7@125");
      same(attention, 0.14133065, 0.13544544, 0.12990387, 0.12264403, 0.11124632, 0.08784057);
      Scored head =
          found.headPositions().stream()
              .filter(each -> each.unit().equals(new Unit.HeadAt(1, 3, 126)))
              .findFirst()
              .orElseThrow();
      assertThat(head.importance()).isCloseTo(0.33446177, within(PRINTED));
    }
  }

  @Test
  void queriesAreThoseOfAnIndependentComputation() {
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(DType.FLOAT64);
        StreamTrace trace = model.trace(Stories260kTest.TOKENS, Subvalues.capture())) {
      Subvalues found = Subvalues.of(model, trace, Subvalues.Options.usual());
      assertThat(found.withoutShares()).isZero();
      shares(
          found.mlpQueryLayers(),
          1.98573533,
          1.94420325,
          1.36227454,
          1.81062503,
          1.99012379,
          0.36248197,
          1.11625782,
          0.86823704,
          1.54392028,
          0.37389999);
      shares(
          found.attentionQueryLayers(),
          1.25728222,
          0.36360663,
          0.63932739,
          0.11602085,
          0.28801359,
          0.14441719,
          0.26444543,
          0.06530955,
          0.11354755);
      List<Scored> neurons = found.queryNeurons(4);
      assertThat(neurons.stream().map(each -> each.unit().label()))
          .containsExactly("L0N99", "L2N160", "L0N107", "L3N16");
      same(neurons, 0.62604163, 0.14074448, 0.03601629, 0.03237504);
    }
  }

  /// Appendix B2: `0_pre … 4_pre, final_post`.
  @Test
  void b2ThroughASurvey() {
    double[] crossEntropies = {22.594881, 12.110774, 5.920824, 3.233875, 1.50693, 0.487963};
    double[] kls = {21.624301, 11.286276, 5.125946, 2.482045, 0.878388, 0};
    double[] agreements = {0, 0.015625, 0.023438, 0.226562, 0.578125, 1};
    LogitLens.Options options = LogitLens.Options.usual().with(Places.LAYERS);
    LensSurvey survey = LensSurvey.from(0);
    try (Scope _ = Scope.open();
        Transformer model = Stories260kTest.open(DType.FLOAT64);
        StreamTrace trace = model.trace(Stories260kTest.TOKENS, LogitLens.capture(options))) {
      survey.add(LensReadings.of(LogitLens.of(model, trace, options)));
    }
    for (int place = 0; place < crossEntropies.length; place++) {
      // Printed with six digits.
      assertThat(survey.mean(place, Measure.CROSS_ENTROPY).mean())
          .isCloseTo(crossEntropies[place], within(1e-6));
      assertThat(survey.mean(place, Measure.KL_TO_FINAL).mean())
          .isCloseTo(kls[place], within(1e-6));
      assertThat(survey.mean(place, Measure.AGREEMENT).mean())
          .isCloseTo(agreements[place], within(1e-6));
    }
  }

  private static void same(List<Scored> found, double... expected) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(i).importance())
          .as(found.get(i).unit().label())
          .isCloseTo(expected[i], within(PRINTED));
    }
  }

  private static void shares(List<QueryShare> found, double... expected) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(i).share())
          .as(found.get(i).write())
          .isCloseTo(expected[i], within(PRINTED));
    }
  }
}
