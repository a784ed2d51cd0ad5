package dev.weir.page;

import dev.weir.page.change.Aligned;
import dev.weir.page.change.Answers;
import dev.weir.page.change.Comparison;
import dev.weir.page.change.Spot;
import dev.weir.page.run.CellReading;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.text.NamedToken;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// Two runs side by side: answers and planes.
final class ChangesApi implements HttpService {
  private static final int TOP = 10;

  private final Runs runs;
  private final BiFunction<ServerRequest, String, CellReading> readings;

  /// @param runs the runs
  /// @param readings the reading that a request asks for, of a run
  ChangesApi(Runs runs, BiFunction<ServerRequest, String, CellReading> readings) {
    this.runs = runs;
    this.readings = readings;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/runs/{run}/answer", this::answer)
        .get("/runs/{run}/spot", this::spot)
        .get("/compare", this::compare);
  }

  private void answer(ServerRequest request, ServerResponse response) {
    String run = Wire.segment(request, "run");
    Recipe recipe = runs.recipe(run);
    String before =
        Wire.parameter(request, "before").orElseGet(() -> runs.remember(recipe.unchanged()));
    Answers.Question question =
        new Answers.Question(
            Wire.number(request, "position").orElse(-1),
            Wire.number(request, "top").orElse(TOP),
            token(request, "right", run),
            token(request, "wrong", run));
    Wire.answer(response, Answers.of(runs, before, run, question));
  }

  private void spot(ServerRequest request, ServerResponse response) {
    OpenModel model = runs.model(Wire.segment(request, "run"));
    int place =
        Wire.number(request, "place")
            .orElseThrow(() -> PageException.missing("place", "say which place of the stream"));
    Wire.answer(response, Spot.of(model, place));
  }

  private Optional<Integer> token(ServerRequest request, String name, String run) {
    OpenModel model = runs.model(run);
    return Wire.parameter(request, name).map(text -> NamedToken.id(text, model.tokenizer()));
  }

  private void compare(ServerRequest request, ServerResponse response) {
    Comparison.Side first = side(request, "first");
    Comparison.Side second = side(request, "second");
    Comparison.Sheet sheet = Comparison.Sheet.of(runs, first.run(), second.run(), by(request));
    Window window = Wire.window(request, sheet.places().size(), sheet.positions().size());
    Wire.answer(response, Comparison.of(runs, first, second, sheet, window));
  }

  private Comparison.Side side(ServerRequest request, String name) {
    String run = Wire.required(request, name, "name the two runs");
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
}
