package dev.weir.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Named tensors that lie in a file or a set of files, memory-mapped and read-only.
///
/// Opening reads headers only, whatever the size of the file; a tensor's bytes are read from disk
/// when they are first touched. Several threads may read at once.
public interface WeightSource extends AutoCloseable {

  /// The file or folder that was opened.
  Path path();

  /// The names of all stored tensors, in the order of the file. Aliases are not among them.
  List<String> names();

  /// Other names of stored tensors: alias -> stored name. A file whose embedding and unembedding
  /// are one tensor stores it once and names the other here.
  Map<String, String> aliases();

  /// What the file says about itself, as text.
  Map<String, String> metadata();

  /// The tensor of this name or alias, under the name asked for.
  ///
  /// @param name a stored name or an alias
  /// @throws WeightException if the file has none
  WeightEntry entry(String name);

  /// Whether a tensor of this name or alias is here.
  ///
  /// @param name a stored name or an alias
  default boolean has(String name) {
    return aliases().containsKey(name) || names().contains(name);
  }

  /// Unmaps the files. Entries handed out before are unreadable from then on.
  @Override
  void close();
}
