package dev.weir.train;

import dev.weir.model.ParameterLayout;
import dev.weir.model.TransformerSpec;
import java.util.Set;

/// Which parameters are drawn to zero.
@FunctionalInterface
public interface Decay {

  /// The names of those that are.
  ///
  /// @param spec how the model is put together
  Set<String> of(TransformerSpec spec);

  /// Those that the model's parts declare: matrices, but no biases, gains, gates, queries or
  /// connection weights, which have no reason to be small.
  static Decay declared() {
    return ParameterLayout::decayed;
  }
}
