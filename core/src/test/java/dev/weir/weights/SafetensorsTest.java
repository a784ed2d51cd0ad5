package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.tensor.DType;
import dev.weir.testing.SharedData;
import dev.weir.weights.SafetensorsWriter.Item;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir private Path folder;

  @Test
  void theValuesOfTinyStoriesAreThoseOfItsPage() {
    try (Safetensors file =
        Safetensors.open(SharedData.require("tinystories656k/model.safetensors"))) {
      assertThat(file.names())
          .hasSize(20)
          .startsWith("lm_head.weight")
          .endsWith("model.norm.weight");
      value(file, "model.embed_tokens.weight", 50, 0.14453125f);
      value(file, "model.layers.0.input_layernorm.weight", 10, 0.18652344f);
      value(file, "model.layers.1.post_attention_layernorm.weight", 10, 0.32421875f);
      value(file, "model.norm.weight", 100, 0.73046875f);
      value(file, "model.layers.0.mlp.down_proj.weight", 100, -0.0625f);
      value(file, "model.layers.0.mlp.up_proj.weight", 100, 1.46875f);
      value(file, "model.layers.1.mlp.gate_proj.weight", 100, 0.296875f);
      value(file, "model.layers.1.self_attn.q_proj.weight", 100, 0.032226562f);
      value(file, "model.layers.1.self_attn.k_proj.weight", 100, -0.21386719f);
      value(file, "model.layers.0.self_attn.v_proj.weight", 100, 0.041015625f);
      value(file, "model.layers.0.self_attn.o_proj.weight", 100, 0.01965332f);
    }
  }

  private static void value(WeightSource source, String name, int index, float expected) {
    WeightEntry entry = source.entry(name);
    assertThat(entry.toFloats()[index]).as(name).isEqualTo(expected);
    assertThat(entry.isAligned()).isTrue();
    assertThat(entry.firstNonFinite()).isEmpty();
  }

  @Test
  void aTiedTensorIsFoundUnderBothNames() {
    try (Safetensors file =
        Safetensors.open(SharedData.require("tinystories656k/model.safetensors"))) {
      WeightEntry alias = file.entry("model.embed_tokens.weight");
      assertThat(file.has("model.embed_tokens.weight")).isTrue();
      assertThat(file.names()).doesNotContain("model.embed_tokens.weight");
      assertThat(file.aliases()).isEqualTo(Map.of("model.embed_tokens.weight", "lm_head.weight"));
      assertThat(alias.name()).isEqualTo("model.embed_tokens.weight");
      assertThat(alias.sizes()).containsExactly(2048L, 128L);
      assertThat(alias.bytes().address()).isEqualTo(file.entry("lm_head.weight").bytes().address());
    }
  }

  @Test
  void closingUnmapsTheFile() {
    Path path = good("a.safetensors");
    Safetensors file = Safetensors.open(path);
    WeightEntry entry = file.entry("a");
    file.close();
    file.close();
    assertThatThrownBy(entry::toFloats).isInstanceOf(IllegalStateException.class);
  }

  private Path good(String name) {
    Path path = folder.resolve(name);
    MemorySegment numbers = MemorySegment.ofArray(new float[] {1, 2, 3, 4});
    SafetensorsWriter.write(
        path, List.of(Item.of("a", DType.FLOAT32, List.of(2L, 2L), numbers)), Map.of());
    return path;
  }

  @Test
  void shardsAreOneSource() throws IOException {
    writeShards();
    for (Path path : List.of(folder, folder.resolve("model.safetensors.index.json"))) {
      try (WeightSource source = WeightFiles.open(path)) {
        assertThat(source.names()).containsExactly("a", "b");
        assertThat(source.entry("b").toFloats()).containsExactly(5, 6);
        assertThat(source.entry("tied").toFloats()).containsExactly(1, 2, 3, 4);
      }
    }
  }

  private void writeShards() throws IOException {
    MemorySegment first = MemorySegment.ofArray(new float[] {1, 2, 3, 4});
    MemorySegment second = MemorySegment.ofArray(new float[] {5, 6});
    SafetensorsWriter.write(
        folder.resolve("model-00001-of-00002.safetensors"),
        List.of(Item.of("a", DType.FLOAT32, List.of(4L), first)),
        Map.of());
    SafetensorsWriter.write(
        folder.resolve("model-00002-of-00002.safetensors"),
        List.of(Item.of("b", DType.FLOAT32, List.of(2L), second)),
        Map.of("tied", "a", "format", "pt"));
    writeIndex("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
  }

  private void writeIndex(String shardOfA, String shardOfB) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        """
        {"metadata": {"total_size": 24}, "weight_map": {"a": "%s", "b": "%s"}}
        """
            .formatted(shardOfA, shardOfB));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x.safetensors", "/etc/passwd", "..", "", "sub/x", "c:x", "x\\\\y"})
  void anIndexThatPointsElsewhereIsRefused(String shard) throws IOException {
    writeShards();
    writeIndex("model-00001-of-00002.safetensors", shard);
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("which is not the name of a file beside it")
        .hasMessageContaining("tensor 'b'");
  }

  @Test
  void indexAndShardsMustAgree() throws IOException {
    writeShards();
    writeIndex("model-00001-of-00002.safetensors", "gone.safetensors");
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .hasMessageContaining("The shard 'gone.safetensors' that the index names is not there");
    writeIndex("model-00001-of-00002.safetensors", "model-00001-of-00002.safetensors");
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .hasMessageContaining(
            "The index puts the tensor into 'model-00001-of-00002.safetensors', which does not"
                + " have it");
    writeIndex("model-00002-of-00002.safetensors", "model-00002-of-00002.safetensors");
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .hasMessageContaining("which does not have it");
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"x\": \"model-00001-of-00002.safetensors\"}}");
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .hasMessageContaining("has a tensor that the index does not put there");
    Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\": []}");
    assertThatThrownBy(() -> Safetensors.open(folder).close())
        .hasMessageContaining("no 'weight_map'");
  }

  @Test
  void headersThatLieAreRefused() {
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}}", 8, "F32 [1] needs 4 bytes");
    refuses("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", 4, "claims bytes 0 to 8");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}}", 4, "claims bytes -4 to 0");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}", 4, "claims bytes 4 to 0");
    refuses(
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,9223372036854775807]}}",
        4,
        "claims bytes 0 to 9223372036854775807");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 8, "Bytes 4 to 8");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", 8, "Bytes 0 to 4");
    refuses(
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}",
        8,
        "The tensor starts at byte 4 of the data, but 'a' reaches to byte 8");
    refuses(
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}",
        0,
        "multiply to more than any file can hold");
    refuses(
        "{'a':{'dtype':'F32','shape':[0,9223372036854775807],'data_offsets':[0,0]}}",
        0,
        "multiply to more than any file can hold");
    refuses("{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}", 4, "A size is negative");
    refuses("{'a':{'dtype':'F4','shape':[1],'data_offsets':[0,4]}}", 4, "dtype 'F4'");
    refuses("{'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}", 4, "a.shape");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}}", 4, "two numbers");
    refuses("{'a':{'dtype':'F32','shape':[1]}}", 4, "dtype, shape and data_offsets");
    refuses("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}}", 4, "has 'x'");
    refuses("{'a':[]}", 0, "wrong at a: expected an object");
    refuses("[]", 0, "wrong at the header: expected an object");
    refuses("{'__metadata__':{'a':1}}", 0, "__metadata__ a: expected a text");
    refuses("{} {}", 0, "nothing but spaces after its end");
  }

  @Test
  void headersThatAreNoStrictJsonAreRefused() {
    refuses("{'a':", 0, "This is not the JSON it should be");
    refuses("{'__metadata__':{'a':'1','a':'2'}}", 0, "Duplicate Object property");
    refuses("{'a':{'shape':" + "[".repeat(1000), 0, "wrong at a.shape");
    byte[] bytes = TestFiles.safetensors("{'a\u00e9':1}".replace('\'', '"'), 0);
    bytes[12] = 'x';
    Path file = TestFiles.write(folder.resolve("utf8.safetensors"), bytes);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("it is not valid UTF-8");
  }

  private void refuses(String header, int dataBytes, String part) {
    Path file = folder.resolve("bad.safetensors");
    TestFiles.write(file, TestFiles.safetensors(header.replace('\'', '"'), dataBytes));
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContaining(part)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("To fix:");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE, 100_000_001, 3})
  void aHeaderLongerThanTheFileIsRefused(long length) {
    byte[] bytes = TestFiles.bytes(TestFiles.little(10).putLong(length));
    Path file = TestFiles.write(folder.resolve("bad.safetensors"), bytes);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContaining(
            "The header claims %s bytes, but the file has 10"
                .formatted(Long.toUnsignedString(length)));
  }

  @Test
  void whatIsNoFileIsSaidSo() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.safetensors"));
    assertThatThrownBy(() -> WeightFiles.open(empty))
        .hasMessage(
            "The file is empty (0 bytes). Where: %s. To fix: download or export the file again and"
                    .formatted(empty)
                + " compare its size with the one on the model's page.");
    assertThatThrownBy(() -> WeightFiles.open(folder.resolve("gone")))
        .hasMessageContaining("There is no such file");
    Path inner = Files.createDirectory(folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> Gguf.open(inner))
        .hasMessageContaining("A file belongs here, but this is a folder");
    assertThatThrownBy(() -> WeightFiles.open(inner))
        .hasMessageContaining("The folder holds no weight file");
  }

  @Test
  void aTensorThatIsNotThereIsNamed() {
    try (Safetensors file = Safetensors.open(good("a.safetensors"))) {
      assertThatThrownBy(() -> file.entry("b"))
          .isInstanceOf(WeightException.class)
          .hasMessageContaining("There is no tensor 'b' among the 1 of this file")
          .hasMessageContaining("its first tensors are [a]");
    }
  }

  @Test
  void numbersThatAreNotAlignedAreSaidSoAndStillRead() throws IOException {
    String header =
        "{\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}";
    byte[] bytes = TestFiles.safetensors(header, 5);
    Path path = Files.write(folder.resolve("odd.safetensors"), bytes);
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.entry("a").isAligned()).isEqualTo((header.length() + 1) % 4 == 0);
      assertThat(file.entry("c").isAligned()).isTrue();
      assertThat(file.entry("a").toFloats()[0]).isEqualTo(Float.intBitsToFloat(0x04030201));
    }
  }

  @Test
  void aLongHeaderNameIsCutInTheMessage() {
    String name = "n".repeat(3000);
    refuses("{'" + name + "':[]}", 0, "wrong at nnnn");
    Path file = folder.resolve("bad.safetensors");
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .message()
        .matches(message -> message.getBytes(StandardCharsets.UTF_8).length < 700);
  }
}
