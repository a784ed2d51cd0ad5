package dev.weir.pathway;

import java.util.Collections;
import java.util.List;

/// What a pathway costs beyond the plain stream, counted from its equations as they are computed
/// here. Numbers are those of the whole depth; "elements" are numbers of whatever size the model
/// computes in.
///
/// **What counts as a floating-point operation.** An addition, a multiplication, a comparison and a
/// function of one number (exponential, sigmoid, root, GELU) are one each; a product of matrices
/// two for each pair of numbers multiplied; a softmax five for each number (maximum, difference,
/// exponential, sum, quotient), a logarithm of a sum of exponentials four. Moving numbers is none,
/// and neither is what depends on weights alone, which a run does once for all its tokens. What
/// routing and transport both compute counts twice, as it runs twice. Counted is a run in which
/// nobody looks at the routing ([ResidualPathway#pass]).
///
/// **What counts as moved.** Each of a pathway's steps (route, read, route, write) is one pass that
/// reads every vector it needs once and writes its result once. The plain stream moves three
/// vectors for each sublayer: what was there, what is written, the sum.
///
/// **What counts as kept.** The vectors that some gradient needs and the sublayers do not keep
/// anyway. It is an estimate: what the engine keeps is not looked at.
///
/// @param parameters how many weights
/// @param flops floating-point operations per token, forward
/// @param moved elements read and written per token, forward
/// @param kept elements per token that training keeps for the backward pass
/// @param remembered elements per sequence that decoding keeps from token to token
/// @param passing elements per token that the stream's state holds at its fullest, while the token
///   runs; of the plain stream `d_model`
/// @param payload how many vectors of `d_model` the stream's state holds after each block, first to
///   last: what crosses to the next pipeline stage if one begins there; of the plain stream 1
public record PathwayCost(
    double parameters,
    double flops,
    double moved,
    double kept,
    double remembered,
    double passing,
    List<Double> payload) {

  /// What the plain stream moves for each sublayer, in vectors.
  static final double PLAIN_MOVES = 3;

  public PathwayCost {
    payload = List.copyOf(payload);
  }

  /// Nothing beyond the plain stream.
  ///
  /// @param depth the model's depth axis
  public static PathwayCost none(Depth depth) {
    return ofOneVector(0, 0, 0, 0, depth);
  }

  /// A pathway whose state is one vector.
  ///
  /// @param parameters how many weights
  /// @param flops operations per token
  /// @param moved elements per token
  /// @param kept elements per token
  /// @param depth the model's depth axis
  static PathwayCost ofOneVector(
      double parameters, double flops, double moved, double kept, Depth depth) {
    return new PathwayCost(parameters, flops, moved, kept, 0, depth.dModel(), lanes(1, depth));
  }

  /// The payload of a state that holds as many vectors after each block.
  static List<Double> lanes(double vectors, Depth depth) {
    return Collections.nCopies(depth.nLayers(), vectors);
  }

  /// How many weights these are.
  ///
  /// @param spec the settings
  /// @param depth the model's depth axis
  static double count(PathwaySpec spec, Depth depth) {
    return spec.weights(depth).values().stream()
        .mapToDouble(weight -> weight.shape().elements())
        .sum();
  }

  /// The operations of a weighted sum of vectors.
  static double mix(double vectors, double width) {
    return (2 * vectors - 1) * width;
  }

  /// The operations of one over a vector's root mean square.
  static double inverseRms(double width) {
    return 2 * width + 2;
  }

  /// How many vectors cross a boundary of pipeline stages, the blocks dealt out evenly.
  ///
  /// @param stages how many stages
  /// @param boundary which boundary, from 1 to `stages − 1`
  public double payloadAt(int stages, int boundary) {
    int blocks = (int) ((long) boundary * payload.size() / stages);
    return blocks == 0 ? 1 : payload.get(blocks - 1);
  }
}
