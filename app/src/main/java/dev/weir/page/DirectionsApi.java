package dev.weir.page;

import dev.weir.page.direction.Direction;
import dev.weir.page.direction.DirectionRecipe;
import dev.weir.page.direction.Directions;
import dev.weir.page.run.Models;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.Projection;
import dev.weir.readout.lens.TokenLogit;
import dev.weir.view.NpyArray;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Directions of the stream: made of recipes and files, their numbers, and what they are like.
final class DirectionsApi implements HttpService {
  /// The longest file of directions that is read, bytes.
  static final int LONGEST_FILE = 16 << 20;

  private static final int TOKENS = 10;

  private final Directions directions;
  private final Models models;

  DirectionsApi(Directions directions, Models models) {
    this.directions = directions;
    this.models = models;
  }

  /// A direction's numbers.
  ///
  /// @param id which direction
  /// @param numbers `[d_model]`, in raw coordinates
  /// @param offset what is taken from their product with the stream
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Numbers(String id, double[] numbers, double offset) {}

  /// Cosines in raw coordinates.
  ///
  /// @param ids of the directions
  /// @param cosines one row for each of them
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Cosines(List<String> ids, double[][] cosines) {}

  /// A token and how far a direction raises its logit, but for the scale of the final norm.
  ///
  /// @param id in the vocabulary
  /// @param text with every character visible
  /// @param logit how far
  record Token(int id, String text, double logit) {}

  /// Tokens that a direction speaks for and against.
  ///
  /// @param top raised most
  /// @param bottom lowered most
  record Tokens(List<Token> top, List<Token> bottom) {}

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/", this::make)
        .post("/upload", this::upload)
        .get("/cosines", this::cosines)
        .get("/{id}/direction.json", this::json)
        .get("/{id}/direction.npy", this::npy)
        .get("/{id}/tokens", this::tokens)
        .get("/{id}", this::numbers);
  }

  private void make(ServerRequest request, ServerResponse response) {
    Direction made = directions.make(Wire.body(request, DirectionRecipe.class));
    response.status(Status.CREATED_201);
    Wire.answer(response, made);
  }

  private void upload(ServerRequest request, ServerResponse response) {
    OpenModel model = models.get(Wire.parameter(request, "model").orElse("m0"));
    String name = Wire.required(request, "name", "give the name of the file");
    List<Direction> made =
        directions.upload(
            Wire.bytes(request, LONGEST_FILE),
            name,
            Wire.parameter(request, "tensor"),
            Wire.number(request, "row"),
            model.transformer().spec().dModel());
    response.status(Status.CREATED_201);
    Wire.answer(response, made);
  }

  private void numbers(ServerRequest request, ServerResponse response) {
    String id = Wire.segment(request, "id");
    Projection projection = directions.numbers(id);
    Wire.answer(response, new Numbers(id, projection.numbers(), projection.offset()));
  }

  private void json(ServerRequest request, ServerResponse response) {
    Projection projection = directions.numbers(Wire.segment(request, "id"));
    String numbers = Wire.json(projection.numbers());
    Wire.download(
        response, "application/json", "direction.json", numbers.getBytes(StandardCharsets.UTF_8));
  }

  private void npy(ServerRequest request, ServerResponse response) {
    Projection projection = directions.numbers(Wire.segment(request, "id"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      NpyArray.of(projection.numbers(), projection.width()).writeTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Wire.download(response, "application/octet-stream", "direction.npy", bytes.toByteArray());
  }

  private void cosines(ServerRequest request, ServerResponse response) {
    String named = Wire.required(request, "ids", "give ids with commas between them");
    List<String> ids = List.of(named.split(",", -1));
    Wire.answer(response, new Cosines(ids, directions.cosines(ids)));
  }

  private void tokens(ServerRequest request, ServerResponse response) {
    OpenModel model = models.get(Wire.parameter(request, "model").orElse("m0"));
    Directions.Nearest nearest = directions.tokens(Wire.segment(request, "id"), model.id(), TOKENS);
    Wire.answer(response, new Tokens(words(model, nearest.top()), words(model, nearest.bottom())));
  }

  private static List<Token> words(OpenModel model, List<TokenLogit> tokens) {
    return tokens.stream()
        .map(one -> new Token(one.token(), model.word(one.token()), one.logit()))
        .toList();
  }
}
