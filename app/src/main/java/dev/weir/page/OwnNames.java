package dev.weir.page;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The names under which the server may be asked: those of a machine for itself, the one that was
/// chosen, and the number of the address at which a request arrived. No other name, whatever it
/// resolves to: a name can be made to resolve to this machine by anybody, its number cannot.
///
/// @param chosen the name or address that the server listens on
record OwnNames(String chosen) {
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

  /// The port that browsers leave out.
  private static final String USUAL_PORT = ":80";

  /// Whether this is one of them, with the right port.
  ///
  /// @param authority as a Host header has it: `localhost:9347`
  /// @param at where the request arrived
  boolean contain(String authority, SocketAddress at) {
    if (!(at instanceof InetSocketAddress arrived)) {
      return false;
    }
    String port = ":" + arrived.getPort();
    String asked = authority.toLowerCase(Locale.ROOT);
    if (port.equals(USUAL_PORT) && !asked.endsWith(port)) {
      asked += port;
    }
    if (!asked.endsWith(port)) {
      return false;
    }
    String name = asked.substring(0, asked.length() - port.length());
    return LOOPBACK.contains(name)
        || name.equals(bracketed(chosen).toLowerCase(Locale.ROOT))
        || number(name).filter(arrived.getAddress()::equals).isPresent();
  }

  /// What links call the server: the name that was chosen, or this machine's for itself where it
  /// listens everywhere.
  ///
  /// @param port the port
  String link(int port) {
    boolean everywhere = number(chosen).filter(InetAddress::isAnyLocalAddress).isPresent();
    return "http://%s:%d/".formatted(everywhere ? "127.0.0.1" : bracketed(chosen), port);
  }

  /// The address that a text is the number of; no name is looked up.
  private static Optional<InetAddress> number(String text) {
    try {
      boolean brackets = text.startsWith("[") && text.endsWith("]");
      return Optional.of(
          InetAddress.ofLiteral(brackets ? text.substring(1, text.length() - 1) : text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static String bracketed(String host) {
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }
}
