package dev.weir.model.family;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A `config.json`, read key by key. A key that is `null` counts as absent.
///
/// @param node the JSON object
/// @param where the file, for messages
public record Config(JsonNode node, String where) {

  public Config {
    if (!node.isObject()) {
      throw FamilyException.notAnObject(where);
    }
  }

  /// Whether a key is there and not `null`.
  ///
  /// @param key its name
  public boolean has(String key) {
    return node.hasNonNull(key);
  }

  /// Whether a key is written out, be it as `null`.
  ///
  /// @param key its name
  public boolean mentions(String key) {
    return node.has(key);
  }

  /// A whole number.
  ///
  /// @param key its name
  public int integer(String key) {
    JsonNode value = require(key);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw FamilyException.badValue(key, value.toString(), "a whole number", where);
    }
    return value.intValue();
  }

  /// A whole number of at least 1.
  ///
  /// @param key its name
  public int size(String key) {
    int size = integer(key);
    if (size < 1 || size > 1 << 24) {
      throw FamilyException.badValue(key, Integer.toString(size), "1 to 16,777,216", where);
    }
    return size;
  }

  /// A whole number of at least 1, or its default.
  ///
  /// @param key its name
  /// @param absent its value where the key is absent
  public int size(String key, int absent) {
    return has(key) ? size(key) : absent;
  }

  /// How many blocks: 1 to 10,000.
  ///
  /// @param key its name
  public int layers(String key) {
    int layers = integer(key);
    if (layers < 1 || layers > 10_000) {
      throw FamilyException.badValue(key, Integer.toString(layers), "1 to 10,000", where);
    }
    return layers;
  }

  /// A number.
  ///
  /// @param key its name
  public double real(String key) {
    JsonNode value = require(key);
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw FamilyException.badValue(key, value.toString(), "a number", where);
    }
    return value.doubleValue();
  }

  /// A number, or its default.
  ///
  /// @param key its name
  /// @param absent its value where the key is absent
  public double real(String key, double absent) {
    return has(key) ? real(key) : absent;
  }

  /// Yes or no, or its default.
  ///
  /// @param key its name
  /// @param absent its value where the key is absent
  public boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = node.get(key);
    if (!value.isBoolean()) {
      throw FamilyException.badValue(key, value.toString(), "true or false", where);
    }
    return value.booleanValue();
  }

  /// A text.
  ///
  /// @param key its name
  public String text(String key) {
    JsonNode value = require(key);
    if (!value.isString()) {
      throw FamilyException.badValue(key, value.toString(), "a text", where);
    }
    return value.stringValue();
  }

  /// A text, or its default.
  ///
  /// @param key its name
  /// @param absent its value where the key is absent
  public String text(String key, String absent) {
    return has(key) ? text(key) : absent;
  }

  /// An object inside this one, if it is there.
  ///
  /// @param key its name
  public Optional<Config> object(String key) {
    return has(key) ? Optional.of(new Config(node.get(key), where + ", " + key)) : Optional.empty();
  }

  /// A list of texts, if it is there.
  ///
  /// @param key its name
  public Optional<List<String>> texts(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode value : list(key)) {
      texts.add(value.isString() ? value.stringValue() : value.toString());
    }
    return Optional.of(texts);
  }

  /// A list of numbers.
  ///
  /// @param key its name
  public List<Double> reals(String key) {
    List<Double> numbers = new ArrayList<>();
    for (JsonNode value : list(key)) {
      if (!value.isNumber()) {
        throw FamilyException.badValue(key, value.toString(), "a list of numbers", where);
      }
      numbers.add(value.doubleValue());
    }
    return numbers;
  }

  private JsonNode list(String key) {
    JsonNode value = require(key);
    if (!value.isArray()) {
      throw FamilyException.badValue(key, value.toString(), "a list", where);
    }
    return value;
  }

  /// Refuses a model that sets a flag which Weir does not compute.
  ///
  /// @param key its name
  public void refuse(String key) {
    if (flag(key, false)) {
      throw FamilyException.unsupported(key, "true", where);
    }
  }

  private JsonNode require(String key) {
    if (!has(key)) {
      throw FamilyException.missingKey(key, where);
    }
    return node.get(key);
  }
}
