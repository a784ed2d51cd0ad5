package dev.weir.weights.hub;

import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// What a repository holds at one commit.
///
/// @param commit the commit, 40 hexadecimal digits
/// @param files its files, in the order of the answer
record HubListing(String commit, List<HubFile> files) {

  HubListing {
    files = List.copyOf(files);
  }

  /// Reads the answer of `/api/models/…/revision/…?blobs=true`.
  static HubListing parse(byte[] answer, String where) {
    JsonNode root;
    try {
      root = StrictJson.parse(answer, where);
    } catch (WeightException e) {
      throw HubException.badAnswer(where, "it is not JSON", e);
    }
    String commit = text(root, "sha");
    if (!commit.matches("[0-9a-f]{40}")) {
      throw HubException.badAnswer(where, "it names no commit");
    }
    List<HubFile> files = new ArrayList<>();
    Set<String> paths = new HashSet<>();
    for (JsonNode sibling : root.path("siblings")) {
      HubFile file = parseFile(sibling, where);
      if (!paths.add(file.path())) {
        throw HubException.badAnswer(where, "it lists '%s' twice".formatted(file.path()));
      }
      files.add(file);
    }
    return new HubListing(commit, files);
  }

  private static HubFile parseFile(JsonNode sibling, String where) {
    String path = text(sibling, "rfilename");
    if (!HubFile.isSafe(path)) {
      throw HubException.unsafePath(where, path);
    }
    JsonNode lfs = sibling.path("lfs");
    HubDigest digest =
        lfs.isObject()
            ? new HubDigest(HubDigest.Kind.SHA256, text(lfs, "sha256"))
            : new HubDigest(HubDigest.Kind.GIT_BLOB, text(sibling, "blobId"));
    JsonNode size = sibling.path("size");
    if (!digest.isWellFormed() || !size.isIntegralNumber() || !size.canConvertToLong()) {
      throw HubException.badAnswer(where, "'%s' has no size or no hash".formatted(path));
    }
    if (size.longValue() < 0) {
      throw HubException.badAnswer(where, "'%s' has a negative size".formatted(path));
    }
    return new HubFile(path, size.longValue(), digest);
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isString() ? value.stringValue() : "";
  }
}
