package dev.weir.pathway;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// A causal convolution along the sequence, each feature by itself: the shortest of local mixers.
public final class ShortConv {
  private static final long FEW = 8;

  private ShortConv() {}

  /// The operations for each feature of a position.
  ///
  /// @param taps how many positions it sees, itself included
  public static double flops(int taps) {
    return 2.0 * taps - 1;
  }

  /// `y_t = Σ_i w_i x_{t−(taps−1)+i}`: the last tap sees the position itself.
  ///
  /// @param x `[batch, pos, ..]`
  /// @param weights `tap` and any of the axes of `x`
  /// @param where the name of this place, for what came before
  /// @param past what came before along the sequence
  /// @return same shape as `x`
  public static Tensor apply(Tensor x, Tensor weights, String where, Past past) {
    int taps = Math.toIntExact(weights.size("tap"));
    return over(past.before(where, x, taps - 1), weights);
  }

  /// The same, given what came before.
  ///
  /// @param padded `x` with as many positions before it as there are taps but one
  /// @param weights `tap` and any of the axes of `x`
  /// @return same shape as `x`
  static Tensor over(Tensor padded, Tensor weights) {
    if (canFuse(padded, weights)) {
      return Fused.convolution(padded, weights);
    }
    return padded.size("pos") == weights.size("tap")
        ? ofOnePosition(padded, weights)
        : tapByTap(padded, weights);
  }

  /// Few positions are done tap by tap before the engine has prepared for its one pass.
  private static boolean canFuse(Tensor padded, Tensor weights) {
    List<Axis> axes = padded.shape().axes();
    return padded.dtype() == DType.FLOAT32
        && axes.size() > 2
        && axes.get(1).name().equals("pos")
        && axes.get(1).size() - weights.size("tap") >= FEW
        && Set.copyOf(axes.subList(2, axes.size()))
            .equals(Set.copyOf(weights.shape().without("tap").axes()));
  }

  private static Tensor ofOnePosition(Tensor padded, Tensor weights) {
    Tensor sum = padded.times(weights.rename("tap", "pos")).sum("pos");
    List<String> order = padded.shape().names();
    return sum.repeat(new Axis("pos", 1)).order(order.toArray(String[]::new));
  }

  private static Tensor tapByTap(Tensor padded, Tensor weights) {
    long taps = weights.size("tap");
    long length = padded.size("pos") - (taps - 1);
    Tensor sum = padded.slice("pos", 0, length).times(weights.at("tap", 0));
    for (long tap = 1; tap < taps; tap++) {
      sum = sum.plusProduct(padded.slice("pos", tap, length), weights.at("tap", tap));
    }
    return sum;
  }
}
