package dev.weir.train;

import dev.weir.stream.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// Something that training makes small besides the cross entropy, computed from values of the
/// forward pass.
public interface AuxiliaryLoss {

  /// A short name for the log.
  String name();

  /// The hook points that it reads, by name; `*` stands for anything.
  List<String> points();

  /// What is added to the loss.
  ///
  /// @param values what the points held, after any interventions, `[batch, ..]` and then the axes
  ///   of the place
  /// @return one number, `[]`, that gradients can flow through
  Tensor of(Map<HookPoint, Tensor> values);
}
