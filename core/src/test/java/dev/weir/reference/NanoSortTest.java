package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Components;
import dev.weir.readout.Decomposition;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import dev.weir.testing.SharedData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// minGPT's sorting model with the activations that PyTorch recorded.
class NanoSortTest {
  /// PyTorch's own float32 rounding against float64 is 4e-7 to 2e-6 here; the bound is
  /// 5e-6.
  private static final double BOUND = 5e-6;

  @Test
  void everyRecordedActivationIsTheSame() {
    JsonNode partials = read("gpt-nano-sort-t0-partials.json");
    try (Scope _ = Scope.open();
        Transformer model = model();
        StreamTrace trace = model.trace(inputs(partials), Capture.matching("*"), Hooks.none())) {
      same(trace.get(new HookPoint.Embed()), partials, "tok_emb");
      same(trace.get(new HookPoint.PosEmbed()).at("batch", 0), partials, "pos_emb");
      same(trace.get(new HookPoint.ResidPre(0)), partials, "x");
      same(byHead(trace.get(new HookPoint.Query(0)), "head"), partials, "q");
      same(byHead(trace.get(new HookPoint.Key(0)), "kv_head"), partials, "k");
      same(byHead(trace.get(new HookPoint.Value(0)), "kv_head"), partials, "v");
      same(
          trace.get(new HookPoint.AttnScores(0)).order("batch", "head", "query_pos", "key_pos"),
          partials,
          "att");
      same(
          trace.get(new HookPoint.Pattern(0)).order("batch", "head", "query_pos", "key_pos"),
          partials,
          "attSm");
      same(trace.get(new HookPoint.Z(0)), partials, "y");
      same(trace.get(new HookPoint.AttnOut(0)), partials, "yProj");
      same(trace.get(new HookPoint.ResidMid(0)), partials, "attnResid");
      same(trace.get(new HookPoint.MlpPre(0)), partials, "fc");
      same(trace.get(new HookPoint.MlpPost(0)), partials, "gelu");
      same(trace.get(new HookPoint.MlpOut(0)), partials, "mlp");
      for (int layer = 0; layer < 3; layer++) {
        same(trace.get(new HookPoint.ResidPost(layer)), partials, "block" + layer);
      }
      same(
          model
              .lnFinal()
              .forward(trace.get(new HookPoint.ResidPost(2)), new NormSite.LnFinal(), Hooks.none()),
          partials,
          "ln_f");
      same(trace.logits(), partials, "lm_head");
      same(trace.logits().softmax("d_vocab"), partials, "probs");
    }
  }

  /// Text by text, since a decomposition reads one; the recorded streams hold three.
  @Test
  void theRecordedStreamsAreTheSumsOfWhatWasWritten() {
    JsonNode partials = read("gpt-nano-sort-t0-partials.json");
    try (Scope _ = Scope.open();
        Transformer model = model()) {
      List<int[]> texts = inputs(partials);
      for (int row = 0; row < texts.size(); row++) {
        try (StreamTrace trace = model.trace(texts.get(row), Decomposition.capture())) {
          Decomposition parts = Decomposition.of(model, trace);
          Decomposition mid = parts.upTo(new HookPoint.ResidMid(0));
          sumsTo(mid.perLayer(), row, partials, "attnResid");
          sumsTo(mid.full(), row, partials, "attnResid");
          for (int layer = 0; layer < 3; layer++) {
            Decomposition here = parts.upTo(new HookPoint.ResidPost(layer));
            sumsTo(here.perLayer(), row, partials, "block" + layer);
            sumsTo(here.full(), row, partials, "block" + layer);
          }
        }
      }
    }
  }

  private static void sumsTo(Components parts, int row, JsonNode partials, String name) {
    double[] all = doubles(partials, name);
    double[] own = Arrays.copyOfRange(all, row * all.length / 3, (row + 1) * all.length / 3);
    assertThat(Golden.largestDifference(parts.sum().toDoubles(), own)).as(name).isLessThan(BOUND);
  }

  private static Tensor byHead(Tensor value, String head) {
    return value.order("batch", head, "pos", "d_head");
  }

  private static void same(Tensor ours, JsonNode partials, String name) {
    assertThat(Golden.largestDifference(ours.toDoubles(), doubles(partials, name)))
        .as(name)
        .isLessThan(BOUND);
  }

  @Test
  void sortsEveryInputByGreedyDecoding() {
    List<int[]> texts = new ArrayList<>();
    for (int n = 0; n < 729; n++) {
      int[] digits = new int[6];
      for (int i = 0, rest = n; i < 6; i++, rest /= 3) {
        digits[i] = rest % 3;
      }
      texts.add(digits);
    }
    try (Scope _ = Scope.open();
        Transformer model = model()) {
      List<int[]> grown = texts;
      for (int step = 0; step < 6; step++) {
        grown = grownByOne(model, grown);
      }
      for (int i = 0; i < texts.size(); i++) {
        int[] sorted = texts.get(i).clone();
        Arrays.sort(sorted);
        assertThat(Arrays.copyOfRange(grown.get(i), 6, 12)).isEqualTo(sorted);
      }
    }
  }

  private static List<int[]> grownByOne(Transformer model, List<int[]> texts) {
    int length = texts.getFirst().length;
    try (Scope _ = Scope.open()) {
      long[] next =
          model.logits(texts, Hooks.none()).at("pos", length - 1).argmax("d_vocab").toLongs();
      List<int[]> grown = new ArrayList<>();
      for (int i = 0; i < next.length; i++) {
        int[] text = Arrays.copyOf(texts.get(i), length + 1);
        text[length] = (int) next[i];
        grown.add(text);
      }
      return grown;
    }
  }

  // ---------------------------------------------------------------- the files

  private static JsonNode read(String name) {
    return JsonMapper.shared().readTree(SharedData.require("nano-sort/" + name).toFile());
  }

  private static float[] floats(JsonNode file, String name) {
    byte[] bytes = Base64.getDecoder().decode(file.path(name).path("data").asString());
    float[] floats = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  private static double[] doubles(JsonNode file, String name) {
    float[] floats = floats(file, name);
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  private static List<int[]> inputs(JsonNode partials) {
    float[] ids = floats(partials, "idx");
    List<int[]> texts = new ArrayList<>();
    for (int row = 0; row < 3; row++) {
      int[] text = new int[11];
      for (int i = 0; i < 11; i++) {
        text[i] = (int) ids[row * 11 + i];
      }
      texts.add(text);
    }
    return texts;
  }

  private static Tensor flat(JsonNode file, String name) {
    float[] floats = floats(file, name);
    return Tensor.of(floats, Shape.of(new Axis("all", floats.length)));
  }

  private static Transformer model() {
    JsonNode file = read("gpt-nano-sort-model.json");
    HandBuilt built = new HandBuilt();
    built.put("embed.W_E", flat(file, "transformer.wte.weight"), "d_vocab d_model", 3, 48);
    built.put("pos_embed.W_pos", flat(file, "transformer.wpe.weight"), "n_ctx d_model", 11, 48);
    norm(built, file, "transformer.ln_f", "ln_final");
    built.put("unembed.W_U", flat(file, "lm_head.weight"), "d_vocab d_model", 3, 48);
    for (int layer = 0; layer < 3; layer++) {
      block(built, file, "transformer.h.%d.".formatted(layer), "blocks.%d.".formatted(layer));
    }
    return built.build(
        HandBuilt.spec(
            48,
            3,
            11,
            3,
            HandBuilt.attention(3, 16, new AttentionSpec.Visibility.Causal(), true, 1),
            new MlpSpec.Plain(192, Activation.GELU_TANH, true),
            new NormSpec.LayerNorm(1e-5),
            TransformerSpec.Unembedding.SEPARATE),
        DType.FLOAT32);
  }

  private static void block(HandBuilt built, JsonNode file, String from, String to) {
    norm(built, file, from + "ln_1", to + "ln1");
    norm(built, file, from + "ln_2", to + "ln2");
    Tensor weights = flat(file, from + "attn.c_attn.weight");
    Tensor biases = flat(file, from + "attn.c_attn.bias");
    String[] names = {"Q", "K", "V"};
    for (int i = 0; i < 3; i++) {
      String head = i == 0 ? "head" : "kv_head";
      built.put(
          to + "attn.W_" + names[i],
          weights.slice("all", i * 2304L, 2304),
          head + " d_head d_model",
          3,
          16,
          48);
      built.put(
          to + "attn.b_" + names[i], biases.slice("all", i * 48L, 48), head + " d_head", 3, 16);
    }
    built.put(
        to + "attn.W_O", flat(file, from + "attn.c_proj.weight"), "d_model head d_head", 48, 3, 16);
    built.put(to + "attn.b_O", flat(file, from + "attn.c_proj.bias"), "d_model", 48);
    built.put(to + "mlp.W_in", flat(file, from + "mlp.c_fc.weight"), "d_mlp d_model", 192, 48);
    built.put(to + "mlp.b_in", flat(file, from + "mlp.c_fc.bias"), "d_mlp", 192);
    built.put(to + "mlp.W_out", flat(file, from + "mlp.c_proj.weight"), "d_model d_mlp", 48, 192);
    built.put(to + "mlp.b_out", flat(file, from + "mlp.c_proj.bias"), "d_model", 48);
  }

  private static void norm(HandBuilt built, JsonNode file, String from, String to) {
    built.put(to + ".w", flat(file, from + ".weight"), "d_model", 48);
    built.put(to + ".b", flat(file, from + ".bias"), "d_model", 48);
  }
}
