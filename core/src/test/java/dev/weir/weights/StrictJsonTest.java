package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {
  @TempDir private Path folder;

  @Test
  void readsWhatIsWellFormed() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{\"n_layer\": 12}\n");
    assertThat(StrictJson.read(file, 100).path("n_layer").longValue()).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{} {}",
        "NaN",
        "{a:1}",
        "[1,]",
        "\uFEFF{}"
      })
  void whatIsNotStrictIsRefused(String json) {
    assertThatThrownBy(() -> StrictJson.parse(json.getBytes(StandardCharsets.UTF_8), "here"))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("This is not the JSON it should be")
        .hasMessageContaining("Where: here");
  }

  @Test
  void depthNumbersAndSizeAreLimited() throws IOException {
    assertThatThrownBy(() -> parse("[".repeat(100_000)))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("nesting depth");
    assertThatThrownBy(() -> parse("1".repeat(1000)))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("This is not the JSON it should be");
    Path file = Files.writeString(folder.resolve("long.json"), "[1, 2, 3]");
    assertThatThrownBy(() -> StrictJson.read(file, 8))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("The JSON file has 9 bytes, expected at most 8");
  }

  private static void parse(String json) {
    StrictJson.parse(json.getBytes(StandardCharsets.UTF_8), "here");
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    assertThatThrownBy(() -> StrictJson.parse(new byte[] {'"', (byte) 0xFF, '"'}, "here"))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("it is not valid UTF-8");
  }
}
