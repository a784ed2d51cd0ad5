package dev.weir.page;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.Projection;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import dev.weir.page.run.Window;
import dev.weir.readout.LogitLens;
import dev.weir.text.NamedToken;
import io.helidon.webserver.http.ServerRequest;

/// What a request asks of the plane of a run: which part of it, and which reading.
///
/// @param runs the runs
/// @param vectors the directions that a reading may be of
record PlaneQuestion(Runs runs, Vectors vectors) {

  /// What the cells are to show.
  ///
  /// @param request the request
  /// @param id which run
  CellReading reading(ServerRequest request, String id) {
    OpenModel model = runs.model(id);
    return CellReading.Kind.named(Wire.parameter(request, "reading").orElse("norm"))
        .of(() -> direction(request, model), () -> target(request, model));
  }

  private Projection direction(ServerRequest request, OpenModel model) {
    String id = Wire.required(request, "direction", "name one that /api/directions made");
    return vectors.projection(id, model.transformer().spec().dModel());
  }

  private static LogitLens.Target target(ServerRequest request, OpenModel model) {
    return Wire.parameter(request, "token")
        .<LogitLens.Target>map(
            name -> new LogitLens.Target.Token(NamedToken.id(name, model.tokenizer())))
        .orElseGet(LogitLens.Target.FinalTop::new);
  }

  /// Which part of the plane is asked for.
  ///
  /// @param request the request
  /// @param id which run
  Window window(ServerRequest request, String id) {
    int length = runs.recipe(id).tokens().size();
    int depth = PromptRun.places(runs.model(id)).size();
    return Wire.window(request, depth, length);
  }
}
