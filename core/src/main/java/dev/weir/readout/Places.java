package dev.weir.readout;

import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import java.util.ArrayList;
import java.util.List;

/// Where along depth the stream is looked at.
public enum Places {
  /// Entering each block, and after the last: `0_pre, 1_pre, …, final_post`.
  LAYERS,
  /// Before each sublayer, and after the last: `0_pre, 0_mid, 1_pre, …, final_post`. Blocks whose
  /// attention and MLP read the same stream have no middle.
  SUBLAYERS,
  /// What each sublayer reads, which on some pathways is no stream of the plain kind: `0_attn_in,
  /// 0_mlp_in, …, final_post`, with `0_q_input, 0_k_input, 0_v_input` where these read apart.
  READINGS;

  /// One of them.
  ///
  /// @param label short, as TransformerLens labels it
  /// @param point its hook point
  public record Place(String label, HookPoint point) {}

  /// What a run must keep.
  public Capture capture() {
    return switch (this) {
      case LAYERS -> Capture.matching("blocks.*.hook_resid_pre", "blocks.*.hook_resid_post");
      case SUBLAYERS -> Capture.matching("blocks.*.hook_resid_*");
      case READINGS ->
          Capture.matching(
              "blocks.*.hook_*_in?", "blocks.*.hook_*_input?", "blocks.*.hook_resid_post");
    };
  }

  /// The places of a model, first to last.
  ///
  /// @param spec the model
  public List<Place> of(TransformerSpec spec) {
    if (this == READINGS) {
      return readings(spec);
    }
    List<Place> places = new ArrayList<>();
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      places.add(new Place(layer + "_pre", new HookPoint.ResidPre(layer)));
      if (this == SUBLAYERS && hasMiddle(spec.blocks().get(layer))) {
        places.add(new Place(layer + "_mid", new HookPoint.ResidMid(layer)));
      }
    }
    places.add(new Place("final_post", new HookPoint.ResidPost(spec.nLayers() - 1)));
    return places;
  }

  private static List<Place> readings(TransformerSpec spec) {
    List<Place> places = new ArrayList<>();
    for (HookPoint point : spec.hookPoints()) {
      switch (point) {
        case HookPoint.LocalIn _,
            HookPoint.AttnIn _,
            HookPoint.QueryIn _,
            HookPoint.KeyIn _,
            HookPoint.ValueIn _,
            HookPoint.MlpIn _ -> {
          HookPoint.InBlock place = (HookPoint.InBlock) point;
          places.add(
              new Place(place.layer() + "_" + place.local().substring("hook_".length()), point));
        }
        case HookPoint.InBlock _,
            HookPoint.AtNorm _,
            HookPoint.Route _,
            HookPoint.Embed _,
            HookPoint.PosEmbed _ -> {}
      }
    }
    places.add(new Place("final_post", new HookPoint.ResidPost(spec.nLayers() - 1)));
    return places;
  }

  static boolean hasMiddle(BlockSpec block) {
    return block.wiring() == BlockSpec.Wiring.SEQUENTIAL && !(block.mlp() instanceof MlpSpec.NoMlp);
  }
}
