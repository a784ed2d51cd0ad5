package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `weir basis` and `weir bandwidth`, mostly on the model that ships with Weir.
class BasisCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little";

  @TempDir Path folder;

  @Test
  void basisShowsRotationKurtosisAndWhatStandsOut() {
    var result = Shell.here().run("basis", "--control", "--precision", "float64", PROMPT);
    assertThat(result.err()).contains("BOS");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("CONTROL unfolded", "folded (norm biases, norm gains)")
        .contains("3(d-1)/(d+1) = 2.9535")
        .contains("without the first position", "all positions")
        .contains("0_pre", "final_post", "massive_dims");
  }

  @Test
  void basisSaysWhichPathwaysSurviveWithoutAModel() throws Exception {
    Path out = folder.resolve("pathways.csv");
    var result = Shell.here().run("basis", "--pathways", "--out", out.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(Files.readString(out))
        .containsPattern("pre_norm,any rotation")
        .containsPattern("layerscale,no,")
        .containsPattern("\\bhc,keeping the mean");
  }

  @Test
  void theExperimentTrainsAllArms() {
    var result =
        Shell.here()
            .run(
                "basis",
                "--experiment",
                "--steps",
                "2",
                "--seeds",
                "1",
                "--d-model",
                "8",
                "--layers",
                "1",
                "--batch",
                "2",
                "--length",
                "8");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("Adam", "SGD", "rotated Adam", "final_post");
  }

  @Test
  void bandwidthShowsTablesAndWritesAPage() {
    Path out = folder.resolve("bandwidth.html");
    var shown = Shell.here().run("bandwidth", PROMPT);
    assertThat(shown.code()).as(shown.err()).isZero();
    assertThat(shown.out())
        .contains("neurons_before", "participation", "composition", "chance", "two_nn")
        .contains("So few tokens");
    var written =
        Shell.here().run("bandwidth", "--text", "bundled", "--limit", "2", "--out", out.toString());
    assertThat(written.code()).as(written.err()).isZero();
    assertThat(out).content().contains("Composition of writers and readers");
  }

  @Test
  void nonsenseIsRefusedInOneLine() {
    refused("There is no model", "basis", "--model", "nowhere", PROMPT);
    refused("Nobody in this model reads as 'x'", "bandwidth", "--subspace", "x", PROMPT);
    refused("A share of the energy", "bandwidth", "--energy", "2", PROMPT);
    refused("--outliers -1", "bandwidth", "--outliers", "-1", PROMPT);
    refused("The number of seeds", "basis", "--experiment", "--seeds", "0");
    refused("Texts are given in several ways", "basis", "--text", "bundled", PROMPT);
  }

  private static void refused(String what, String... command) {
    var result = Shell.here().run(command);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines().filter(line -> !line.isBlank()))
        .singleElement()
        .asString()
        .contains(what);
  }
}
