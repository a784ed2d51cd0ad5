package dev.weir.page.direction;

import dev.weir.page.job.Steps;
import dev.weir.page.job.Work;
import dev.weir.page.run.Models;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.Projection;
import dev.weir.page.run.Remembered;
import dev.weir.readout.Places;
import dev.weir.readout.bandwidth.PrincipalComponents;
import dev.weir.stream.StreamTrace;
import java.util.List;
import java.util.Optional;

/// Principal components of the stream over the corpus. What was found is kept, so that sliders over
/// components read the corpus once.
final class Components {
  private static final int KEPT = 16;
  private static final int MOST = 64;

  private final Models models;
  private final Corpus corpus;
  private final Remembered<DirectionRecipe.Pca, PrincipalComponents.Found> found =
      new Remembered<>(KEPT);

  /// None yet.
  ///
  /// @param models whose streams
  /// @param corpus over what
  Components(Models models, Corpus corpus) {
    this.models = models;
    this.corpus = corpus;
  }

  /// The work of finding components, which tells what is explained whenever twice as much text was
  /// read.
  ///
  /// @param pca of what
  Work<Explained> work(DirectionRecipe.Pca pca) {
    return steps -> Explained.of(pca, corpus.name(), find(pca, steps));
  }

  private PrincipalComponents.Found find(DirectionRecipe.Pca pca, Steps<Explained> steps) {
    Optional<PrincipalComponents.Found> known = found.find(pca);
    if (known.isPresent()) {
      return known.get();
    }
    OpenModel model = models.get(pca.model());
    Places.Place place = Asked.place(model, pca.place());
    int width = model.transformer().spec().dModel();
    PrincipalComponents all = new PrincipalComponents(place.point(), width, pca.first());
    List<int[]> windows = corpus.windows(model, pca.windows());
    for (int i = 0; i < windows.size(); i++) {
      int[] window = windows.get(i);
      steps.step(() -> read(all, model, place, window));
      steps.reached(i + 1L, windows.size());
      if (Integer.bitCount(i + 1) == 1 && all.tokens() > 1) {
        steps.found(Explained.of(pca, corpus.name(), steps.step(() -> components(all, pca))));
      }
    }
    PrincipalComponents.Found last = steps.step(() -> components(all, pca));
    found.keep(pca, last);
    return last;
  }

  private static long read(
      PrincipalComponents all, OpenModel model, Places.Place place, int[] window) {
    try (StreamTrace trace =
        model.transformer().trace(window, PrincipalComponents.capture(place.point()))) {
      all.read(trace);
    }
    return all.tokens();
  }

  private static PrincipalComponents.Found components(
      PrincipalComponents all, DirectionRecipe.Pca pca) {
    return all.components(pca.scaling(), MOST);
  }

  /// One component.
  ///
  /// @param recipe which
  /// @param steps how the corpus is read, if it was not yet
  Made component(DirectionRecipe.Component recipe, Steps<Explained> steps) {
    PrincipalComponents.Found all = find(recipe.pca(), steps);
    Asked.index("component", recipe.index(), all.components().size());
    boolean raw = recipe.pca().scaling() == PrincipalComponents.Scaling.RAW;
    return new Made(
        "PC%d of %s%s".formatted(recipe.index() + 1, recipe.pca().place(), raw ? "" : ", z-scored"),
        describe(recipe, all, raw),
        new Projection(all.reading(recipe.index()), all.offset(recipe.index())));
  }

  private String describe(
      DirectionRecipe.Component recipe, PrincipalComponents.Found all, boolean raw) {
    return "Principal component %d of the stream at %s over %d tokens of %s (%s), %.1f %% of the variance. %s"
        .formatted(
            recipe.index() + 1,
            recipe.pca().place(),
            all.tokens(),
            corpus.name(),
            recipe.pca().first(),
            100 * all.components().get(recipe.index()).share(),
            raw
                ? "Read as (x − mean) · v: 0 is the corpus's mean. Raw coordinates, unit length."
                : "Read as ((x − mean) / deviation) · v: 0 is the corpus's mean. The numbers are v / deviation, for the raw stream; they read the component, and adding them does not move along it.");
  }
}
