package dev.weir.page;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.PathMatchers;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRoute;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What can be asked, remembered as it is registered: so that a wrong method is told the right
/// ones, and the document of the interface can be held to what there is.
final class Routes {
  private final List<Route> all = new ArrayList<>();

  /// One thing that can be asked.
  ///
  /// @param method how
  /// @param pattern where, with `{names}` for what changes
  record Route(Method method, String pattern) {}

  /// Registers a service under a path. Whatever answers GET answers HEAD.
  Routes register(HttpRouting.Builder routing, String path, HttpService service) {
    routing.register(path, rules -> service.routing(new Recorder(rules, path)));
    return this;
  }

  /// Answers what nothing else answered: with the right methods, or that there is no such thing.
  void answerTheRest(HttpRouting.Builder routing) {
    routing.any(this::nothing);
  }

  /// All of them, in the order in which they were registered.
  List<Route> all() {
    return List.copyOf(all);
  }

  private void nothing(ServerRequest request, ServerResponse response) {
    List<String> methods =
        all.stream()
            .filter(route -> matches(route, request))
            .map(route -> route.method().text())
            .distinct()
            .toList();
    if (methods.isEmpty()) {
      Wire.problem(
          response,
          Status.NOT_FOUND_404,
          "There is nothing here. Where: the path. To fix: see /openapi.yaml for what there is.");
    } else {
      response.header(HeaderNames.ALLOW, String.join(", ", methods));
      Wire.problem(
          response,
          Status.METHOD_NOT_ALLOWED_405,
          "This is not asked so. Where: the method. To fix: use %s."
              .formatted(methods.stream().collect(Collectors.joining(" or "))));
    }
  }

  private static boolean matches(Route route, ServerRequest request) {
    return PathMatchers.create(route.pattern()).match(request.prologue().uriPath()).accepted();
  }

  private final class Recorder implements HttpRules {
    private final HttpRules rules;
    private final String path;

    private Recorder(HttpRules rules, String path) {
      this.rules = rules;
      this.path = path;
    }

    @Override
    public HttpRules route(Method method, String pattern, Handler handler) {
      all.add(new Route(method, (path + pattern).replaceAll("/+", "/").replaceAll("(.)/$", "$1")));
      rules.route(method, pattern, handler);
      if (method.equals(Method.GET)) {
        rules.route(Method.HEAD, pattern, handler);
      }
      return this;
    }

    @Override
    public HttpRules route(HttpRoute route) {
      throw new IllegalStateException("Routes are written as a method and a pattern");
    }

    @Override
    public HttpRules register(HttpService... services) {
      throw new IllegalStateException("Services are registered one by one");
    }

    @Override
    public HttpRules register(String pattern, HttpService... services) {
      throw new IllegalStateException("Services are registered one by one");
    }
  }
}
