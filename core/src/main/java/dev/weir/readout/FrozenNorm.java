package dev.weir.readout;

import dev.weir.model.BlockSpec;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A norm with the scale that it had in a run: what remains is linear, but for its shift.
///
/// @param norm which norm
/// @param scale what it divided by, `[pos]`; no norm has none
public record FrozenNorm(Norm norm, Optional<Tensor> scale) {

  /// No norm at all.
  public static FrozenNorm none() {
    return new FrozenNorm(new Norm.NoNorm(), Optional.empty());
  }

  /// The norm that a sublayer writes through, with the scale that it had in a run; none where it
  /// writes through none.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept the scales of post-norms
  /// @param site the sublayer
  static FrozenNorm after(Transformer model, StreamTrace trace, Site site) {
    BlockSpec block = model.spec().blocks().get(site.layer());
    return switch (site.sublayer()) {
      case ATTENTION -> after(model, trace, block.ln1Post(), new NormSite.Ln1Post(site.layer()));
      case MLP -> after(model, trace, block.ln2Post(), new NormSite.Ln2Post(site.layer()));
      case LOCAL, UNEMBED -> none();
    };
  }

  private static FrozenNorm after(
      Transformer model, StreamTrace trace, NormSpec spec, NormSite site) {
    Norm norm = Norm.of(spec, model.parameters(), site.path());
    return norm instanceof Norm.NoNorm ? none() : recorded(norm, site, trace);
  }

  /// A norm with the scale that a trace recorded.
  static FrozenNorm recorded(Norm norm, NormSite site, StreamTrace trace) {
    return new FrozenNorm(
        norm, Optional.of(Wide.of(trace.get(new HookPoint.NormScale(site))).at("one", 0)));
  }

  /// What becomes of a part of what the norm reads, same shape; of a part that is the same
  /// everywhere, `[d_model]`, it is `[pos, d_model]`, since the scale differs.
  ///
  /// @param part `[.., pos, d_model]` or `[d_model]`
  public Tensor applied(Tensor part) {
    if (scale.isEmpty()) {
      return part;
    }
    Tensor scaled = norm.centre(part).dividedBy(scale.get());
    Tensor gained = gain().map(scaled::times).orElse(scaled);
    return part.shape().rank() == 1 ? gained.order("pos", "d_model") : gained;
  }

  /// The direction before the norm that a part must point to, for its image to point to `direction`
  /// after it: the transpose of [#applied].
  ///
  /// @param direction `[d_model]` or `[pos, d_model]`
  /// @return `[d_model]` without a norm, `[pos, d_model]` with one
  public Tensor before(Tensor direction) {
    if (scale.isEmpty()) {
      return direction;
    }
    Tensor gained = gain().map(direction::times).orElse(direction);
    Tensor centred = norm.centre(gained);
    return centred.dividedBy(scale.get()).order("pos", "d_model");
  }

  /// What a norm's gain and centring make of weights that read through it, so that they can be
  /// applied to the stream itself, `[.., d_model]`.
  ///
  /// @param norm which norm
  /// @param weights any shape with an axis `d_model`
  static Tensor unscaled(Norm norm, Tensor weights) {
    Tensor gained = gain(norm).map(weights::times).orElse(weights);
    List<String> names = new ArrayList<>(gained.shape().names());
    names.remove("d_model");
    names.add("d_model");
    return norm.centre(gained.order(names.toArray(String[]::new)));
  }

  private Optional<Tensor> gain() {
    return gain(norm);
  }

  private static Optional<Tensor> gain(Norm norm) {
    return switch (norm) {
      case Norm.LayerNorm(Tensor weight, Tensor _, double _) -> Optional.of(Wide.of(weight));
      case Norm.RmsNorm rms -> Optional.of(Wide.of(rms.gain()));
      case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> Optional.empty();
    };
  }

  /// What the norm adds whatever it reads, `[d_model]`.
  public Optional<Tensor> shift() {
    return switch (norm) {
      case Norm.LayerNorm(Tensor _, Tensor bias, double _) -> Optional.of(Wide.of(bias));
      case Norm.RmsNorm _, Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ ->
          Optional.empty();
    };
  }
}
