package dev.weir.weights.hub;

import java.time.Duration;

/// Hears how a download goes. Every method may be left as it is.
public interface HubProgress {

  /// Hears nothing.
  static HubProgress silent() {
    return new HubProgress() {};
  }

  /// What is about to be fetched is known.
  ///
  /// @param commit the commit it is pinned to
  /// @param files how many files are missing or incomplete
  /// @param bytes how many bytes they take together
  default void planned(String commit, int files, long bytes) {}

  /// A piece has arrived.
  ///
  /// @param file the file it belongs to
  /// @param done how many of its bytes are here
  default void advanced(HubFile file, long done) {}

  /// A file is here, whole and checked.
  ///
  /// @param file the file
  default void finished(HubFile file) {}

  /// Something failed and is tried again after a pause.
  ///
  /// @param reason what failed
  /// @param pause how long it waits
  default void waiting(String reason, Duration pause) {}
}
