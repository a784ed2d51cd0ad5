package dev.weir.model.family;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/// A config or a set of weights that is not what its family's models have.
public final class FamilyException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private FamilyException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static FamilyException unknown(String type, List<Family> known, String where) {
    return new FamilyException(
        "Weir does not know the model type '%s'".formatted(type),
        where,
        "use a model of one of the types "
            + known.stream()
                .flatMap(family -> family.modelTypes().stream())
                .collect(Collectors.joining(", ")));
  }

  static FamilyException missingKey(String key, String where) {
    return new FamilyException(
        "The key '%s' is missing".formatted(key), where, "use the model's own config.json");
  }

  static FamilyException badValue(String key, String value, String wanted, String where) {
    return new FamilyException(
        "'%s' is %s, expected %s".formatted(key, value, wanted), where, "correct the config");
  }

  static FamilyException notAnObject(String where) {
    return new FamilyException(
        "The config is not a JSON object", where, "use the model's own config.json");
  }

  static FamilyException unreadable(String reason, String where) {
    return new FamilyException(
        "The config cannot be read: " + reason, where, "use the model's own config.json");
  }

  static FamilyException unsupported(String key, String value, String where) {
    return new FamilyException(
        "Weir does not compute models with %s = %s".formatted(key, value),
        where,
        "use a model without it");
  }

  static FamilyException wrongSizes(
      String tensor, List<Long> found, String expected, String where) {
    return new FamilyException(
        "'%s' has sizes %s, expected %s".formatted(tensor, found, expected),
        where,
        "use a config that matches the weights");
  }

  static FamilyException missingTensor(String tensor, String where) {
    return new FamilyException(
        "The weight '%s' is missing".formatted(tensor),
        where,
        "use a complete copy of the model, or a config that matches the weights");
  }

  static FamilyException spare(List<String> tensors, String where) {
    return new FamilyException(
        "%d weights belong to nothing in this model: %s"
            .formatted(
                tensors.size(),
                tensors.stream().limit(4).collect(Collectors.joining(", "))
                    + (tensors.size() > 4 ? ", ..." : "")),
        where,
        "use a config that matches the weights");
  }

  static FamilyException notFloating(String tensor, String encoding, String where) {
    return new FamilyException(
        "'%s' is stored as %s, which no model's weights are".formatted(tensor, encoding),
        where,
        "save it as float32, bfloat16 or float16");
  }
}
