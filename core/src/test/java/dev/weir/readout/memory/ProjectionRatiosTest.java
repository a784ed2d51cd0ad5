package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.Transport;
import dev.weir.readout.memory.ProjectionRatios.Part;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProjectionRatiosTest {

  static Stream<String> models() {
    return PathwayModels.names();
  }

  @Test
  void aHeadThatErasesAnotherHasRatioMinusOneAndNothingElseHas() {
    Planted planted =
        new Planted(new PreNorm())
            .head(0, 0, 0, 1, 6, 1)
            .head(0, 1, 0, 1, 7, 1)
            .head(1, 0, 0, 6, 6, -1)
            .head(1, 1, 0, 1, 5, 3);
    try (Transformer model = planted.model();
        StreamTrace trace = model.trace(Planted.TOKENS, ProjectionRatios.capture())) {
      ProjectionRatios found = ProjectionRatios.of(model, trace, Optional.empty(), new Rows.One(1));
      assertThat(found.plain()).isTrue();
      assertThat(found.of("L1H0", Part.WHOLE, "L0H0")).isEqualTo(new Quartiles(-1, -1, -1, 1));
      assertThat(found.of("L1H0", Part.FROM_OTHERS, "L0H0").median()).isEqualTo(-1);
      assertThat(found.of("L1H0", Part.FROM_FIRST, "L0H0").median()).isZero();
      assertThat(found.of("L1H1", Part.WHOLE, "L0H0").median()).isZero();
      assertThat(found.of("L1H0", Part.WHOLE, "L0H1").median()).isZero();
      assertThat(found.mostErased(9, Part.WHOLE))
          .extracting(ProjectionRatios.Ratio::cleaner, ProjectionRatios.Ratio::writer)
          // The layers that hold the two: half of what block 0 wrote is erased.
          .containsExactlyInAnyOrder(
              tuple("L1H0", "L0H0"),
              tuple("1_attn_out", "L0H0"),
              tuple("1_attn_out", "0_attn_out"),
              tuple("L1H0", "0_attn_out"));
      assertThat(found.of("L1H0", Part.WHOLE, "0_attn_out").median())
          .isCloseTo(-0.5, within(1e-7)); // Quartiles are kept in float32.
    }
  }

  @Test
  void whatTheDeltaRuleErasesIsTheRatioOfThePathway() {
    DeepDelta pathway = DeepDelta.scalar(1);
    Planted planted = new Planted(pathway).head(0, 0, 0, 1, 1, 1);
    try (Transformer model = planted.model();
        StreamTrace trace = model.trace(Planted.TOKENS, ProjectionRatios.capture())) {
      ProjectionRatios found =
          ProjectionRatios.of(model, trace, Optional.of(new Write.Embedding()), new Rows.One(1));
      // β ‖k‖² = 1 / (1 + 1e-10).
      assertThat(found.of("0_attn_out", Part.PATHWAY, "embed").median())
          .isCloseTo(-1, within(1e-7));
      assertThat(found.of("0_attn_out", Part.WHOLE, "embed").median()).isZero();
      // Nothing is left that could be erased again.
      assertThat(found.of("1_attn_out", Part.PATHWAY, "embed").count()).isZero();
    }
  }

  /// The stream before a sublayer, less what was there before a write, against the numbers written
  /// out; and what writes and pathway do to a write at each step is the change of its curve.
  @ParameterizedTest
  @MethodSource("models")
  void ratiosAreDotProductsOfWhatStandsInTheStream(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), ProjectionRatios.capture())) {
      Write writer = new Write.Head(0, 1);
      ProjectionRatios found =
          ProjectionRatios.of(model, trace, Optional.of(writer), new Rows.One(3));
      Transport transport = Transport.of(model, trace);
      Site attention = Site.attention(0);
      Site cleaner = Site.attention(2);
      HookPoint before = new HookPoint.ResidMid(1);
      HookPoint middle =
          model.hookPoints().contains(new HookPoint.ResidLocal(2))
              ? new HookPoint.ResidLocal(2)
              : new HookPoint.ResidPre(2);
      HookPoint after = new HookPoint.ResidMid(2);
      var written = new Rows.One(3).only(writer.in(transport));
      double[] w = transport.carried(written, attention, middle).at("pos", 3).toDoubles();
      double[] then = transport.carried(written, attention, after).at("pos", 3).toDoubles();
      double[] c =
          transport.carried(transport.written(cleaner), cleaner, after).at("pos", 3).toDoubles();
      double square = dot(w, w);
      Quartiles whole = found.of("2_attn_out", Part.WHOLE, "L0H1");
      double first =
          dot(
              transport.carried(written, attention, before).at("pos", 3).toDoubles(),
              transport.carried(written, attention, before).at("pos", 3).toDoubles());
      if (square < 1e-6 * first || whole.count() == 0) {
        return; // Gone: nothing is said.
      }
      // Quartiles are kept in float32.
      close(whole.median(), dot(c, w) / square);
      if (!found.plain()) {
        close(found.of("2_attn_out", Part.PATHWAY, "L0H1").median(), dot(then, w) / square - 1);
      }
    }
  }

  private static void close(double actual, double expected) {
    assertThat(actual).isCloseTo(expected, within(1e-6 * Math.max(1, Math.abs(expected))));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Test
  void quartilesOfManyNumbersAreThoseOfADrawFromThem() {
    Spread few = new Spread(100);
    Spread many = new Spread(1000);
    for (int i = 0; i <= 40_000; i++) {
      if (i <= 40) {
        few.add(i);
      }
      many.add(i % 2 == 0 ? i : Double.NaN);
    }
    assertThat(few.quartiles().median()).isEqualTo(20);
    assertThat(few.quartiles().count()).isEqualTo(41);
    // A draw of 1000: the median lies within 40000 · 1.6 / √1000 of the middle (0.998).
    assertThat(many.quartiles().median()).isCloseTo(20_000, within(2_000.0));
    assertThat(many.quartiles().low()).isCloseTo(10_000, within(2_000.0));
    assertThat(many.quartiles().count()).isEqualTo(20_001);
  }

  @Test
  void impossibleQuestionsAreRefusedInOneLine() {
    Planted planted = new Planted(new PreNorm()).head(0, 0, 0, 1, 6, 1);
    try (Transformer model = planted.model();
        StreamTrace one = model.trace(Planted.TOKENS, ProjectionRatios.capture().at(-1));
        StreamTrace all = model.trace(Planted.TOKENS, ProjectionRatios.capture())) {
      ProjectionRatios.Reader reader =
          ProjectionRatios.reader(model, Optional.empty(), new Rows.All());
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(reader::found)
          .withMessageContaining("No text was read");
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> reader.read(one))
          .withMessageContaining("needs every position");
      reader.read(all);
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> reader.found().of("L0H0", Part.WHOLE, "L1H0"))
          .withMessageContaining("'L0H0' does not write after 'L1H0'");
    }
  }
}
