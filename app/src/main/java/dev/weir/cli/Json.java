package dev.weir.cli;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A result for scripts: one object, or a list where there are several. Numbers that are not finite
/// are `null`.
final class Json {
  private final JsonMapper mapper = JsonMapper.builder().build();
  private final ArrayNode objects = mapper.createArrayNode();
  private ObjectNode current = mapper.createObjectNode();

  void begin() {
    current = mapper.createObjectNode();
  }

  void end() {
    objects.add(current);
  }

  void put(String key, String value) {
    current.put(key, value);
  }

  void put(String key, long value) {
    current.put(key, value);
  }

  void put(String key, double value) {
    if (Double.isFinite(value)) {
      current.put(key, value);
    } else {
      current.putNull(key);
    }
  }

  void put(String key, int[] values) {
    ArrayNode array = current.putArray(key);
    for (int value : values) {
      array.add(value);
    }
  }

  void put(String key, List<String> values) {
    ArrayNode array = current.putArray(key);
    values.forEach(array::add);
  }

  @Override
  public String toString() {
    return mapper.writeValueAsString(objects.size() == 1 ? objects.get(0) : objects);
  }
}
