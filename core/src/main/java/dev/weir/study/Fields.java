package dev.weir.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// A mapping of a study file that is read field by field. What is wrong with it is collected, with
/// its place, so that all of it can be told at once; meanwhile a stand-in takes its place.
final class Fields {
  private final JsonNode node;
  private final String where;
  private final List<String> problems;
  private final TreeSet<String> unread = new TreeSet<>();

  /// Of a mapping; anything else is a problem.
  ///
  /// @param node what is there
  /// @param where its place, for instance `variants[2]`
  /// @param problems where problems go
  Fields(JsonNode node, String where, List<String> problems) {
    this.node = node;
    this.where = where;
    this.problems = problems;
    if (node.isObject()) {
      unread.addAll(node.propertyNames());
    } else {
      problem("%s must be a mapping".formatted(where.isEmpty() ? "a study" : where));
    }
  }

  private String at(String name) {
    return where.isEmpty() ? name : where + "." + name;
  }

  private void problem(String what) {
    problems.add(what);
  }

  /// Says what is wrong with a field.
  ///
  /// @param name its name
  /// @param what is wrong
  void problem(String name, String what) {
    problem("%s %s".formatted(at(name), what));
  }

  /// Passes on a sentence of somebody who does not know the place.
  ///
  /// @param name of the field; empty for the mapping itself
  /// @param sentence what is wrong
  void complaint(String name, String sentence) {
    problem("%s: %s".formatted(name.isEmpty() ? where : at(name), sentence));
  }

  private Optional<JsonNode> find(String name) {
    unread.remove(name);
    return Optional.ofNullable(node.get(name)).filter(value -> !value.isNull());
  }

  /// Whether a field is there.
  ///
  /// @param name its name
  boolean has(String name) {
    return find(name).isPresent();
  }

  /// A text.
  ///
  /// @param name its name
  Optional<String> text(String name) {
    return find(name)
        .flatMap(value -> value(name, value, "a text", JsonNode::isString, JsonNode::stringValue));
  }

  /// A text that must be there.
  ///
  /// @param name its name
  String requiredText(String name) {
    return required(name).orElse("");
  }

  private Optional<String> required(String name) {
    Optional<String> text = text(name);
    if (text.isEmpty() && !has(name)) {
      problem(name, "is missing");
    }
    return text;
  }

  /// A text that must be there and becomes the name of a folder.
  ///
  /// @param name its name
  String requiredFolderName(String name) {
    Optional<String> text = required(name);
    if (text.filter(given -> !given.matches("(?!\\.)[A-Za-z0-9._-]+")).isPresent()) {
      problem(name, "names a folder: letters, digits, '.', '_' and '-' only, and no '.' in front");
    }
    return text.orElse("");
  }

  /// True or false.
  ///
  /// @param name its name
  Optional<Boolean> flag(String name) {
    return find(name)
        .flatMap(value ->
            value(name, value, "true or false", JsonNode::isBoolean, JsonNode::booleanValue));
  }

  /// A whole number, at least 1.
  ///
  /// @param name its name
  Optional<Long> count(String name) {
    return find(name)
        .flatMap(value ->
            value(
                name,
                value,
                "a whole number from 1",
                n -> n.isIntegralNumber() && n.canConvertToLong() && n.longValue() >= 1,
                JsonNode::longValue));
  }

  /// A whole number, from 1 to what an index can be.
  ///
  /// @param name its name
  Optional<Integer> size(String name) {
    return count(name)
        .flatMap(value -> {
          if (value > Integer.MAX_VALUE) {
            problem(name, "is too large");
            return Optional.empty();
          }
          return Optional.of(value.intValue());
        });
  }

  /// A number in a stretch.
  ///
  /// @param name its name
  /// @param least the smallest allowed
  /// @param most the largest allowed
  Optional<Double> number(String name, double least, double most) {
    return find(name)
        .flatMap(value ->
            value(
                name,
                value,
                "a number from %s to %s".formatted(least, most),
                n -> n.isNumber() && n.doubleValue() >= least && n.doubleValue() <= most,
                JsonNode::doubleValue));
  }

  /// A mapping; an empty one where it is not there.
  ///
  /// @param name its name
  Fields mapping(String name) {
    return new Fields(
        find(name).orElseGet(() -> JsonNodeFactory.instance.objectNode()), at(name), problems);
  }

  /// A list; an empty one where it is not there.
  ///
  /// @param name its name
  List<JsonNode> list(String name) {
    Optional<JsonNode> value = find(name);
    if (value.isPresent() && !value.get().isArray()) {
      problem(name, "must be a list");
      return List.of();
    }
    List<JsonNode> items = new ArrayList<>();
    value.ifPresent(array -> array.forEach(items::add));
    return items;
  }

  private <T> Optional<T> value(
      String name,
      JsonNode value,
      String wanted,
      Predicate<JsonNode> fits,
      Function<JsonNode, T> read) {
    if (!fits.test(value)) {
      problem(name, "must be %s, not %s".formatted(wanted, value));
      return Optional.empty();
    }
    return Optional.of(read.apply(value));
  }

  /// Says which fields nobody asked for.
  ///
  /// @param known what there could be, for the message
  void end(String known) {
    for (String name : unread) {
      problem(name, "is not known; there are " + known);
    }
  }
}
