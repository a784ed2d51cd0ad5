package dev.weir.readout.depth;

import dev.weir.model.TransformerSpec;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The stream of a run at all its places; shared by the readouts of this package.
final class Streams {

  private Streams() {}

  static void requireOneText(String readout, StreamTrace trace) {
    if (trace.tokens().size() != 1) {
      throw DepthException.severalTexts(readout, trace.tokens().size());
    }
  }

  /// Entering each block and after the last, each `[pos, d_model]`.
  static List<Tensor> layers(TransformerSpec spec, StreamTrace trace) {
    List<Tensor> streams = new ArrayList<>();
    Places.LAYERS.of(spec).forEach(place -> streams.add(Wide.of(trace.get(place.point()))));
    return streams;
  }

  /// Who writes between a place of [Places#SUBLAYERS] and the next.
  static List<Site> writers(TransformerSpec spec, Places.Place place, Places.Place next) {
    boolean fromMiddle = place.point() instanceof HookPoint.ResidMid;
    boolean toMiddle = next.point() instanceof HookPoint.ResidMid;
    int layer = ((HookPoint.InBlock) place.point()).layer();
    return spec.depth().sites().stream()
        .filter(site -> site.layer() == layer)
        .filter(site -> site.sublayer() == Site.Sublayer.MLP ? !toMiddle : !fromMiddle)
        .toList();
  }

  /// The cosine at each position, `[pos]`; NaN where a vector has no length.
  static Tensor cosine(Tensor a, Tensor b) {
    return a.times(b).sum("d_model").dividedBy(a.norm("d_model")).dividedBy(b.norm("d_model"));
  }
}
