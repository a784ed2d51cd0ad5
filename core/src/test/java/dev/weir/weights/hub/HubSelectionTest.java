package dev.weir.weights.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HubSelectionTest {
  private static final HubRepository REPOSITORY = HubRepository.of("owner/name");

  private static List<String> usual(String... paths) {
    List<HubFile> files =
        Stream.of(paths)
            .map(path -> new HubFile(path, 1, new HubDigest(HubDigest.Kind.GIT_BLOB, "0")))
            .toList();
    return new HubSelection.Usual().choose(REPOSITORY, files).stream().map(HubFile::path).toList();
  }

  @Test
  void theUsualFilesAreThoseThatOpenTheModel() {
    assertThat(
            usual(
                ".gitattributes",
                "LICENSE",
                "README.md",
                "config.json",
                "merges.txt",
                "model.safetensors",
                "onnx/config.json",
                "pytorch_model.bin",
                "pytorch_model.bin.index.json",
                "tokenizer.model",
                "flax_model.msgpack"))
        .containsExactly(
            "LICENSE",
            "README.md",
            "config.json",
            "merges.txt",
            "model.safetensors",
            "tokenizer.model");
  }

  @Test
  void oneSetOfWeightsIsEnough() {
    assertThat(usual("consolidated.safetensors", "model.safetensors", "model.Q8_0.gguf"))
        .containsExactly("model.safetensors");
    assertThat(
            usual(
                "consolidated.safetensors",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json"))
        .containsExactly(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
    assertThat(usual("only.safetensors")).containsExactly("only.safetensors");
    assertThat(usual("model.Q8_0.gguf")).containsExactly("model.Q8_0.gguf");
  }

  @Test
  void severalQuantisationsLeaveTheChoiceToTheUser() {
    assertThatThrownBy(() -> usual("m.Q4_K.gguf", "m.Q8_0.gguf"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The repository has 2 GGUF files: m.Q4_K.gguf, m.Q8_0.gguf");
  }

  @Test
  void aRepositoryOfPicklesAloneIsRefused() {
    assertThatThrownBy(() -> usual("config.json", "pytorch_model.bin"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The repository has no .safetensors or .gguf file");
  }

  @Test
  void patternsMatchWholePaths() {
    HubFile file = new HubFile("a/b.json", 1, new HubDigest(HubDigest.Kind.GIT_BLOB, "0"));
    for (String glob : List.of("*.json", "a/*", "a/?.json", "*")) {
      assertThat(new HubSelection.Matching(List.of(glob)).choose(REPOSITORY, List.of(file)))
          .containsExactly(file);
    }
    for (String glob : List.of("b.json", "a", "a.b.json", "?.json")) {
      HubSelection selection = new HubSelection.Matching(List.of(glob));
      assertThatThrownBy(() -> selection.choose(REPOSITORY, List.of(file)))
          .hasMessageContaining("No file matches " + glob);
    }
    assertThatThrownBy(() -> new HubSelection.Matching(List.of()))
        .hasMessageContaining("No pattern says what to fetch");
  }
}
