package dev.weir.weights.hub;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/// A model repository at one revision.
///
/// @param id `OWNER/NAME`, or `NAME` alone for a few old models
/// @param revision a branch, a tag or a commit
public record HubRepository(String id, String revision) {

  /// A repository whose names are such as a hub gives.
  ///
  /// @throws HubException if they are not
  public HubRepository {
    if (!id.matches("[A-Za-z0-9][\\w.-]*(/[A-Za-z0-9][\\w.-]*)?") || id.contains("..")) {
      throw HubException.badRepository(id);
    }
    if (!revision.matches("[\\w./-]+") || revision.contains("..")) {
      throw HubException.badRevision(revision);
    }
  }

  /// The main branch of a repository.
  ///
  /// @param id `OWNER/NAME`
  /// @throws HubException if it has another form
  public static HubRepository of(String id) {
    return new HubRepository(id, "main");
  }

  String listingPath() {
    return "/api/models/%s/revision/%s?blobs=true".formatted(id, encode(revision));
  }

  String filePath(String commit, String file) {
    String encoded =
        Arrays.stream(file.split("/")).map(HubRepository::encode).collect(Collectors.joining("/"));
    return "/%s/resolve/%s/%s".formatted(id, commit, encoded);
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public String toString() {
    return id + "@" + revision;
  }
}
