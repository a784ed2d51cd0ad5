package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What analyses say to input that makes no sense: one line that says what and where, exit code 1,
/// and nothing is written.
class AnalysisErrorsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lens --of DIRECTION",
        "persistence --direction DIRECTION Once",
        "steer --layer 2 --vector DIRECTION Once",
        "persistence --direction EMPTY Once"
      })
  void aDirectionOfTheWrongWidthIsRefused(String line) throws IOException {
    Files.writeString(folder.resolve("direction.json"), "[1, 2, 3]");
    Files.writeString(folder.resolve("empty.json"), "[]");
    assertRefused(
        line.replace("DIRECTION", folder.resolve("direction.json").toString())
            .replace("EMPTY", folder.resolve("empty.json").toString()),
        folder.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "trace --points blocks.0.hook_resid_pst Once, blocks.0.hook_resid_post",
    "contributions --to blocks.0.hook_mlp_inn Once, mlp_in",
    "'patch --site resid_pree --corrupt Twice --answer ,girl --wrong ,boy Once', resid_pre",
    "probe --place resid_pst --prompts LABELS, resid_post"
  })
  void aPlaceThatDoesNotExistIsRefusedWithTheNearestNames(String line, String nearest)
      throws IOException {
    Path labels = folder.resolve("labels.jsonl");
    Files.writeString(labels, "{\"prompt\": \"Once\", \"label\": \"a\"}\n");
    assertRefused(line.replace(',', ' ').replace("LABELS", labels.toString()), nearest);
  }

  static Stream<String> commandsWithPrompts() {
    return Stream.of(
        "lens",
        "attribute",
        "contributions",
        "circuits",
        "basis",
        "bandwidth",
        "persistence",
        "subvalue",
        "patch",
        "probe",
        "depth");
  }

  @ParameterizedTest
  @MethodSource("commandsWithPrompts")
  void anEmptyFileOfPromptsIsRefused(String command) throws IOException {
    Path empty = Files.writeString(folder.resolve("none.jsonl"), "\n\n");
    assertRefused(command + " --prompts " + empty, "none.jsonl");
  }

  @ParameterizedTest
  @MethodSource("commandsWithPrompts")
  void aBrokenLineInAFileOfPromptsIsRefusedByItsNumber(String command) throws IOException {
    Path broken = folder.resolve("broken.jsonl");
    Files.writeString(broken, "{\"prompt\": \"Once\"}\n{\"promt\": \"upon\"}\n");
    assertRefused(command + " --prompts " + broken, "broken.jsonl, line 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Once upon a time there was a girl"})
  void promptsOfDifferentLengthsAreNotPatched(String corrupt) {
    Shell.Result result =
        run("patch", "--corrupt", corrupt, "--answer", " girl", "--wrong", " boy", "Once");
    assertThat(result.err()).contains("tokens", "align");
    assertNothing(result);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tuned_lens"})
  void aLensForAnotherModelIsRefused(String lens) {
    Shell.Result result = run("lens", "--lens", "tuned:" + Shell.golden(lens), "Once");
    assertThat(result.err()).contains("tuned_lens");
    assertNothing(result);
  }

  private void assertRefused(String line, String mention) {
    Shell.Result result = run(line.split(" +", -1));
    assertThat(result.err()).contains(mention);
    assertNothing(result);
  }

  private Shell.Result run(String... words) {
    Path out = folder.resolve(words[0].equals("trace") ? "out.npz" : "out.html");
    String[] args =
        Stream.concat(Arrays.stream(words), Stream.of("--out", out.toString()))
            .toArray(String[]::new);
    return Shell.here().run(args);
  }

  private void assertNothing(Shell.Result result) {
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines().filter(line -> !line.contains("prepended")))
        .as(result.err())
        .hasSize(1);
    assertThat(folder).isDirectoryNotContaining("glob:**/out.*");
  }
}
