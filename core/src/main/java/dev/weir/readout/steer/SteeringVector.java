package dev.weir.readout.steer;

import dev.weir.edit.Edit;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Something to add to the stream at one place, or to take out of it everywhere: one direction for
/// all positions, or one for each of the first.
public final class SteeringVector {
  /// Where a direction is taken out so that nothing of it is left in any stream or write.
  public static final List<String> EVERYWHERE =
      List.of(
          "hook_embed",
          "hook_pos_embed?",
          "blocks.*.hook_resid_pre",
          "blocks.*.hook_local_out?",
          "blocks.*.hook_attn_out",
          "blocks.*.hook_mlp_out?",
          "blocks.*.hook_resid_post");

  private final HookPoint point;
  private final double[][] rows;
  private final boolean front;

  private SteeringVector(HookPoint point, double[][] rows, boolean front) {
    this.point = point;
    this.rows = rows;
    this.front = front;
  }

  // ---------------------------------------------------------------- making

  /// A direction for every position.
  ///
  /// @param point the place it is added to
  /// @param direction `[d_model]`
  public static SteeringVector everywhere(HookPoint point, double... direction) {
    return new SteeringVector(point, new double[][] {direction.clone()}, false);
  }

  /// A vector for each of the first positions.
  ///
  /// @param point the place it is added to
  /// @param rows `[pos, d_model]`
  public static SteeringVector front(HookPoint point, double[][] rows) {
    return new SteeringVector(
        point, Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new), true);
  }

  /// Activation addition: the difference of the stream of two prompts, for the first positions of
  /// any text (Turner et al. 2023, arXiv:2308.10248, section 3). A common BOS cancels.
  ///
  /// @param model whose stream
  /// @param point where
  /// @param plus a prompt that has what is wanted
  /// @param minus one that has not, with as many tokens
  public static SteeringVector activationAddition(
      Transformer model, HookPoint point, int[] plus, int[] minus) {
    if (plus.length != minus.length) {
      throw SteerException.lengthsDiffer(plus.length, minus.length);
    }
    double[][] rows = stream(model, point, plus);
    double[][] others = stream(model, point, minus);
    for (int pos = 0; pos < rows.length; pos++) {
      add(rows[pos], others[pos], -1);
    }
    return new SteeringVector(point, rows, true);
  }

  private static double[][] stream(Transformer model, HookPoint point, int[] tokens) {
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(tokens, Capture.of(point).withoutLogits())) {
      Tensor value = trace.get(point);
      if (!value.shape().names().equals(List.of("pos", "d_model"))) {
        throw SteerException.noVector(point.name());
      }
      double[] flat = value.toDoubles();
      int width = flat.length / tokens.length;
      double[][] rows = new double[tokens.length][];
      Arrays.setAll(rows, pos -> Arrays.copyOfRange(flat, pos * width, (pos + 1) * width));
      return rows;
    }
  }

  private static void add(double[] sum, double[] part, double factor) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * part[i];
    }
  }

  /// The mean of the stream of some prompts less that of others, in bounded memory whatever their
  /// number (contrastive activation addition: Rimsky et al. 2024, arXiv:2312.06681, eq. 2).
  public static final class Contrast {
    private final Transformer model;
    private final HookPoint point;
    private final int position;
    private final double[] plus;
    private final double[] minus;
    private int pluses;
    private int minuses;

    /// Of no prompts so far.
    ///
    /// @param model whose stream
    /// @param point where
    /// @param position which position of each prompt; negative counts from the end
    public Contrast(Transformer model, HookPoint point, int position) {
      this.model = model;
      this.point = point;
      this.position = position;
      this.plus = new double[model.spec().dModel()];
      this.minus = new double[model.spec().dModel()];
    }

    /// Adds a prompt that has what is wanted.
    ///
    /// @param tokens the prompt
    public void plus(int... tokens) {
      add(plus, row(tokens), 1);
      pluses++;
    }

    /// Adds a prompt that has not.
    ///
    /// @param tokens the prompt
    public void minus(int... tokens) {
      add(minus, row(tokens), 1);
      minuses++;
    }

    private double[] row(int... tokens) {
      double[][] rows = stream(model, point, tokens);
      return rows[Math.floorMod(position, rows.length)];
    }

    /// The difference of the two means.
    public SteeringVector vector() {
      if (pluses == 0 || minuses == 0) {
        throw SteerException.noPairs();
      }
      double[] direction = new double[plus.length];
      add(direction, plus, 1.0 / pluses);
      add(direction, minus, -1.0 / minuses);
      return everywhere(point, direction);
    }
  }

  // ---------------------------------------------------------------- using

  /// Adds it. Its tensors belong to the current scope, which must stay open while runs use them.
  ///
  /// @param coefficient how much of it
  public List<Edit> adding(double coefficient) {
    List<Edit> edits = new ArrayList<>();
    for (int pos = 0; pos < rows.length; pos++) {
      Target everywhere = Target.at(point.name());
      edits.add(
          new Edit(
              front ? everywhere.positions(pos) : everywhere,
              new Intervention.Steer(tensor(rows[pos]), coefficient)));
    }
    return edits;
  }

  /// Takes its direction out of the embeddings, of every stream and of every write, so that nothing
  /// of it reaches any reader (Arditi et al. 2024, arXiv:2406.11717, section 2.4). Its tensors
  /// belong to the current scope, which must stay open while runs use them.
  public List<Edit> ablating() {
    Intervention out = new Intervention.ProjectOut(tensor(direction()));
    return EVERYWHERE.stream().map(points -> Edit.at(points, out)).toList();
  }

  private static Tensor tensor(double... row) {
    return Tensor.of(row, Shape.of(new Axis("d_model", row.length)));
  }

  /// Checks that it fits a model.
  ///
  /// @param model the model that is to be steered
  public SteeringVector requireFits(Transformer model) {
    for (double[] row : rows) {
      if (row.length != model.spec().dModel()) {
        throw SteerException.wrongWidth(point.name(), row.length, model.spec().dModel());
      }
    }
    return this;
  }

  /// The place it is added to.
  public HookPoint point() {
    return point;
  }

  /// Whether it is for the first positions only.
  public boolean isFront() {
    return front;
  }

  /// Its numbers, `[pos, d_model]`; one row where it is for every position.
  public double[][] rows() {
    return Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
  }

  /// Its only direction, `[d_model]`.
  ///
  /// @throws SteerException if it has several, or points nowhere
  public double[] direction() {
    if (rows.length != 1) {
      throw SteerException.severalRows(rows.length);
    }
    if (Arrays.stream(rows[0]).allMatch(number -> number == 0)) {
      throw SteerException.lengthZero();
    }
    return rows[0].clone();
  }

  /// The Euclidean length of each row.
  public double[] lengths() {
    return Arrays.stream(rows)
        .mapToDouble(row -> Math.sqrt(Arrays.stream(row).map(x -> x * x).sum()))
        .toArray();
  }
}
