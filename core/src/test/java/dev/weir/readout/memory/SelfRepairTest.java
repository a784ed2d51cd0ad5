package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.stream.Site;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SelfRepairTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void theChangeOfTheLogitIsTheSumOfItsParts(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      var found =
          SelfRepair.of(
              model,
              EveryModel.tokens(name),
              new Write.Head(0, 1),
              SelfRepair.Reach.EVERYWHERE,
              new Question.Difference(3, 5));
      SelfRepair.Totals totals = found.totals();
      double sum =
          totals.clean().mean()
              + totals.direct().mean()
              + totals.others().mean()
              + totals.scale().mean()
              + totals.rest().mean();
      double size = Math.max(1, Math.abs(totals.clean().mean()));
      // Float64: what remains is the order of summation.
      assertThat(sum / size).isCloseTo(totals.ablated().mean() / size, within(1e-9));
      if (model.spec().finalSoftcap() instanceof Softcap.Unbounded) {
        assertThat(totals.rest().mean() / size).isCloseTo(0, within(1e-9));
      }
      SelfRepair.Change taken =
          found.changes().stream().filter(SelfRepair.Change::taken).findFirst().orElseThrow();
      assertThat(taken.label()).isEqualTo("L0H1");
      assertThat(totals.direct().mean() / size)
          .isCloseTo(-taken.clean().mean() / size, within(1e-9));
      double others =
          found.changes().stream()
              .filter(change -> !change.taken())
              .mapToDouble(change -> change.change().mean())
              .sum();
      assertThat(others / size).isCloseTo(totals.others().mean() / size, within(1e-9));
    }
  }

  /// L0H0 adds to token 6; L1H0 takes half of it away again, and so does less when it is gone.
  @Test
  void theHeadThatMakesUpIsFoundAndNoOther() {
    Planted planted =
        new Planted(new PreNorm())
            .head(0, 0, 0, 1, 6, 4)
            .head(0, 1, 0, 1, 5, 1)
            .head(1, 0, 0, 6, 6, -0.5)
            .head(1, 1, 0, 5, 4, 1);
    try (Transformer model = planted.model()) {
      var found =
          SelfRepair.of(
              model,
              new int[] {0, 2, 1},
              Write.parse("L0H0", model),
              SelfRepair.Reach.THERE,
              new Question.Token(6));
      assertThat(found.totals().clean().mean()).isEqualTo(2);
      assertThat(found.totals().ablated().mean()).isZero();
      assertThat(found.totals().direct().mean()).isEqualTo(-4);
      assertThat(found.totals().others().mean()).isEqualTo(2);
      assertThat(found.totals().scale().mean()).isZero();
      assertThat(found.totals().repair().mean()).isEqualTo(2);
      assertThat(found.totals().repaired()).isEqualTo(0.5);
      assertThat(found.mostChanged(1))
          .singleElement()
          .satisfies(change -> assertThat(change.label()).isEqualTo("L1H0"));
      assertThat(found.changes().stream().filter(c -> c.change().mean() != 0)).hasSize(2);
      // All of a layer at once: nothing is left that could be repaired.
      var layer =
          SelfRepair.of(
              model,
              new int[] {0, 2, 1},
              new Write.Sublayer(Site.attention(1)),
              SelfRepair.Reach.THERE,
              new Question.Token(6));
      assertThat(layer.totals().direct().mean()).isEqualTo(2);
      assertThat(layer.totals().repair().mean()).isZero();
    }
  }

  @Test
  void theTopTokenIsThatOfTheUntouchedRun() {
    String name = "models/gpt2";
    try (Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      int[] tokens = EveryModel.tokens(name);
      SelfRepair.Reader reader =
          SelfRepair.reader(model, new Write.Head(1, 0), SelfRepair.Reach.THERE);
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(reader::found)
          .withMessageContaining("No text was read");
      reader.read(tokens, new Question.TopToken());
      int top;
      try (Scope _ = Scope.open()) {
        top =
            (int) model.logits(tokens).at("pos", tokens.length - 1L).argmax("d_vocab").toLongs()[0];
      }
      var same =
          SelfRepair.of(
              model, tokens, new Write.Head(1, 0), SelfRepair.Reach.THERE, new Question.Token(top));
      assertThat(reader.found().totals()).isEqualTo(same.totals());
    }
  }

  @Test
  void whatCannotBeTakenAwayIsRefused() {
    try (Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32)) {
      for (Write write : new Write[] {new Write.Embedding(), new Write.Neuron(0, 1)}) {
        assertThatExceptionOfType(MemoryException.class)
            .isThrownBy(() -> SelfRepair.reader(model, write, SelfRepair.Reach.THERE))
            .withMessageContaining("cannot be taken away by itself");
      }
    }
  }
}
