package dev.weir.page.run;

import dev.weir.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// The models that were chosen when the page was started. Requests name them by id; no request can
/// name a file.
public final class Models implements AutoCloseable {
  private final List<OpenModel> models;

  private Models(List<OpenModel> models) {
    this.models = List.copyOf(models);
  }

  /// A model that is to be opened.
  ///
  /// @param name for readers: the name of its folder or file
  /// @param open opens it
  public record Source(String name, Supplier<LanguageModel> open) {}

  /// Begins to open models, one after the other, and returns at once.
  ///
  /// @param sources which, the first one being asked where none is named
  /// @param engine who opens them
  public static Models open(List<Source> sources, EngineThread engine) {
    List<OpenModel> models = new ArrayList<>();
    for (Source source : sources) {
      CompletableFuture<LanguageModel> loading = engine.submit(source.open());
      models.add(new OpenModel("m" + models.size(), source.name(), loading));
    }
    return new Models(models);
  }

  /// All of them.
  public List<OpenModel> all() {
    return models;
  }

  /// One of them.
  ///
  /// @param id which
  /// @throws PageException if there is none
  public OpenModel get(String id) {
    return models.stream()
        .filter(model -> model.id().equals(id))
        .findFirst()
        .orElseThrow(() -> PageException.noModel(id, models.size()));
  }

  /// Frees them.
  @Override
  public void close() {
    models.stream().filter(OpenModel::settled).forEach(Models::closeQuietly);
  }

  private static void closeQuietly(OpenModel model) {
    try {
      model.language().close();
    } catch (RuntimeException _) {
      // It was never opened; whoever asked for it was told.
    }
  }
}
