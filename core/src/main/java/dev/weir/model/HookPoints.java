package dev.weir.model;

import dev.weir.model.BlockSpec.Wiring;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import java.util.ArrayList;
import java.util.List;

/// Which hook points a run of a model passes.
final class HookPoints {

  private HookPoints() {}

  /// All of them, in the order of the computation.
  static List<HookPoint> of(TransformerSpec spec) {
    List<HookPoint> points = new ArrayList<>();
    points.add(new HookPoint.Embed());
    if (spec.positions() instanceof PositionCode.Learned) {
      points.add(new HookPoint.PosEmbed());
    }
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      points.addAll(inBlock(layer, spec.blocks().get(layer)));
    }
    addNorm(points, spec.lnFinal(), new NormSite.LnFinal());
    return points;
  }

  private static List<HookPoint> inBlock(int layer, BlockSpec spec) {
    boolean hasMlp = !(spec.mlp() instanceof MlpSpec.NoMlp);
    List<HookPoint> points = new ArrayList<>();
    for (HookPoint.InBlock point : HookPoint.inBlock(layer)) {
      switch (point) {
        case HookPoint.AttnIn _ -> {
          points.add(point);
          addNorm(points, spec.ln1(), new NormSite.Ln1(layer));
        }
        case HookPoint.AttnOut _ -> {
          addNorm(points, spec.ln1Post(), new NormSite.Ln1Post(layer));
          points.add(point);
        }
        case HookPoint.RotatedQuery _, HookPoint.RotatedKey _ -> {
          if (spec.attention().positions() instanceof PositionCode.Rotary) {
            points.add(point);
          }
        }
        case HookPoint.ResidMid _ -> {
          if (spec.wiring() == Wiring.SEQUENTIAL && hasMlp) {
            points.add(point);
          }
        }
        case HookPoint.MlpIn _ -> {
          if (hasMlp) {
            points.add(point);
            addNorm(points, spec.ln2(), new NormSite.Ln2(layer));
          }
        }
        case HookPoint.MlpPreLinear _ -> {
          if (spec.mlp() instanceof MlpSpec.Gated) {
            points.add(point);
          }
        }
        case HookPoint.MlpOut _ -> {
          addNorm(points, spec.ln2Post(), new NormSite.Ln2Post(layer));
          if (hasMlp) {
            points.add(point);
          }
        }
        case HookPoint.MlpPre _, HookPoint.MlpPost _ -> {
          if (hasMlp) {
            points.add(point);
          }
        }
        case HookPoint.ResidPre _,
            HookPoint.Query _,
            HookPoint.Key _,
            HookPoint.Value _,
            HookPoint.AttnScores _,
            HookPoint.Pattern _,
            HookPoint.Z _,
            HookPoint.HeadResult _,
            HookPoint.ResidPost _ ->
            points.add(point);
      }
    }
    return points;
  }

  private static void addNorm(List<HookPoint> points, NormSpec norm, NormSite site) {
    if (!(norm instanceof NormSpec.NoNorm)) {
      points.add(new HookPoint.NormScale(site));
      points.add(new HookPoint.NormNormalized(site));
    }
  }
}
