package dev.weir.pathway;

import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Several copies of the stream, and what was added from outside, which every reader sees in full.
///
/// @param lanes each `[batch, pos, d_model]`
/// @param outside `[batch, pos, d_model]`, if anything
record Lanes(List<Tensor> lanes, Optional<Tensor> outside) {

  Lanes {
    lanes = List.copyOf(lanes);
  }

  /// One reading of all lanes, `[batch, pos, d_model]`.
  ///
  /// @param weights `[lane]` or `[batch, pos, lane]`
  Tensor mixed(Tensor weights) {
    return Sources.mix(lanes, weights.rename("lane", "source"));
  }

  Tensor seen(Tensor reading) {
    return outside.map(reading::plus).orElse(reading);
  }

  /// Each tensor changed: the lanes, then what was added from outside.
  ///
  /// @param change what becomes of one, same shape
  Lanes map(UnaryOperator<Tensor> change) {
    return new Lanes(lanes.stream().map(change).toList(), outside.map(change));
  }

  Lanes plusOutside(Tensor delta) {
    return new Lanes(lanes, Optional.of(outside.map(o -> o.plus(delta)).orElse(delta)));
  }

  /// `H'_j = Σ_i R_ij H_i + B_j out`.
  ///
  /// @param mixing `R`, `[lane, to]`, or for each token
  /// @param shares `B`, `[lane]`, or for each token
  /// @param out what a sublayer wrote, `[batch, pos, d_model]`
  Lanes written(Tensor mixing, Tensor shares, Tensor out) {
    List<Tensor> after = new ArrayList<>();
    for (int to = 0; to < lanes.size(); to++) {
      after.add(mixed(mixing.at("to", to)).plus(out.times(shares.at("lane", to))));
    }
    return new Lanes(after, outside);
  }

  /// The operations of one reading and one write of so many lanes.
  static double flops(double lanes, double width) {
    return PathwayCost.mix(lanes, width) + lanes * (2 * lanes + 1) * width;
  }

  /// The vectors that one reading and one write of so many lanes move.
  static double moved(double lanes) {
    return lanes + 1 + 2 * lanes + 1;
  }

  /// Centred and scaled, without a gain, `[batch, pos, d_model]`.
  static Tensor unit(Tensor lane, double epsilon) {
    Tensor centred = lane.minus(lane.mean("d_model"));
    return centred.times(Sources.inverseRms(centred, epsilon).to(lane.dtype()));
  }

  static List<Double> identity(int lanes) {
    List<Double> identity = new ArrayList<>();
    for (int i = 0; i < lanes * lanes; i++) {
      identity.add(i / lanes == i % lanes ? 1.0 : 0.0);
    }
    return identity;
  }
}
