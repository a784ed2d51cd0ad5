package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.pathway.DeepDelta;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeltaAuditTest {

  static Stream<String> audited() {
    return PathwayModels.everyCombination()
        .filter(name -> name.endsWith("/rms/mha"))
        .filter(name ->
            PathwayModels.spec(name).pathway() instanceof DeepDelta delta
                && delta.update() != DeepDelta.Update.ADDITIVE);
  }

  private static String word(int token) {
    return token < 4 ? " w" : token == 4 ? "7" : token == 5 ? "," : "ing";
  }

  /// In plain Java, position by position, from the recorded gate, direction and target; where there
  /// is one channel the state is the stream itself.
  @ParameterizedTest
  @MethodSource("audited")
  void gatesAndDiscrepanciesAreThoseOfTheRun(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, DeltaAudit.capture())) {
      DeltaAudit audit = DeltaAudit.of(model, trace, DeltaAuditTest::word, 3);
      DeepDelta delta = audit.pathway();
      assertThat(audit.sites()).hasSize(model.spec().depth().sites().size());
      Site site = Site.mlp(1);
      DeltaAudit.SiteAudit found =
          audit.sites().stream().filter(s -> s.site().equals(site)).findFirst().orElseThrow();
      double[] beta = route(trace, site, "beta");
      double[] k = route(trace, site, "k");
      double[] v = route(trace, site, "v");
      double mean = 0;
      double reflected = 0;
      double target = 0;
      for (int t = 0; t < tokens.length; t++) {
        mean += beta[t] / tokens.length;
        reflected += beta[t] > 1 ? 1.0 / tokens.length : 0;
        double square = 0;
        for (int c = 0; c < delta.channels(); c++) {
          square += v[t * delta.channels() + c] * v[t * delta.channels() + c];
        }
        target += Math.sqrt(square) / tokens.length;
      }
      assertThat(found.gate().beta().mean()).isCloseTo(mean, within(1e-12));
      assertThat(found.gate().reflected().mean()).isCloseTo(reflected, within(1e-12));
      assertThat(found.target().mean()).isCloseTo(target, within(1e-12));
      assertThat(found.histogram().stream().mapToLong(n -> n).sum()).isEqualTo(tokens.length);
      if (delta.update() == DeepDelta.Update.DELTA) {
        assertThat(found.erased().mean()).isLessThan(0);
      } else {
        assertThat(found.erased().mean()).isZero();
      }
      if (delta.channels() == 1) {
        double[] x = trace.get(new HookPoint.ResidMid(1)).toDoubles();
        double[] next = trace.get(new HookPoint.ResidPost(1)).toDoubles();
        double before = 0;
        double after = 0;
        double erased = 0;
        int d = model.spec().dModel();
        for (int t = 0; t < tokens.length; t++) {
          double along = 0;
          double then = 0;
          double square = 0;
          for (int i = t * d; i < (t + 1) * d; i++) {
            along += k[i] * x[i];
            then += k[i] * next[i];
            square += x[i] * x[i];
          }
          before += Math.abs(along - v[t]) / tokens.length;
          after += Math.abs(then - v[t]) / tokens.length;
          erased -= beta[t] * along * along / square / tokens.length;
        }
        assertThat(found.before().mean()).isCloseTo(before, within(1e-9));
        assertThat(found.after().mean()).isCloseTo(after, within(1e-9));
        if (delta.update() == DeepDelta.Update.DELTA) {
          assertThat(found.erased().mean()).isCloseTo(erased, within(1e-9));
        }
      }
    }
  }

  /// `e_post = (1 − β ‖k‖²) e_pre` at a position, however many channels there are.
  @ParameterizedTest
  @MethodSource("audited")
  void theDiscrepancyShrinksByTheGate(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(new int[] {3}, DeltaAudit.capture())) {
      DeltaAudit audit = DeltaAudit.of(model, trace, DeltaAuditTest::word, 3);
      if (audit.pathway().update() != DeepDelta.Update.DELTA) {
        return;
      }
      for (DeltaAudit.SiteAudit site : audit.sites()) {
        double square = 0;
        for (double number : route(trace, site.site(), "k")) {
          square += number * number;
        }
        double factor = Math.abs(1 - site.gate().beta().mean() * square);
        assertThat(site.after().mean())
            .isCloseTo(factor * site.before().mean(), within(1e-9 * site.before().mean()));
        // At one position there is one direction.
        assertThat(site.overwritten().getFirst().share()).isCloseTo(1, within(1e-9));
      }
    }
  }

  private static double[] route(StreamTrace trace, Site site, String name) {
    return trace.get(new HookPoint.Route(site, HookPoint.Moment.WRITE, name)).toDoubles();
  }

  @Test
  void whatIsPlantedIsFound() {
    // k is the embedding of token 1, its target 0: all of it is erased, in each of the channels.
    Planted planted =
        new Planted(DeepDelta.scalar(1)).head(0, 0, 0, 1, 1, 1).set("blocks.0.attn_path.b_beta", 0);
    try (Transformer model = planted.model();
        StreamTrace trace = model.trace(new int[] {1, 1, 1}, DeltaAudit.capture())) {
      DeltaAudit.SiteAudit first =
          DeltaAudit.of(model, trace, DeltaAuditTest::word, -1).sites().getFirst();
      assertThat(first.label()).isEqualTo("0_attn");
      assertThat(first.gate().beta().mean()).isEqualTo(1);
      assertThat(first.gate().reflected().mean()).isZero();
      assertThat(first.before().mean()).isCloseTo(1, within(1e-9));
      // ‖k‖² is 1 / (1 + 1e-10).
      assertThat(first.after().mean()).isCloseTo(0, within(1e-9));
      assertThat(first.erased().mean()).isCloseTo(-1, within(1e-9));
      DeltaAudit.Overwritten largest = first.overwritten().getFirst();
      int up = largest.along().getFirst().token();
      int down = largest.against().getFirst().token();
      assertThat(new int[] {up, down}).contains(1);
      assertThat(largest.share()).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void tokensAreClassedByTheirText() {
    assertThat(TokenClass.of("<s>", true)).isEqualTo(TokenClass.BOS);
    assertThat(TokenClass.of(" the", false)).isEqualTo(TokenClass.WORD_INITIAL);
    assertThat(TokenClass.of(" \u00e9t\u00e9", false)).isEqualTo(TokenClass.WORD_INITIAL);
    assertThat(TokenClass.of("ing", false)).isEqualTo(TokenClass.OTHER);
    assertThat(TokenClass.of(" ", false)).isEqualTo(TokenClass.OTHER);
    assertThat(TokenClass.of("", false)).isEqualTo(TokenClass.OTHER);
    assertThat(TokenClass.of(" 42", false)).isEqualTo(TokenClass.DIGITS);
    assertThat(TokenClass.of("\u066a.", false)).isEqualTo(TokenClass.PUNCTUATION);
    assertThat(TokenClass.of(",\"", false)).isEqualTo(TokenClass.PUNCTUATION);
    assertThat(TokenClass.of(" 3rd", false)).isEqualTo(TokenClass.OTHER);
  }

  @Test
  void otherPathwaysHaveNoSuchThing() {
    try (Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32)) {
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> DeltaAudit.reader(model, DeltaAuditTest::word, -1))
          .withMessageContaining("has no meaning on the pathway");
    }
  }
}
