package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.WeirException;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import dev.weir.weights.Safetensors;
import dev.weir.weights.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is wrong with a model, the answer is one line, or a model that runs.
class DamagedModelsTest {
  private static final int MUTATIONS = 150;
  private static final String[] REPLACEMENTS = {
    "null",
    "-1",
    "0",
    "1",
    "3",
    "1e999",
    "2147483648",
    "9999999",
    "\"x\"",
    "true",
    "[]",
    "{}",
    "NaN"
  };

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2",
        "gpt-neox-parallel",
        "llama-tied-llama3",
        "gemma3",
        "olmo2",
        "phi3-longrope"
      })
  void aChangedConfigGivesOneLineOrAModel(String name) throws IOException {
    Path golden = Golden.path("models/" + name);
    Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String config = Files.readString(golden.resolve("config.json"));
    SplittableRandom random = new SplittableRandom(name.hashCode());
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      String changed = i % 2 == 0 ? withOtherValue(config, random) : withOtherBytes(config, random);
      Files.writeString(folder.resolve("config.json"), changed, StandardCharsets.ISO_8859_1);
      refused += isRefused(changed) ? 1 : 0;
    }
    assertThat(refused).isBetween(MUTATIONS / 10, MUTATIONS - 1);
  }

  private boolean isRefused(String what) {
    try (Transformer model = ModelFiles.open(folder, ModelFiles.Options.usual());
        Scope _ = Scope.open()) {
      Tensor logits = model.logits(new int[] {1, 2, 3});
      assertThat(logits.size("pos")).isEqualTo(3);
      return false;
    } catch (WeirException e) {
      assertThat(e.getMessage()).as(what).doesNotContain("\n").contains("Where: ", "To fix: ");
      return true;
    }
  }

  private static String withOtherValue(String config, SplittableRandom random) {
    List<Integer> colons = new ArrayList<>();
    for (int at = config.indexOf("\": "); at >= 0; at = config.indexOf("\": ", at + 1)) {
      colons.add(at + 3);
    }
    int from = colons.get(random.nextInt(colons.size()));
    int to = from;
    while (to < config.length() && ",\n".indexOf(config.charAt(to)) < 0) {
      to++;
    }
    String value = REPLACEMENTS[random.nextInt(REPLACEMENTS.length)];
    return config.substring(0, from) + value + config.substring(to);
  }

  private static String withOtherBytes(String config, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(config);
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      changed.setCharAt(random.nextInt(changed.length()), (char) random.nextInt(256));
    }
    return random.nextInt(5) == 0
        ? changed.substring(0, random.nextInt(changed.length()))
        : changed.toString();
  }

  @Test
  void aMissingWeightIsNamed() throws IOException {
    rewrite("llama", item -> !item.name().contains("layers.1.mlp.up_proj"));
    assertThatThrownBy(this::open)
        .isInstanceOf(WeirException.class)
        .hasMessageContaining("'model.layers.1.mlp.up_proj.weight' is missing");
  }

  @Test
  void aSpareWeightIsNamed() throws IOException {
    rewrite("llama", _ -> true);
    List<SafetensorsWriter.Item> items = items("llama");
    items.add(
        SafetensorsWriter.Item.of(
            "model.layers.7.extra", DType.FLOAT32, List.of(1L), Arena.ofAuto().allocate(4)));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), items, Map.of());
    assertThatThrownBy(this::open)
        .isInstanceOf(WeirException.class)
        .hasMessageContaining("model.layers.7.extra");
  }

  @Test
  void aWeightThatIsNotANumberIsNamedWhenTheModelRuns() throws IOException {
    rewrite("llama", _ -> true);
    List<SafetensorsWriter.Item> items = items("llama");
    items.replaceAll(
        item -> item.name().equals("model.layers.0.mlp.up_proj.weight") ? withNaN(item) : item);
    SafetensorsWriter.write(folder.resolve("model.safetensors"), items, Map.of());
    try (Transformer model = open();
        Scope _ = Scope.open()) {
      assertThatThrownBy(() -> model.logits(new int[] {1, 2, 3}))
          .isInstanceOf(WeirException.class)
          .hasMessageContaining("blocks.0.mlp.W_in")
          .hasMessageContaining("NaN");
    }
  }

  private static SafetensorsWriter.Item withNaN(SafetensorsWriter.Item item) {
    long bytes = 4 * item.sizes().stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
    MemorySegment numbers = Arena.ofAuto().allocate(bytes);
    numbers.setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 5, Float.NaN);
    return SafetensorsWriter.Item.of(item.name(), DType.FLOAT32, item.sizes(), numbers);
  }

  @Test
  void aTextLongerThanTheContextIsRefused() {
    try (Transformer model =
            FamiliesTest.open(Golden.path("models/gpt2"), "config.json", DType.FLOAT32);
        Scope _ = Scope.open()) {
      assertThatThrownBy(() -> model.logits(new int[model.spec().nCtx() + 1]))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("this model reads at most " + model.spec().nCtx());
      assertThatThrownBy(() -> model.logits(new int[0])).isInstanceOf(ModelException.class);
      assertThatThrownBy(() -> model.logits(new int[] {1, 64}))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("Token 64 does not exist in a vocabulary of 64");
    }
  }

  @Test
  void aFolderWithoutAConfigAndAPathWithoutAModelAreRefused() throws IOException {
    assertThatThrownBy(this::open).isInstanceOf(WeirException.class);
    Files.copy(Golden.path("models/llama/model.safetensors"), folder.resolve("model.safetensors"));
    assertThatThrownBy(this::open)
        .isInstanceOf(WeirException.class)
        .hasMessageContaining("config.json");
    assertThatThrownBy(() -> ModelFiles.open(folder.resolve("none"), ModelFiles.Options.usual()))
        .isInstanceOf(WeirException.class);
  }

  private Transformer open() {
    return ModelFiles.open(folder, ModelFiles.Options.usual());
  }

  private void rewrite(String name, java.util.function.Predicate<SafetensorsWriter.Item> kept)
      throws IOException {
    Path golden = Golden.path("models/" + name);
    Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
    List<SafetensorsWriter.Item> items = items(name);
    items.removeIf(kept.negate());
    SafetensorsWriter.write(folder.resolve("model.safetensors"), items, Map.of());
  }

  private static List<SafetensorsWriter.Item> items(String name) {
    Safetensors source = Safetensors.open(Golden.path("models/" + name + "/model.safetensors"));
    List<SafetensorsWriter.Item> items = new ArrayList<>();
    source.names().forEach(n -> items.add(SafetensorsWriter.Item.of(source.entry(n))));
    return items;
  }
}
