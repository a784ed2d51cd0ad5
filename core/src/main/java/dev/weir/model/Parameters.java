package dev.weir.model;

import dev.weir.pathway.Weights;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The numbers of a transformer under TransformerLens's names (`blocks.0.attn.W_Q`), with named
/// axes in whatever order the file stores them.
///
/// @param tensors by name
public record Parameters(Map<String, Tensor> tensors) implements Weights {

  public Parameters {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
  }

  /// The weight of this name; its axes are those that [ParameterLayout] lists for it.
  ///
  /// @param name for instance `blocks.0.attn.W_Q`
  @Override
  public Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw ModelException.missing(List.of(name), "parameters");
    }
    return tensor;
  }

  /// The weight of this name, if the model has it; its axes are those that [ParameterLayout] lists.
  ///
  /// @param name for instance `blocks.0.attn.b_Q`
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /// The same names with other numbers.
  ///
  /// @param change what to do to each tensor, any shape
  public Parameters map(UnaryOperator<Tensor> change) {
    Map<String, Tensor> changed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> changed.put(name, change.apply(tensor)));
    return new Parameters(changed);
  }

  /// The same numbers stored another way, on another device.
  ///
  /// @param dtype how to store them
  /// @param device where
  public Parameters to(DType dtype, Device device) {
    return map(tensor -> tensor.to(dtype).to(device));
  }

  /// How many numbers there are.
  public long count() {
    return tensors.values().stream().mapToLong(tensor -> tensor.shape().elements()).sum();
  }
}
