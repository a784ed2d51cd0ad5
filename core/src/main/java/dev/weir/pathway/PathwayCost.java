package dev.weir.pathway;

/// What a pathway costs beyond the plain stream, counted from its equations. Numbers are those of
/// the whole depth; "elements" are numbers of whatever size the model computes in.
///
/// @param parameters how many weights
/// @param flops floating-point operations per token, forward, a multiplication and an addition
///   counting as two
/// @param moved elements read and written per token, forward, if every step reads its inputs from
///   memory and writes its result there
/// @param kept elements per token that training keeps for the backward pass
/// @param remembered elements per sequence that decoding keeps from token to token
/// @param passing elements per token that decoding holds only while the token runs
/// @param payload how many vectors of `d_model` cross the last of several pipeline stages, where
///   the plain stream has one
public record PathwayCost(
    double parameters,
    double flops,
    double moved,
    double kept,
    double remembered,
    double passing,
    double payload) {

  /// Nothing beyond the plain stream.
  public static PathwayCost none() {
    return new PathwayCost(0, 0, 0, 0, 0, 0, 1);
  }
}
