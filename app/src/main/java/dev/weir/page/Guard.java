package dev.weir.page;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.NotFoundException;
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
import java.util.regex.Pattern;

/// Who may ask. A page of another site can make a browser send requests here, and a name that
/// resolves to this machine can make such a page look like one of ours (DNS rebinding). So the Host
/// must be one that was chosen, what a browser says of the page behind a request (Origin,
/// Sec-Fetch-Site) must be that it is ours, and whatever is more than looking needs the token.
final class Guard implements Filter {
  static final HeaderName TOKEN = HeaderNames.create("X-Weir-Token");

  private static final HeaderName SITE = HeaderNames.create("Sec-Fetch-Site");
  private static final HeaderName MODE = HeaderNames.create("Sec-Fetch-Mode");

  /// Nothing that is offered has dots, double slashes, parameters or escapes in its path.
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?");

  private static final String SCHEME = "http://";
  private static final Set<Method> LOOKING = Set.of(Method.GET, Method.HEAD);

  /// Pages of our own, and what was typed, bookmarked or opened by `weir view`.
  private static final Set<String> OWN_SITES = Set.of("same-origin", "none");

  private final OwnNames names;
  private final byte[] token;
  private final List<Header> protection;

  /// @param names the names that it may be asked under
  /// @param token what a request must bring to do more than look
  /// @param importMapHash of the only inline script of the page
  Guard(OwnNames names, String token, String importMapHash) {
    this.names = names;
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.protection = protection(importMapHash);
  }

  private static List<Header> protection(String importMapHash) {
    String policy =
        """
        default-src 'none'; script-src 'self' '%s'; style-src 'self'; img-src 'self' blob: data:; \
        connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\
        """
            .formatted(importMapHash);
    return List.of(
        HeaderValues.create("Content-Security-Policy", policy),
        HeaderValues.create("X-Content-Type-Options", "nosniff"),
        HeaderValues.create("Referrer-Policy", "no-referrer"),
        HeaderValues.create("Cross-Origin-Opener-Policy", "same-origin"),
        HeaderValues.create("Cross-Origin-Resource-Policy", "same-origin"),
        HeaderValues.create("Cache-Control", "no-store"));
  }

  /// What every answer says to the browser, so that it does nothing with it that the page does not
  /// need.
  List<Header> protection() {
    return protection;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    protection.forEach(response::header);
    Optional<String> refusal = refusal(request);
    if (refusal.isPresent()) {
      Wire.problem(response, Status.FORBIDDEN_403, refusal.get());
    } else if (!PLAIN.matcher(request.prologue().uriPath().rawPath()).matches()) {
      throw new NotFoundException("A path with more than names");
    } else {
      chain.proceed();
    }
  }

  private Optional<String> refusal(RoutingRequest request) {
    if (!isOwnHost(request)) {
      return Optional.of(
          "This server does not answer to that name. Where: Host. To fix: use the address that weir view printed, or start it with --host.");
    }
    if (!isFromOwnPage(request)) {
      return Optional.of(
          "Another site may not ask this server. Where: Origin, Sec-Fetch-Site. To fix: use the page at the address that weir view printed.");
    }
    if (!isLooking(request) && !hasToken(request)) {
      return Optional.of(
          "The token is missing or wrong. Where: X-Weir-Token. To fix: open the link that weir view printed.");
    }
    return Optional.empty();
  }

  /// A request in absolute form (`GET http://…`) says its host twice; browsers send none to us.
  private boolean isOwnHost(RoutingRequest request) {
    String host = request.headers().first(HeaderNames.HOST).orElse("");
    return names.contain(host, request.localPeer().address())
        && request.prologue().uriPath().rawPath().startsWith("/");
  }

  private boolean isFromOwnPage(RoutingRequest request) {
    Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
    Optional<String> site = request.headers().first(SITE);
    return (origin.isEmpty() || isOwn(origin.get(), request))
        && (site.isEmpty() || OWN_SITES.contains(site.get()) || isVisit(request));
  }

  private boolean isOwn(String origin, RoutingRequest request) {
    return origin.startsWith(SCHEME)
        && names.contain(origin.substring(SCHEME.length()), request.localPeer().address());
  }

  /// Somebody followed a link to a view: the page opens, as it would from a bookmark.
  private static boolean isVisit(RoutingRequest request) {
    return isLooking(request)
        && request.headers().first(MODE).filter("navigate"::equals).isPresent()
        && request.prologue().uriPath().path().equals("/");
  }

  private static boolean isLooking(RoutingRequest request) {
    return LOOKING.contains(request.prologue().method());
  }

  /// Compared in a time that does not tell how much of it was right.
  private boolean hasToken(RoutingRequest request) {
    String given = request.headers().first(TOKEN).orElse("");
    return MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), token);
  }
}
