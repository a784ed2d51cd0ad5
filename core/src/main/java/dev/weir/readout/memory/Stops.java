package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import java.util.ArrayList;
import java.util.List;

/// The places of the stream, first to last: `0_pre, 0_mid, 1_pre, …, final_post`, and `0_local`
/// after a local mixer.
final class Stops {

  private Stops() {}

  /// One of them.
  ///
  /// @param label short, as TransformerLens labels it
  /// @param point its hook point
  record Stop(String label, HookPoint point) {

    /// How many sublayers have written before it.
    int writes(Transport transport) {
      return transport.writesBefore(point);
    }
  }

  static List<Stop> of(Transformer model) {
    List<Stop> stops = new ArrayList<>();
    for (HookPoint point : model.hookPoints()) {
      if (point instanceof HookPoint.ResidPre(int layer)) {
        stops.add(new Stop(layer + "_pre", point));
      } else if (point instanceof HookPoint.ResidLocal(int layer)) {
        stops.add(new Stop(layer + "_local", point));
      } else if (point instanceof HookPoint.ResidMid(int layer)) {
        stops.add(new Stop(layer + "_mid", point));
      }
    }
    stops.add(new Stop("final_post", new HookPoint.ResidPost(model.spec().nLayers() - 1)));
    return stops;
  }
}
