package dev.weir.weights.hub;

import java.net.http.HttpRequest;

/// Who asks.
public sealed interface HubAccess {

  /// Nobody in particular: public repositories only.
  record Anonymous() implements HubAccess {}

  /// The owner of an access token. It goes to the endpoint alone, never to a host it redirects to.
  ///
  /// @param secret the token
  record Token(String secret) implements HubAccess {

    /// A token that can stand in a header.
    ///
    /// @throws HubException if it is empty or has spaces or line breaks in it
    public Token {
      if (!secret.matches("[!-~]+")) {
        throw HubException.badToken();
      }
    }

    /// Not the secret, which must not reach a log.
    @Override
    public String toString() {
      return "Token[...]";
    }
  }

  /// Adds what identifies the asker to a request.
  ///
  /// @param request the request
  default void authorize(HttpRequest.Builder request) {
    switch (this) {
      case Anonymous() -> {}
      case Token(String secret) -> request.header("Authorization", "Bearer " + secret);
    }
  }
}
