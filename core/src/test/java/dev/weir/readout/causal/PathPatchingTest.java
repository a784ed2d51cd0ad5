package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.readout.causal.PathPatching.Frozen;
import dev.weir.readout.causal.PathPatching.Input;
import dev.weir.readout.causal.PathPatching.Options;
import dev.weir.readout.causal.PathPatching.Path;
import dev.weir.readout.causal.PathPatching.Receiver;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatchingTest {

  /// The runs are in float64; a score divides differences of 1e-14 by a distance of 1e-2 or more.
  private static final double ROUNDING = 1e-9;

  static Stream<String> models() {
    return EveryModel.names();
  }

  private static List<Path> paths(
      Transformer model, PromptPair pair, Frozen frozen, Receiver... receivers) {
    PathPatching patching =
        new PathPatching(
            model,
            new Options(List.of(receivers), frozen, Metric.LOGIT_DIFFERENCE, Direction.NOISE));
    patching.add(List.of(pair));
    return patching.paths();
  }

  /// With everything frozen a write arrives as the transport of the clean run carries it.
  @ParameterizedTest
  @MethodSource("models")
  void theStrictlyDirectPathIsTheTransportOfTheWriteAndTheFinalNorm(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      PromptPair pair = Pairs.of(name);
      if (Component.mlps(model).isEmpty()) {
        return;
      }
      try (StreamTrace clean = model.trace(pair.clean(), Transport.capture());
          StreamTrace corrupt = model.trace(pair.corrupt(), Transport.capture())) {
        Transport base = Transport.of(model, clean);
        Transport source = Transport.of(model, corrupt);
        HookPoint end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
        double before = difference(model, clean.get(end), pair);
        double distance = difference(model, corrupt.get(end), pair) - before;
        for (Path path : paths(model, pair, Frozen.EVERYTHING, new Receiver.Logits())) {
          if (path.sender() instanceof Component.Mlp(int layer)) {
            Site site = Site.mlp(layer);
            Tensor change = source.written(site).minus(base.written(site));
            Tensor stream = clean.get(end).plus(base.carried(change, site, end));
            double expected = (difference(model, stream, pair) - before) / distance;
            assertThat(path.score().mean())
                .as(path.sender().label())
                .isCloseTo(expected, within(ROUNDING));
          }
        }
      }
    }
  }

  private static double difference(Transformer model, Tensor stream, PromptPair pair) {
    Tensor last = stream.slice("pos", pair.length() - 1L, 1);
    Tensor logits =
        model
            .unembed(model.lnFinal().forward(last, new NormSite.LnFinal(), Hooks.none()))
            .at("pos", 0);
    return logits.at("d_vocab", pair.answer()).item() - logits.at("d_vocab", pair.wrong()).item();
  }

  /// The three passes of the paper, one after the other, each a whole run.
  @ParameterizedTest
  @ValueSource(strings = {"models/gpt2", "models/llama", "pathway/ddl/rms/mha"})
  void oneBatchSaysWhatThreeWholeRunsSay(String wanted) {
    String name =
        models()
            .filter(n -> n.startsWith(wanted.replaceFirst("/rms/mha", "")))
            .findFirst()
            .orElseThrow();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      PromptPair pair = Pairs.of(name);
      int last = model.spec().nLayers() - 1;
      Receiver.Head head = new Receiver.Head(Input.Q, last, 0);
      Receiver.Mlp mlp = new Receiver.Mlp(last);
      for (Path path : paths(model, pair, Frozen.HEADS, head, mlp)) {
        assertThat(path.score().mean())
            .as("%s %s", name, path.sender().label())
            .isCloseTo(twin(model, pair, path.sender(), head, mlp), within(ROUNDING));
      }
    }
  }

  private static double twin(
      Transformer model, PromptPair pair, Component sender, Receiver.Head head, Receiver.Mlp mlp) {
    Capture all = Capture.matching("*.hook_z", "*.hook_mlp_out", "*.hook_q", "*.hook_mlp_in");
    try (StreamTrace clean = model.trace(pair.clean(), all);
        StreamTrace corrupt = model.trace(pair.corrupt(), all)) {
      List<Edit> sending = new ArrayList<>();
      for (int layer = sender.layer(); layer < model.spec().nLayers(); layer++) {
        sending.add(Edit.at(new HookPoint.Z(layer).name(), new Intervention.Patch(clean)));
      }
      Target at = Target.at(sender.point().name());
      sending.add(
          new Edit(
              sender instanceof Component.Head(int _, int h) ? at.heads(h) : at,
              new Intervention.Patch(corrupt)));
      try (StreamTrace heard = model.trace(List.of(pair.clean()), all, Edits.of(model, sending))) {
        List<Edit> receiving = new ArrayList<>();
        receiving.add(
            new Edit(
                Target.at(new HookPoint.Query(head.layer()).name()).heads(head.head()),
                new Intervention.Patch(heard)));
        if (mlp.isAfter(sender)) {
          receiving.add(
              Edit.at(new HookPoint.MlpIn(mlp.layer()).name(), new Intervention.Patch(heard)));
        }
        if (!head.isAfter(sender)) {
          receiving.removeFirst();
        }
        double base = ofLogits(model, pair.clean(), pair, Edits.of(model));
        double source = ofLogits(model, pair.corrupt(), pair, Edits.of(model));
        double patched = ofLogits(model, pair.clean(), pair, Edits.of(model, receiving));
        return (patched - base) / (source - base);
      }
    }
  }

  private static double ofLogits(Transformer model, int[] tokens, PromptPair pair, Edits edits) {
    Tensor logits =
        model.logits(List.of(tokens), edits).at("batch", 0).at("pos", tokens.length - 1L);
    return logits.at("d_vocab", pair.answer()).item() - logits.at("d_vocab", pair.wrong()).item();
  }

  @Test
  void receiversThatDoNotExistAreRefusedInOneLine() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32)) {
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(
              () -> new PathPatching(model, Options.usual(new Receiver.Head(Input.K, 1, 77))))
          .withMessageStartingWith("This model of 2 blocks has no receiver 'L1H77.k'.");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(
              () -> new PathPatching(model, Options.usual(new Receiver.Head(Input.K, 0, 0))))
          .withMessageStartingWith("No head and no MLP comes before these receivers.");
    }
  }
}
