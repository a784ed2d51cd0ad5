package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.StreamNorms;
import dev.weir.readout.TextScore;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.SharedData;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A small Llama with tied embeddings against an independent float64 computation.
class Tinystories656kTest {
  private static final LogitLens.Options OPTIONS = LogitLens.Options.usual().with(Places.LAYERS);

  @Test
  void everyNumberOfTheReference() {
    JsonNode prompts =
        JsonMapper.shared()
            .readTree(SharedData.require("tinystories656k/reference.json").toFile())
            .path("prompts");
    assertThat(prompts.size()).isEqualTo(4);
    try (Scope _ = Scope.open();
        Transformer model =
            ModelFiles.open(
                SharedData.require("tinystories656k/config.json").getParent(),
                new ModelFiles.Options(Optional.of(DType.FLOAT64), new Device.Cpu()))) {
      prompts.forEach(prompt -> checkPrompt(model, prompt));
    }
  }

  private static void checkPrompt(Transformer model, JsonNode prompt) {
    int[] tokens =
        IntStream.range(0, prompt.path("ids").size())
            .map(i -> prompt.path("ids").get(i).asInt())
            .toArray();
    int end = tokens.length - 1;
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(tokens, Places.LAYERS.capture())) {
      StreamNorms norms = StreamNorms.of(model, trace, Places.LAYERS);
      LogitLens lens = LogitLens.of(model, trace, OPTIONS);
      for (int place = 0; place < 3; place++) {
        close(norms.length(place, end), prompt.path("resid_norm_last").get(place));
        close(norms.length(place, 0), prompt.path("resid_norm_pos0").get(place));
        close(
            lens.at(place, end).klToFinal(), prompt.path("logit_lens_kl_to_final_last").get(place));
        checkStream(trace, place, end, prompt.path("resid_first8_last").get(place));
        for (int i = 0; i <= end; i++) {
          assertThat(lens.at(place, i).top().getFirst().token())
              .isEqualTo(prompt.path("logit_lens_top1_per_layer").get(place).get(i).asInt());
        }
      }
      checkLogits(trace.logits(), tokens, prompt);
    }
  }

  private static void checkStream(StreamTrace trace, int place, int end, JsonNode expected) {
    HookPoint point = place == 2 ? new HookPoint.ResidPost(1) : new HookPoint.ResidPre(place);
    double[] first = trace.get(point).at("pos", end).slice("d_model", 0, 8).toDoubles();
    for (int i = 0; i < first.length; i++) {
      close(first[i], expected.get(i));
    }
  }

  private static void checkLogits(Tensor logits, int[] tokens, JsonNode prompt) {
    int end = tokens.length - 1;
    Tensor last = logits.at("pos", end);
    close(last.logSumExp("d_vocab").item(), prompt.path("logsumexp_last"));
    Tensor.TopK top = last.topK(5, "d_vocab");
    for (int i = 0; i < 5; i++) {
      JsonNode pair = prompt.path("top5_last").get(i);
      assertThat(top.indices().toLongs()[i]).isEqualTo(pair.get(0).asLong());
      close(top.values().toDoubles()[i], pair.get(1));
    }
    TextScore score = TextScore.of(logits, tokens, 1);
    for (int i = 0; i < end; i++) {
      close(-score.predictions().get(i).logProbability(), prompt.path("nll").get(i));
    }
    close(score.crossEntropy(), prompt.path("mean_nll"));
  }

  /// The reference has nine digits.
  private static void close(double ours, JsonNode expected) {
    double value = expected.asDouble();
    assertThat(ours).isCloseTo(value, within(1e-8 + 2e-8 * Math.abs(value)));
  }
}
