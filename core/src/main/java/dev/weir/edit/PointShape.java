package dev.weir.edit;

import dev.weir.model.AttentionSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MlpSpec;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Axis;
import java.util.Optional;

/// What the values at a hook point are made of, as far as edits care.
///
/// @param vector the axis along which directions lie, where there is one
/// @param heads the axis that counts heads, where there is one
record PointShape(Optional<Axis> vector, Optional<Axis> heads) {

  static PointShape of(HookPoint point, TransformerSpec spec) {
    Axis stream = new Axis("d_model", spec.dModel());
    return switch (point) {
      case HookPoint.Embed _, HookPoint.PosEmbed _, HookPoint.NormNormalized _ ->
          new PointShape(Optional.of(stream), Optional.empty());
      case HookPoint.NormScale _, HookPoint.Route _ ->
          new PointShape(Optional.empty(), Optional.empty());
      case HookPoint.InBlock place -> inBlock(place, spec, stream);
    };
  }

  private static PointShape inBlock(HookPoint.InBlock point, TransformerSpec spec, Axis stream) {
    return point instanceof HookPoint.InLocal(HookPoint.InBlock like)
        ? inBlock(like, shortAttention(spec, point.layer()), spec, stream)
        : inBlock(point, spec.blocks().get(point.layer()).attention(), spec, stream);
  }

  private static AttentionSpec shortAttention(TransformerSpec spec, int layer) {
    return switch (spec.blocks().get(layer).local().sublayer()) {
      case LocalMixing.Sublayer.ShortSwa(AttentionSpec attention) -> attention;
      case LocalMixing.Sublayer.None _, LocalMixing.Sublayer.ShortConv _ ->
          throw new IllegalStateException("only short attention has inner places");
    };
  }

  private static PointShape inBlock(
      HookPoint.InBlock point, AttentionSpec attention, TransformerSpec spec, Axis stream) {
    Optional<Axis> head = Optional.of(new Axis("head", attention.nHeads()));
    Optional<Axis> kvHead = Optional.of(new Axis("kv_head", attention.nKvHeads()));
    Optional<Axis> dHead = Optional.of(new Axis("d_head", attention.dHead()));
    return switch (point) {
      case HookPoint.ResidPre _,
          HookPoint.ResidMid _,
          HookPoint.ResidPost _,
          HookPoint.AttnIn _,
          HookPoint.MlpIn _,
          HookPoint.LocalIn _,
          HookPoint.LocalOut _,
          HookPoint.ResidLocal _,
          HookPoint.QueryIn _,
          HookPoint.KeyIn _,
          HookPoint.ValueIn _,
          HookPoint.AttnOut _,
          HookPoint.MlpOut _ ->
          new PointShape(Optional.of(stream), Optional.empty());
      case HookPoint.Query _, HookPoint.RotatedQuery _, HookPoint.Z _ ->
          new PointShape(dHead, head);
      case HookPoint.Key _, HookPoint.RotatedKey _, HookPoint.Value _ ->
          new PointShape(dHead, kvHead);
      case HookPoint.AttnScores _, HookPoint.Pattern _ -> new PointShape(Optional.empty(), head);
      case HookPoint.InLocal(HookPoint.InBlock like) -> inBlock(like, attention, spec, stream);
      case HookPoint.HeadResult _ -> new PointShape(Optional.of(stream), head);
      case HookPoint.MlpPre _, HookPoint.MlpPreLinear _, HookPoint.MlpPost _ ->
          new PointShape(neurons(spec, point.layer()), Optional.empty());
    };
  }

  private static Optional<Axis> neurons(TransformerSpec spec, int layer) {
    return switch (spec.blocks().get(layer).mlp()) {
      case MlpSpec.NoMlp() -> Optional.empty();
      case MlpSpec.Plain(int dMlp, _, _) -> Optional.of(new Axis("d_mlp", dMlp));
      case MlpSpec.Gated(int dMlp, _, _) -> Optional.of(new Axis("d_mlp", dMlp));
    };
  }
}
