package dev.weir.page;

import com.fasterxml.jackson.annotation.Nulls;
import dev.weir.WeirException;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Window;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/// JSON in and out. Numbers that are not finite are `null`; unknown fields and half-read bodies are
/// errors, so that a misspelt field does not pass in silence.
final class Wire {
  /// The longest JSON body that is read, bytes.
  static final int LONGEST_BODY = 1 << 20;

  private static final int DEEPEST = 64;
  private static final int LONGEST_REASON = 120;
  private static final String JSON = "application/json";

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .changeDefaultNullHandling(nulls -> nulls.withContentNulls(Nulls.FAIL))
          .withCoercionConfig(LogicalType.Textual, Wire::takeTextsAlone)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .disable(EnumFeature.READ_ENUMS_USING_TO_STRING)
          .disable(EnumFeature.WRITE_ENUMS_USING_TO_STRING)
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .addModule(FiniteNumbers.module())
          .build();

  private Wire() {}

  private static void takeTextsAlone(MutableCoercionConfig config) {
    config
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
  }

  /// What a client is told when something went wrong.
  ///
  /// @param error one line: what, where, how to mend it
  record Problem(String error) {}

  /// Answers with a value.
  ///
  /// @param response where to
  /// @param value what to say
  static void answer(ServerResponse response, Object value) {
    response.header(HeaderNames.CONTENT_TYPE, JSON).send(MAPPER.writeValueAsBytes(value));
  }

  /// A value as JSON in one line.
  ///
  /// @param value what to say
  static String json(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /// Answers with a file to keep.
  ///
  /// @param response where to
  /// @param type its media type
  /// @param name of the file, without anything that means something to a path or a header
  /// @param content its bytes
  static void download(ServerResponse response, String type, String name, byte[] content) {
    response
        .header(HeaderNames.CONTENT_TYPE, type)
        .header(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=\"%s\"".formatted(name))
        .send(content);
  }

  /// Answers with a problem.
  ///
  /// @param response where to
  /// @param status the status
  /// @param error one line
  static void problem(ServerResponse response, Status status, String error) {
    response.status(status);
    answer(response, new Problem(error));
  }

  /// A problem as JSON.
  ///
  /// @param error one line
  static byte[] problem(String error) {
    return MAPPER.writeValueAsBytes(new Problem(error));
  }

  /// What a request brought.
  ///
  /// @param request the request
  /// @param type what it must be
  /// @throws PageException if it is something else, or too long
  static <T> T body(ServerRequest request, Class<T> type) {
    requireJson(request);
    byte[] body = bytes(request, LONGEST_BODY);
    try {
      return Optional.ofNullable(MAPPER.readValue(body, type))
          .orElseThrow(() -> notExpected("body"));
    } catch (JacksonException e) {
      throw e.getCause() instanceof WeirException problem ? problem : unexpected(e);
    }
  }

  /// A form of another site can send no such type.
  private static void requireJson(ServerRequest request) {
    String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse(JSON);
    if (!type.split(";", 2)[0].strip().equalsIgnoreCase(JSON)) {
      throw new PageException(
          PageException.Kind.WRONG_TYPE,
          "The body is said to be something else than JSON",
          "Content-Type",
          "say " + JSON);
    }
  }

  /// What the library says of a value names classes, which mean nothing to whoever sent it.
  private static PageException unexpected(JacksonException e) {
    String field =
        e.getPath().stream()
            .map(step ->
                step.getPropertyName() == null ? "" + step.getIndex() : step.getPropertyName())
            .collect(Collectors.joining("."));
    return e instanceof StreamReadException
        ? wrong("The body is no JSON: " + start(e.getOriginalMessage()), "body")
        : notExpected(field.isEmpty() ? "body" : field);
  }

  private static PageException notExpected(String where) {
    return wrong("The body is not what is expected here", where);
  }

  private static PageException wrong(String what, String where) {
    return new PageException(
        PageException.Kind.BAD_REQUEST, what, where, "send JSON as /openapi.yaml describes it");
  }

  private static String start(String message) {
    return message.length() <= LONGEST_REASON
        ? message
        : message.substring(0, LONGEST_REASON) + "…";
  }

  /// What a request brought, as it is.
  ///
  /// @param request the request
  /// @param most how many bytes are taken
  /// @throws PageException if there are more
  static byte[] bytes(ServerRequest request, int most) {
    Optional<SlowClients> slow = request.context().get(SlowClients.class);
    byte[] body =
        slow.isPresent()
            ? slow.get().watched(() -> read(request, most + 1))
            : read(request, most + 1);
    if (body.length > most) {
      throw new PageException(
          PageException.Kind.TOO_LARGE,
          "The request brings more than %d bytes".formatted(most),
          "body",
          "send less");
    }
    return body;
  }

  private static byte[] read(ServerRequest request, int most) {
    try (InputStream in = request.content().inputStream()) {
      return in.readNBytes(most);
    } catch (IOException | RuntimeException _) {
      // The client left, or cuts its chunks in its own way: none of it is a fault of ours.
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "The body does not come to the end that its head says",
          "body",
          "send it again, whole");
    }
  }

  /// A parameter of the address; empty if it is not there.
  ///
  /// @param request the request
  /// @param name its name
  static Optional<String> parameter(ServerRequest request, String name) {
    return request.query().first(name).asOptional();
  }

  /// A part of the path.
  ///
  /// @param request the request
  /// @param name its name in the route
  static String segment(ServerRequest request, String name) {
    return request.path().pathParameters().get(name);
  }

  /// A parameter of the address that must be there.
  ///
  /// @param request the request
  /// @param name its name
  /// @param fix how to say it
  /// @throws PageException if it is not there
  static String required(ServerRequest request, String name, String fix) {
    return parameter(request, name).orElseThrow(() -> PageException.missing(name, fix));
  }

  /// A whole number of the address; empty if it is not there.
  ///
  /// @param request the request
  /// @param name its name
  /// @throws PageException if it is none
  static Optional<Integer> number(ServerRequest request, String name) {
    return parameter(request, name)
        .map(text -> (int) whole(text, name, Integer.MIN_VALUE, Integer.MAX_VALUE));
  }

  /// A whole number.
  ///
  /// @param text how it is written
  /// @param name what it is called
  /// @param least the least that it may be
  /// @param most the most that it may be
  /// @throws PageException if it is none, or another
  static long whole(String text, String name, long least, long most) {
    try {
      long number = Long.parseLong(text);
      if (least <= number && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // Said below.
    }
    throw new PageException(
        PageException.Kind.BAD_REQUEST,
        "'%s' is no whole number%s".formatted(text, least == 0 ? " from 0" : ""),
        name,
        "give a number such as 3");
  }

  /// A part of a plane, `places=FROM:TO&positions=FROM:TO`; all of it where none is given.
  ///
  /// @param request the request
  /// @param depth how many places the plane has
  /// @param length how many positions
  /// @throws PageException if one of them is no stretch
  static Window window(ServerRequest request, int depth, int length) {
    Stretch places = stretch(request, "places", depth);
    Stretch positions = stretch(request, "positions", length);
    return new Window(places.from(), places.to(), positions.from(), positions.to());
  }

  /// The whole where none is given.
  private static Stretch stretch(ServerRequest request, String name, int length) {
    return parameter(request, name)
        .map(text -> Stretch.parse(text, name))
        .orElseGet(() -> new Stretch(0, length));
  }

  /// A stretch such as `3:20`.
  ///
  /// @param from the first
  /// @param to one past the last
  private record Stretch(int from, int to) {

    private static Stretch parse(String text, String name) {
      int colon = text.indexOf(':');
      try {
        return new Stretch(
            Integer.parseInt(text, 0, Math.max(colon, 0), 10),
            Integer.parseInt(text, colon + 1, text.length(), 10));
      } catch (NumberFormatException _) {
        throw new PageException(
            PageException.Kind.BAD_REQUEST,
            "'%s' is no stretch".formatted(text),
            name,
            "write it as FROM:TO, for instance 0:20");
      }
    }
  }
}
