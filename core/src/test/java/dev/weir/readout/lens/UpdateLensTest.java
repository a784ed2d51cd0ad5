package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.lens.UpdateLens.Parts;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UpdateLensTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// Softcaps are undone by hand: attribution is of the logit before the cap.
  private static double uncapped(double logit, Softcap softcap) {
    return switch (softcap) {
      case Softcap.Unbounded() -> logit;
      case Softcap.Tanh(double limit) -> {
        double x = logit / limit;
        yield limit * 0.5 * Math.log((1 + x) / (1 - x));
      }
    };
  }

  @ParameterizedTest
  @MethodSource("models")
  void whatAllWritesSayAddsUpToTheLogit(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), UpdateLens.capture())) {
      int index = trace.positions().size() - 1;
      double logit = trace.logits().at("pos", index).at("d_vocab", 3).item();
      double expected = uncapped(logit, model.spec().finalSoftcap());
      for (Parts parts : Parts.values()) {
        UpdateLens lens = UpdateLens.of(model, trace, parts, index, 3, 4);
        double sum = lens.rows().stream().mapToDouble(UpdateLens.Row::targetLogit).sum();
        // Float64; writes of unnormed random models reach 1e3 times their sum.
        assertThat(sum + lens.constant()).as(name).isCloseTo(expected, within(1e-8));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void topAndBottomTokensAreInOrder(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), UpdateLens.capture())) {
      for (UpdateLens.Row row : UpdateLens.of(model, trace, Parts.HEADS, 0, 0, 3).rows()) {
        assertThat(row.top()).hasSize(3);
        for (int i = 0; i < 2; i++) {
          assertThat(row.top().get(i).logit()).isGreaterThanOrEqualTo(row.top().get(i + 1).logit());
          assertThat(row.bottom().get(i).logit())
              .isLessThanOrEqualTo(row.bottom().get(i + 1).logit());
        }
        assertThat(row.targetLogit())
            .isBetween(row.bottom().getFirst().logit(), row.top().getFirst().logit());
      }
    }
  }
}
