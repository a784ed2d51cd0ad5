package dev.weir.weights.hub;

import dev.weir.weights.hub.HubPatience.BusyException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.function.LongSupplier;

/// Asks a hub, follows where it redirects, and asks again when that helps.
final class HubClient {
  static final int MOST_REDIRECTS = 5;

  private final URI endpoint;
  private final HubAccess access;
  private final HubPatience patience;
  private final HubProgress progress;
  private final HttpClient http;

  HubClient(URI endpoint, HubAccess access, HubPatience patience, HubProgress progress) {
    if (!isHttp(endpoint)) {
      throw HubException.badEndpoint(endpoint);
    }
    this.endpoint = endpoint;
    this.access = access;
    this.patience = patience;
    this.progress = progress;
    this.http =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(patience.silence())
            .build();
  }

  private static boolean isHttp(URI uri) {
    return ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
        && uri.getHost() != null;
  }

  /// The address of a path at the endpoint, which may itself have a path.
  URI address(String path) {
    String base = endpoint.toString();
    return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
  }

  /// Something that may fail on the way.
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /// Tries until it works, or patience runs out.
  ///
  /// @param where what is asked for, for the message
  /// @param gained grows when an attempt got something although it failed
  /// @param attempt what to try
  <T> T retrying(String where, LongSupplier gained, Attempt<T> attempt) {
    int failures = 0;
    long before = gained.getAsLong();
    while (true) {
      try {
        return attempt.run();
      } catch (IOException e) {
        long now = gained.getAsLong();
        failures = now > before ? 1 : failures + 1;
        before = now;
        pause(where, failures, e);
      }
    }
  }

  private void pause(String where, int failures, IOException e) {
    Duration asked = e instanceof BusyException busy ? busy.pause() : Duration.ZERO;
    if (failures >= patience.attempts() || asked.compareTo(patience.longestPause()) > 0) {
      throw giveUp(where, failures, e);
    }
    Duration pause = asked.isZero() ? patience.pauseAfter(failures) : asked;
    progress.waiting(String.valueOf(e.getMessage()), pause);
    try {
      patience.sleeper().sleep(pause);
    } catch (InterruptedException _) {
      throw interrupted(where);
    }
  }

  private static HubException giveUp(String where, int failures, IOException e) {
    return switch (e) {
      case BusyException busy when busy.status() == 429 ->
          HubException.rateLimited(where, failures, busy.pause());
      case BusyException busy -> HubException.serverFails(where, busy.status(), failures);
      case IOException other -> HubException.connectionLost(where, failures, other);
    };
  }

  private static HubException interrupted(String where) {
    Thread.currentThread().interrupt();
    return HubException.interrupted(where);
  }

  /// Asks once, from this byte on, and follows redirects. The answer is 200, 206 or 416; the caller
  /// closes its body.
  ///
  /// @throws BusyException if the hub asks to come back
  HttpResponse<InputStream> get(URI address, long from) throws IOException {
    URI target = address;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpResponse<InputStream> response = send(target, from);
      int status = response.statusCode();
      if (status == 200 || status == 206 || status == 416) {
        return response;
      }
      response.body().close();
      if (status < 300 || status >= 400 || status == 304) {
        throw refusal(address.toString(), response);
      }
      target = redirect(target, response.headers().firstValue("Location").orElse(""));
    }
    throw HubException.tooManyRedirects(address.toString());
  }

  private HttpResponse<InputStream> send(URI target, long from) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target)
            .timeout(patience.silence())
            .header("User-Agent", "weir")
            .header("Accept-Encoding", "identity");
    if (isEndpoint(target)) {
      access.authorize(request);
    }
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException _) {
      throw interrupted(target.toString());
    }
  }

  /// A token is for the endpoint alone: same scheme, host and port.
  private boolean isEndpoint(URI target) {
    return target.getScheme().equalsIgnoreCase(endpoint.getScheme())
        && target.getHost().equalsIgnoreCase(endpoint.getHost())
        && target.getPort() == endpoint.getPort();
  }

  private static URI redirect(URI from, String location) {
    URI target;
    try {
      target = from.resolve(location);
    } catch (IllegalArgumentException _) {
      throw HubException.badRedirect(from.toString(), location);
    }
    boolean downgrade =
        "https".equalsIgnoreCase(from.getScheme()) && !"https".equalsIgnoreCase(target.getScheme());
    if (location.isEmpty() || !isHttp(target) || downgrade) {
      throw HubException.badRedirect(from.toString(), location);
    }
    return target;
  }

  /// What a status other than success means: an error, or a reason to come back.
  private HubException refusal(String where, HttpResponse<?> response) throws BusyException {
    int status = response.statusCode();
    if (status == 429 || status >= 500) {
      throw new BusyException(status, retryAfter(response));
    }
    return switch (status) {
      case 401 -> HubException.needsLogin(where);
      case 403 -> HubException.forbidden(where);
      case 404 ->
          HubException.notFound(where, response.headers().firstValue("X-Error-Code").orElse(""));
      default -> HubException.unexpectedStatus(where, status);
    };
  }

  /// `Retry-After` as seconds or as a date; zero if it is neither.
  private Duration retryAfter(HttpResponse<?> response) {
    String value = response.headers().firstValue("Retry-After").orElse("").strip();
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      DateTimeFormatter format = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT);
      Instant moment = ZonedDateTime.parse(value, format).toInstant();
      Duration wait = Duration.between(patience.clock().instant(), moment);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeParseException _) {
      return Duration.ZERO;
    }
  }
}
