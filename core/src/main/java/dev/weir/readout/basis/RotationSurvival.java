package dev.weir.readout.basis;

import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.Pathways;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Whether a kind of model computes the same after a rotation of its stream, found by rotating a
/// random one (Elhage, Lasenby & Olah 2023, "Privileged Bases in the Transformer Residual Stream",
/// for the plain stream). Gains of norms that only readers see can always be folded away, so the
/// model has none.
public final class RotationSurvival {
  private static final double DEVIATION = 0.3;

  /// What float64 may lose in a model of a few blocks, as a share of the largest logit.
  private static final double ROUNDING = 1e-9;

  private static final int TOKENS = 12;

  private final Verdict verdict;
  private final double change;
  private final String reason;

  private RotationSurvival(Verdict verdict, double change, String reason) {
    this.verdict = verdict;
    this.change = change;
    this.reason = reason;
  }

  /// Which rotations change nothing.
  public enum Verdict {
    /// All of them.
    ANY,
    /// Those that leave the mean over coordinates alone.
    KEEPING_MEAN,
    /// None.
    NONE
  }

  /// A small model of every pathway and local mixer, by name.
  public static Map<String, TransformerSpec> kinds() {
    Map<String, TransformerSpec> kinds = new LinkedHashMap<>();
    ModelSettings plain =
        new ModelSettings(
            "pre_norm",
            24,
            4,
            2,
            2,
            32,
            32,
            32,
            ModelSettings.NormKind.RMS,
            ModelSettings.MlpKind.GATED,
            ModelSettings.Positions.ROTARY,
            ModelSettings.Head.SEPARATE);
    Pathways.names().forEach(name -> kinds.put(name, plain.with(name, Mixers.none()).spec()));
    Mixers none = Mixers.none();
    for (String local : List.of("shortswa", "shortconv")) {
      Mixers.Local mixer = Mixers.Local.parse(local);
      kinds.put(
          local,
          plain.with("pre_norm", new Mixers(mixer, none.branch(), "", none.values())).spec());
      kinds.put(
          local + " on values",
          plain.with("pre_norm", new Mixers(none.sublayer(), mixer, "", none.values())).spec());
    }
    for (String canon : List.of("A", "B", "C", "D")) {
      kinds.put(
          "canon " + canon,
          plain
              .with("pre_norm", new Mixers(none.sublayer(), none.branch(), canon, none.values()))
              .spec());
    }
    return kinds;
  }

  /// Rotates a random model of a kind.
  ///
  /// @param spec the kind; a few blocks are enough
  /// @param random where its numbers and the rotation come from
  public static RotationSurvival of(TransformerSpec spec, RandomGenerator random) {
    TransformerSpec bare =
        spec.mapBlocks(block -> block.mapNorms(RotationSurvival::withoutGain))
            .withLnFinal(withoutGain(spec.lnFinal()));
    try (Transformer model = random(bare, random);
        TurnedModel turned = TurnedModel.of(model, TurnedModel.Kind.CONTROL, random);
        Scope _ = Scope.open()) {
      int[] tokens = IntStream.range(0, TOKENS).map(_ -> random.nextInt(bare.dVocab())).toArray();
      Tensor before = model.logits(tokens);
      double change =
          turned.model().logits(tokens).minus(before).abs().max("pos", "d_vocab").item()
              / before.abs().max("pos", "d_vocab").item();
      return new RotationSurvival(verdict(change, turned.freedom()), change, reason(turned));
    }
  }

  private static NormSpec withoutGain(NormSpec norm) {
    return switch (norm) {
      case NormSpec.LayerNorm(double epsilon) -> new NormSpec.LayerNormPre(epsilon);
      case NormSpec.RmsNorm(double epsilon, _) -> new NormSpec.RmsNormPre(epsilon);
      case NormSpec.NoNorm _, NormSpec.LayerNormPre _, NormSpec.RmsNormPre _ -> norm;
    };
  }

  private static Transformer random(TransformerSpec spec, RandomGenerator random) {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> weights = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      ParameterLayout.of(spec)
          .forEach((name, shape) ->
              weights.put(
                  name, owner.own(Tensor.gaussian(shape, DEVIATION, random).to(DType.FLOAT64))));
      return Transformer.of(spec, new Parameters(weights), owner, "random weights");
    }
  }

  private static Verdict verdict(double change, TurnedModel.Freedom freedom) {
    if (!(change < ROUNDING)) {
      return Verdict.NONE;
    }
    return switch (freedom) {
      case ANY -> Verdict.ANY;
      case KEEPING_MEAN -> Verdict.KEEPING_MEAN;
    };
  }

  private static String reason(TurnedModel turned) {
    StringBuilder reason = new StringBuilder(StreamWeights.why(turned.model().spec().pathway()));
    turned.centring().ifPresent(why -> reason.append("; ").append(why));
    turned.obstacles().forEach(why -> reason.append("; ").append(why));
    return reason.toString();
  }

  /// Which rotations changed nothing.
  public Verdict verdict() {
    return verdict;
  }

  /// The largest change of any logit, as a share of the largest logit.
  public double change() {
    return change;
  }

  /// How the weights meet the stream, in words.
  public String reason() {
    return reason;
  }
}
