package dev.weir.rules;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/// Source files that break a rule on purpose, so that each rule is seen to fail in every run.
///
/// @param folder where they and their classes lie
record Planted(Path folder) {
  private static final Pattern PACKAGE = Pattern.compile("package ([a-z.]+);");
  private static final Pattern TYPE = Pattern.compile("(?:class|interface|enum|record) (\\w+)");

  /// Compiles sources, each a whole file that names its package, against Weir itself.
  static Planted in(Path parent, String... sources) {
    try {
      Path folder = Files.createTempDirectory(parent, "planted");
      List<String> files = Stream.of(sources).map(source -> write(folder, source)).toList();
      JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
      Stream<String> options =
          Stream.of("-proc:none", "-nowarn", "-cp", RepositoryFiles.classPath(), "-d");
      String[] command =
          Stream.concat(Stream.concat(options, Stream.of(folder.toString())), files.stream())
              .toArray(String[]::new);
      if (compiler.run(null, null, null, command) != 0) {
        throw new AssertionError("the planted sources do not compile: " + files);
      }
      return new Planted(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String write(Path folder, String source) {
    try {
      Path file =
          folder.resolve(
              first(PACKAGE, source).replace('.', '/') + "/" + first(TYPE, source) + ".java");
      Files.createDirectories(file.getParent());
      return Files.writeString(file, source).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String first(Pattern pattern, String source) {
    Matcher matcher = pattern.matcher(source);
    if (!matcher.find()) {
      throw new AssertionError("no match of " + pattern + " in " + source);
    }
    return matcher.group(1);
  }

  JavaClasses classes() {
    return new ClassFileImporter().importPath(folder);
  }
}
