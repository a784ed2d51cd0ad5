package dev.weir.page.change;

import dev.weir.model.Generator;
import dev.weir.model.LanguageModel;
import dev.weir.model.Sampler;
import dev.weir.page.job.Steps;
import dev.weir.page.job.Work;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Materials;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.stream.Hooks;
import dev.weir.text.DecodeStream;
import dev.weir.text.SpecialTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/// Lets the models of some runs go on, each with the changes of its run, all a token at a time.
public final class Continuation implements Work<List<Continuation.Text>> {
  private static final int MOST = 2000;

  private final EngineThread engine;
  private final Runs runs;
  private final List<String> ids;
  private final Manner manner;

  /// What some runs go on to say.
  ///
  /// @param engine who computes
  /// @param runs where the runs are held
  /// @param ids which runs
  /// @param manner how tokens are chosen
  /// @throws PageException if there is no such run
  public Continuation(EngineThread engine, Runs runs, List<String> ids, Manner manner) {
    this.engine = engine;
    this.runs = runs;
    this.ids = List.copyOf(ids);
    this.manner = manner;
    ids.forEach(runs::recipe);
  }

  /// How tokens are chosen.
  ///
  /// @param tokens how many to add at most
  /// @param temperature 0 takes the likeliest token
  /// @param topK how many of the likeliest tokens to choose among; 0 for all
  /// @param topP choose among the fewest likeliest whose probabilities reach this sum; 1 for all
  /// @param seed the same seed gives the same text
  /// @param during where changes act while the text grows
  public record Manner(
      int tokens, double temperature, int topK, double topP, long seed, During during) {
    public Manner {
      if (tokens < 1 || tokens > MOST) {
        throw new PageException(
            PageException.Kind.BAD_REQUEST,
            "%d tokens cannot be added".formatted(tokens),
            "tokens",
            "use 1 to " + MOST);
      }
      var _ = new Sampler(temperature, topK, topP, new SplittableRandom(seed));
    }

    private Sampler sampler() {
      return new Sampler(temperature, topK, topP, new SplittableRandom(seed));
    }
  }

  /// What was added to a prompt so far.
  ///
  /// @param run the run
  /// @param tokens what was added
  /// @param text what was added, special tokens left out
  /// @param end why it ended; empty while it grows
  public record Text(String run, List<Token> tokens, String text, String end) {
    public Text {
      tokens = List.copyOf(tokens);
    }
  }

  /// A token.
  ///
  /// @param id in the vocabulary
  /// @param text with every character visible
  public record Token(int id, String text) {}

  @Override
  public List<Text> run(Steps<List<Text>> steps) {
    List<Growing> growing = new ArrayList<>();
    try {
      for (String id : ids) {
        growing.add(steps.step(() -> Growing.start(this, id)));
      }
      for (int token = 1; !growing.stream().allMatch(Growing::ended); token++) {
        for (Growing one : growing) {
          steps.step(one::step);
        }
        steps.reached(token, manner.tokens());
        steps.found(texts(growing));
      }
      return texts(growing);
    } finally {
      // A step that nobody waits for any more may still go on there.
      var _ =
          engine.submit(() -> {
            growing.forEach(Growing::close);
            return true;
          });
    }
  }

  private static List<Text> texts(List<Growing> growing) {
    return growing.stream().map(Growing::text).toList();
  }

  /// One text while it grows; made, stepped and closed on the engine's thread.
  private static final class Growing implements AutoCloseable {
    private final String id;
    private final OpenModel model;
    private final int most;
    private final Materials materials;
    private final Generator.Growth growth;
    private final DecodeStream decoded;
    private final StringBuilder text = new StringBuilder();
    private final List<Token> tokens = new ArrayList<>();
    private String end = "";

    private Growing(String id, Recipe recipe, OpenModel model, Manner manner, Materials materials) {
      LanguageModel language = model.language();
      int[] prompt = recipe.ids();
      Hooks changes = materials.hooks(manner.during().of(recipe.changes(), prompt.length));
      Set<Integer> stops = language.tokenizer().eosTokens();
      Generator generator = new Generator(language.transformer(), manner.sampler(), stops, changes);
      this.id = id;
      this.model = model;
      this.most = manner.tokens();
      this.materials = materials;
      this.decoded = new DecodeStream(language.tokenizer(), SpecialTokens.LEAVE_OUT, prompt);
      this.growth = generator.start(List.of(prompt), most, (_, token) -> add(token));
    }

    static Growing start(Continuation all, String id) {
      Recipe recipe = all.runs.recipe(id);
      Materials materials = all.runs.materials(recipe);
      try {
        return new Growing(id, recipe, all.runs.model(id), all.manner, materials);
      } catch (RuntimeException e) {
        materials.close();
        throw e;
      }
    }

    private void add(int token) {
      tokens.add(new Token(token, model.word(token)));
      text.append(decoded.add(token));
    }

    /// Adds a token, if there is to be one.
    boolean step() {
      boolean more = !ended() && growth.step() && tokens.size() < most;
      if (!more && !ended()) {
        text.append(decoded.finish());
        end = growth.continuations().getFirst().end().name().toLowerCase(Locale.ROOT);
      }
      return more;
    }

    boolean ended() {
      return !end.isEmpty();
    }

    Text text() {
      return new Text(id, tokens, text.toString(), end);
    }

    @Override
    public void close() {
      growth.close();
      materials.close();
    }
  }
}
