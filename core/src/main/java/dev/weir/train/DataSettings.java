package dev.weir.train;

import java.util.Optional;

/// Where a run's data come from.
///
/// @param source a file or folder as [CorpusFiles] reads it, or `task:` and the name of a synthetic
///   task, for instance `task:mqar:pairs=8`
/// @param validation a file or folder to look at; without one, a share of the source is looked at
/// @param validationShare how much of the source that is
/// @param files what files hold
/// @param digest says what was found there, so that other data are noticed
public record DataSettings(
    String source,
    Optional<String> validation,
    double validationShare,
    CorpusFiles files,
    String digest) {
  private static final String TASK = "task:";

  public DataSettings {
    if (!(validationShare > 0 && validationShare < 1)) {
      throw TrainException.badShare(validationShare);
    }
  }

  /// The same with the digest of what was found.
  ///
  /// @param found says what was found
  public DataSettings withDigest(String found) {
    return new DataSettings(source, validation, validationShare, files, found);
  }

  /// The synthetic task that a source names, if it names one.
  ///
  /// @param source a file, a folder, or `task:` and a name
  public static Optional<String> task(String source) {
    return source.startsWith(TASK)
        ? Optional.of(source.substring(TASK.length()))
        : Optional.empty();
  }
}
