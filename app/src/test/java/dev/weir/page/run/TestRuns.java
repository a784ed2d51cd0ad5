package dev.weir.page.run;

import dev.weir.model.LanguageModel;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/// Runs of small models, and all that they need. Close them when done.
public final class TestRuns implements AutoCloseable {
  public final EngineThread engine = new EngineThread();
  public final Vectors vectors = new Vectors();
  public final Models models;
  public final Runs runs;

  private TestRuns(List<Models.Source> sources) {
    models = Models.open(sources, engine);
    runs = new Runs(engine, models, vectors, 1L << 30);
  }

  /// Of models of [NumberedModel], ids `m0`, `m1`, ...
  public static TestRuns of(String... names) {
    return new TestRuns(
        Arrays.stream(names)
            .map(name -> new Models.Source(name, () -> NumberedModel.open(name)))
            .toList());
  }

  /// Of one model that somebody opens.
  public static TestRuns of(Supplier<LanguageModel> open) {
    return new TestRuns(List.of(new Models.Source("model", open)));
  }

  /// The id of a run.
  public String id(String model, int[] tokens, Change... changes) {
    return runs.remember(Recipe.of(model, tokens, List.of(changes)));
  }

  /// Reads a run of the first model.
  public <T> T read(int[] tokens, List<Change> changes, Function<PromptRun, T> read) {
    return runs.read(runs.remember(Recipe.of("m0", tokens, changes)), read);
  }

  @Override
  public void close() {
    engine.call(() -> {
      runs.close();
      models.close();
      return true;
    });
    engine.close();
  }
}
