package dev.weir.page.direction;

import dev.weir.model.AttentionSpec;
import dev.weir.model.Coordinates;
import dev.weir.model.Folded;
import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.page.run.OpenModel;
import dev.weir.readout.FrozenNorm;
import dev.weir.readout.Wide;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.FactoredMatrix;
import dev.weir.readout.lens.WrittenDirections;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// Directions that weights alone give; for the engine's thread.
final class WeightDirections {
  private static final String RAW = "Raw weights";

  private WeightDirections() {}

  // ---------------------------------------------------------------- unembedding

  static Made unembedding(OpenModel model, DirectionRecipe.Unembedding recipe) {
    int token = Asked.token(model, recipe.token());
    double[] row = row(model.transformer(), token, recipe.gain());
    String name = "logit " + word(model, token);
    if (recipe.less().isPresent()) {
      int other = Asked.token(model, recipe.less().get());
      double[] less = row(model.transformer(), other, recipe.gain());
      Arrays.setAll(row, i -> row[i] - less[i]);
      name += " − " + word(model, other);
    }
    return Made.plain(name, describe(model, recipe), row);
  }

  private static String word(OpenModel model, int token) {
    return "‘" + model.word(token) + "’";
  }

  private static String describe(OpenModel model, DirectionRecipe.Unembedding recipe) {
    String what =
        recipe.less().isPresent()
            ? "The difference of two rows of the unembedding"
            : "A row of the unembedding";
    boolean normed = !(model.transformer().lnFinal() instanceof Norm.NoNorm);
    if (!normed) {
      return what + "; this model has no final norm. " + RAW + ".";
    }
    return switch (recipe.gain()) {
      case LEFT_OUT ->
          what + " as the file has it: it reads the stream behind the final norm. " + RAW + ".";
      case MULTIPLIED ->
          what
              + (model.transformer().spec().lnFinal().centres()
                  ? " times the final norm's gain, its mean taken away"
                  : " times the final norm's gain")
              + ": its product with the last stream is the logit times the norm's scale, but for"
              + " what the biases add.";
    };
  }

  /// `[d_model]`.
  private static double[] row(Transformer model, int token, DirectionRecipe.Gain gain) {
    Tensor row = Wide.of(model.unembedding()).at("d_vocab", token);
    return switch (gain) {
      case LEFT_OUT -> row.toDoubles();
      case MULTIPLIED -> beforeFinalNorm(model, row).toDoubles();
    };
  }

  /// What reads the stream itself as a direction reads the normed stream, but for the norm's scale.
  private static Tensor beforeFinalNorm(Transformer model, Tensor direction) {
    if (model.lnFinal() instanceof Norm.NoNorm) {
      return direction;
    }
    Tensor one =
        Tensor.of(new double[] {1}, Shape.of(new Axis("pos", 1)))
            .to(direction.dtype())
            .to(direction.device());
    return new FrozenNorm(model.lnFinal(), Optional.of(one)).before(direction).at("pos", 0);
  }

  // ---------------------------------------------------------------- neurons and heads

  static Made neuron(OpenModel model, DirectionRecipe.Neuron recipe) {
    WrittenDirections written =
        WrittenDirections.neuron(model.transformer(), recipe.layer(), recipe.neuron());
    return Made.plain(
        "neuron " + WriterLabels.neuron(recipe.layer(), recipe.neuron()),
        "What neuron %d of block %d writes where its activation is 1: its row of W_out%s. %s."
            .formatted(recipe.neuron(), recipe.layer(), postNorm(model, recipe.layer()), RAW),
        written.directions().getFirst().vector());
  }

  private static String postNorm(OpenModel model, int layer) {
    Transformer transformer = model.transformer();
    return transformer.spec().blocks().get(layer).ln2Post().hasGain()
        ? ", through the gain of the norm after it"
        : "";
  }

  static Made singular(OpenModel model, DirectionRecipe.Singular recipe) {
    Transformer transformer = model.transformer();
    Asked.index("block", recipe.layer(), transformer.spec().nLayers());
    AttentionSpec attention = transformer.spec().blocks().get(recipe.layer()).attention();
    Asked.index("head", recipe.head(), attention.nHeads());
    Asked.index("singular vector", recipe.index(), attention.dHead());
    try (Scope _ = Scope.open()) {
      Circuits circuits = Circuits.of(new Folded(transformer, Coordinates.raw()));
      LinearAlgebra.Svd svd = wide(matrix(circuits, recipe)).svd();
      double sign = sign(svd.v().at("rank", recipe.index()).toDoubles());
      Tensor side = recipe.side() == DirectionRecipe.Side.LEFT ? svd.u() : svd.v();
      double[] vector = side.at("rank", recipe.index()).toDoubles();
      Arrays.setAll(vector, i -> sign * vector[i]);
      double strength = svd.s().at("rank", recipe.index()).item();
      return Made.plain(name(recipe), describe(recipe, strength), vector);
    }
  }

  private static FactoredMatrix matrix(Circuits circuits, DirectionRecipe.Singular recipe) {
    FactoredMatrix all =
        switch (recipe.circuit()) {
          case OV -> circuits.ov(recipe.layer(), Circuits.Biases.LEFT_OUT);
          case QK ->
              circuits.qk(
                  recipe.layer(), new Circuits.Positions.Ignored(), Circuits.Biases.LEFT_OUT);
        };
    return all.at("head", recipe.head());
  }

  private static FactoredMatrix wide(FactoredMatrix matrix) {
    return new FactoredMatrix(matrix.left().to(DType.FLOAT64), matrix.right().to(DType.FLOAT64));
  }

  /// Both vectors of a pair may be turned around together: the largest number of the right one is
  /// made positive.
  private static double sign(double... vector) {
    double largest = 0;
    for (double number : vector) {
      largest = Math.abs(number) > Math.abs(largest) ? number : largest;
    }
    return largest < 0 ? -1 : 1;
  }

  private static String name(DirectionRecipe.Singular recipe) {
    return "L%dH%d %s %s %d"
        .formatted(
            recipe.layer(),
            recipe.head(),
            recipe.circuit(),
            recipe.side().name().toLowerCase(Locale.ROOT),
            recipe.index());
  }

  private static String describe(DirectionRecipe.Singular recipe, double strength) {
    boolean left = recipe.side() == DirectionRecipe.Side.LEFT;
    String role =
        switch (recipe.circuit()) {
          case OV -> left ? "what it reads" : "what it writes";
          case QK -> left ? "what asks" : "what is asked for, positions left out";
        };
    return "%s singular vector %d of the head's %s (%s), singular value %.4g; unit length, sign fixed so that the right vector's largest number is positive. Raw weights, the norm's gain multiplied into what reads."
        .formatted(
            left ? "Left" : "Right",
            recipe.index(),
            recipe.circuit() == DirectionRecipe.Circuit.OV ? "W_V W_O" : "W_Q W_Kᵀ",
            role,
            strength);
  }
}
