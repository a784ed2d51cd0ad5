package dev.weir.page;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Who may ask. A page of another site can make a browser send requests here, and a name that
/// resolves to this machine can make such a page look like one of ours: so the Host must be one
/// that was chosen, an Origin must be our own, and whatever is more than looking needs the token.
final class Guard implements Filter {
  static final HeaderName TOKEN = HeaderNames.create("X-Weir-Token");

  private static final Set<Method> LOOKING = Set.of(Method.GET, Method.HEAD);

  private final Settings settings;
  private final String policy;

  /// @param settings which hosts, and the token
  /// @param importMapHash of the only inline script of the page
  Guard(Settings settings, String importMapHash) {
    this.settings = settings;
    this.policy =
        """
        default-src 'none'; script-src 'self' '%s'; style-src 'self'; img-src 'self' blob: data:; \
        connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\
        """
            .formatted(importMapHash);
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    protect(response);
    Optional<String> refusal = refusal(request);
    if (refusal.isPresent()) {
      Wire.problem(response, Status.FORBIDDEN_403, refusal.get());
    } else {
      chain.proceed();
    }
  }

  private void protect(RoutingResponse response) {
    response
        .header("Content-Security-Policy", policy)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Resource-Policy", "same-origin")
        .header("Cache-Control", "no-store");
  }

  private Optional<String> refusal(RoutingRequest request) {
    int port = request.localPeer().port();
    List<String> hosts = settings.hosts(port);
    if (!hosts.contains(request.authority())) {
      return Optional.of(
          "This server does not answer to that name. Where: Host. To fix: use the address that weir view printed.");
    }
    Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
    if (origin.isPresent() && hosts.stream().noneMatch(h -> origin.get().equals("http://" + h))) {
      return Optional.of(
          "Another site may not ask this server. Where: Origin. To fix: use the address that weir view printed.");
    }
    if (!LOOKING.contains(request.prologue().method()) && !hasToken(request)) {
      return Optional.of(
          "The token is missing or wrong. Where: X-Weir-Token. To fix: open the link that weir view printed.");
    }
    return Optional.empty();
  }

  private boolean hasToken(RoutingRequest request) {
    return MessageDigest.isEqual(
        request.headers().first(TOKEN).orElse("").getBytes(StandardCharsets.UTF_8),
        settings.token().getBytes(StandardCharsets.UTF_8));
  }
}
