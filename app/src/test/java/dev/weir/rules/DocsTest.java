package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.stream.HookPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The documents say what is so. Each check is tried on the documents, where it must hold, and on a
/// planted page, where it must not.
class DocsTest {
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");

  /// `LogitLens`, `HookPoint.ResidPre`, `Scope.keep`.
  private static final Pattern TYPE =
      Pattern.compile("([A-Z][a-z0-9]\\w*)((?:\\.[A-Z]\\w*)*)(\\.[a-z]\\w*)?");

  private static final Pattern LINK = Pattern.compile("]\\(<?([^)#\\s>]+)[^)]*\\)");
  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|interface|enum|record|@interface) (\\w+)");

  /// Types of others that documents mention.
  private static final Set<String> OF_OTHERS =
      Set.of(
          // marks of a chart, in a decision
          "Box",
          "Dot",
          "Label",
          "Line",
          // Hugging Face's tokenizers, in a decision
          "FixedLength",
          "Precompiled",
          "Prepend",
          "TokenizersLibrary",
          // a number
          "NaN",
          // rows of /proc/self/status
          "RssAnon",
          "VmHWM");

  // ---------------------------------------------------------------- names

  @Test
  void everyTypeThatDocumentsNameExists() throws IOException {
    List<Path> documents = namingDocuments();
    assertThat(documents).hasSizeGreaterThan(10);
    Set<String> declared = declaredTypes();
    assertThat(declared).hasSizeGreaterThan(200);
    List<String> missing = new ArrayList<>();
    for (Path document : documents) {
      missing.addAll(missingTypes(document, declared));
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void seesATypeThatIsGone(@TempDir Path folder) throws IOException {
    Path page =
        Files.writeString(
            folder.resolve("PAGE.md"),
            "`Scope` and `Scope.keep` are here, `Scope.lose`, `HookPoint.ResidAfter` and `OldTransformer` are not, `blocks.0.attn` is no type.");
    assertThat(missingTypes(page, declaredTypes()))
        .containsExactly(
            "PAGE.md: Scope.lose", "PAGE.md: HookPoint.ResidAfter", "PAGE.md: OldTransformer");
  }

  private static List<Path> namingDocuments() {
    return RepositoryFiles.documents().stream()
        .filter(file -> !RepositoryFiles.relative(file).startsWith("tools/"))
        .filter(file -> !RepositoryFiles.relative(file).contains("/src/"))
        .filter(file -> !RepositoryFiles.relative(file).startsWith("models/"))
        .toList();
  }

  private static List<Path> sources() {
    return Stream.concat(
            RepositoryFiles.mainSources().stream(), RepositoryFiles.testSources().stream())
        .toList();
  }

  private static Set<String> declaredTypes() throws IOException {
    Set<String> declared = new HashSet<>();
    for (Path file : sources()) {
      Matcher matcher = DECLARED.matcher(Files.readString(file));
      while (matcher.find()) {
        declared.add(matcher.group(1));
      }
    }
    return declared;
  }

  private static List<String> missingTypes(Path document, Set<String> declared) throws IOException {
    List<String> missing = new ArrayList<>();
    Matcher code = CODE.matcher(withoutFences(Files.readString(document)));
    while (code.find()) {
      Matcher type = TYPE.matcher(code.group(1));
      if (type.matches() && !exists(type, declared)) {
        missing.add(document.getFileName() + ": " + code.group(1));
      }
    }
    return missing;
  }

  private static boolean exists(Matcher type, Set<String> declared) throws IOException {
    if (OF_OTHERS.contains(type.group(1)) || isOfTheJdk(type.group(1))) {
      return true;
    }
    boolean nested =
        Stream.of(type.group(2).split("\\."))
            .filter(name -> !name.isEmpty())
            .allMatch(declared::contains);
    return declared.contains(type.group(1)) && nested && hasMember(type);
  }

  /// Whether the type's file mentions the member that is named after it.
  private static boolean hasMember(Matcher type) throws IOException {
    if (type.group(3) == null) {
      return true;
    }
    String member = "\\b" + type.group(3).substring(1) + "\\b";
    for (Path file : sources()) {
      if (file.getFileName().toString().equals(type.group(1) + ".java")) {
        return Pattern.compile(member).matcher(Files.readString(file)).find();
      }
    }
    return false;
  }

  private static boolean isOfTheJdk(String name) {
    return Stream.of("java.lang.", "java.util.", "java.nio.file.", "java.lang.foreign.")
        .anyMatch(packageName -> {
          try {
            Class<?> _ = Class.forName(packageName + name);
            return true;
          } catch (ClassNotFoundException _) {
            return false;
          }
        });
  }

  private static String withoutFences(String text) {
    return text.replaceAll("(?s)```.*?```", "");
  }

  // ---------------------------------------------------------------- links

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    int looked = 0;
    for (Path document : RepositoryFiles.documents()) {
      Matcher link = LINK.matcher(withoutFences(Files.readString(document)));
      while (link.find()) {
        looked++;
        if (isBroken(document, link.group(1))) {
          broken.add(RepositoryFiles.relative(document) + ": " + link.group(1));
        }
      }
    }
    assertThat(looked).isGreaterThan(10);
    assertThat(broken).isEmpty();
  }

  @Test
  void seesALinkToNowhere(@TempDir Path folder) {
    Path page = folder.resolve("page.md");
    assertThat(isBroken(page, "missing.md")).isTrue();
    assertThat(isBroken(page, ".")).isFalse();
    assertThat(isBroken(page, "https://example.org/")).isFalse();
  }

  private static boolean isBroken(Path document, String target) {
    return !target.matches("[a-z]+:.*") && !Files.exists(document.resolveSibling(target));
  }

  // ---------------------------------------------------------------- a page for each class

  @Test
  void everyPathwayHasItsPageAndEveryPageItsPathway() throws IOException {
    assertPages("pathways", "pathway", Pattern.compile("implements\\s+PathwaySpec\\b"));
  }

  @Test
  void everyReadoutHasItsPageAndEveryPageItsReadout() throws IOException {
    // Wide is no readout: it widens numbers for all of them.
    assertPages(
        "readouts",
        "readout(?:/\\w+)?",
        Pattern.compile("(?m)^public final class (?!Wide)\\w+ \\{"));
  }

  @Test
  void pagesOfLocalMixersHaveTheSameHeadings() throws IOException {
    Set<List<String>> headings = new HashSet<>();
    try (Stream<Path> files = Files.list(RepositoryFiles.root().resolve("docs/mixers"))) {
      for (Path page : files.toList()) {
        headings.add(headings(Files.readString(page)));
      }
    }
    assertThat(headings).hasSize(1);
  }

  /// The pages of a kind carry the names of the classes, and the same headings.
  private static void assertPages(String folder, String packageName, Pattern isOne)
      throws IOException {
    Path pages = RepositoryFiles.root().resolve("docs").resolve(folder);
    Set<String> classes = new TreeSet<>();
    for (Path file : RepositoryFiles.mainSources()) {
      if (RepositoryFiles.relative(file)
              .matches("[^/]+/src/main/java/dev/weir/" + packageName + "/[^/]+")
          && isOne.matcher(Files.readString(file)).find()) {
        classes.add(file.getFileName().toString().replace(".java", ""));
      }
    }
    Set<String> found = new TreeSet<>();
    Set<List<String>> headings = new HashSet<>();
    try (Stream<Path> files = Files.list(pages)) {
      for (Path page : files.toList()) {
        found.add(page.getFileName().toString().replace(".md", ""));
        headings.add(headings(Files.readString(page)));
      }
    }
    assertThat(found).isEqualTo(classes);
    assertThat(headings).as("the headings of docs/%s", folder).hasSize(1);
  }

  private static List<String> headings(String page) {
    return withoutFences(page).lines().filter(line -> line.startsWith("## ")).toList();
  }

  // ---------------------------------------------------------------- the glossary

  @Test
  void everyPlaceOfTheGlossaryIsAHookPointAndEveryHookPointIsThere() throws IOException {
    String glossary = Files.readString(RepositoryFiles.root().resolve("GLOSSARY.md"));
    Set<String> listed =
        CODE.matcher(glossary)
            .results()
            .map(match -> match.group(1))
            .filter(name -> name.matches("((blocks\\.L\\.|ln_final\\.).*|hook_.*)"))
            .map(name -> name.replace("blocks.L.", "blocks.3."))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<HookPoint> places = listed.stream().map(HookPoint::parse).collect(Collectors.toSet());
    assertThat(places).containsAll(HookPoint.inBlock(3)).hasSizeGreaterThan(24);
  }

  // ---------------------------------------------------------------- what no file may say

  /// Folders of somebody's machine. Written in pieces, or this file would match.
  private static final Pattern SOMEBODYS_MACHINE =
      Pattern.compile("(?<![\\w.~])/" + "(work|root|home/\\w+|Users/\\w+)/[\\w.]");

  @Test
  void noFileNamesAFolderOfSomebodysMachine() {
    List<String> named = new ArrayList<>();
    List<Path> files = RepositoryFiles.all();
    assertThat(files).hasSizeGreaterThan(300);
    for (Path file : files) {
      RepositoryFiles.text(file)
          .map(SOMEBODYS_MACHINE::matcher)
          .filter(Matcher::find)
          .ifPresent(match -> named.add(RepositoryFiles.relative(file) + ": " + match.group()));
    }
    assertThat(named).isEmpty();
  }

  @Test
  void seesAFolderOfSomebodysMachine() {
    assertThat(SOMEBODYS_MACHINE.matcher("see /" + "home/ann/models").find()).isTrue();
    assertThat(SOMEBODYS_MACHINE.matcher("see /" + "root/.m2/x").find()).isTrue();
    assertThat(SOMEBODYS_MACHINE.matcher("blocks/work/x and https://a.org/root/x").find())
        .isFalse();
  }

  @Test
  void theReadmeNamesTheTwoCommandsThatCiRuns() throws IOException {
    String readme = Files.readString(RepositoryFiles.root().resolve("README.md"));
    List<String> commands =
        Files.readString(RepositoryFiles.root().resolve(".ci/run"))
            .lines()
            .filter(line -> line.matches("\\./(weir|mvnw) .*") && !line.contains("--version"))
            .toList();
    assertThat(commands).hasSize(2);
    assertThat(readme).contains("```sh\n" + String.join("\n", commands) + "\n```");
  }
}
