package dev.weir.readout.lens;

import dev.weir.model.Transformer;
import dev.weir.readout.Components;
import dev.weir.readout.Decomposition;
import dev.weir.readout.FrozenNorm;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// What each write says: the tokens that it raises and those that it lowers. A write is carried to
/// the end of the stream as in the run, and passes the final norm with the scale of the run, so
/// that the logits of all writes and the constant add up to the model's own (Dar et al. 2022,
/// arXiv:2209.02535; Geva et al. 2022, arXiv:2203.14680).
public final class UpdateLens {
  private final List<Row> rows;
  private final double constant;

  private UpdateLens(List<Row> rows, double constant) {
    this.rows = List.copyOf(rows);
    this.constant = constant;
  }

  /// Which writes are looked at.
  public enum Parts {
    /// Embeddings, attention and MLP of each block.
    SUBLAYERS,
    /// Embeddings, heads, MLPs and biases.
    HEADS
  }

  /// What one write says.
  ///
  /// @param label as in [Decomposition]
  /// @param top the tokens it raises most
  /// @param bottom the tokens it lowers most
  /// @param targetLogit what it adds to the logit of the token that is followed
  public record Row(
      String label, List<TokenLogit> top, List<TokenLogit> bottom, double targetLogit) {
    public Row {
      top = List.copyOf(top);
      bottom = List.copyOf(bottom);
    }
  }

  /// What a run must keep.
  public static Capture capture() {
    return Decomposition.capture();
  }

  /// The writes of a run at one position.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param parts which writes
  /// @param index index of the position among those kept
  /// @param target the token that is followed
  /// @param topK how many tokens to name
  public static UpdateLens of(
      Transformer model, StreamTrace trace, Parts parts, int index, int target, int topK) {
    if (target < 0 || target >= model.spec().dVocabOut()) {
      throw LensException.noSuchPart("token", target, model.spec().dVocabOut());
    }
    try (Scope _ = Scope.open()) {
      Decomposition decomposition = Decomposition.of(model, trace);
      if (index < 0 || index >= trace.positions().size()) {
        throw LensException.noSuchPart("kept position", index, trace.positions().size());
      }
      Components written =
          switch (parts) {
            case SUBLAYERS -> decomposition.perLayer();
            case HEADS -> decomposition.full();
          };
      FrozenNorm norm = Transport.of(model, trace).finalNorm();
      Tensor unembedding = Wide.of(model.unembedding());
      Tensor normed = norm.applied(written.values()).at("pos", index);
      Tensor logits = normed.dot(unembedding, "d_model").order("component", "d_vocab");
      return new UpdateLens(
          rows(written.labels(), logits, target, topK), constant(model, norm, unembedding, target));
    }
  }

  private static List<Row> rows(List<String> labels, Tensor logits, int target, int topK) {
    List<List<TokenLogit>> top = TokenLogit.highest(logits, topK);
    List<List<TokenLogit>> bottom = TokenLogit.lowest(logits, topK);
    double[] followed = logits.at("d_vocab", target).toDoubles();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      rows.add(new Row(labels.get(i), top.get(i), bottom.get(i), followed[i]));
    }
    return rows;
  }

  /// What the final norm's shift and the unembedding's bias add to the token's logit.
  private static double constant(
      Transformer model, FrozenNorm norm, Tensor unembedding, int target) {
    double shift =
        norm.shift()
            .map(b -> b.dot(unembedding.at("d_vocab", target), "d_model").item())
            .orElse(0.0);
    double bias =
        model
            .parameters()
            .find("unembed.b_U")
            .map(b -> Wide.of(b).at("d_vocab", target).item())
            .orElse(0.0);
    return shift + bias;
  }

  /// The writes, first to last.
  public List<Row> rows() {
    return rows;
  }

  /// What is added to the logit of the token that is followed whatever was written; with the rows
  /// it is the logit before any cap.
  public double constant() {
    return constant;
  }
}
