package dev.weir.model;

import dev.weir.stream.HookPoint;
import dev.weir.stream.HookPoint.Moment;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
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
    Routes routes = new Routes(spec.pathway().routes(spec.depth()));
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      points.addAll(inBlock(layer, spec.blocks().get(layer), spec.pathway().readsApart(), routes));
    }
    points.addAll(routes.of(Site.unembed(), Moment.READ));
    addNorm(points, spec.lnFinal(), new NormSite.LnFinal());
    return points;
  }

  /// What the pathway's routing decides, by where.
  private record Routes(List<HookPoint.Route> all) {
    List<HookPoint.Route> of(Site site, Moment moment) {
      return all.stream()
          .filter(route -> route.site().equals(site) && route.moment() == moment)
          .toList();
    }
  }

  private static List<HookPoint> inBlock(
      int layer, BlockSpec spec, boolean readsApart, Routes routes) {
    List<HookPoint> points = new ArrayList<>();
    for (HookPoint.InBlock point : HookPoint.inBlock(layer)) {
      switch (point) {
        case HookPoint.ResidPre _ -> {
          points.add(point);
          points.addAll(routes.of(first(layer, spec), Moment.READ));
        }
        case HookPoint.LocalIn _ -> {
          if (spec.local().hasSublayer()) {
            points.add(point);
            addNorm(points, spec.local().ln0(), new NormSite.Ln0(layer));
          }
        }
        case HookPoint.InLocal(HookPoint.InBlock like) -> {
          if (spec.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(AttentionSpec local)
              && (!isRotated(like) || local.positions() instanceof PositionCode.Rotary)) {
            points.add(point);
          }
        }
        case HookPoint.LocalOut _ -> {
          if (spec.local().hasSublayer()) {
            points.add(point);
            points.addAll(routes.of(Site.local(layer), Moment.WRITE));
          }
        }
        case HookPoint.ResidLocal _ -> {
          if (spec.local().hasSublayer()) {
            points.add(point);
            points.addAll(routes.of(Site.attention(layer), Moment.READ));
          }
        }
        case HookPoint.AttnIn _ -> {
          if (!readsApart) {
            points.add(point);
            addNorm(points, spec.ln1(), new NormSite.Ln1(layer));
          }
        }
        case HookPoint.QueryIn _, HookPoint.KeyIn _ -> {
          if (readsApart) {
            points.add(point);
          }
        }
        case HookPoint.ValueIn _ -> {
          if (readsApart) {
            points.add(point);
            addNorm(points, spec.ln1(), new NormSite.Ln1(layer));
          }
        }
        case HookPoint.AttnOut _ -> {
          addNorm(points, spec.ln1Post(), new NormSite.Ln1Post(layer));
          points.add(point);
          points.addAll(routes.of(Site.attention(layer), Moment.WRITE));
        }
        case HookPoint.RotatedQuery _, HookPoint.RotatedKey _ -> {
          if (spec.attention().positions() instanceof PositionCode.Rotary) {
            points.add(point);
          }
        }
        case HookPoint.ResidMid _ -> {
          if (!spec.parallel() && spec.hasMlp()) {
            points.add(point);
            points.addAll(routes.of(Site.mlp(layer), Moment.READ));
          }
        }
        case HookPoint.MlpIn _ -> {
          if (spec.hasMlp()) {
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
          if (spec.hasMlp()) {
            points.add(point);
            points.addAll(routes.of(Site.mlp(layer), Moment.WRITE));
          }
        }
        case HookPoint.MlpPre _, HookPoint.MlpPost _ -> {
          if (spec.hasMlp()) {
            points.add(point);
          }
        }
        case HookPoint.Query _,
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

  private static Site first(int layer, BlockSpec spec) {
    return spec.local().hasSublayer() ? Site.local(layer) : Site.attention(layer);
  }

  private static boolean isRotated(HookPoint.InBlock point) {
    return point instanceof HookPoint.RotatedQuery || point instanceof HookPoint.RotatedKey;
  }

  private static void addNorm(List<HookPoint> points, NormSpec norm, NormSite site) {
    if (!(norm instanceof NormSpec.NoNorm)) {
      points.add(new HookPoint.NormScale(site));
      points.add(new HookPoint.NormNormalized(site));
    }
  }
}
