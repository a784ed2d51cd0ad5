package dev.weir.weights.hub;

import java.nio.file.Path;
import java.util.List;

/// What a download left behind.
///
/// @param folder where the files are
/// @param commit the commit they are of, whatever the branch says later
/// @param files the chosen files, all of them whole and checked
/// @param fetched how many of them were not there before
public record HubSnapshot(Path folder, String commit, List<HubFile> files, int fetched) {

  /// A snapshot.
  public HubSnapshot {
    files = List.copyOf(files);
  }
}
