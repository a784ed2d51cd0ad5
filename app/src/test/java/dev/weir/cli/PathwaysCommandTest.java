package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pathway.Pathways;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `weir pathways` on a small size, so that its answers can be worked out by hand.
class PathwaysCommandTest {
  private static final int WIDTH = 100;

  private static Shell.Result run(String... args) {
    return Shell.here().run(args);
  }

  @Test
  void listsEveryPathwayWithIdeaPaperCostAndNeutralSettingInTheWidthOfATerminal() {
    Shell.Result result = run("pathways");
    assertThat(result.code()).isZero();
    for (Pathways.Listing listing : Pathways.all()) {
      assertThat(result.out())
          .contains(listing.kind().getSimpleName() + ": " + listing.idea())
          .contains(listing.paper())
          .contains(listing.neutral());
      listing.variants().keySet().forEach(name -> assertThat(result.out()).contains(name + " ("));
    }
    assertThat(result.out().lines()).allMatch(line -> line.length() <= WIDTH);
  }

  static List<String> names() {
    return Pathways.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void saysAllAboutEachAndNamesAPageThatIsThere(String name) {
    Shell.Result result = run("pathways", name, "--layers", "4", "--d-model", "64");
    assertThat(result.code()).isZero();
    assertThat(result.out()).startsWith(name + ": ").contains("weights").contains("hook points");
    String page =
        result.out().lines().filter(line -> line.startsWith("page")).findFirst().orElseThrow();
    assertThat(Shell.root().resolve(page.substring("page".length()).strip())).exists();
  }

  @Test
  void givesASettingAndAHookPointOfOne() {
    Shell.Result result = run("pathways", "denseformer-4x5");
    assertThat(result.out()).contains("dilation     4").contains("blocks.4.path.alpha [source=2]");
    assertThat(run("pathways", "ddl").out()).contains("blocks.0.attn_write.hook_beta");
    assertThat(run("pathways", "MuddFormer").out()).startsWith("mudd: ").contains("path.W2");
  }

  /// One block of d_model 64: an average of the embedding and the block's output, two weights,
  /// three operations for each feature.
  @Test
  void countsTheCostOfOneByHand() {
    Shell.Result result =
        run(
            "pathways",
            "denseformer",
            "--layers",
            "1",
            "--d-model",
            "64",
            "--stages",
            "1",
            "--json");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("\"parameters\":2,")
        .contains("\"flops_per_token\":192.0")
        .contains("\"elements_passing_per_token\":192.0")
        .contains("\"page\":\"docs/pathways/DenseFormer.md\"");
  }

  @Test
  void countsPathwaysAndLocalMixersInTheWidthOfATerminal() {
    Shell.Result result =
        run("pathways", "--cost", "--layers", "12", "--d-model", "768", "--context", "1024");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("denseformer-4x5")
        .contains("short-swa-branch")
        .contains("canon-ABCD")
        .contains("svformer")
        .contains("A FLOP is")
        .doesNotContain("left out");
    Pathways.names().forEach(name -> assertThat(result.out()).contains("\n" + name + " "));
    // 2 w d_kv numbers of two bytes in each of twelve blocks.
    assertThat(result.out()).containsPattern("short-swa .* 4\\.50 MiB");
  }

  @Test
  void writesEveryDigitToFiles(@TempDir Path folder) throws IOException {
    Path csv = folder.resolve("cost.csv");
    Shell.Result result = run("pathways", "--cost", "--out", csv.toString());
    assertThat(result.code()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(Files.readString(csv)).contains("pre_norm,0").contains("denseformer,90");
    assertThat(Files.readString(folder.resolve("cost-mixers.csv"))).contains("canon-A,36864");
    Path html = folder.resolve("cost.html");
    assertThat(run("pathways", "--out", html.toString()).code()).isZero();
    assertThat(Files.readString(html)).contains("What pathways and local mixers cost");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nope|There is no pathway 'nope'. Where: arguments. To fix: use one of pre_norm",
        "--cost --heads 5|--d-model 768 is not a multiple of --heads 5",
        "--cost --heads 12 --kv-heads 5|--heads 12 is not a multiple of --kv-heads 5",
        "--cost --layers 0|--layers is 0, but must be at least 1",
        "--cost --stages 13|--stages 13 is more than --layers 12",
        "--cost --out cost.docx|cost.docx",
      })
  void saysInOneLineWhatItCannotDo(String arguments, String message) {
    Shell.Result result = run(("pathways " + arguments).split(" "));
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains(message).doesNotContain("\tat ");
    assertThat(result.err().lines()).hasSize(1);
  }
}
