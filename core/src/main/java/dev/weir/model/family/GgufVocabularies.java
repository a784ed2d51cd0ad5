package dev.weir.model.family;

import dev.weir.text.GgufVocabulary;
import dev.weir.weights.Gguf;
import dev.weir.weights.GgufMetadata;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The vocabulary in a GGUF file's metadata.
final class GgufVocabularies {
  private static final String ROOT = "tokenizer.ggml.";

  private GgufVocabularies() {}

  static GgufVocabulary of(Gguf gguf) {
    GgufMetadata keys = gguf.keyValues();
    String where = gguf.path().toString();
    return new GgufVocabulary(
        where,
        keys.text(ROOT + "model")
            .orElseThrow(() -> FamilyException.missingKey(ROOT + "model", where)),
        keys.text(ROOT + "pre").orElse(""),
        keys.texts(ROOT + "tokens").orElse(List.of()),
        scores(keys),
        types(keys),
        keys.texts(ROOT + "merges").orElse(List.of()),
        ids(keys),
        flags(keys));
  }

  private static List<Float> scores(GgufMetadata keys) {
    List<Float> scores = new ArrayList<>();
    for (float score : keys.floats(ROOT + "scores").orElse(new float[0])) {
      scores.add(score);
    }
    return scores;
  }

  private static List<Integer> types(GgufMetadata keys) {
    List<Integer> types = new ArrayList<>();
    for (long type : keys.wholes(ROOT + "token_type").orElse(new long[0])) {
      types.add((int) type);
    }
    return types;
  }

  private static Map<String, Integer> ids(GgufMetadata keys) {
    Map<String, Integer> ids = new HashMap<>();
    for (String role : List.of("bos", "eos", "eot", "eom", "unknown", "padding")) {
      keys.whole(ROOT + role + "_token_id").ifPresent(id -> ids.put(role, (int) id));
    }
    return ids;
  }

  private static Map<String, Boolean> flags(GgufMetadata keys) {
    Map<String, Boolean> flags = new HashMap<>();
    for (String flag : List.of("add_bos_token", "add_eos_token", "add_space_prefix")) {
      keys.flag(ROOT + flag).ifPresent(value -> flags.put(flag, value));
    }
    return flags;
  }
}
