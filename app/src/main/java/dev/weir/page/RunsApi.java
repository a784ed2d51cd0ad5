package dev.weir.page;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.Change;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Plane;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.readout.Places;
import dev.weir.text.Tokenizer;
import dev.weir.view.TokenText;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Optional;

/// Runs of prompts and what their cells show.
final class RunsApi implements HttpService {
  private final Runs runs;

  RunsApi(Runs runs) {
    this.runs = runs;
  }

  /// What to run.
  ///
  /// @param model the id of the model
  /// @param text the prompt; or
  /// @param tokens its tokens, BOS included
  /// @param changes what is changed on the way; none where it is left out
  record Request(
      String model,
      Optional<String> text,
      Optional<List<Integer>> tokens,
      Optional<List<Change>> changes) {}

  /// A token of a prompt.
  ///
  /// @param id in the vocabulary
  /// @param text with every character visible
  record Token(int id, String text) {}

  /// A run.
  ///
  /// @param run its id: the same for the same request
  /// @param model the id of the model
  /// @param tokens the columns of the plane
  /// @param places the rows of the plane
  /// @param coordinates which coordinates the stream is in
  record Run(
      String run, String model, List<Token> tokens, List<String> places, String coordinates) {}

  @Override
  public void routing(HttpRules rules) {
    rules.post("/", this::run).get("/{run}/plane", this::plane);
  }

  private void run(ServerRequest request, ServerResponse response) {
    Request asked = Wire.body(request, Request.class);
    Recipe recipe = recipe(asked);
    response.status(Status.CREATED_201);
    Wire.answer(response, runs.read(recipe.id(), RunsApi::describe));
  }

  private Recipe recipe(Request asked) {
    List<Change> changes = asked.changes().orElse(List.of());
    if (asked.tokens().isPresent()) {
      int[] tokens = asked.tokens().get().stream().mapToInt(Integer::intValue).toArray();
      return runs.recipe(asked.model(), tokens, changes);
    }
    String text =
        asked
            .text()
            .orElseThrow(() ->
                new PageException(
                    PageException.Kind.BAD_REQUEST,
                    "There is nothing to run",
                    "body",
                    "give text or tokens"));
    return runs.recipe(asked.model(), text, changes);
  }

  private static Run describe(PromptRun run) {
    Tokenizer tokenizer = run.model().tokenizer();
    return new Run(
        run.id(),
        run.model().id(),
        run.recipe().tokens().stream()
            .map(id -> new Token(id, TokenText.visible(tokenizer.token(id))))
            .toList(),
        run.places().stream().map(Places.Place::label).toList(),
        "raw");
  }

  private void plane(ServerRequest request, ServerResponse response) {
    Wire.answer(
        response,
        runs.read(
            Wire.segment(request, "run"),
            run -> Plane.of(run, new CellReading.Norm(), window(request, run))));
  }

  private static Window window(ServerRequest request, PromptRun run) {
    Wire.Stretch places = Wire.stretch(request, "places", run.places().size());
    Wire.Stretch positions = Wire.stretch(request, "positions", run.length());
    return new Window(places.from(), places.to(), positions.from(), positions.to());
  }
}
