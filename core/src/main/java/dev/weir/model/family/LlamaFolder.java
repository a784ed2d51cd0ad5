package dev.weir.model.family;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.PositionCode.Pairing;
import dev.weir.model.PositionCode.RotaryScaling;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.model.TransformerSpec.Unembedding;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.weights.AtomicFile;
import dev.weir.weights.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A Llama as Hugging Face stores it: `config.json` and `model.safetensors` under the names of
/// transformers, so that other programs open what Weir trained.
///
/// @param sizes what the model is made of
/// @param boundary the token that begins and ends a text
public record LlamaFolder(Sizes sizes, int boundary) {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /// What a Llama is made of.
  ///
  /// @param dModel width of the residual stream
  /// @param nLayers how many blocks
  /// @param nHeads query heads; the size of a head is `dModel / nHeads`
  /// @param nKvHeads key/value heads
  /// @param dMlp how many neurons
  /// @param dVocab how many tokens
  /// @param nCtx the longest text, in tokens
  /// @param ropeTheta the base of the rotary frequencies
  /// @param epsilon of the norms
  public record Sizes(
      int dModel,
      int nLayers,
      int nHeads,
      int nKvHeads,
      int dMlp,
      int dVocab,
      int nCtx,
      double ropeTheta,
      double epsilon) {}

  /// The model, with tied embeddings and no biases.
  public TransformerSpec spec() {
    int dHead = sizes.dModel / sizes.nHeads;
    NormSpec norm = new NormSpec.RmsNorm(sizes.epsilon, NormSpec.Gain.PLAIN);
    AttentionSpec attention =
        new AttentionSpec(
            sizes.nHeads,
            sizes.nKvHeads,
            dHead,
            1 / Math.sqrt(dHead),
            new Softcap.Unbounded(),
            new Visibility.Causal(),
            new PositionCode.Rotary(
                dHead, sizes.ropeTheta, Pairing.HALVES, new RotaryScaling.Unscaled()),
            new QkNorm.NoQkNorm(),
            AttentionSpec.Biases.NONE,
            1);
    MlpSpec mlp = new MlpSpec.Gated(sizes.dMlp, Activation.SILU, MlpSpec.GatedBiases.NONE);
    BlockSpec block = Blocks.preNorm(attention, mlp, BlockSpec.Wiring.SEQUENTIAL, norm);
    return new TransformerSpec(
        "llama",
        sizes.dModel,
        sizes.dVocab,
        sizes.dVocab,
        sizes.nCtx,
        Collections.nCopies(sizes.nLayers, block),
        new PositionCode.NoPositions(),
        1,
        norm,
        Unembedding.TIED,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  /// Writes a model of this [#spec] in float32.
  ///
  /// @param model the model
  /// @param folder where to; files of these names are replaced, each in one step
  public void write(Transformer model, Path folder) {
    try (Scope _ = Scope.open()) {
      SafetensorsWriter.write(
          folder.resolve("model.safetensors"), items(model.parameters()), Map.of("format", "pt"));
    }
    writeText(folder.resolve("config.json"), config());
  }

  private static void writeText(Path file, ObjectNode json) {
    byte[] bytes =
        (MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  private ObjectNode config() {
    ObjectNode config = MAPPER.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("model_type", "llama");
    config.put("hidden_size", sizes.dModel);
    config.put("num_hidden_layers", sizes.nLayers);
    config.put("num_attention_heads", sizes.nHeads);
    config.put("num_key_value_heads", sizes.nKvHeads);
    config.put("head_dim", sizes.dModel / sizes.nHeads);
    config.put("intermediate_size", sizes.dMlp);
    config.put("hidden_act", "silu");
    config.put("vocab_size", sizes.dVocab);
    config.put("max_position_embeddings", sizes.nCtx);
    config.put("rope_theta", sizes.ropeTheta);
    config.put("rms_norm_eps", sizes.epsilon);
    config.put("attention_bias", false);
    config.put("mlp_bias", false);
    config.put("tie_word_embeddings", true);
    config.put("bos_token_id", boundary);
    config.put("eos_token_id", boundary);
    config.put("torch_dtype", "float32");
    return config;
  }

  private List<SafetensorsWriter.Item> items(Parameters from) {
    List<SafetensorsWriter.Item> items = new ArrayList<>();
    items.add(item("model.embed_tokens.weight", from.get("embed.W_E"), "d_vocab", "d_model"));
    for (int layer = 0; layer < sizes.nLayers; layer++) {
      block(items, from, "blocks.%d.".formatted(layer), "model.layers.%d.".formatted(layer));
    }
    items.add(item("model.norm.weight", from.get("ln_final.w"), "d_model"));
    return items;
  }

  private static void block(
      List<SafetensorsWriter.Item> items, Parameters from, String ours, String theirs) {
    String attn = theirs + "self_attn.";
    String mlp = theirs + "mlp.";
    items.add(item(theirs + "input_layernorm.weight", from.get(ours + "ln1.w"), "d_model"));
    items.add(rows(attn + "q_proj.weight", from.get(ours + "attn.W_Q"), "head"));
    items.add(rows(attn + "k_proj.weight", from.get(ours + "attn.W_K"), "kv_head"));
    items.add(rows(attn + "v_proj.weight", from.get(ours + "attn.W_V"), "kv_head"));
    Tensor heads = from.get(ours + "attn.W_O").order("d_model", "head", "d_head");
    items.add(
        item(attn + "o_proj.weight", heads.merge("width", "head", "d_head"), "d_model", "width"));
    items.add(
        item(theirs + "post_attention_layernorm.weight", from.get(ours + "ln2.w"), "d_model"));
    items.add(item(mlp + "gate_proj.weight", from.get(ours + "mlp.W_gate"), "d_mlp", "d_model"));
    items.add(item(mlp + "up_proj.weight", from.get(ours + "mlp.W_in"), "d_mlp", "d_model"));
    items.add(item(mlp + "down_proj.weight", from.get(ours + "mlp.W_out"), "d_model", "d_mlp"));
  }

  /// A map from the stream to heads, as one matrix.
  private static SafetensorsWriter.Item rows(String name, Tensor weight, String head) {
    Tensor ordered = weight.order(head, "d_head", "d_model");
    return item(name, ordered.merge("width", head, "d_head"), "width", "d_model");
  }

  private static SafetensorsWriter.Item item(String name, Tensor weight, String... axes) {
    Tensor ordered = weight.to(DType.FLOAT32).order(axes).copy();
    Shape shape = ordered.shape();
    List<Long> sizes = shape.axes().stream().map(Axis::size).toList();
    return SafetensorsWriter.Item.of(name, DType.FLOAT32, sizes, ordered.memory());
  }
}
