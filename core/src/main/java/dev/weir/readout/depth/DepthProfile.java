package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import java.util.ArrayList;
import java.util.List;

/// [RelativeUpdates] and [SaturationLayer] over any number of texts; a text counts once, and no
/// text is kept.
public final class DepthProfile {
  private static final LogitLens.Options LENS =
      new LogitLens.Options(
          Places.LAYERS, LogitLens.Variant.NORM_RECOMPUTED, 1, new LogitLens.Target.FinalTop());

  private final Transformer model;
  private final List<StepSums> steps = new ArrayList<>();
  private final List<Estimate.Running> settled;
  private String norm = "";

  private DepthProfile(Transformer model) {
    this.model = model;
    this.settled = BlockRanking.estimates(model.spec().nLayers() + 1);
  }

  /// One step of the stream, means over texts with their intervals; see [RelativeUpdates.Step].
  ///
  /// @param label `0_attn`, `0_mlp` or `0_block`
  /// @param written `‖out‖ / ‖x‖`
  /// @param update `‖x' − x‖ / ‖x‖`
  /// @param cosine of the angle between the step and the stream
  /// @param cosineToPrevious of the angle between this step and the one before
  public record Step(
      String label,
      Estimate written,
      Estimate update,
      Estimate cosine,
      Estimate cosineToPrevious) {}

  private record StepSums(
      String label,
      Estimate.Running written,
      Estimate.Running update,
      Estimate.Running cosine,
      Estimate.Running cosineToPrevious) {

    static StepSums named(String label) {
      return new StepSums(
          label,
          new Estimate.Running(),
          new Estimate.Running(),
          new Estimate.Running(),
          new Estimate.Running());
    }

    void add(RelativeUpdates.Step step) {
      written.add(step.written());
      update.add(step.update());
      cosine.add(step.cosine());
      cosineToPrevious.add(step.cosineToPrevious());
    }

    Step step() {
      return new Step(
          label,
          written.estimate(),
          update.estimate(),
          cosine.estimate(),
          cosineToPrevious.estimate());
    }
  }

  /// Nothing read yet.
  ///
  /// @param model which
  public static DepthProfile over(Transformer model) {
    return new DepthProfile(model);
  }

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return RelativeUpdates.capture();
  }

  /// Reads one more text.
  ///
  /// @param trace a run of the model that kept what [#capture] names
  /// @throws DepthException if the trace is of several texts
  public void add(StreamTrace trace) {
    List<RelativeUpdates.Step> found = RelativeUpdates.of(model, trace).steps();
    if (steps.isEmpty()) {
      found.forEach(step -> steps.add(StepSums.named(step.label())));
    }
    for (int i = 0; i < found.size(); i++) {
      steps.get(i).add(found.get(i));
    }
    LogitLens lens = LogitLens.of(model, trace, LENS);
    norm = lens.norm();
    SaturationLayer saturation = SaturationLayer.of(lens);
    for (int place = 0; place < settled.size(); place++) {
      settled.get(place).add(saturation.share(place));
    }
  }

  /// The steps, first to last; none before the first text.
  public List<Step> steps() {
    return steps.stream().map(StepSums::step).toList();
  }

  /// At which share of the positions the lens's likeliest token is the model's own from the entry
  /// of a block on.
  ///
  /// @param layer the block; the number of blocks for the end
  public Estimate settled(int layer) {
    return settled.get(layer).estimate();
  }

  /// Which norm the lens used, in words.
  public String norm() {
    return norm;
  }
}
