package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The contract that scripts rely on: what stands on stdout, what a file holds, which exit code.
class CommandsTest {
  @TempDir Path folder;

  private static JsonNode json(String text) {
    return JsonMapper.builder().build().readTree(text);
  }

  @Test
  void whatIsKnownByAnyTextIsReadFromTheBundledOne() {
    Shell.Result result = Shell.here().run("bandwidth", "--limit", "2", "--window", "16", "--json");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).contains("the bundled one is read");
    assertThat(Shell.here().run("depth", "--graph").err()).contains("There is no prompt");
  }

  @Test
  void greedyTextOfStories260kIsTheReference() throws IOException {
    String model = Shell.shared("stories260k/stories260K.bin");
    JsonNode reference =
        json(Files.readString(Path.of(Shell.shared("stories260k/reference.json"))));
    int steps = reference.get("greedy_from_bos").size() - 1;
    var result =
        Shell.here()
            .run(
                "generate",
                "--model",
                model,
                "--max-tokens",
                Integer.toString(steps),
                "--temperature",
                "0");
    assertThat(result.code()).isZero();
    String expected = reference.get("greedy_text_expected_prefix").stringValue();
    assertThat(expected).startsWith(result.out().strip());
    assertThat(result.out()).hasSizeGreaterThan(2 * steps);
  }

  @Test
  void theGreedyTokensOfStories260kAreTheReference() throws IOException {
    String model = Shell.shared("stories260k/stories260K.bin");
    JsonNode expected =
        json(Files.readString(Path.of(Shell.shared("stories260k/reference.json"))))
            .get("greedy_from_bos");
    var result =
        Shell.here()
            .run(
                "generate",
                "--model",
                model,
                "--max-tokens",
                "200",
                "--temperature",
                "0",
                "--json");
    JsonNode tokens = json(result.out()).get("tokens");
    assertThat(tokens).hasSize(201);
    for (int i = 0; i < tokens.size(); i++) {
      assertThat(tokens.get(i)).as("token %d", i).isEqualTo(expected.get(i));
    }
  }

  @Test
  void traceWritesOneArrayForEachPointWithTokensAndLogits() throws IOException {
    Path out = folder.resolve("x.npz");
    var result =
        Shell.here()
            .run(
                "trace",
                "--model",
                Shell.golden("models/llama"),
                "--tokens",
                "1,5,7",
                "--points",
                "blocks.*.hook_resid_post,hook_embed",
                "--out",
                out.toString());
    assertThat(result.code()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(headers(out))
        .containsExactlyInAnyOrder(
            "tokens.npy (3,)",
            "hook_embed.npy (3, 32)",
            "blocks.0.hook_resid_post.npy (3, 32)",
            "blocks.1.hook_resid_post.npy (3, 32)",
            "logits.npy (3, 64)");
  }

  @Test
  void severalPromptsHaveABatchAxisInFront() throws IOException {
    Path out = folder.resolve("x.npz");
    var result =
        Shell.here()
            .run(
                "trace",
                "--model",
                Shell.golden("models/gpt2"),
                "--tokens",
                "1,5,7",
                "--tokens",
                "2,3",
                "--points",
                "hook_embed",
                "--out",
                out.toString());
    assertThat(result.code()).isZero();
    assertThat(headers(out))
        .containsExactlyInAnyOrder(
            "tokens.npy (2, 3)", "hook_embed.npy (2, 3, 32)", "logits.npy (2, 3, 64)");
  }

  /// Name and shape of each array.
  private static List<String> headers(Path npz) throws IOException {
    List<String> headers = new ArrayList<>();
    try (ZipFile zip = new ZipFile(npz.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        String header =
            new String(zip.getInputStream(entry).readNBytes(128), StandardCharsets.ISO_8859_1);
        int shape = header.indexOf("'shape': ") + "'shape': ".length();
        headers.add(
            entry.getName() + " " + header.substring(shape, header.indexOf(')', shape) + 1));
      }
    }
    return headers;
  }

  @Test
  void scoreSaysTokensPredictionsCrossEntropyAndBitsPerByte() {
    String model = Shell.shared("stories260k/stories260K.bin");
    var result = Shell.here().run("score", "--model", model, "--json", "Once upon a time");
    JsonNode score = json(result.out());
    assertThat(score.propertyNames())
        .containsExactly("tokens", "predictions", "cross_entropy", "bits_per_byte");
    assertThat(score.get("tokens").intValue()).isEqualTo(5);
    assertThat(score.get("predictions").intValue()).isEqualTo(4);
    // reference.json, first prompt: mean_nll of an independent float64 pass; float32 here.
    assertThat(score.get("cross_entropy").doubleValue()).isCloseTo(0.0685225937, offset(1e-5));
    assertThat(score.get("bits_per_byte").doubleValue())
        .isCloseTo(0.0685225937 * 4 / Math.log(2) / "Once upon a time".length(), offset(1e-5));
  }

  @Test
  void scoringInWindowsPredictsEachTokenOnce() {
    String tokens =
        Stream.iterate(1, t -> (t * 7 + 3) % 60)
            .limit(200)
            .map(String::valueOf)
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    var result =
        Shell.here()
            .run("score", "--model", Shell.golden("models/gpt2"), "--tokens", tokens, "--json");
    assertThat(result.code()).isZero();
    assertThat(json(result.out()).get("predictions").intValue()).isEqualTo(199);
  }

  @Test
  void modelsSaysWhatAPathContains() {
    var result = Shell.here().run("models", Shell.golden("models/gemma2"), "--json", "--points");
    JsonNode model = json(result.out());
    assertThat(model.get("family").stringValue()).isEqualTo("gemma2");
    assertThat(model.get("points")).isNotEmpty();
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            new String[] {"generate", "--model", "/no/such/model", "x"}, "There is no model"),
        Arguments.of(
            new String[] {
              "trace", "--model", Shell.golden("models/llama"), "--tokens", "1,x", "--out", "o.npz"
            },
            "not a list of token ids"),
        Arguments.of(
            new String[] {
              "trace", "--model", Shell.golden("models/llama"), "--tokens", "1,64", "--out", "o.npz"
            },
            "Token 64 does not exist"),
        Arguments.of(
            new String[] {
              "trace",
              "--model",
              Shell.golden("models/llama"),
              "--tokens",
              "1",
              "--points",
              "no.such",
              "--out",
              "o.npz"
            },
            "No hook point of this model matches"),
        Arguments.of(
            new String[] {
              "trace", "--model", Shell.golden("models/llama"), "--tokens", "1", "--out", "o.xyz"
            },
            "says no format"),
        Arguments.of(
            new String[] {
              "trace",
              "--model",
              Shell.golden("models/llama"),
              "--tokens",
              "1",
              "--out",
              "/no/such/folder/o.npz"
            },
            "/no/such/folder"),
        Arguments.of(
            new String[] {"score", "--model", Shell.golden("models/llama"), "--tokens", "1"},
            "no token to predict"),
        Arguments.of(
            new String[] {
              "score", "--model", Shell.golden("models/llama"), "--dtype", "int3", "--tokens", "1,2"
            },
            "no dtype 'int3'"),
        Arguments.of(
            new String[] {
              "score",
              "--model",
              Shell.golden("models/llama"),
              "--device",
              "cuda",
              "--tokens",
              "1,2"
            },
            "cuda is not here"),
        Arguments.of(
            new String[] {
              "score", "--model", Shell.golden("models/llama"), "--threads", "0", "--tokens", "1,2"
            },
            "--threads 0"),
        Arguments.of(
            new String[] {"score", "--model", Shell.golden("models"), "--tokens", "1,2"}, "models"),
        Arguments.of(new String[] {"study", "run"}, "give a study file, or --preset"),
        Arguments.of(new String[] {"study", "run", "x.yaml", "--workers", "0"}, "--workers 0"),
        Arguments.of(new String[] {"pull", "not a name"}, "not a name"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureIsOneLineOnStderrAndExitCode1(String[] args, String said) {
    var result = Shell.here().run(args);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines().filter(line -> line.contains("To fix"))).hasSize(1);
    assertThat(result.err()).contains(said).doesNotContain("\tat ");
    assertThat(Path.of("o.npz")).doesNotExist();
  }

  @Test
  void aUsageErrorIsExitCode2() {
    assertThat(Shell.here().run("generate", "--no-such-option").code()).isEqualTo(2);
    assertThat(Shell.here().run("no-such-command").code()).isEqualTo(2);
    assertThat(Shell.here().run().code()).isEqualTo(2);
    assertThat(Shell.here().run("trace", "hello").code()).isEqualTo(2);
    assertThat(Shell.here().run("study").code()).isEqualTo(2);
    assertThat(Shell.here().run("study", "status").code()).isEqualTo(2);
    assertThat(Shell.here().run("study", "run", "x", "--workers", "two").code()).isEqualTo(2);
  }

  /// The words that name each command, those of its parents in front.
  static Stream<List<String>> commands() {
    return below(Main.commandLine(Terminal.real()), List.of());
  }

  private static Stream<List<String>> below(CommandLine command, List<String> words) {
    return Stream.concat(
        Stream.of(words),
        command.getSubcommands().entrySet().stream()
            .flatMap(sub ->
                below(
                    sub.getValue(),
                    Stream.concat(words.stream(), Stream.of(sub.getKey())).toList())));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelp(List<String> words) {
    var help =
        Shell.here().run(Stream.concat(words.stream(), Stream.of("--help")).toArray(String[]::new));
    assertThat(help.code()).as(help.err()).isZero();
    assertThat(help.err()).isEmpty();
    assertThat(help.out()).contains(("Usage: weir " + String.join(" ", words)).strip());
  }

  @Test
  void helpAndTheCompletionScriptGoToStdout() {
    assertThat(Shell.here().run("--help").out()).contains("Examples:");
    assertThat(Shell.here().run("completion").out()).contains("complete");
  }
}
