package dev.weir.readout.lens;

import dev.weir.weights.AtomicFile;
import dev.weir.weights.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What the `config.json` of a tuned lens says, in the keys of the tuned-lens library.
///
/// @param baseModel the name of the model that it was tuned for
/// @param dModel how wide its stream is
/// @param layers how many blocks it has
/// @param bias whether translators have a bias
/// @param revision which revision of the model
/// @param unembedHash the library's hash of the unembedding, where one was taken
public record TunedLensConfig(
    String baseModel,
    int dModel,
    int layers,
    boolean bias,
    Optional<String> revision,
    Optional<String> unembedHash) {
  private static final String TYPE = "linear_tuned_lens";
  private static final long LONGEST = 1 << 20;

  static TunedLensConfig read(Path file) {
    JsonNode node = StrictJson.read(file, LONGEST);
    if (!node.isObject()) {
      throw LensException.badConfig(file, "is no JSON object");
    }
    String type = text(node, "lens_type").orElse(TYPE);
    if (!type.equals(TYPE)) {
      throw LensException.badConfig(
          file, "says lens_type '%s', and only '%s' is known".formatted(type, TYPE));
    }
    return new TunedLensConfig(
        text(node, "base_model_name_or_path").orElse(""),
        size(node, "d_model", file),
        size(node, "num_hidden_layers", file),
        !node.has("bias") || node.get("bias").asBoolean(),
        text(node, "base_model_revision"),
        text(node, "unembed_hash"));
  }

  private static Optional<String> text(JsonNode node, String key) {
    return node.has(key) && node.get(key).isString()
        ? Optional.of(node.get(key).stringValue())
        : Optional.empty();
  }

  private static int size(JsonNode node, String key, Path file) {
    if (!node.has(key) || !node.get(key).isInt() || node.get(key).intValue() < 1) {
      throw LensException.badConfig(file, "has no whole number %s".formatted(key));
    }
    return node.get(key).intValue();
  }

  void write(Path file) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("base_model_name_or_path", baseModel);
    keys.put("d_model", dModel);
    keys.put("num_hidden_layers", layers);
    keys.put("bias", bias);
    keys.put("base_model_revision", revision);
    keys.put("unembed_hash", unembedHash);
    keys.put("lens_type", TYPE);
    String json = JsonMapper.builder().build().writeValueAsString(keys) + "\n";
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }
}
