package dev.weir.text;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// The small files beside a tokenizer: `tokenizer_config.json`, `special_tokens_map.json`,
/// `generation_config.json` and `config.json`. Each may be missing.
record SideFiles(JsonNode tokenizer, JsonNode specials, JsonNode generation, JsonNode model) {
  private static final Set<String> ALWAYS_REBUILD =
      Set.of("LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer");

  /// Whether the class named in `tokenizer_config.json` builds its own template.
  enum Rebuild {
    ADD,
    LEAVE_OUT,
    AS_TEMPLATE
  }

  /// No such files.
  static SideFiles none() {
    JsonNode missing = JsonNodeFactory.instance.missingNode();
    return new SideFiles(missing, missing, missing, missing);
  }

  static SideFiles read(Path folder) {
    return new SideFiles(
        json(folder.resolve("tokenizer_config.json")),
        json(folder.resolve("special_tokens_map.json")),
        json(folder.resolve("generation_config.json")),
        json(folder.resolve("config.json")));
  }

  private static JsonNode json(Path file) {
    if (!Files.exists(file)) {
      return JsonNodeFactory.instance.missingNode();
    }
    try {
      JsonNode node = Json.MAPPER.readTree(SmallFile.text(file));
      if (!node.isObject()) {
        throw TextException.badJson(file.toString(), "it is no object");
      }
      return node;
    } catch (JacksonException e) {
      throw TextException.badJson(file.toString(), Json.reason(e));
    }
  }

  /// The content of a special token by its role, for instance `bos_token`.
  Optional<String> tokenName(String role) {
    JsonNode named = named(role);
    String text = named.isString() ? named.asString() : named.path("content").asString("");
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /// Whether a file says in so many words that there is no such token.
  boolean saysNone(String role) {
    return named(role).isNull();
  }

  private JsonNode named(String role) {
    boolean mapFirst = !tokenizer.has("added_tokens_decoder") && specials.has(role);
    return mapFirst ? specials.path(role) : tokenizer.path(role);
  }

  /// Token ids by role, for instance `eos_token_id`, one or a list.
  List<Integer> ids(String role) {
    JsonNode node = generation.has(role) ? generation.path(role) : model.path(role);
    List<Integer> ids = new ArrayList<>();
    if (node.isInt()) {
      ids.add(node.asInt());
    }
    for (JsonNode id : node.isArray() ? node : JsonNodeFactory.instance.arrayNode()) {
      if (id.isInt()) {
        ids.add(id.asInt());
      }
    }
    return ids;
  }

  /// What the tokenizer's class does with `add_bos_token`.
  Rebuild rebuilds() {
    JsonNode flag = tokenizer.path("add_bos_token");
    if (flag.isBoolean()) {
      return flag.asBoolean() ? Rebuild.ADD : Rebuild.LEAVE_OUT;
    }
    return ALWAYS_REBUILD.contains(family()) ? Rebuild.ADD : Rebuild.AS_TEMPLATE;
  }

  boolean addsEos() {
    return tokenizer.path("add_eos_token").asBoolean(false);
  }

  /// Why BOS is put in front or not, as a sentence.
  String addBosReason() {
    JsonNode flag = tokenizer.path("add_bos_token");
    return flag.isBoolean()
        ? "tokenizer_config.json says add_bos_token: %s.".formatted(flag.asBoolean())
        : "tokenizer_config.json names %s, which puts BOS in front.".formatted(family());
  }

  private String family() {
    String name = tokenizer.path("tokenizer_class").asString("");
    return name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name;
  }
}
