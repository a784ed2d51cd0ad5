package dev.weir.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Finds the real models and texts that stand beside the project, where they are.
public final class SharedData {

  private SharedData() {}

  /// The file or folder of this name under `../shared/data`; skips the test with a sentence where
  /// it is absent.
  public static Path require(String relative) {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path found = folder.resolveSibling("shared").resolve("data").resolve(relative);
      if (Files.exists(found)) {
        return found;
      }
    }
    Assumptions.abort("Skipped: ../shared/data/%s is not on this machine".formatted(relative));
    throw new AssertionError("unreachable");
  }
}
