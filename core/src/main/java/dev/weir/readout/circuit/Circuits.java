package dev.weir.readout.circuit;

import dev.weir.model.Folded;
import dev.weir.model.Folding;
import dev.weir.model.PositionCode;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// What each attention head does, as two maps of the stream that its four weights make together
/// (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"): `W_OV = W_V W_O`,
/// what it writes for what it attends to, and `W_QK = W_Q W_Kᵀ`, to what it attends from what. Both
/// have rank `d_head` and stay in factors. Grouped heads are paired with their keys and values.
///
/// Norms divide what is read by its size, which depends on the run; weights say the rest.
public final class Circuits {
  private final StreamWeights weights;

  private Circuits(StreamWeights weights) {
    this.weights = weights;
  }

  /// Where a query and a key stand.
  public sealed interface Positions {

    /// Nowhere: queries and keys are not turned.
    record Ignored() implements Positions {}

    /// The key lies some positions before the query: `W_Q R W_Kᵀ` with the rotation between them.
    ///
    /// @param distance in tokens
    record Apart(int distance) implements Positions {}
  }

  /// What becomes of the maps' biases.
  public enum Biases {
    /// They are left out.
    LEFT_OUT,
    /// They stand in a last row (and, of queries and keys, a last column), which belongs to a
    /// coordinate that is always 1.
    AS_A_COORDINATE
  }

  /// A head in numbers.
  ///
  /// @param layer its block
  /// @param head which head of the block
  /// @param copying `Re Σ λ / Σ |λ|` over the eigenvalues of `W_OV`
  /// @param tokenCopying the same of `W_E W_OV W_U`; empty where the stream does more than add
  /// @param ovNorm Frobenius norm of `W_OV`
  /// @param qkNorm Frobenius norm of `W_QK`, without its scale and positions
  /// @param ovRank stable rank of `W_OV`, `‖W‖_F² / ‖W‖₂²`
  /// @param qkRank stable rank of `W_QK`
  public record Head(
      int layer,
      int head,
      double copying,
      OptionalDouble tokenCopying,
      double ovNorm,
      double qkNorm,
      double ovRank,
      double qkRank) {

    /// For instance `L3H2`.
    public String label() {
      return WriterLabels.head(layer, head);
    }
  }

  /// Of a model. Gains that could not be folded are multiplied into what reads through them here.
  ///
  /// @param folded from [#fold], or by hand
  /// @throws CircuitException if something else than maps of the stream takes part in what a block
  ///   reads
  public static Circuits of(Folded folded) {
    return new Circuits(StreamWeights.of(folded));
  }

  /// A model with everything folded that leaves its predictions as they are: the coordinates in
  /// which products of weights are taken.
  ///
  /// @param model the raw model, which stays as it is
  public static Folded fold(Transformer model) {
    return Folding.fold(model, Folding.possible(model));
  }

  /// Why [#of] refuses a model, where it does.
  ///
  /// @param model any model
  public static Optional<String> objection(Transformer model) {
    return StreamWeights.objection(model.spec()).map(CircuitException::what);
  }

  StreamWeights weights() {
    return weights;
  }

  /// The folded model.
  public Transformer model() {
    return weights.model();
  }

  /// In which coordinates the weights are.
  public String coordinates() {
    String folded = weights.folded().coordinates().toString();
    return weights.gainsLeft() ? folded + ", norm gains multiplied into readers" : folded;
  }

  // ---------------------------------------------------------------- as matrices

  /// What the heads of a block write for what they attend to: `W_V W_O`, `[head, d_model,
  /// d_model]`; tensors of the current scope.
  ///
  /// @param layer the block
  /// @param biases what becomes of the values' biases; the output bias belongs to no head
  public FactoredMatrix ov(int layer, Biases biases) {
    Tensor values = withBias(weights.values(layer), weights.valueBias(layer), biases);
    return new FactoredMatrix(
        read(values), weights.outputs(layer).rename("d_head", "rank").rename("d_model", "to"));
  }

  /// From what to what the heads of a block attend: `W_Q W_Kᵀ`, rows for queries, columns for keys,
  /// `[head, d_model, d_model]`; tensors of the current scope. Scores are this times the
  /// attention's scale. Norms of queries and keys give their gains and no more.
  ///
  /// @param layer the block
  /// @param positions where query and key stand
  /// @param biases what becomes of their biases
  /// @throws CircuitException if an offset is given where positions turn nothing
  public FactoredMatrix qk(int layer, Positions positions, Biases biases) {
    Tensor queries = withBias(weights.queries(layer), weights.queryBias(layer), biases);
    Tensor keys = withBias(weights.keys(layer), weights.keyBias(layer), biases);
    return new FactoredMatrix(
        read(turned(layer, queries, positions)), read(keys).rename("from", "to"));
  }

  private Tensor turned(int layer, Tensor queries, Positions positions) {
    return switch (positions) {
      case Positions.Ignored() -> queries;
      case Positions.Apart(int distance) -> {
        if (!(weights.attention(layer).positions() instanceof PositionCode.Rotary)) {
          throw CircuitException.noRotary(layer);
        }
        yield weights.attention(layer).turned(queries, distance, model().spec().nCtx());
      }
    };
  }

  private static Tensor withBias(Tensor weight, Tensor bias, Biases biases) {
    return switch (biases) {
      case LEFT_OUT -> weight;
      case AS_A_COORDINATE ->
          Tensor.concat(
              "d_model",
              List.of(
                  weight, bias.repeat(new Axis("d_model", 1)).order("head", "d_model", "d_head")));
    };
  }

  private static Tensor read(Tensor weight) {
    return weight.rename("d_model", "from").rename("d_head", "rank");
  }

  /// What the heads of a block write to the logits for the token they attend to, through nothing
  /// else: `W_E W_V W_O W_U`, `[head, d_vocab, d_vocab]`; tensors of the current scope.
  ///
  /// @param layer the block
  /// @throws CircuitException if the pathway does more than add
  public FactoredMatrix tokenOv(int layer) {
    return tokenOv(ov(layer, Biases.LEFT_OUT));
  }

  FactoredMatrix tokenOv(FactoredMatrix ov) {
    weights.requireAdditive("Circuits from token to token");
    return ov.between(
        weights.embedding().rename("d_vocab", "from").rename("d_model", "inner"),
        weights.unembedding().rename("d_vocab", "to").rename("d_model", "inner"));
  }

  /// From what token to what token the heads of a block attend, where both are read as embedded:
  /// `W_E W_Q W_Kᵀ W_Eᵀ`, `[head, d_vocab, d_vocab]`; tensors of the current scope.
  ///
  /// @param layer the block
  /// @param positions where query and key stand
  /// @throws CircuitException if the pathway does more than add
  public FactoredMatrix tokenQk(int layer, Positions positions) {
    return tokenQk(qk(layer, positions, Biases.LEFT_OUT));
  }

  FactoredMatrix tokenQk(FactoredMatrix qk) {
    weights.requireAdditive("Circuits from token to token");
    return qk.between(
        weights.embedding().rename("d_vocab", "from").rename("d_model", "inner"),
        weights.embedding().rename("d_vocab", "to").rename("d_model", "inner"));
  }

  // ---------------------------------------------------------------- in numbers

  /// Every head, first to last.
  public List<Head> heads() {
    List<Head> heads = new ArrayList<>();
    for (int layer = 0; layer < model().spec().nLayers(); layer++) {
      heads.addAll(heads(layer));
    }
    return heads;
  }

  private List<Head> heads(int layer) {
    try (Scope _ = Scope.open()) {
      FactoredMatrix ov = ov(layer, Biases.LEFT_OUT);
      FactoredMatrix qk = qk(layer, new Positions.Ignored(), Biases.LEFT_OUT);
      double[] copying = ov.copying().toDoubles();
      double[] tokens = comparesTokens() ? tokenOv(layer).copying().toDoubles() : new double[0];
      double[] ovNorms = ov.norm().toDoubles();
      double[] qkNorms = qk.norm().toDoubles();
      double[] ovLongest = ov.singularValues().at("rank", 0).toDoubles();
      double[] qkLongest = qk.singularValues().at("rank", 0).toDoubles();
      List<Head> heads = new ArrayList<>();
      for (int head = 0; head < copying.length; head++) {
        heads.add(
            new Head(
                layer,
                head,
                copying[head],
                tokens.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(tokens[head]),
                ovNorms[head],
                qkNorms[head],
                stableRank(ovNorms[head], ovLongest[head]),
                stableRank(qkNorms[head], qkLongest[head])));
      }
      return heads;
    }
  }

  private boolean comparesTokens() {
    TransformerSpec spec = model().spec();
    return model().pathway().additive() && spec.dVocab() == spec.dVocabOut();
  }

  private static double stableRank(double norm, double longest) {
    return longest == 0 ? 0 : norm * norm / (longest * longest);
  }

  /// The cosine between what each neuron of a block reads and what it writes, its own two weights
  /// (Gerstner & Schütze 2025, arXiv:2505.17936): near 1 it makes what it finds longer, near −1 it
  /// takes it away.
  ///
  /// @param layer the block
  /// @param gate whether the gate is meant and not what it gates
  /// @return one for each neuron
  public double[] neuronCosines(int layer, boolean gate) {
    try (Scope _ = Scope.open()) {
      Tensor reads = gate ? weights.gate(layer) : weights.in(layer);
      Tensor writes = weights.out(layer);
      return reads
          .times(writes)
          .sum("d_model")
          .dividedBy(reads.norm("d_model"))
          .dividedBy(writes.norm("d_model"))
          .toDoubles();
    }
  }
}
