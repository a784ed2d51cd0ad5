package dev.weir.page;

import dev.weir.page.run.CellDetail;
import dev.weir.page.run.CellReading;
import dev.weir.page.run.Change;
import dev.weir.page.run.Models;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Plane;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.readout.Places;
import dev.weir.text.TokenSequence;
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
  private final Models models;
  private final PlaneQuestion question;

  /// @param runs the runs
  /// @param models whose runs they are
  /// @param question what requests ask of a plane
  RunsApi(Runs runs, Models models, PlaneQuestion question) {
    this.runs = runs;
    this.models = models;
    this.question = question;
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
  /// @param longest the most tokens that the model takes
  /// @param bos what became of the beginning-of-sequence token, in a sentence
  /// @param coordinates which coordinates the stream is in
  /// @param norm which norm the lens sees the stream through
  /// @param lensCells how many cells of the lens are computed in one short step
  record Run(
      String run,
      String model,
      List<Token> tokens,
      List<String> places,
      long longest,
      String bos,
      String coordinates,
      String norm,
      long lensCells) {}

  @Override
  public void routing(HttpRules rules) {
    rules.post("/", this::run).get("/{run}/plane", this::plane).get("/{run}/cells", this::cells);
  }

  private void run(ServerRequest request, ServerResponse response) {
    Request asked = Wire.body(request, Request.class);
    List<Change> changes = asked.changes().orElse(List.of());
    String id;
    String bos;
    if (asked.tokens().isPresent()) {
      id = runs.remember(new Recipe(asked.model(), asked.tokens().get(), changes));
      bos = "The tokens are those that were given.";
    } else {
      TokenSequence tokens = models.get(asked.model()).language().encode(text(asked));
      id = runs.remember(Recipe.of(asked.model(), tokens.ids(), changes));
      bos = tokens.bos().reason();
    }
    response.status(Status.CREATED_201);
    Wire.answer(response, runs.read(id, run -> describe(run, bos)));
  }

  private static String text(Request asked) {
    return asked.text().orElseThrow(() -> PageException.missing("text", "give text or tokens"));
  }

  private static Run describe(PromptRun run, String bos) {
    OpenModel model = run.model();
    return new Run(
        run.id(),
        model.id(),
        run.recipe().tokens().stream().map(id -> new Token(id, model.word(id))).toList(),
        run.places().stream().map(Places.Place::label).toList(),
        model.transformer().spec().longestText(),
        bos,
        "raw",
        CellReading.Lens.norm(model),
        run.cellsOfLensAtATime());
  }

  private void plane(ServerRequest request, ServerResponse response) {
    String id = Wire.segment(request, "run");
    Wire.answer(
        response, Plane.of(runs, id, question.reading(request, id), question.window(request, id)));
  }

  /// What a glance at some cells shows.
  ///
  /// @param window which part of the plane
  /// @param cells place by place
  record Cells(Window window, List<CellDetail> cells) {}

  private void cells(ServerRequest request, ServerResponse response) {
    String id = Wire.segment(request, "run");
    Window window = question.window(request, id);
    Wire.answer(response, new Cells(window, CellDetail.of(runs, id, window)));
  }
}
