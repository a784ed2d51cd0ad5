package dev.weir.page.job;

import java.util.Optional;
import java.util.OptionalDouble;

/// What is known of a piece of work at a moment.
///
/// @param <T> what it finds
/// @param id which work
/// @param kind what sort of work, for instance `pca`
/// @param state whether it goes on
/// @param done how much is done
/// @param total of how much; 0 before that is known
/// @param seconds since it began to compute
/// @param secondsLeft as many more, if the rest goes as quickly as what is done; empty where nobody
///   can say
/// @param found what is found so far, or all of it
/// @param error why it failed, in one line
/// @param version grows with every change
public record JobStatus<T>(
    String id,
    String kind,
    State state,
    long done,
    long total,
    double seconds,
    OptionalDouble secondsLeft,
    Optional<T> found,
    Optional<String> error,
    long version) {

  /// Whether work goes on.
  public enum State {
    /// Other work is before it.
    WAITING,
    /// It goes on.
    RUNNING,
    /// It found all there is.
    DONE,
    /// It could not be done.
    FAILED,
    /// Somebody ended it, or nobody watched it.
    CANCELLED;

    /// Whether nothing more will come.
    public boolean ended() {
      return switch (this) {
        case WAITING, RUNNING -> false;
        case DONE, FAILED, CANCELLED -> true;
      };
    }
  }
}
