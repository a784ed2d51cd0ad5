package dev.weir.page.direction;

import dev.weir.page.job.Steps;
import dev.weir.page.job.Work;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Models;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Projection;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import dev.weir.readout.lens.TokenLogit;
import dev.weir.readout.lens.WeightLens;
import dev.weir.view.TokenText;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// Makes directions of recipes and files, and says what they are like.
public final class Directions {
  private static final int MOST_PARTS = 64;
  private static final int DEEPEST = 8;
  private static final int MOST_ROWS = 64;
  private static final int LONGEST_NAME = 80;

  private final EngineThread engine;
  private final Models models;
  private final Runs runs;
  private final Vectors vectors;
  private final Corpus corpus;
  private final Components components;

  /// No directions yet.
  ///
  /// @param engine who computes
  /// @param models whose directions
  /// @param runs where cells are looked up
  /// @param vectors where directions are held
  /// @param corpus the text that directions are looked up in
  public Directions(EngineThread engine, Models models, Runs runs, Vectors vectors, Corpus corpus) {
    this.engine = engine;
    this.models = models;
    this.runs = runs;
    this.vectors = vectors;
    this.corpus = corpus;
    this.components = new Components(models, corpus);
  }

  // ---------------------------------------------------------------- making

  /// Makes a direction and holds it. Waits for the engine, in short steps.
  ///
  /// @param recipe what it is made from
  /// @throws dev.weir.WeirException if it names something that is not there, or points nowhere
  public Direction make(DirectionRecipe recipe) {
    return held(made(recipe, 0), recipe);
  }

  private Direction held(Made made, DirectionRecipe recipe) {
    String name = TokenText.harmless(made.name());
    Projection projection = made.projection();
    double length = projection.length();
    if (length == 0) {
      throw bad("'%s' points nowhere: it is 0".formatted(name), "use other parts");
    }
    if (!Double.isFinite(length) || !Double.isFinite(projection.offset())) {
      throw bad("'%s' holds a number that is not finite".formatted(name), "use smaller numbers");
    }
    return new Direction(
        vectors.put(projection),
        name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "…" : name,
        made.description(),
        projection.width(),
        length,
        projection.offset(),
        recipe);
  }

  private Made made(DirectionRecipe recipe, int depth) {
    return switch (recipe) {
      case DirectionRecipe.Unembedding of ->
          onEngine(of.model(), model -> WeightDirections.unembedding(model, of));
      case DirectionRecipe.Neuron of ->
          onEngine(of.model(), model -> WeightDirections.neuron(model, of));
      case DirectionRecipe.Singular of ->
          onEngine(of.model(), model -> WeightDirections.singular(model, of));
      case DirectionRecipe.Cells of -> cells(of);
      case DirectionRecipe.Prompts of -> prompts(of);
      case DirectionRecipe.HeadWrite of -> read(of.run(), run -> RunDirections.head(run, of));
      case DirectionRecipe.Probe of -> ProbeDirections.probe(models.get(of.model()), of, engine);
      case DirectionRecipe.Component of -> components.component(of, Steps.alone(engine));
      case DirectionRecipe.Numbers(String name, List<Double> numbers) ->
          Made.plain(
              name,
              "Numbers as they were given.",
              numbers.stream().mapToDouble(Double::doubleValue).toArray());
      case DirectionRecipe.Held(String id, String name) ->
          new Made(name, "A direction that was given.", vectors.projection(id));
      case DirectionRecipe.Combination of -> combination(of, depth);
    };
  }

  private Made onEngine(String id, Function<OpenModel, Made> make) {
    OpenModel model = models.get(id);
    return engine.call(() -> make.apply(model));
  }

  private <T> T read(Recipe recipe, Function<PromptRun, T> read) {
    return runs.read(runs.remember(recipe), read);
  }

  private Made cells(DirectionRecipe.Cells recipe) {
    double[] plus = stream(recipe.plus());
    double[] minus = stream(recipe.minus());
    return Made.plain(
        "%s − %s".formatted(label(recipe.plus()), label(recipe.minus())),
        "The stream at %s less the stream at %s%s. Raw coordinates."
            .formatted(
                label(recipe.plus()),
                label(recipe.minus()),
                recipe.plus().run().equals(recipe.minus().run()) ? "" : " of another run"),
        difference(plus, minus));
  }

  private double[] stream(DirectionRecipe.Cell cell) {
    return read(cell.run(), run -> RunDirections.stream(run, cell.place(), cell.position()));
  }

  private static String label(DirectionRecipe.Cell cell) {
    return "%s, token %d".formatted(cell.place(), cell.position());
  }

  private Made prompts(DirectionRecipe.Prompts recipe) {
    double[] plus = mean(recipe, recipe.plus());
    double[] minus = mean(recipe, recipe.minus());
    return Made.plain(
        "prompts at " + recipe.place(),
        "The mean stream of one prompt at %s less that of another, the first position left out. Raw coordinates."
            .formatted(recipe.place()),
        difference(plus, minus));
  }

  private double[] mean(DirectionRecipe.Prompts recipe, String prompt) {
    String run = runs.remember(recipe.model(), prompt, List.of());
    return runs.read(run, read -> RunDirections.mean(read, recipe.place()));
  }

  private static double[] difference(double[] plus, double[] minus) {
    requireSameWidth(plus.length, minus.length);
    double[] difference = plus.clone();
    Arrays.setAll(difference, i -> plus[i] - minus[i]);
    return difference;
  }

  private Made combination(DirectionRecipe.Combination recipe, int depth) {
    if (recipe.parts().isEmpty() || recipe.parts().size() > MOST_PARTS || depth >= DEEPEST) {
      throw bad(
          "%d parts, %d deep, make no sum".formatted(recipe.parts().size(), depth),
          "use 1 to %d parts, at most %d deep".formatted(MOST_PARTS, DEEPEST));
    }
    StringBuilder written = new StringBuilder();
    Optional<Projection> sum = Optional.empty();
    for (DirectionRecipe.Part part : recipe.parts()) {
      Made made = made(part.of(), depth + 1);
      written.append(written.isEmpty() ? "" : " ").append(term(part.coefficient(), made.name()));
      Projection scaled = made.projection().times(part.coefficient());
      sum.ifPresent(before -> requireSameWidth(before.width(), scaled.width()));
      sum = Optional.of(sum.map(scaled::plus).orElse(scaled));
    }
    return summed(written.toString().replaceFirst("^\\+ ", ""), recipe.length(), sum.orElseThrow());
  }

  private static String term(double coefficient, String name) {
    if (!Double.isFinite(coefficient)) {
      throw bad("The coefficient of '%s' is not finite".formatted(name), "use another number");
    }
    BigDecimal size =
        BigDecimal.valueOf(Math.abs(coefficient)).round(new MathContext(3)).stripTrailingZeros();
    return "%s %s × %s".formatted(coefficient < 0 ? "−" : "+", size, name);
  }

  private static Made summed(String written, DirectionRecipe.Length length, Projection sum) {
    double factor = length == DirectionRecipe.Length.ONE && sum.length() > 0 ? 1 / sum.length() : 1;
    return new Made(
        written,
        "%s%s. Raw coordinates."
            .formatted(
                written,
                length == DirectionRecipe.Length.ONE ? ", then made of Euclidean length 1" : ""),
        sum.times(factor));
  }

  private static void requireSameWidth(int width, int other) {
    if (width != other) {
      throw bad(
          "One direction has %d numbers, the other %d".formatted(width, other),
          "use directions of models of the same width");
    }
  }

  private static PageException bad(String what, String fix) {
    return new PageException(PageException.Kind.BAD_REQUEST, what, "direction", fix);
  }

  // ---------------------------------------------------------------- files

  /// Takes the directions out of a file's content: `.npy`, `.safetensors` or `.json`.
  ///
  /// @param content the file's bytes
  /// @param file its name, whose ending says the format
  /// @param tensor which tensor of a `.safetensors` file; not needed where there is one
  /// @param row which row; empty for all of them
  /// @param width how many numbers a direction must have
  /// @throws dev.weir.WeirException if it holds no directions, others, or too many
  public List<Direction> upload(
      byte[] content, String file, Optional<String> tensor, Optional<Integer> row, int width) {
    var all = dev.weir.readout.lens.Directions.read(content, file, tensor, width);
    var chosen = row.map(index -> all.at(List.of(index))).orElse(all).all();
    if (chosen.size() > MOST_ROWS) {
      throw bad(
          "The file holds %d directions, and %d are taken at a time"
              .formatted(chosen.size(), MOST_ROWS),
          "say which one with row=0 to row=%d".formatted(chosen.size() - 1));
    }
    return chosen.stream()
        .map(one -> {
          String name = chosen.size() == 1 && row.isEmpty() ? file : file + " " + one.label();
          Made made =
              Made.plain(
                  name,
                  "From the file %s, raw coordinates.".formatted(TokenText.harmless(file)),
                  one.vector());
          String id = vectors.put(made.projection());
          return held(made, new DirectionRecipe.Held(id, name));
        })
        .toList();
  }

  // ---------------------------------------------------------------- over the corpus

  /// The work of reading how the corpus lies along a direction.
  ///
  /// @param question what to look at
  /// @throws PageException if there is no such model, place or direction
  public Work<Survey> survey(Survey.Question question) {
    OpenModel model = models.get(question.model());
    Asked.place(model, question.place());
    Projection projection =
        vectors.projection(question.direction(), model.transformer().spec().dModel());
    return Survey.work(question, projection, model, corpus);
  }

  /// The work of finding principal components of the corpus.
  ///
  /// @param pca of what
  /// @throws PageException if there is no such model or place
  public Work<Explained> components(DirectionRecipe.Pca pca) {
    Asked.place(models.get(pca.model()), pca.place());
    return components.work(pca);
  }

  // ---------------------------------------------------------------- what they are like

  /// A direction's numbers.
  ///
  /// @param id which
  /// @throws PageException if there is none
  public Projection numbers(String id) {
    return vectors.projection(id);
  }

  /// The cosine between each two of some directions, in raw coordinates.
  ///
  /// @param ids which
  /// @return `[direction][direction]`
  /// @throws PageException if one is not there, or their widths differ
  public double[][] cosines(List<String> ids) {
    if (ids.isEmpty() || ids.size() > MOST_PARTS) {
      throw bad(
          "%d directions cannot be compared".formatted(ids.size()),
          "name 1 to %d".formatted(MOST_PARTS));
    }
    List<Projection> all = ids.stream().map(vectors::projection).toList();
    double[][] cosines = new double[all.size()][all.size()];
    for (int i = 0; i < cosines.length; i++) {
      requireSameWidth(all.getFirst().width(), all.get(i).width());
      for (int j = 0; j <= i; j++) {
        cosines[i][j] = cosine(all.get(i), all.get(j));
        cosines[j][i] = cosines[i][j];
      }
    }
    return cosines;
  }

  private static double cosine(Projection a, Projection b) {
    return Projection.plain(a.numbers()).of(b.numbers()) / (a.length() * b.length());
  }

  /// Which tokens a direction speaks for at the end of the stream, and which against.
  ///
  /// @param top raised most
  /// @param bottom lowered most
  public record Nearest(List<TokenLogit> top, List<TokenLogit> bottom) {
    public Nearest {
      top = List.copyOf(top);
      bottom = List.copyOf(bottom);
    }
  }

  /// Which tokens a direction speaks for at the end of the stream, through the gain of the final
  /// norm and the unembedding; the norm's scale, which depends on the stream, is left out.
  ///
  /// @param id which direction
  /// @param model the id of the model
  /// @param count how many tokens
  /// @throws PageException if there is no such direction or model, or their widths differ
  public Nearest tokens(String id, String model, int count) {
    OpenModel open = models.get(model);
    Supplier<Nearest> nearest =
        () -> {
          double[] numbers = vectors.get(id, open.transformer().spec().dModel());
          var one = new dev.weir.readout.lens.Direction(id, numbers);
          WeightLens.Row row =
              WeightLens.atTheEnd(open.transformer(), List.of(one), count).rows().getFirst();
          return new Nearest(row.top(), row.bottom());
        };
    return engine.call(nearest);
  }
}
