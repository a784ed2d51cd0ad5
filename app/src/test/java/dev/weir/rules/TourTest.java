package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The ten lines of the README compile, run, and say something.
class TourTest {
  private static final Pattern BLOCK = Pattern.compile("(?s)```java\n(.*?)```");
  private static final String MODEL = "models/weir-stories";

  @Test
  void theTenLinesRun(@TempDir Path folder) throws Exception {
    String lines = lines();
    assertThat(lines.lines().count()).isLessThanOrEqualTo(12);
    Path model =
        Stream.of(RepositoryFiles.root().resolve(MODEL), stories())
            .filter(Files::exists)
            .findFirst()
            .orElse(Path.of(""));
    Planted planted =
        Planted.in(folder, source(lines.replace(MODEL, model.toString().replace("\\", "/"))));
    Assumptions.assumeTrue(
        !model.toString().isEmpty(), "Skipped: there is no model to run the README's lines with");
    assertThat(output(planted).lines())
        .hasSizeGreaterThan(2)
        .allMatch(line -> line.endsWith(" nats"));
  }

  private static String lines() throws IOException {
    Matcher block = BLOCK.matcher(Files.readString(RepositoryFiles.root().resolve("README.md")));
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  /// A model beside the project, as long as none ships with it.
  private static Path stories() {
    return RepositoryFiles.root().resolveSibling("shared/data/stories260k");
  }

  private static String source(String lines) {
    return """
    package dev.weir.tour;
    import dev.weir.model.*;
    import dev.weir.model.family.*;
    import dev.weir.readout.*;
    import dev.weir.stream.*;
    import java.nio.file.Path;
    public final class Tour { public static void run() { %s } }
    """
        .formatted(lines);
  }

  private static String output(Planted planted) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        URLClassLoader loader =
            new URLClassLoader(
                new URL[] {planted.folder().toUri().toURL()}, TourTest.class.getClassLoader())) {
      System.setOut(out);
      loader.loadClass("dev.weir.tour.Tour").getMethod("run").invoke(null);
    } catch (InvocationTargetException e) {
      throw new AssertionError("the README's lines fail", e.getCause());
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
