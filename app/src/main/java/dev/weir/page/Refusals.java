package dev.weir.page;

import dev.weir.WeirException;
import dev.weir.page.run.PageException;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/// What a client is told when something goes wrong: always a status and one line as JSON, never the
/// name of a class or where in the code it happened. Faults of Weir itself go to whoever started
/// it.
final class Refusals {
  private final Consumer<Throwable> faults;
  private final List<Header> protection;

  /// @param faults who hears of a fault of Weir itself
  /// @param protection headers of every answer
  Refusals(Consumer<Throwable> faults, List<Header> protection) {
    this.faults = faults;
    this.protection = protection;
  }

  /// For what goes wrong while a request is answered.
  void register(HttpRouting.Builder routing) {
    routing
        .error(PageException.class, (_, response, e) -> problem(response, e))
        .error(
            WeirException.class,
            (_, response, e) -> Wire.problem(response, Status.BAD_REQUEST_400, e.getMessage()))
        .error(HttpException.class, (_, response, e) -> problem(response, e.status()))
        .error(CancellationException.class, (_, response, _) -> stopping(response))
        .error(RejectedExecutionException.class, (_, response, _) -> stopping(response))
        .error(RuntimeException.class, this::fault)
        .error(Error.class, this::fault);
  }

  private static void problem(ServerResponse response, PageException e) {
    Status status =
        switch (e.kind()) {
          case BAD_REQUEST -> Status.BAD_REQUEST_400;
          case NOT_FOUND -> Status.NOT_FOUND_404;
          case FORBIDDEN -> Status.FORBIDDEN_403;
          case CONFLICT -> Status.CONFLICT_409;
          case TOO_LARGE -> Status.REQUEST_ENTITY_TOO_LARGE_413;
          case UNAVAILABLE -> Status.SERVICE_UNAVAILABLE_503;
          case WRONG_TYPE -> Status.UNSUPPORTED_MEDIA_TYPE_415;
        };
    Wire.problem(response, status, e.getMessage());
  }

  private static void problem(ServerResponse response, Status status) {
    Wire.problem(response, status, sentence(status));
  }

  private static void stopping(ServerResponse response) {
    problem(response, Status.SERVICE_UNAVAILABLE_503);
  }

  private void fault(ServerRequest request, ServerResponse response, Throwable e) {
    faults.accept(e);
    Wire.problem(
        response,
        Status.INTERNAL_SERVER_ERROR_500,
        "This is a fault of Weir. Where: %s. To fix: look at what weir view printed."
            .formatted(request.path().path()));
  }

  /// For what goes wrong before there is a request.
  DirectHandlers early() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType type : EventType.values()) {
      handlers.addHandler(type, this::early);
    }
    return handlers.build();
  }

  private DirectHandler.TransportResponse early(
      DirectHandler.TransportRequest request,
      EventType type,
      Status status,
      ServerResponseHeaders headers,
      String message) {
    // A request that cannot be read is the client's doing.
    Status told =
        status.family() == Status.Family.SERVER_ERROR
                && status.code() != Status.SERVICE_UNAVAILABLE_503.code()
            ? Status.BAD_REQUEST_400
            : status;
    protection.forEach(headers::set);
    headers.set(HeaderNames.CONTENT_TYPE, "application/json");
    return DirectHandler.TransportResponse.builder()
        .status(told)
        .headers(headers)
        .entity(Wire.problem(sentence(told)))
        .keepAlive(false)
        .build();
  }

  private static String sentence(Status status) {
    return switch (status.code()) {
      case 404 -> "There is nothing here. Where: the path. To fix: see /openapi.yaml.";
      case 408 -> "The request did not come to its end. Where: the body. To fix: send it again.";
      case 413 -> "The request is too large. Where: the body. To fix: send less.";
      case 414 -> "The address is too long. Where: the path. To fix: ask for less.";
      case 503 ->
          "The server is stopping, or has too much to do. Where: the server. To fix: try again.";
      default ->
          "This is no request that the server understands. Where: its head. To fix: see /openapi.yaml.";
    };
  }
}
