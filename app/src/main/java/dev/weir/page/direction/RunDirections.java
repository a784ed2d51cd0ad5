package dev.weir.page.direction;

import dev.weir.page.run.PromptRun;
import dev.weir.readout.Transport;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;

/// Directions that lie in a run; for the engine's thread.
final class RunDirections {

  private RunDirections() {}

  /// The stream in a cell, `[d_model]`.
  static double[] stream(PromptRun run, String place, int position) {
    Asked.index("position", position, run.length());
    return stream(run, place).at("pos", position).toDoubles();
  }

  /// The mean stream over all positions but the first, `[d_model]`.
  static double[] mean(PromptRun run, String place) {
    int rest = run.length() - 1;
    Asked.index("position", 1, run.length());
    try (Scope _ = Scope.open()) {
      return stream(run, place).slice("pos", 1, rest).to(DType.FLOAT64).mean("pos").toDoubles();
    }
  }

  /// `[pos, d_model]`.
  private static Tensor stream(PromptRun run, String place) {
    return run.trace().get(Asked.place(run.model(), place).point());
  }

  static Made head(PromptRun run, DirectionRecipe.HeadWrite recipe) {
    var spec = run.model().transformer().spec();
    Asked.index("block", recipe.layer(), spec.nLayers());
    Asked.index("head", recipe.head(), spec.blocks().get(recipe.layer()).attention().nHeads());
    Asked.index("position", recipe.position(), run.length());
    try (Scope _ = Scope.open()) {
      double[] written =
          Transport.of(run.model().transformer(), run.trace())
              .headWrites(recipe.layer())
              .at("head", recipe.head())
              .at("pos", recipe.position())
              .toDoubles();
      return Made.plain(
          "%s at %d".formatted(WriterLabels.head(recipe.layer(), recipe.head()), recipe.position()),
          "What head %d of block %d wrote at position %d of a prompt, without the output bias. Raw coordinates."
              .formatted(recipe.head(), recipe.layer(), recipe.position()),
          written);
    }
  }
}
