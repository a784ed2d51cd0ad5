package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How large each step of the stream is beside the stream: what is written, `‖out‖ / ‖x‖`, and what
/// becomes of it, `‖x' − x‖ / ‖x‖`. They are the same where the pathway only adds; elsewhere their
/// difference is what the pathway does. With them the cosine of the step with the stream, and with
/// the step before it.
public final class RelativeUpdates {
  private final List<Step> steps;

  private RelativeUpdates(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  /// One step, means over positions.
  ///
  /// @param label `0_attn`, `0_mlp`, or `0_block` where both write at once
  /// @param written `‖out‖ / ‖x‖`
  /// @param update `‖x' − x‖ / ‖x‖`
  /// @param cosine of the angle between `x' − x` and `x`
  /// @param cosineToPrevious of the angle between this step and the one before; NaN for the first
  public record Step(
      String label, double written, double update, double cosine, double cosineToPrevious) {}

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return Places.SUBLAYERS
        .capture()
        .and("blocks.*.hook_attn_out", "blocks.*.hook_mlp_out?", "blocks.*.hook_local_out?")
        .withoutLogits();
  }

  /// Of a run of one text, over all positions that it kept.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @throws DepthException if the trace is of several texts
  public static RelativeUpdates of(Transformer model, StreamTrace trace) {
    Streams.requireOneText("The relative update", trace);
    List<Places.Place> places = Places.SUBLAYERS.of(model.spec());
    List<Step> steps = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      Optional<Tensor> previous = Optional.empty();
      for (int i = 0; i + 1 < places.size(); i++) {
        Tensor before = Wide.of(trace.get(places.get(i).point()));
        Tensor update = Wide.of(trace.get(places.get(i + 1).point())).minus(before);
        List<Site> writers = Streams.writers(model.spec(), places.get(i), places.get(i + 1));
        Tensor length = before.norm("d_model");
        steps.add(
            new Step(
                label(writers),
                written(trace, writers).norm("d_model").dividedBy(length).mean().item(),
                update.norm("d_model").dividedBy(length).mean().item(),
                Streams.cosine(update, before).mean().item(),
                previous
                    .map(last -> Streams.cosine(update, last).mean().item())
                    .orElse(Double.NaN)));
        previous = Optional.of(update);
      }
    }
    return new RelativeUpdates(steps);
  }

  private static String label(List<Site> writers) {
    Site last = writers.getLast();
    boolean both =
        last.sublayer() == Site.Sublayer.MLP && writers.getFirst().sublayer() != Site.Sublayer.MLP;
    String name = last.sublayer() == Site.Sublayer.MLP ? "mlp" : "attn";
    return last.layer() + "_" + (both ? "block" : name);
  }

  private static Tensor written(StreamTrace trace, List<Site> writers) {
    Tensor sum = Wide.of(trace.get(writers.getFirst().out()));
    for (Site site : writers.subList(1, writers.size())) {
      sum = sum.plus(Wide.of(trace.get(site.out())));
    }
    return sum;
  }

  /// The steps, first to last.
  public List<Step> steps() {
    return steps;
  }
}
