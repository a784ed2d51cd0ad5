package dev.weir.readout.basis;

import dev.weir.model.Coordinates;
import dev.weir.model.Folded;
import dev.weir.model.Folding;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A model whose stream was rotated: every weight that writes to it is multiplied with an
/// orthogonal `Q`, every weight that reads it with `Qᵀ` (Elhage, Lasenby & Olah 2023, "Privileged
/// Bases in the Transformer Residual Stream"). Where nothing in the model acts on single
/// coordinates it computes what it did before. Close it when done.
public final class TurnedModel implements AutoCloseable {
  private final Transformer model;
  private final Kind kind;
  private final Freedom freedom;
  private final Coordinates coordinates;
  private final List<String> obstacles;

  /// What a rotation stands for.
  public enum Kind {
    /// Norms are folded first, and nothing may be left that acts on single coordinates.
    EXACT,
    /// Norms are folded first, and what is left that acts on single coordinates stays as it is: a
    /// control, which shows what that costs.
    CONTROL,
    /// The weights are rotated as they are: the control for the folding.
    UNFOLDED_CONTROL
  }

  /// Which rotations are drawn from.
  public enum Freedom {
    /// All of them.
    ANY,
    /// Those that leave `(1, …, 1)` where it is, since something subtracts the mean over
    /// coordinates.
    KEEPING_MEAN
  }

  private TurnedModel(
      Transformer model,
      Kind kind,
      Freedom freedom,
      Coordinates coordinates,
      List<String> obstacles) {
    this.model = model;
    this.kind = kind;
    this.freedom = freedom;
    this.coordinates = coordinates;
    this.obstacles = List.copyOf(obstacles);
  }

  /// Folds and rotates; numbers are float64 until the last rounding.
  ///
  /// @param model any model, which stays as it is
  /// @param kind what the rotation stands for
  /// @param random where the rotation comes from
  /// @throws BasisException if the kind is exact and something acts on single coordinates
  /// @throws dev.weir.WeirException if its norms cannot be folded
  public static TurnedModel of(Transformer model, Kind kind, RandomGenerator random) {
    return of(model, kind, (size, freedom) -> rotation(size, freedom, random));
  }

  /// Folds, and rotates by a rotation that is known.
  ///
  /// @param model any model, which stays as it is
  /// @param kind what the rotation stands for
  /// @param rotation an orthogonal matrix, row by row; the stream is multiplied with it from the
  ///   right
  /// @throws BasisException if the kind is exact and something acts on single coordinates
  /// @throws dev.weir.WeirException if its norms cannot be folded
  public static TurnedModel of(Transformer model, Kind kind, double[] rotation) {
    return of(
        model, kind, (size, _) -> Tensor.of(rotation, Shape.of("d_model", size, "turned", size)));
  }

  /// Where a rotation comes from.
  private interface Rotations {
    Tensor of(int size, Freedom freedom);
  }

  private static TurnedModel of(Transformer model, Kind kind, Rotations random) {
    if (kind == Kind.UNFOLDED_CONTROL) {
      return turned(model, model.spec(), kind, Freedom.ANY, Coordinates.raw(), random);
    }
    Set<Folding.Step> steps = steps(model);
    if (steps.isEmpty()) {
      return turned(model, model.spec(), kind, freedom(model.spec()), Coordinates.raw(), random);
    }
    try (Folded folded = Folding.fold(model, steps)) {
      TransformerSpec spec =
          steps.contains(Folding.Step.CENTRE_WRITING)
              ? uncentred(folded.model().spec())
              : folded.model().spec();
      return turned(folded.model(), spec, kind, freedom(spec), folded.coordinates(), random);
    }
  }

  /// Gains and shifts must go; a mean that no norm sees is taken out where that is possible, so
  /// that norms need not subtract it.
  private static Set<Folding.Step> steps(Transformer model) {
    TransformerSpec spec = model.spec();
    boolean gains =
        spec.lnFinal().hasGain()
            || spec.blocks().stream()
                .anyMatch(block ->
                    block.ln1().hasGain()
                        || block.ln2().hasGain()
                        || block.local().ln0().hasGain());
    Set<Folding.Step> steps = EnumSet.noneOf(Folding.Step.class);
    if (gains) {
      steps.add(Folding.Step.NORM_BIASES);
      steps.add(Folding.Step.NORM_GAINS);
    }
    if (StreamWeights.centres(spec).isPresent()
        && Folding.possible(model).contains(Folding.Step.CENTRE_WRITING)) {
      steps.add(Folding.Step.CENTRE_WRITING);
    }
    return steps;
  }

  private static TransformerSpec uncentred(TransformerSpec spec) {
    return spec.mapBlocks(block -> block.mapNorms(TurnedModel::scaling))
        .withLnFinal(scaling(spec.lnFinal()));
  }

  /// A LayerNorm of a stream without mean is an RMSNorm.
  private static NormSpec scaling(NormSpec norm) {
    return norm instanceof NormSpec.LayerNormPre(double epsilon)
        ? new NormSpec.RmsNormPre(epsilon)
        : norm;
  }

  private static Freedom freedom(TransformerSpec spec) {
    return StreamWeights.centres(spec).isPresent() ? Freedom.KEEPING_MEAN : Freedom.ANY;
  }

  private static TurnedModel turned(
      Transformer model,
      TransformerSpec spec,
      Kind kind,
      Freedom freedom,
      Coordinates coordinates,
      Rotations random) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> weights = withKeyGains(model);
      List<String> obstacles = obstacles(spec, weights);
      if (kind == Kind.EXACT && !obstacles.isEmpty()) {
        throw BasisException.hasItsBasis(obstacles);
      }
      Tensor rotation = random.of(spec.dModel(), freedom);
      Map<String, Tensor> turned = new LinkedHashMap<>();
      weights.forEach((name, weight) ->
          turned.put(
              name, owner.own(turned(spec, name, weight, rotation).to(model.dtype()).copy())));
      return new TurnedModel(
          Transformer.of(spec, new Parameters(turned), owner, "rotated weights"),
          kind,
          freedom,
          coordinates,
          obstacles);
    }
  }

  /// The weights in float64; the gain of attention residuals' keys is part of their queries.
  private static Map<String, Tensor> withKeyGains(Transformer model) {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    model.parameters().tensors().forEach((name, w) -> weights.put(name, w.to(DType.FLOAT64)));
    if (model.spec().pathway() instanceof AttentionResiduals) {
      for (String name : List.copyOf(weights.keySet())) {
        if (name.endsWith("_path.w")) {
          String gain = name.replaceFirst("w$", "norm");
          weights.computeIfPresent(name, (_, w) -> w.times(weights.getOrDefault(gain, w)));
          weights.computeIfPresent(gain, (_, g) -> g.times(0).plus(1));
        }
      }
    }
    return weights;
  }

  private static Tensor turned(TransformerSpec spec, String name, Tensor weight, Tensor rotation) {
    return switch (StreamWeights.meeting(spec, name, weight.shape())) {
      case NOT, EACH_COORDINATE -> weight;
      case VECTORS -> along(weight, rotation);
      case BOTH_SIDES -> {
        Axis[] out = {weight.shape().axis("depth_head"), weight.shape().axis("d_value")};
        Tensor in = along(weight, rotation).order("depth_head", "d_value", "d_model");
        yield in.rename("d_model", "read")
            .merge("d_model", "depth_head", "d_value")
            .dot(rotation, "d_model")
            .split("turned", out)
            .rename("read", "d_model");
      }
    };
  }

  private static Tensor along(Tensor weight, Tensor rotation) {
    return weight.dot(rotation, "d_model").rename("turned", "d_model");
  }

  /// What acts on single coordinates, once for all layers.
  private static List<String> obstacles(TransformerSpec spec, Map<String, Tensor> weights) {
    Set<String> found = new LinkedHashSet<>();
    weights.forEach((name, weight) -> {
      if (StreamWeights.meeting(spec, name, weight.shape()) == StreamWeights.Meeting.EACH_COORDINATE
          && !isConstant(weight)) {
        found.add(
            "%s multiplies each coordinate by a number of its own"
                .formatted(name.replaceFirst("^blocks\\.\\d+\\.", "blocks.*.")));
      }
    });
    List<String> all = new ArrayList<>(found);
    StreamWeights.structure(spec).ifPresent(all::add);
    return all;
  }

  private static boolean isConstant(Tensor weight) {
    Tensor first = weight.slice("d_model", 0, 1).sum("d_model");
    return weight.minus(first).abs().sum().item() == 0;
  }

  /// A rotation of the stream, `[d_model, turned]`, float64.
  ///
  /// @param size of the stream
  /// @param freedom which rotations are drawn from
  /// @param random where it comes from
  static Tensor rotation(int size, Freedom freedom, RandomGenerator random) {
    if (freedom == Freedom.ANY || size == 1) {
      return LinearAlgebra.orthogonal("d_model", "turned", size, random);
    }
    // H swaps e_1 and (1, …, 1)/√d, so H diag(1, Q) H leaves the latter alone.
    Tensor inner = LinearAlgebra.orthogonal("d_model", "turned", size - 1L, random);
    Tensor mirror = mirror(size);
    Tensor bordered = bordered(inner, size);
    return mirror
        .rename("column", "d_model")
        .rename("row", "left")
        .dot(bordered, "d_model")
        .rename("turned", "row")
        .dot(mirror, "row")
        .rename("left", "d_model")
        .rename("column", "turned");
  }

  /// Householder's reflection that swaps `e_1` and `(1, …, 1)/√d`.
  private static Tensor mirror(int size) {
    double[] normal = new double[size];
    java.util.Arrays.fill(normal, -1 / Math.sqrt(size));
    normal[0] += 1;
    double length = java.util.Arrays.stream(normal).map(x -> x * x).sum();
    double[] mirror = new double[size * size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        mirror[i * size + j] = (i == j ? 1 : 0) - 2 * normal[i] * normal[j] / length;
      }
    }
    return Tensor.of(mirror, Shape.of(new Axis("row", size), new Axis("column", size)));
  }

  private static Tensor bordered(Tensor inner, int size) {
    double[] small = inner.toDoubles();
    double[] large = new double[size * size];
    large[0] = 1;
    for (int i = 1; i < size; i++) {
      System.arraycopy(small, (i - 1) * (size - 1), large, i * size + 1, size - 1);
    }
    return Tensor.of(large, Shape.of(new Axis("d_model", size), new Axis("turned", size)));
  }

  // ---------------------------------------------------------------- what it is

  /// The rotated model.
  public Transformer model() {
    return model;
  }

  /// What the rotation stands for.
  public Kind kind() {
    return kind;
  }

  /// Which rotations it was drawn from.
  public Freedom freedom() {
    return freedom;
  }

  /// What was folded before it was rotated.
  public Coordinates coordinates() {
    return coordinates;
  }

  /// What acts on single coordinates, in words; nothing where the rotation is exact.
  public List<String> obstacles() {
    return obstacles;
  }

  /// Why rotations have to leave the mean alone, in words.
  public Optional<String> centring() {
    return freedom == Freedom.KEEPING_MEAN ? StreamWeights.centres(model.spec()) : Optional.empty();
  }

  /// Frees the rotated weights; the original is not touched.
  @Override
  public void close() {
    model.close();
  }
}
