package dev.weir.readout;

import dev.weir.tensor.Tensor;
import java.util.List;

/// Parts of a stream with their names.
///
/// @param labels one for each part
/// @param values the parts, `[component, pos, d_model]`, a tensor of the scope they were made in
public record Components(List<String> labels, Tensor values) {

  public Components {
    labels = List.copyOf(labels);
  }

  /// One of them, `[pos, d_model]`, a tensor of the current scope.
  ///
  /// @param label its name
  public Tensor get(String label) {
    int index = labels.indexOf(label);
    if (index < 0) {
      throw ReadoutException.noSuchPart(label);
    }
    return values.at("component", index);
  }

  /// Their sum, `[pos, d_model]`, a tensor of the current scope.
  public Tensor sum() {
    return values.sum("component");
  }
}
