package dev.weir.pathway;

import dev.weir.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/// What a pathway decided at one site in one run, by name. Nothing of it depends on what is carried
/// later: with it given, reading and writing are linear.
///
/// @param values each `[batch, pos, ..]`
public record Routing(Map<String, Tensor> values) {
  private static final Routing NONE = new Routing(Map.of());

  public Routing {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /// Nothing to decide.
  public static Routing none() {
    return NONE;
  }

  /// One decision.
  ///
  /// @param name its name
  /// @param value `[batch, pos, ..]`
  public static Routing of(String name, Tensor value) {
    return new Routing(Map.of(name, value));
  }

  /// These decisions and one more.
  ///
  /// @param name its name
  /// @param value `[batch, pos, ..]`
  public Routing and(String name, Tensor value) {
    Map<String, Tensor> more = new LinkedHashMap<>(values);
    more.put(name, value);
    return new Routing(more);
  }

  /// One decision, `[batch, pos, ..]`.
  ///
  /// @param name its name
  public Tensor get(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  /// Whether this was decided.
  ///
  /// @param name its name
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /// Whether there is nothing to decide.
  public boolean isEmpty() {
    return values.isEmpty();
  }

  /// Each decision changed.
  ///
  /// @param change what to do to one, any shape
  public Routing map(UnaryOperator<Tensor> change) {
    return map((_, value) -> change.apply(value));
  }

  /// Each decision changed, by its name.
  ///
  /// @param change takes a name and a value, gives a value of the same shape
  public Routing map(Change change) {
    if (values.isEmpty()) {
      return this;
    }
    Map<String, Tensor> changed = new LinkedHashMap<>();
    values.forEach((name, value) -> changed.put(name, change.apply(name, value)));
    return new Routing(changed);
  }

  /// What is done to one decision.
  public interface Change {
    /// The value to go on with, same shape.
    ///
    /// @param name its name
    /// @param value `[batch, pos, ..]`
    Tensor apply(String name, Tensor value);
  }
}
