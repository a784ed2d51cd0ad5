package dev.weir.readout.basis;

import dev.weir.WeirException;
import dev.weir.model.Coordinates;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.tensor.DType;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The rotation test of a model in several precisions, with the controls that show its power. Close
/// it when done.
public final class RotationSuite implements AutoCloseable {
  private final List<Trial> trials = new ArrayList<>();
  private final TensorOwner models = new TensorOwner();
  private Optional<String> refusal = Optional.empty();
  private Coordinates coordinates = Coordinates.raw();

  private record Trial(TurnedModel.Kind kind, DType dtype, Rotation rotation) {}

  /// What one rotation changed.
  ///
  /// @param kind what it stands for
  /// @param dtype how numbers were stored
  /// @param largestLogitChange of any logit
  /// @param crossEntropy before, nats per token
  /// @param crossEntropyChange what it adds, nats per token
  public record Outcome(
      TurnedModel.Kind kind,
      DType dtype,
      double largestLogitChange,
      Estimate crossEntropy,
      Estimate crossEntropyChange) {}

  /// Which controls are run beside the test.
  public enum Controls {
    /// None.
    NONE,
    /// What acts on single coordinates is left as it is; and once more without folding.
    RUN
  }

  /// Prepares all models. Where an exact rotation is refused, only controls are run.
  ///
  /// @param model the model, which stays as it is
  /// @param precisions in which numbers are stored
  /// @param controls whether controls are run too
  /// @param random where rotations come from
  public static RotationSuite of(
      Transformer model, List<DType> precisions, Controls controls, RandomGenerator random) {
    RotationSuite suite = new RotationSuite();
    try {
      Transformer exact = suite.own(Rotation.rounded(model, DType.FLOAT64));
      suite.prepare(exact, TurnedModel.Kind.EXACT, precisions, random);
      if (controls == Controls.RUN) {
        if (suite.refusal.isPresent()) {
          suite.prepare(exact, TurnedModel.Kind.CONTROL, precisions.subList(0, 1), random);
        }
        suite.prepare(exact, TurnedModel.Kind.UNFOLDED_CONTROL, precisions.subList(0, 1), random);
      }
      return suite;
    } catch (RuntimeException e) {
      suite.close();
      throw e;
    }
  }

  private void prepare(
      Transformer exact, TurnedModel.Kind kind, List<DType> precisions, RandomGenerator random) {
    TurnedModel turned;
    try {
      turned = TurnedModel.of(exact, kind, random);
    } catch (WeirException e) {
      if (refusal.isEmpty()) {
        refusal = Optional.of(e.what());
      }
      return;
    }
    models.own(turned);
    if (kind == TurnedModel.Kind.EXACT) {
      coordinates = turned.coordinates();
    }
    for (DType dtype : precisions) {
      boolean same = dtype == DType.FLOAT64;
      Transformer before = same ? exact : own(Rotation.rounded(exact, dtype));
      Transformer after = same ? turned.model() : own(Rotation.rounded(turned.model(), dtype));
      trials.add(new Trial(kind, dtype, new Rotation(before, after)));
    }
  }

  private Transformer own(Transformer model) {
    models.own(model);
    return model;
  }

  /// Runs a text through every pair of models.
  ///
  /// @param text its tokens
  public void read(int[] text) {
    trials.forEach(trial -> trial.rotation.read(text));
  }

  /// What was found.
  public List<Outcome> outcomes() {
    return trials.stream()
        .map(trial ->
            new Outcome(
                trial.kind,
                trial.dtype,
                trial.rotation.largestLogitChange(),
                trial.rotation.crossEntropy(),
                trial.rotation.crossEntropyChange()))
        .toList();
  }

  /// Why an exact rotation was refused; empty if it was not.
  public Optional<String> refusal() {
    return refusal;
  }

  /// What was folded before the exact rotation.
  public Coordinates coordinates() {
    return coordinates;
  }

  @Override
  public void close() {
    models.close();
  }
}
