package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Llama2cTest {
  @TempDir private Path folder;

  @Test
  void stories260kIsWhatItsPageSays() {
    try (Llama2c model = Llama2c.open(SharedData.require("stories260k/stories260K.bin"))) {
      assertThat(model.config())
          .isEqualTo(
              new Llama2cConfig(0, 64, 172, 5, 8, 4, 512, 512, Llama2cConfig.Unembedding.TIED));
      assertThat(model.names()).hasSize(1 + 9 * 5 + 1).doesNotContain("lm_head.weight");
      assertThat(model.names().stream().mapToLong(name -> model.entry(name).elements()).sum())
          .isEqualTo(260_032);
      assertThat(model.entry("model.layers.4.self_attn.k_proj.weight").sizes())
          .containsExactly(32L, 64L);
      assertThat(model.entry("model.layers.0.mlp.down_proj.weight").sizes())
          .containsExactly(64L, 172L);
    }
  }

  @Test
  void version1HoldsTheSameNumbersAsVersion0() throws IOException {
    Path version0 = SharedData.require("stories260k/stories260K.bin");
    try (Llama2c model = Llama2c.open(version0)) {
      Path version1 = writeVersion1(model, folder.resolve("v1.bin"));
      assertThat(Files.size(version1)).isEqualTo(1_040_384);
      try (WeightSource other = WeightFiles.open(version1)) {
        assertThat(((Llama2c) other).config().version()).isEqualTo(1);
        assertThat(other.names()).containsExactlyInAnyOrderElementsOf(model.names());
        for (String name : model.names()) {
          assertThat(other.entry(name).sizes()).isEqualTo(model.entry(name).sizes());
          assertThat(other.entry(name).bytes().mismatch(model.entry(name).bytes()))
              .as(name)
              .isEqualTo(-1);
        }
      }
    }
  }

  /// Written from the page's description of version 1, not from the reader.
  private static Path writeVersion1(Llama2c model, Path file) throws IOException {
    Llama2cConfig c = model.config();
    List<String> order = new ArrayList<>();
    addLayers(order, c, "input_layernorm", "post_attention_layernorm");
    order.add("model.norm.weight");
    order.add("model.embed_tokens.weight");
    addLayers(
        order,
        c,
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.down_proj",
        "mlp.up_proj");
    ByteBuffer bytes = TestFiles.little(256 + 4 * 260_032);
    bytes.put(new byte[] {0x32, 0x34, 0x6b, 0x61}).putInt(1);
    bytes.putInt(c.dModel()).putInt(c.dMlp()).putInt(c.nLayers()).putInt(c.nHeads());
    bytes.putInt(c.nKvHeads()).putInt(c.dVocab()).putInt(c.nCtx()).put((byte) 1).position(256);
    for (String name : order) {
      bytes.put(model.entry(name).bytes().toArray(ValueLayout.JAVA_BYTE));
    }
    return Files.write(file, TestFiles.bytes(bytes));
  }

  private static void addLayers(List<String> order, Llama2cConfig c, String... parts) {
    for (String part : parts) {
      for (int layer = 0; layer < c.nLayers(); layer++) {
        order.add("model.layers.%d.%s.weight".formatted(layer, part));
      }
    }
  }

  @Test
  void theArraysOfVersion0LieInTheirOrder() {
    Path file = TestFiles.write(folder.resolve("tiny.bin"), TestFiles.llama2cV0(3));
    try (WeightSource model = WeightFiles.open(file)) {
      // 12 embedding, 8 attention norms, then Wq 2x16, Wk 2x8, Wv 2x8, Wo 2x16.
      firstNumber(model, "model.embed_tokens.weight", 0);
      firstNumber(model, "model.layers.1.input_layernorm.weight", 16);
      firstNumber(model, "model.layers.0.self_attn.q_proj.weight", 20);
      firstNumber(model, "model.layers.1.self_attn.k_proj.weight", 60);
      firstNumber(model, "model.layers.0.self_attn.v_proj.weight", 68);
      firstNumber(model, "model.layers.0.self_attn.o_proj.weight", 84);
      firstNumber(model, "model.layers.0.post_attention_layernorm.weight", 116);
      firstNumber(model, "model.layers.0.mlp.gate_proj.weight", 124);
      firstNumber(model, "model.layers.0.mlp.down_proj.weight", 172);
      firstNumber(model, "model.layers.0.mlp.up_proj.weight", 220);
      firstNumber(model, "model.norm.weight", 268);
    }
  }

  @Test
  void aNegativeVocabularyMeansASeparateUnembedding() {
    Path file = TestFiles.write(folder.resolve("tiny.bin"), TestFiles.llama2cV0(-3));
    try (Llama2c model = Llama2c.open(file)) {
      assertThat(model.config().dVocab()).isEqualTo(3);
      assertThat(model.config().unembedding()).isEqualTo(Llama2cConfig.Unembedding.SEPARATE);
      // 272 numbers, then two rotary tables of 5 x 1.
      firstNumber(model, "lm_head.weight", 282);
      assertThat(model.entry("lm_head.weight").sizes()).containsExactly(3L, 4L);
    }
  }

  private static void firstNumber(WeightSource model, String name, float expected) {
    assertThat(model.entry(name).toFloats()[0]).as(name).isEqualTo(expected);
  }

  @Test
  void otherVersionsAndWrongLengthsAreRefused() {
    byte[] quantised = TestFiles.bytes(TestFiles.little(256).putInt(Llama2c.MAGIC).putInt(2));
    refuses(quantised, "This is a llama2.c file of version 2 (quantised), expected 0 or 1");
    byte[] whole = TestFiles.llama2cV0(3);
    refuses(Arrays.copyOf(whole, whole.length - 4), "ask for 1156 bytes, but the file has 1152");
    refuses(Arrays.copyOf(whole, 20), "The file ends at byte 20");
    whole[0] = 5;
    refuses(whole, "The first numbers are not the hyper-parameters of a model: dim 5");
  }

  private void refuses(byte[] bytes, String part) {
    Path file = TestFiles.write(folder.resolve("bad.bin"), bytes);
    assertThatThrownBy(() -> Llama2c.open(file).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContaining(part)
        .hasMessageContaining(file.toString());
  }
}
