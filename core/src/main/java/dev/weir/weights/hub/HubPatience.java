package dev.weir.weights.hub;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;

/// How long to go on when a hub or the network fails.
///
/// @param attempts how often in a row something may fail without a single byte gained
/// @param firstPause the pause after the first failure; it doubles with each further one
/// @param longestPause no pause is longer; if the hub asks for a longer one, that is an error
/// @param silence how long a connection may give nothing
/// @param sleeper what pauses
/// @param clock what time it is, for a hub that names the moment to come back
public record HubPatience(
    int attempts,
    Duration firstPause,
    Duration longestPause,
    Duration silence,
    Sleeper sleeper,
    InstantSource clock) {

  /// What pauses.
  @FunctionalInterface
  public interface Sleeper {
    /// Pauses.
    ///
    /// @param pause for how long
    /// @throws InterruptedException if it is woken
    void sleep(Duration pause) throws InterruptedException;
  }

  /// Five attempts, pauses from one second to two minutes, a minute of silence.
  ///
  /// @param sleeper what pauses
  /// @param clock what time it is
  public static HubPatience usual(Sleeper sleeper, InstantSource clock) {
    return new HubPatience(
        5, Duration.ofSeconds(1), Duration.ofMinutes(2), Duration.ofMinutes(1), sleeper, clock);
  }

  /// The pause after so many failures in a row.
  Duration pauseAfter(int failures) {
    Duration pause = firstPause.multipliedBy(1L << Math.min(failures - 1, 20));
    return pause.compareTo(longestPause) < 0 ? pause : longestPause;
  }

  /// A hub that asks to come back later.
  static final class BusyException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final Duration pause;

    /// Status 429 or 5xx, and the pause the hub asks for, zero if it asks for none.
    BusyException(int status, Duration pause) {
      super("status " + status);
      this.status = status;
      this.pause = pause;
    }

    int status() {
      return status;
    }

    Duration pause() {
      return pause;
    }
  }
}
