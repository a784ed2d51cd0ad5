package dev.weir.model;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Tensor;
import java.util.function.UnaryOperator;

/// Brings a value to unit size before it is read. Sizes are taken in float32 at least.
public sealed interface Norm {

  /// The value as it is.
  record NoNorm() implements Norm {}

  /// Centres, scales, then shifts (Ba et al. 2016, arXiv:1607.06450).
  ///
  /// @param weight the gain, `[d_model]`
  /// @param bias the shift, `[d_model]`
  /// @param epsilon added to the variance
  record LayerNorm(Tensor weight, Tensor bias, double epsilon) implements Norm {}

  /// Centres and scales.
  ///
  /// @param epsilon added to the variance
  record LayerNormPre(double epsilon) implements Norm {}

  /// Scales only (Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4).
  ///
  /// @param weight the stored gain, `[d_model]`
  /// @param meaning how the stored gain acts
  /// @param epsilon added to the mean square
  record RmsNorm(Tensor weight, NormSpec.Gain meaning, double epsilon) implements Norm {

    /// The gain as it acts, `[d_model]`.
    public Tensor gain() {
      return switch (meaning) {
        case PLAIN -> weight;
        case OFFSET_BY_ONE -> weight.plus(1);
      };
    }
  }

  /// Scales only, without a gain.
  ///
  /// @param epsilon added to the mean square
  record RmsNormPre(double epsilon) implements Norm {}

  /// The norm whose weights stand at a path of a model.
  ///
  /// @param spec which norm
  /// @param parameters the model's numbers
  /// @param path for instance `blocks.0.ln1`
  static Norm of(NormSpec spec, Parameters parameters, String path) {
    return switch (spec) {
      case NormSpec.NoNorm() -> new NoNorm();
      case NormSpec.LayerNorm(double epsilon) ->
          new LayerNorm(parameters.get(path + ".w"), parameters.get(path + ".b"), epsilon);
      case NormSpec.LayerNormPre(double epsilon) -> new LayerNormPre(epsilon);
      case NormSpec.RmsNorm(double epsilon, NormSpec.Gain meaning) ->
          new RmsNorm(parameters.get(path + ".w"), meaning, epsilon);
      case NormSpec.RmsNormPre(double epsilon) -> new RmsNormPre(epsilon);
    };
  }

  /// The normalised value, same shape as `x`.
  ///
  /// @param x the normalised axis is the innermost, `[batch, pos, d_model]`
  /// @param site which norm this is
  /// @param hooks who looks at its scale
  default Tensor forward(Tensor x, NormSite site, Hooks hooks) {
    var scalePoint = new HookPoint.NormScale(site);
    var normalizedPoint = new HookPoint.NormNormalized(site);
    boolean watched = hooks.touches(scalePoint) || hooks.touches(normalizedPoint);
    return switch (this) {
      case NoNorm() -> x;
      case LayerNorm(Tensor weight, Tensor bias, double epsilon) when !watched ->
          Fused.layerNorm(x, weight, bias, epsilon);
      case LayerNorm(Tensor weight, Tensor bias, double _) ->
          watched(x, site, hooks).times(weight).plus(bias);
      case RmsNorm norm -> watched(x, site, hooks).times(norm.gain());
      case LayerNormPre _, RmsNormPre _ -> watched(x, site, hooks);
    };
  }

  private Tensor watched(Tensor x, NormSite site, Hooks hooks) {
    Tensor wide = widened(x);
    Tensor centred = centre(wide);
    var scalePoint = new HookPoint.NormScale(site);
    Tensor scale = scaleOf(centred);
    if (hooks.touches(scalePoint)) {
      scale = hooks.apply(scalePoint, asColumn(scale)).at("one", 0);
    }
    Tensor normalized = centred.dividedBy(scale).to(x.dtype());
    var normalizedPoint = new HookPoint.NormNormalized(site);
    return hooks.touches(normalizedPoint) ? hooks.apply(normalizedPoint, normalized) : normalized;
  }

  /// The same norm with its stored weights changed.
  ///
  /// @param change what to do to a weight, `[d_model]`
  default Norm mapWeights(UnaryOperator<Tensor> change) {
    return switch (this) {
      case LayerNorm(Tensor weight, Tensor bias, double epsilon) ->
          new LayerNorm(change.apply(weight), change.apply(bias), epsilon);
      case RmsNorm(Tensor weight, NormSpec.Gain meaning, double epsilon) ->
          new RmsNorm(change.apply(weight), meaning, epsilon);
      case NoNorm _, LayerNormPre _, RmsNormPre _ -> this;
    };
  }

  /// What this norm divides `x` by, `[batch, pos]`.
  ///
  /// @param x before the norm, `[batch, pos, d_model]`
  default Tensor scale(Tensor x) {
    return scaleOf(centre(widened(x)));
  }

  /// `x` without its mean, where this norm subtracts it; same shape.
  ///
  /// @param x before the norm, `[.., d_model]`
  default Tensor centre(Tensor x) {
    return switch (this) {
      case LayerNorm _, LayerNormPre _ -> x.minus(x.mean(innermost(x)));
      case NoNorm _, RmsNorm _, RmsNormPre _ -> x;
    };
  }

  private Tensor scaleOf(Tensor centred) {
    return switch (this) {
      case NoNorm() -> centred.square().mean(innermost(centred)).times(0).plus(1);
      case LayerNorm(_, _, double epsilon) -> root(centred, epsilon);
      case LayerNormPre(double epsilon) -> root(centred, epsilon);
      case RmsNorm(_, _, double epsilon) -> root(centred, epsilon);
      case RmsNormPre(double epsilon) -> root(centred, epsilon);
    };
  }

  private static Tensor asColumn(Tensor scale) {
    Axis last = scale.shape().axes().getLast();
    return scale.split(last.name(), last, new Axis("one", 1));
  }

  private static Tensor root(Tensor centred, double epsilon) {
    return centred.square().mean(innermost(centred)).plus(epsilon).sqrt();
  }

  private static Tensor widened(Tensor x) {
    return x.dtype() == DType.FLOAT64 ? x : x.to(DType.FLOAT32);
  }

  private static String innermost(Tensor x) {
    return x.shape().axes().getLast().name();
  }
}
