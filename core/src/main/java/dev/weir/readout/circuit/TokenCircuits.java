package dev.weir.readout.circuit;

import dev.weir.readout.circuit.Circuits.Biases;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.readout.circuit.TokenWeight.Ends;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.LinearAlgebra.Svd;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Heads and MLPs in tokens: which tokens a head promotes when it attends to one, from which tokens
/// to which it attends, and the strongest directions that a map reads and writes, with the tokens
/// that they speak of. Everything goes straight from the embedding, or to the unembedding, past all
/// other blocks, and without the sizes that norms divide by.
public final class TokenCircuits {
  private final StreamWeights weights;
  private final Circuits circuits;

  private TokenCircuits(Circuits circuits) {
    this.circuits = circuits;
    this.weights = circuits.weights();
  }

  /// Which map of an MLP.
  public enum MlpMap {
    /// What its neurons read.
    IN,
    /// What its gates read.
    GATE,
    /// What its neurons write.
    OUT
  }

  /// One direction that a map passes on.
  ///
  /// @param index 0 for the strongest
  /// @param value its singular value
  /// @param reads the tokens whose embeddings lie along what is read, as the embedding's product
  ///   with the unit vector
  /// @param writes the tokens that what is written promotes, as the unit vector's product with the
  ///   unembedding; its sign and that of `reads` turn together
  public record Direction(int index, double value, Ends reads, Ends writes) {}

  /// Of these circuits.
  ///
  /// @param circuits of a model whose stream only adds
  /// @throws CircuitException if the pathway does more than add
  public static TokenCircuits of(Circuits circuits) {
    circuits.weights().requireAdditive("Circuits from token to token");
    return new TokenCircuits(circuits);
  }

  /// What a head adds to the logits when it attends to a token: a row of `W_E W_V W_O W_U`.
  ///
  /// @param layer the block
  /// @param head which head
  /// @param token the token attended to
  /// @param count how many tokens of each end
  public Ends promoted(int layer, int head, int token, int count) {
    weights.requireHead(layer, head);
    weights.requireToken(token, weights.spec().dVocab());
    try (Scope _ = Scope.open()) {
      FactoredMatrix circuit = circuits.tokenOv(ov(layer, head));
      return Ends.of(circuit.rows(token, 1).at("from", 0), count);
    }
  }

  /// To which tokens a head attends from a token, and to which least: a row of `W_E W_Q W_Kᵀ W_Eᵀ`
  /// times the attention's scale, in units of scores before the softmax.
  ///
  /// @param layer the block
  /// @param head which head
  /// @param token the token attended from
  /// @param positions where query and key stand
  /// @param count how many tokens of each end
  public Ends attended(int layer, int head, int token, Positions positions, int count) {
    weights.requireHead(layer, head);
    weights.requireToken(token, weights.spec().dVocab());
    try (Scope _ = Scope.open()) {
      FactoredMatrix qk = circuits.qk(layer, positions, Biases.LEFT_OUT).at("head", head);
      FactoredMatrix circuit = circuits.tokenQk(qk);
      Tensor scores = circuit.rows(token, 1).at("from", 0);
      return Ends.of(scores.times(weights.attention(layer).scale()), count);
    }
  }

  /// Which tokens a head copies best: the diagonal of `W_E W_V W_O W_U`, what it adds to the logit
  /// of the very token that it attends to.
  ///
  /// @param layer the block
  /// @param head which head
  /// @param count how many tokens of each end
  public Ends copied(int layer, int head, int count) {
    weights.requireHead(layer, head);
    try (Scope _ = Scope.open()) {
      FactoredMatrix circuit = circuits.tokenOv(ov(layer, head));
      Tensor diagonal = circuit.left().times(circuit.right().rename("to", "from")).sum("rank");
      return Ends.of(diagonal, count);
    }
  }

  /// The strongest directions of `W_V W_O`.
  ///
  /// @param layer the block
  /// @param head which head
  /// @param directions how many
  /// @param count how many tokens of each end
  public List<Direction> ov(int layer, int head, int directions, int count) {
    weights.requireHead(layer, head);
    try (Scope _ = Scope.open()) {
      Svd svd = ov(layer, head).svd();
      return directions(svd.u(), svd.s(), svd.v(), directions, count);
    }
  }

  /// The strongest directions among what the neurons of a block read or write; each is a direction
  /// of the stream and has no other side.
  ///
  /// @param layer the block
  /// @param map which map
  /// @param directions how many
  /// @param count how many tokens of each end
  public List<Direction> mlp(int layer, MlpMap map, int directions, int count) {
    try (Scope _ = Scope.open()) {
      Tensor weight =
          switch (map) {
            case IN -> weights.in(layer);
            case GATE -> weights.gate(layer);
            case OUT -> weights.out(layer);
          };
      Svd svd = LinearAlgebra.svd(weight, "d_mlp", "d_model");
      Tensor side = svd.v().rename("d_model", "to");
      return directions(side.rename("to", "from"), svd.s(), side, directions, count);
    }
  }

  private FactoredMatrix ov(int layer, int head) {
    return circuits.ov(layer, Biases.LEFT_OUT).at("head", head);
  }

  private List<Direction> directions(Tensor u, Tensor s, Tensor v, int directions, int count) {
    double[] values = s.toDoubles();
    Tensor reads = weights.embedding().dot(u.rename("from", "d_model"), "d_model");
    Tensor writes = v.rename("to", "d_model").dot(weights.unembedding(), "d_model");
    List<Direction> found = new ArrayList<>();
    for (int i : IntStream.range(0, Math.min(directions, values.length)).toArray()) {
      found.add(
          new Direction(
              i,
              values[i],
              Ends.of(reads.at("rank", i), count),
              Ends.of(writes.at("rank", i), count)));
    }
    return found;
  }
}
