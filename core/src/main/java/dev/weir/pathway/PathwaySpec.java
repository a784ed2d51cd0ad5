package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import java.util.List;
import java.util.Map;

/// How a pathway is set up: its settings, without numbers. A record; its components are its
/// settings in `config.json`, and its class is listed in [Pathways].
public interface PathwaySpec {

  /// What is wrong with these settings on such a model; empty if nothing is.
  ///
  /// @param depth the model's depth axis
  List<String> problems(Depth depth);

  /// The weights that it calls for, by name, in the order of the computation.
  ///
  /// @param depth the model's depth axis
  Map<String, Weight> weights(Depth depth);

  /// The pathway with its numbers.
  ///
  /// @param depth the model's depth axis
  /// @param weights where they are
  ResidualPathway<?> over(Depth depth, Weights weights);

  /// What its routing decides, in the order of the computation.
  ///
  /// @param depth the model's depth axis
  default List<HookPoint.Route> routes(Depth depth) {
    return List.of();
  }

  /// Whether attention's queries, keys and values read the stream apart.
  default boolean readsApart() {
    return false;
  }

  /// What of the past a block meets.
  default StreamState state() {
    return StreamState.HISTORY;
  }

  /// Whether routing reads what a sublayer's norm gave.
  default boolean readsNormed() {
    return false;
  }

  /// What it costs beyond the plain stream.
  ///
  /// @param depth the model's depth axis
  PathwayCost cost(Depth depth);

  /// What the starting deviation of one of the model's own matrices is multiplied with.
  ///
  /// @param weight its name, for instance `blocks.3.mlp.W_out`
  /// @param depth the model's depth axis
  default double startFactor(String weight, Depth depth) {
    return 1;
  }
}
