package dev.weir.train;

import java.util.Optional;

/// Where a run's texts come from.
///
/// @param texts the file to learn from
/// @param validation the file to look at; without one, the end of the texts is looked at
/// @param validationShare how much of the texts that is
/// @param documents what a document is
/// @param digest SHA-256 of all tokens in their order, so that another text is noticed
public record DataSettings(
    String texts,
    Optional<String> validation,
    double validationShare,
    Documents documents,
    String digest) {

  /// What a document is.
  public enum Documents {
    /// What stands between empty lines.
    PARAGRAPHS,
    /// The whole file.
    WHOLE
  }

  public DataSettings {
    if (!(validationShare > 0 && validationShare < 1)) {
      throw TrainException.badShare(validationShare);
    }
  }

  /// The same with the digest of what was found.
  ///
  /// @param found SHA-256 of all tokens in their order
  public DataSettings withDigest(String found) {
    return new DataSettings(texts, validation, validationShare, documents, found);
  }
}
