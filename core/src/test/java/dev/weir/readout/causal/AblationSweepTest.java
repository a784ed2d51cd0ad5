package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.CrossEntropy;
import dev.weir.model.Transformer;
import dev.weir.readout.causal.AblationSweep.Replacement;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AblationSweepTest {
  static Stream<String> models() {
    return EveryModel.names();
  }

  private static double crossEntropy(Transformer model, int[] text, Edits edits) {
    return CrossEntropy.of(model.logits(List.of(text), edits).at("batch", 0), text).mean();
  }

  private static Edit edit(Component component, Intervention intervention) {
    Target whole = Target.at(component.point().name());
    return new Edit(
        component instanceof Component.Head(int _, int head) ? whole.heads(head) : whole,
        intervention);
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyComponentIsWorthWhatAWholeRunWithoutItSays(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      if (model.spec().dVocab() != model.spec().dVocabOut()) {
        assertThatExceptionOfType(CausalException.class)
            .isThrownBy(() -> new AblationSweep(model, Component.all(model), Replacement.ZERO))
            .withMessageStartingWith("What this model answers are no tokens of its texts");
        return;
      }
      int[] text = EveryModel.tokens(name);
      int[] other = Pairs.with(Pairs.with(text, 2, 1), 5, 2);
      Capture all = Capture.matching("*.hook_z", "*.hook_mlp_out?");
      try (StreamTrace reference = model.trace(text, all);
          StreamTrace donor = model.trace(other, all)) {
        for (Replacement replacement : Replacement.values()) {
          Intervention instead =
              switch (replacement) {
                case ZERO -> new Intervention.Ablate.Zero();
                case MEAN -> new Intervention.Ablate.Mean(reference);
                case RESAMPLE -> new Intervention.Ablate.Resample(donor);
              };
          double base = crossEntropy(model, text, Edits.of(model));
          AblationSweep sweep = new AblationSweep(model, Component.all(model), replacement);
          sweep.learn(text);
          if (replacement == Replacement.RESAMPLE) {
            sweep.add(text, other);
          } else {
            sweep.add(text);
          }
          assertThat(sweep.base().mean()).isCloseTo(base, within(1e-10));
          for (AblationSweep.Cell cell : sweep.cells()) {
            Edits edits = Edits.of(model, edit(cell.component(), instead));
            assertThat(cell.change().mean())
                .as("%s %s", replacement, cell.component().label())
                .isCloseTo(crossEntropy(model, text, edits) - base, within(1e-10));
          }
        }
      }
    }
  }

  @Test
  void allNeuronsTogetherAreTheMlpButForItsBias() {
    String name = "models/llama";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      long width = model.parameters().get("blocks.0.mlp.W_out").size("d_mlp");
      List<Integer> every = new ArrayList<>();
      for (int neuron = 0; neuron < width; neuron++) {
        every.add(neuron);
      }
      List<Component> components = List.of(new Component.Neurons(0, every), new Component.Mlp(0));
      AblationSweep sweep = new AblationSweep(model, components, Replacement.ZERO);
      sweep.add(EveryModel.tokens(name));
      assertThat(sweep.cells().getFirst().change().mean())
          .isCloseTo(sweep.cells().getLast().change().mean(), within(1e-12));
    }
  }

  @Test
  void intervalsAreOverTexts() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      List<Component> one = List.of(new Component.Head(0, 1));
      int[] text = EveryModel.tokens(name);
      int[] other = Pairs.with(text, 3, 1);
      double[] each = new double[2];
      for (int i = 0; i < 2; i++) {
        AblationSweep sweep = new AblationSweep(model, one, Replacement.ZERO);
        sweep.add(i == 0 ? text : other);
        each[i] = sweep.cells().getFirst().change().mean();
      }
      AblationSweep sweep = new AblationSweep(model, one, Replacement.ZERO);
      sweep.add(text);
      sweep.add(other);
      var expected = dev.weir.readout.Estimate.of(each);
      var found = sweep.cells().getFirst().change();
      assertThat(found.mean()).isCloseTo(expected.mean(), within(1e-12));
      assertThat(found.low()).isCloseTo(expected.low(), within(1e-12));
      assertThat(found.high()).isCloseTo(expected.high(), within(1e-12));
    }
  }

  @Test
  void whatCannotBeAblatedIsRefusedInOneLine() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32)) {
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(
              () -> new AblationSweep(model, List.of(new Component.Head(0, 99)), Replacement.ZERO))
          .withMessageStartingWith("This model has no component 'L0H99'.");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> new AblationSweep(model, List.of(), Replacement.ZERO))
          .withMessageStartingWith("There is nothing to ablate.");
      AblationSweep sweep = new AblationSweep(model, Component.all(model), Replacement.RESAMPLE);
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> sweep.add(new int[] {1, 2, 3}))
          .withMessageStartingWith("Resampling takes values from another text");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> sweep.add(new int[] {1, 2, 3}, new int[] {1, 2}))
          .withMessageStartingWith("The other text has 2 tokens, and this one 3.");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(sweep::cells)
          .withMessageStartingWith("There is no text.");
      AblationSweep unlearned = new AblationSweep(model, Component.all(model), Replacement.MEAN);
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> unlearned.add(new int[] {1, 2, 3}))
          .withMessageStartingWith("There is no mean yet");
    }
  }
}
