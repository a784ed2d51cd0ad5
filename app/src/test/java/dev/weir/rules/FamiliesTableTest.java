package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.family.Family;
import dev.weir.model.family.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The README's table of families is what the classes and the golden models say.
class FamiliesTableTest {
  private static final String BEGIN = "<!-- families: written by FamiliesTableTest -->\n";
  private static final String END = "<!-- /families -->";

  @Test
  void theReadmeHasTheTableThatTheGoldenModelsMake() throws IOException {
    String readme = Files.readString(RepositoryFiles.root().resolve("README.md"));
    String table = table();
    assertThat(readme)
        .as("paste this between the two comments of README.md:\n%s", table)
        .contains(BEGIN + table + END);
  }

  private static String table() throws IOException {
    Map<String, List<String>> transformers = golden("models", "");
    Map<String, List<String>> gguf = golden("gguf", ".gguf");
    StringBuilder table = new StringBuilder();
    table.append(
        "| family | `model_type` | transformers, models of | GGUF against transformers |\n");
    table.append("|---|---|---|---|\n");
    for (Family family : Family.all()) {
      table.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  family.getClass().getSimpleName(),
                  family.modelTypes().stream()
                      .map(type -> "`" + type + "`")
                      .collect(Collectors.joining(", ")),
                  of(family, transformers),
                  of(family, gguf)));
    }
    return table.toString();
  }

  private static String of(Family family, Map<String, List<String>> golden) {
    String names =
        family.modelTypes().stream()
            .flatMap(type -> golden.getOrDefault(type, List.of()).stream())
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "–" : names;
  }

  /// The golden models of a folder by the family that opens them.
  private static Map<String, List<String>> golden(String folder, String ending) throws IOException {
    Path root = RepositoryFiles.root().resolve("core/src/test/resources/golden").resolve(folder);
    Map<String, List<String>> byFamily = new TreeMap<>();
    try (Stream<Path> files = Files.list(root).sorted()) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(ending) && !name.startsWith("blocks")) {
          byFamily
              .computeIfAbsent(ModelFiles.spec(file).family(), _ -> new ArrayList<>())
              .add(name.substring(0, name.length() - ending.length()));
        }
      }
    }
    return byFamily;
  }
}
