package dev.weir.readout.lens;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.readout.FrozenNorm;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which tokens a direction of the stream speaks for, and which against: a neuron's row of `W_out`,
/// a singular vector of a head, a direction from a file, through the final norm's gain and the
/// unembedding (Geva et al. 2022, arXiv:2203.14680; Millidge & Black 2022).
public final class WeightLens {
  private final List<Row> rows;
  private final String how;

  private WeightLens(List<Row> rows, String how) {
    this.rows = List.copyOf(rows);
    this.how = how;
  }

  /// What one direction says.
  ///
  /// @param label of the direction
  /// @param length its Euclidean length where it is written
  /// @param top the tokens it raises most
  /// @param bottom the tokens it lowers most, which it raises where it is written with a minus
  public record Row(String label, double length, List<TokenLogit> top, List<TokenLogit> bottom) {
    public Row {
      top = List.copyOf(top);
      bottom = List.copyOf(bottom);
    }
  }

  /// What a run must keep, where the routing of a run is needed.
  public static Capture capture() {
    return Transport.capture();
  }

  /// Of directions as they arrive at the end of the stream. The scale of the final norm is left
  /// out: it depends on the rest of the stream, and changes no order.
  ///
  /// @param model the model
  /// @param directions at the end
  /// @param topK how many tokens to name
  public static WeightLens atTheEnd(Transformer model, List<Direction> directions, int topK) {
    try (Scope _ = Scope.open()) {
      Norm norm = model.lnFinal();
      FrozenNorm unscaled =
          norm instanceof Norm.NoNorm
              ? FrozenNorm.none()
              : new FrozenNorm(norm, Optional.of(one(model)));
      Tensor arriving = stacked(model, directions).split("component", component(directions), pos());
      return new WeightLens(
          rows(model, directions, unscaled.applied(arriving).at("pos", 0), topK),
          norm instanceof Norm.NoNorm ? "no final norm" : "final norm without its scale");
    }
  }

  /// Of directions that a sublayer writes, where writes stay as they are.
  ///
  /// @param model the model
  /// @param written who writes which directions
  /// @param topK how many tokens to name
  /// @throws LensException if the pathway changes writes on their way; then a run is needed
  public static WeightLens of(Transformer model, WrittenDirections written, int topK) {
    if (!model.pathway().additive()) {
      throw LensException.needsRun("what a sublayer writes");
    }
    return atTheEnd(model, written.directions(), topK);
  }

  /// Of directions that a sublayer writes at one position of a run, carried to the end as that
  /// run's routing carries them, through the final norm with the scale of the run.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param index index of the position among those kept
  /// @param written who writes which directions
  /// @param topK how many tokens to name
  public static WeightLens of(
      Transformer model, StreamTrace trace, int index, WrittenDirections written, int topK) {
    if (index < 0 || index >= trace.positions().size()) {
      throw LensException.noSuchPart("kept position", index, trace.positions().size());
    }
    try (Scope _ = Scope.open()) {
      Transport transport = Transport.of(model, trace);
      double[] here = new double[trace.positions().size()];
      here[index] = 1;
      Tensor only =
          Tensor.of(here, Shape.of(new Axis("pos", here.length)))
              .to(Wide.of(model.unembedding()).dtype())
              .to(model.device());
      Tensor part =
          stacked(model, written.directions()).times(only).order("component", "pos", "d_model");
      HookPoint end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
      Tensor arrived = transport.carried(part, written.site(), end);
      Tensor normed = transport.finalNorm().applied(arrived).at("pos", index);
      return new WeightLens(
          rows(model, written.directions(), normed, topK),
          "carried and normed as in the run at position " + trace.positions().get(index));
    }
  }

  private static Axis component(List<Direction> directions) {
    return new Axis("component", directions.size());
  }

  private static Axis pos() {
    return new Axis("pos", 1);
  }

  private static Tensor one(Transformer model) {
    return Tensor.of(new double[] {1}, Shape.of(pos()))
        .to(Wide.of(model.unembedding()).dtype())
        .to(model.device());
  }

  /// `[component, d_model]`.
  private static Tensor stacked(Transformer model, List<Direction> directions) {
    int dModel = model.spec().dModel();
    double[] all = new double[directions.size() * dModel];
    for (int i = 0; i < directions.size(); i++) {
      System.arraycopy(directions.get(i).vector(), 0, all, i * dModel, dModel);
    }
    return Tensor.of(all, Shape.of(component(directions), new Axis("d_model", dModel)))
        .to(Wide.of(model.unembedding()).dtype())
        .to(model.device());
  }

  private static List<Row> rows(
      Transformer model, List<Direction> directions, Tensor normed, int topK) {
    Tensor logits =
        normed.dot(Wide.of(model.unembedding()), "d_model").order("component", "d_vocab");
    List<List<TokenLogit>> top = TokenLogit.highest(logits, topK);
    List<List<TokenLogit>> bottom = TokenLogit.lowest(logits, topK);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < directions.size(); i++) {
      Direction direction = directions.get(i);
      rows.add(new Row(direction.label(), direction.length(), top.get(i), bottom.get(i)));
    }
    return rows;
  }

  /// The directions, in the order given.
  public List<Row> rows() {
    return rows;
  }

  /// How a direction came to the unembedding, in words.
  public String how() {
    return how;
  }
}
