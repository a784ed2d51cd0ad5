package dev.weir.page;

import dev.weir.page.change.Aligned;
import dev.weir.page.change.Answers;
import dev.weir.page.change.Comparison;
import dev.weir.page.change.Continuation;
import dev.weir.page.change.During;
import dev.weir.page.job.Jobs;
import dev.weir.page.run.CellReading;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.text.NamedToken;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// Two runs side by side: answers, texts, planes.
final class ChangesApi implements HttpService {
  private static final int TOP = 10;
  private static final int TOKENS = 30;

  private final EngineThread engine;
  private final Runs runs;
  private final Jobs jobs;
  private final BiFunction<ServerRequest, String, CellReading> readings;

  /// @param engine who computes
  /// @param runs the runs
  /// @param jobs what goes on for long
  /// @param readings the reading that a request asks for, of a run
  ChangesApi(
      EngineThread engine,
      Runs runs,
      Jobs jobs,
      BiFunction<ServerRequest, String, CellReading> readings) {
    this.engine = engine;
    this.runs = runs;
    this.jobs = jobs;
    this.readings = readings;
  }

  /// What is to go on.
  ///
  /// @param runs the ids of the runs whose models go on, each with its changes
  /// @param tokens how many tokens to add at most
  /// @param temperature 0, the default, takes the likeliest token
  /// @param topK how many of the likeliest tokens to choose among; all where it is left out
  /// @param topP of the probability to choose among; all where it is left out
  /// @param seed the same seed gives the same text
  /// @param during where changes act while the text grows; everywhere where it is left out
  record Generate(
      List<String> runs,
      Optional<Integer> tokens,
      Optional<Double> temperature,
      Optional<Integer> topK,
      Optional<Double> topP,
      Optional<Long> seed,
      Optional<During> during) {

    private Continuation.Manner manner() {
      return new Continuation.Manner(
          tokens.orElse(TOKENS),
          temperature.orElse(0.0),
          topK.orElse(0),
          topP.orElse(1.0),
          seed.orElse(0L),
          during.orElse(During.ALL));
    }
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/runs/{run}/answer", this::answer)
        .get("/compare", this::compare)
        .post("/generate", this::generate);
  }

  private void answer(ServerRequest request, ServerResponse response) {
    String run = Wire.segment(request, "run");
    Recipe recipe = runs.recipe(run);
    String before =
        Wire.parameter(request, "before")
            .orElseGet(() ->
                runs.recipe(
                        recipe.model(),
                        recipe.tokens().stream().mapToInt(Integer::intValue).toArray(),
                        List.of())
                    .id());
    Answers.Question question =
        new Answers.Question(
            number(request, "position", -1),
            number(request, "top", TOP),
            token(request, "right", run),
            token(request, "wrong", run));
    Wire.answer(response, Answers.of(runs, before, run, question));
  }

  private static int number(ServerRequest request, String name, int otherwise) {
    return Wire.parameter(request, name).map(text -> number(text, name)).orElse(otherwise);
  }

  private static int number(String text, String name) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException _) {
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "'%s' is no whole number".formatted(text),
          name,
          "write it in digits");
    }
  }

  private Optional<Integer> token(ServerRequest request, String name, String run) {
    OpenModel model = runs.model(run);
    return Wire.parameter(request, name).map(text -> NamedToken.id(text, model.tokenizer()));
  }

  private void compare(ServerRequest request, ServerResponse response) {
    Comparison.Side first = side(request, "first");
    Comparison.Side second = side(request, "second");
    Comparison.Sheet sheet = Comparison.Sheet.of(runs, first.run(), second.run(), by(request));
    Wire.Stretch places = Wire.stretch(request, "places", sheet.places().size());
    Wire.Stretch positions = Wire.stretch(request, "positions", sheet.positions().size());
    Window window = new Window(places.from(), places.to(), positions.from(), positions.to());
    Wire.answer(response, Comparison.of(runs, first, second, sheet, window));
  }

  private Comparison.Side side(ServerRequest request, String name) {
    String run =
        Wire.parameter(request, name)
            .orElseThrow(() -> PageException.missing(name, "name the two runs"));
    var _ = runs.recipe(run);
    return new Comparison.Side(run, readings.apply(request, run));
  }

  private static Aligned.By by(ServerRequest request) {
    String name = Wire.parameter(request, "by").orElse("depth");
    return Stream.of(Aligned.By.DEPTH, Aligned.By.SUBLAYER)
        .filter(by -> by.id().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new PageException(
                PageException.Kind.BAD_REQUEST,
                "Places cannot be aligned by '%s'".formatted(name),
                "by",
                "use depth or sublayer"));
  }

  private void generate(ServerRequest request, ServerResponse response) {
    Generate asked = Wire.body(request, Generate.class);
    Continuation work = new Continuation(engine, runs, asked.runs(), asked.manner());
    response.status(Status.ACCEPTED_202);
    Wire.answer(response, jobs.start("generate", work).status());
  }
}
