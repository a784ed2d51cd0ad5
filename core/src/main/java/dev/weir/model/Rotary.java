package dev.weir.model;

import dev.weir.model.PositionCode.Pairing;
import dev.weir.model.PositionCode.RotaryScaling;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;

/// Turns queries and keys by angles that grow with the position (Su et al. 2021, arXiv:2104.09864,
/// eq. 34), with the scalings in use for longer texts.
///
/// @param code the base, the pairing and the scaling
/// @param nCtx the longest text the model was made for, in tokens
record Rotary(PositionCode.Rotary code, int nCtx) {

  /// Cosines and sines of one run.
  ///
  /// @param cos `[pos, half]`, or with `batch` in front
  /// @param sin same shape
  record Angles(Tensor cos, Tensor sin) {}

  /// The angles at some positions.
  ///
  /// @param positions int64, `[pos]` or `[batch, pos]`
  /// @param length how many tokens the whole text has so far
  /// @param like a tensor whose dtype and device the angles take
  Angles angles(Tensor positions, long length, Tensor like) {
    double[] frequencies = frequencies(length);
    double factor = attentionFactor();
    long[] at = positions.toLongs();
    double[] cos = new double[at.length * frequencies.length];
    double[] sin = new double[cos.length];
    for (int i = 0; i < at.length; i++) {
      for (int j = 0; j < frequencies.length; j++) {
        double angle = at[i] * frequencies[j];
        cos[i * frequencies.length + j] = factor * Math.cos(angle);
        sin[i * frequencies.length + j] = factor * Math.sin(angle);
      }
    }
    Shape shape = withHalf(positions.shape(), frequencies.length);
    return new Angles(
        Tensor.of(cos, shape).to(like.dtype()).to(like.device()),
        Tensor.of(sin, shape).to(like.dtype()).to(like.device()));
  }

  private static Shape withHalf(Shape positions, int half) {
    Axis last = positions.axes().getLast();
    return positions.with(last.name(), last, new Axis("half", half));
  }

  /// The turned queries or keys, same shape.
  ///
  /// @param x `[batch, pos, head, d_head]` or with `kv_head`
  /// @param angles their angles
  Tensor turn(Tensor x, Angles angles) {
    int dHead = (int) x.size("d_head");
    Tensor turned = turnPairs(x.slice("d_head", 0, code.dimensions()), angles);
    return code.dimensions() == dHead
        ? turned
        : Tensor.concat(
            "d_head",
            List.of(
                turned, x.slice("d_head", code.dimensions(), dHead - (long) code.dimensions())));
  }

  /// The queries turned by the angle between them and keys some positions before, same shape: the
  /// product of a query and a key depends on nothing else (the paper's eq. 16). Where angles depend
  /// on the length of the text, they are those of the shortest text that holds both.
  ///
  /// @param queries `[.., d_head]`
  /// @param offset how many positions the key lies before the query
  Tensor turnedApart(Tensor queries, int offset) {
    Tensor placed = queries.repeat(new Axis("pos", 1));
    Tensor position = Tensor.range(offset, new Axis("pos", 1));
    Tensor turned = turn(placed, angles(position, offset + 1L, queries));
    return turned.at("pos", 0).times(attentionFactor());
  }

  private Tensor turnPairs(Tensor x, Angles angles) {
    Axis two = new Axis("two", 2);
    Axis half = new Axis("half", code.dimensions() / 2);
    boolean halves = code.pairing() == Pairing.HALVES;
    Tensor pairs = halves ? x.split("d_head", two, half) : x.split("d_head", half, two);
    Tensor a = pairs.at("two", 0);
    Tensor b = pairs.at("two", 1);
    Tensor turnedA = a.times(angles.cos()).minus(b.times(angles.sin()));
    Tensor turnedB = b.times(angles.cos()).plus(a.times(angles.sin()));
    String[] order = pairs.shape().names().toArray(String[]::new);
    return Tensor.stack("two", List.of(turnedA, turnedB))
        .order(order)
        .merge("d_head", halves ? new String[] {"two", "half"} : new String[] {"half", "two"});
  }

  /// Whether a text of one length is turned with other angles than one of another length.
  ///
  /// @param length in tokens
  /// @param other in tokens
  boolean sameAngles(long length, long other) {
    return switch (code.scaling()) {
      case RotaryScaling.LongRope(_, _, int original, _) ->
          (length > original) == (other > original);
      case RotaryScaling _ -> true;
    };
  }

  private double attentionFactor() {
    return switch (code.scaling()) {
      case RotaryScaling.Yarn yarn -> yarn.attentionFactor();
      case RotaryScaling.LongRope longRope -> longRope.attentionFactor();
      case RotaryScaling.Unscaled _,
          RotaryScaling.Linear _,
          RotaryScaling.DynamicNtk _,
          RotaryScaling.Llama3 _ ->
          1;
    };
  }

  /// One frequency for each pair of dimensions, radians per token.
  double[] frequencies(long length) {
    double[] frequencies = new double[code.dimensions() / 2];
    for (int j = 0; j < frequencies.length; j++) {
      frequencies[j] = frequency(j, length);
    }
    return frequencies;
  }

  private double frequency(int j, long length) {
    double plain = plain(j, code.theta());
    return switch (code.scaling()) {
      case RotaryScaling.Unscaled() -> plain;
      case RotaryScaling.Linear(double factor) -> plain / factor;
      case RotaryScaling.DynamicNtk dynamic -> plain(j, grownBase(dynamic, length));
      case RotaryScaling.Llama3 llama3 -> llama3(plain, llama3);
      case RotaryScaling.Yarn yarn -> yarn(j, plain, yarn);
      case RotaryScaling.LongRope longRope ->
          plain
              / (length > longRope.originalContext()
                      ? longRope.longFactors()
                      : longRope.shortFactors())
                  .get(j);
    };
  }

  private double plain(int j, double base) {
    return Math.pow(base, -2.0 * j / code.dimensions());
  }

  private double grownBase(RotaryScaling.DynamicNtk dynamic, long length) {
    double reached = Math.max(length, dynamic.originalContext());
    double stretch =
        dynamic.factor() * reached / dynamic.originalContext() - (dynamic.factor() - 1);
    return code.theta() * Math.pow(stretch, code.dimensions() / (code.dimensions() - 2.0));
  }

  private static double llama3(double plain, RotaryScaling.Llama3 scaling) {
    double wavelength = 2 * Math.PI / plain;
    double turns = scaling.originalContext() / wavelength;
    if (turns > scaling.highFrequencyFactor()) {
      return plain;
    }
    if (turns < scaling.lowFrequencyFactor()) {
      return plain / scaling.factor();
    }
    double smooth =
        (turns - scaling.lowFrequencyFactor())
            / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
    return (1 - smooth) * plain / scaling.factor() + smooth * plain;
  }

  private double yarn(int j, double plain, RotaryScaling.Yarn scaling) {
    double low = dimensionOf(scaling.betaFast(), scaling);
    double high = dimensionOf(scaling.betaSlow(), scaling);
    if (scaling.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, code.dimensions() - 1.0);
    double width = high == low ? 0.001 : high - low;
    double ramp = Math.clamp((j - low) / width, 0, 1);
    return plain / scaling.factor() * ramp + plain * (1 - ramp);
  }

  /// The dimension that makes this many turns within the original context.
  private double dimensionOf(double turns, RotaryScaling.Yarn scaling) {
    return code.dimensions()
        * Math.log(scaling.originalContext() / (turns * 2 * Math.PI))
        / (2 * Math.log(code.theta()));
  }
}
