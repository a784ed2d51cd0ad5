package dev.weir.page.run;

import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.text.TokenSequence;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The runs that pages look at. Recipes are remembered; what a run keeps is held up to a limit of
/// memory, those looked at longest ago are let go first and run again when somebody asks.
public final class Runs implements AutoCloseable {
  private static final int RECIPES = 10_000;

  private final EngineThread engine;
  private final Models models;
  private final Vectors vectors;
  private final long most;
  private final Remembered<String, Recipe> recipes = new Remembered<>(RECIPES);

  /// In the order in which they were last asked for; for the engine's thread alone.
  private final Map<String, PromptRun> held = new LinkedHashMap<>(16, 0.75f, true);

  /// No runs yet.
  ///
  /// @param engine who runs them
  /// @param models whose runs they are
  /// @param vectors the directions that changes name
  /// @param most bytes to hold, the run that is asked for not counted
  public Runs(EngineThread engine, Models models, Vectors vectors, long most) {
    this.engine = engine;
    this.models = models;
    this.vectors = vectors;
    this.most = most;
  }

  /// Remembers what a run of a text is made from, with a BOS as the model's own files say.
  ///
  /// @param model the id of the model
  /// @param text the text
  /// @param changes what is changed on the way
  /// @return the id of the run
  /// @throws dev.weir.WeirException if there is no such model, or it cannot take the text
  public String remember(String model, String text, List<Change> changes) {
    TokenSequence tokens = models.get(model).language().encode(text);
    return remember(Recipe.of(model, tokens.ids(), changes));
  }

  /// Remembers what a run is made from, so that it can be asked for by its id.
  ///
  /// @param recipe what it is made from
  /// @return the id of the run
  /// @throws dev.weir.WeirException if there is no such model, or it cannot take the tokens
  public String remember(Recipe recipe) {
    OpenModel model = models.get(recipe.model());
    int tokens = recipe.tokens().size();
    long longest = model.transformer().spec().longestText();
    if (tokens > longest) {
      throw PageException.promptTooLong(tokens, longest, model.name());
    }
    if (tokens == 0) {
      throw PageException.emptyPrompt();
    }
    String id = recipe.id();
    recipes.keep(id, recipe);
    return id;
  }

  /// The recipe of a run.
  ///
  /// @param id which run
  /// @throws PageException if nobody asked for such a run
  public Recipe recipe(String id) {
    return recipes.find(id).orElseThrow(() -> PageException.noRun(id));
  }

  /// The model of a run.
  ///
  /// @param id which run
  /// @throws PageException if nobody asked for such a run
  public OpenModel model(String id) {
    return models.get(recipe(id).model());
  }

  /// What the changes of a recipe are made from, for runs beside those held here; whoever asks
  /// closes it, on the engine's thread.
  ///
  /// @param recipe whose changes
  public Materials materials(Recipe recipe) {
    return new Materials(models.get(recipe.model()), vectors, recipe.ids());
  }

  /// Reads something from a run, on the engine's thread.
  ///
  /// @param id which run
  /// @param read what to read; its result must hold no tensor
  /// @throws PageException if nobody asked for such a run
  public <T> T read(String id, Function<PromptRun, T> read) {
    Recipe recipe = recipe(id);
    return engine.call(() -> read.apply(held(id, recipe)));
  }

  private PromptRun held(String id, Recipe recipe) {
    PromptRun run = held.get(id);
    if (run == null) {
      run = PromptRun.of(id, recipe, models.get(recipe.model()), vectors);
      held.put(id, run);
      letGo(run);
    }
    return run;
  }

  /// Runs the prompt of a run once more, changed in the same way, for what a run does not keep; for
  /// the engine's thread alone.
  ///
  /// @param run which run
  /// @param capture what to keep; whoever asks closes it
  public StreamTrace again(PromptRun run, Capture capture) {
    return PromptRun.trace(run.recipe(), run.model(), vectors, capture);
  }

  private void letGo(PromptRun newest) {
    long bytes = held.values().stream().mapToLong(PromptRun::bytes).sum();
    Iterator<PromptRun> oldest = held.values().iterator();
    while (bytes > most && oldest.hasNext()) {
      PromptRun run = oldest.next();
      if (run != newest) {
        bytes -= run.bytes();
        oldest.remove();
        run.close();
      }
    }
  }

  /// Frees all of them.
  @Override
  public void close() {
    held.values().forEach(PromptRun::close);
    held.clear();
  }
}
