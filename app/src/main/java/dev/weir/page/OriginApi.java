package dev.weir.page;

import dev.weir.page.origin.AlongDepth;
import dev.weir.page.origin.Cell;
import dev.weir.page.origin.Origins;
import dev.weir.page.run.Runs;
import dev.weir.readout.Contributions.Level;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.OptionalInt;

/// Where a cell of a run's plane came from.
final class OriginApi implements HttpService {
  private final Runs runs;
  private final Origins origins;

  /// @param runs the runs
  OriginApi(Runs runs) {
    this.runs = runs;
    this.origins = new Origins(runs);
  }

  @Override
  public void routing(HttpRules rules) {
    String cell = "/{run}/cells/{place}/{position}/";
    rules
        .get(cell + "sequence", this::sequence)
        .get(cell + "depth", this::depth)
        .get(cell + "routing", this::routing);
  }

  private void sequence(ServerRequest request, ServerResponse response) {
    OptionalInt block =
        Wire.number(request, "block").map(OptionalInt::of).orElse(OptionalInt.empty());
    Wire.answer(response, origins.sequence(run(request), cell(request), block));
  }

  private void depth(ServerRequest request, ServerResponse response) {
    Wire.answer(
        response,
        origins.depth(
            run(request),
            cell(request),
            flag(request, "heads") ? Level.HEAD : Level.LAYER,
            asked(request)));
  }

  private void routing(ServerRequest request, ServerResponse response) {
    Wire.answer(response, origins.routing(run(request), cell(request)));
  }

  /// The logit of a token, of the likeliest one, or none.
  private AlongDepth.Asked asked(ServerRequest request) {
    Tokenizer tokenizer = runs.model(run(request)).tokenizer();
    return Wire.parameter(request, "token")
        .<AlongDepth.Asked>map(name -> new AlongDepth.Asked.Token(NamedToken.id(name, tokenizer)))
        .orElseGet(() ->
            flag(request, "top")
                ? new AlongDepth.Asked.Likeliest()
                : new AlongDepth.Asked.Nothing());
  }

  private static boolean flag(ServerRequest request, String name) {
    return Wire.parameter(request, name).filter(text -> !text.equals("false")).isPresent();
  }

  private static String run(ServerRequest request) {
    return Wire.segment(request, "run");
  }

  private static Cell cell(ServerRequest request) {
    return new Cell(number(request, "place"), number(request, "position"));
  }

  private static int number(ServerRequest request, String name) {
    return (int) Wire.whole(Wire.segment(request, name), name, 0, Integer.MAX_VALUE);
  }
}
