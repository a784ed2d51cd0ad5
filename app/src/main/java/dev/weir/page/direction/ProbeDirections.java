package dev.weir.page.direction;

import dev.weir.page.run.EngineThread;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Projection;
import dev.weir.readout.Places;
import dev.weir.readout.probe.LinearProbe;
import dev.weir.readout.probe.Rows;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Directions that tell two sets of prompts apart. Each prompt is a step of its own.
final class ProbeDirections {
  private static final int MOST_PROMPTS = 512;
  private static final double USUAL_PENALTY = 1e-3;

  private ProbeDirections() {}

  static Made probe(OpenModel model, DirectionRecipe.Probe recipe, EngineThread engine) {
    int count = recipe.plus().size() + recipe.minus().size();
    if (recipe.plus().isEmpty() || recipe.minus().isEmpty() || count > MOST_PROMPTS) {
      throw badLists(recipe.plus().size(), recipe.minus().size());
    }
    Places.Place place = Asked.place(model, recipe.place());
    int position = recipe.position().orElse(-1);
    List<double[]> rows = new ArrayList<>();
    for (List<String> prompts : List.of(recipe.plus(), recipe.minus())) {
      for (String prompt : prompts) {
        rows.add(engine.call(() -> stream(model, place, position, prompt)));
      }
    }
    return engine.call(() -> fit(recipe, rows));
  }

  private static double[] stream(OpenModel model, Places.Place place, int position, String prompt) {
    int[] tokens = model.language().encode(prompt).ids();
    int index = position < 0 ? tokens.length + position : position;
    Asked.index("position", index, tokens.length);
    Capture capture = Capture.of(place.point()).withoutLogits();
    try (StreamTrace trace = model.transformer().trace(tokens, capture)) {
      return trace.get(place.point()).at("pos", index).toDoubles();
    }
  }

  /// Class 0 has what is looked for; its score less the other's is 0 where the probe is undecided.
  private static Made fit(DirectionRecipe.Probe recipe, List<double[]> rows) {
    int[] classes =
        IntStream.range(0, rows.size()).map(i -> i < recipe.plus().size() ? 0 : 1).toArray();
    double[][] values = rows.toArray(double[][]::new);
    LinearProbe probe =
        recipe
            .probe()
            .fit(
                Rows.ofClasses(values, classes, List.of("plus", "minus")),
                recipe.penalty().orElse(USUAL_PENALTY));
    return new Made(
        "probe at " + recipe.place(),
        describe(recipe, right(probe, values, classes)),
        new Projection(probe.direction(0), probe.biases()[1] - probe.biases()[0]));
  }

  private static long right(LinearProbe probe, double[][] values, int[] classes) {
    try (Scope _ = Scope.open()) {
      double[] flat = Arrays.stream(values).flatMapToDouble(Arrays::stream).toArray();
      Shape shape = Shape.of(new Axis("row", values.length), new Axis("feature", values[0].length));
      int[] said = probe.classes(Tensor.of(flat, shape));
      return IntStream.range(0, said.length).filter(i -> said[i] == classes[i]).count();
    }
  }

  private static String describe(DirectionRecipe.Probe recipe, long right) {
    String how =
        switch (recipe.probe()) {
          case MEAN -> "Difference of means";
          case LDA -> "Linear discriminant";
          case LOGISTIC -> "Logistic probe, in nats of log-odds,";
          case RIDGE -> "Ridge probe";
        };
    int count = recipe.plus().size() + recipe.minus().size();
    return "%s of %d prompts against %d at %s, position %d; 0 is where it is undecided. Right on %d of these %d prompts, which says nothing of others. Raw coordinates."
        .formatted(
            how,
            recipe.plus().size(),
            recipe.minus().size(),
            recipe.place(),
            recipe.position().orElse(-1),
            right,
            count);
  }

  private static PageException badLists(int plus, int minus) {
    return new PageException(
        PageException.Kind.BAD_REQUEST,
        "%d prompts against %d make no probe".formatted(plus, minus),
        "probe",
        "give at least one prompt for each side, and %d at most".formatted(MOST_PROMPTS));
  }
}
