package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.SharedData;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFilesTest {
  private static final String TINY =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

  @TempDir private Path folder;

  @Test
  void theContentDecidesNotTheName() throws IOException {
    Path gguf = Files.copy(GgufTest.golden("blocks.gguf"), folder.resolve("a.safetensors"));
    Path safetensors = TestFiles.write(folder.resolve("b.bin"), TestFiles.safetensors(TINY, 4));
    Path llama2c = TestFiles.write(folder.resolve("c.gguf"), TestFiles.llama2cV0(3));
    assertThat(WeightFiles.formatOf(gguf)).isEqualTo(WeightFiles.Format.GGUF);
    assertThat(WeightFiles.formatOf(safetensors)).isEqualTo(WeightFiles.Format.SAFETENSORS);
    assertThat(WeightFiles.formatOf(llama2c)).isEqualTo(WeightFiles.Format.LLAMA2C);
  }

  /// Its length starts with the same two bytes as a pickle.
  @Test
  void aHeaderOf640BytesIsNotTakenForAPickle() {
    String header = TINY + " ".repeat(640 - TINY.length());
    Path file = TestFiles.write(folder.resolve("x"), TestFiles.safetensors(header, 4));
    assertThat(WeightFiles.formatOf(file)).isEqualTo(WeightFiles.Format.SAFETENSORS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.pt", "pytorch_model.bin", "model.pth", "x"})
  void picklesAndArchivesAreRefusedWithTheWayToConvertThem(String name) {
    byte[] zip = "PK\u0003\u0004 and so on".getBytes(StandardCharsets.ISO_8859_1);
    byte[] pickle = "\u0080\u0002\u008a\nlü".getBytes(StandardCharsets.ISO_8859_1);
    for (byte[] bytes : new byte[][] {zip, pickle}) {
      Path file = TestFiles.write(folder.resolve(name), bytes);
      assertThatThrownBy(() -> WeightFiles.open(file))
          .isInstanceOf(WeightException.class)
          .hasMessageContaining("This is a Python pickle or an archive")
          .hasMessageContaining("convert it to safetensors");
    }
  }

  @Test
  void otherFilesAreRefusedByName() throws IOException {
    Path text = Files.writeString(folder.resolve("readme.txt"), "These are no weights at all.");
    assertThatThrownBy(() -> WeightFiles.open(text))
        .hasMessageContaining("The content is none of the weight formats known here");
    Path ggml = Files.writeString(folder.resolve("old.bin"), "tjgg and so on");
    assertThatThrownBy(() -> WeightFiles.open(ggml)).hasMessageContaining("from before GGUF");
    Path json = Files.writeString(folder.resolve("config.json"), "{\"hidden_size\": 8}");
    assertThatThrownBy(() -> WeightFiles.open(json)).hasMessageContaining("no 'weight_map'");
  }

  @Test
  void aFolderIsItsWeightFile() throws IOException {
    TestFiles.write(folder.resolve("weights.bin"), TestFiles.llama2cV0(3));
    Files.writeString(folder.resolve("tokenizer.bin"), "no model");
    assertThat(WeightFiles.locate(folder)).hasFileName("weights.bin");
    Files.copy(GgufTest.golden("blocks.gguf"), folder.resolve("q.gguf"));
    assertThat(WeightFiles.locate(folder)).hasFileName("q.gguf");
    TestFiles.write(folder.resolve("x.safetensors"), TestFiles.safetensors(TINY, 4));
    assertThat(WeightFiles.locate(folder)).hasFileName("x.safetensors");
    TestFiles.write(folder.resolve("model.safetensors"), TestFiles.safetensors(TINY, 4));
    assertThat(WeightFiles.locate(folder)).hasFileName("model.safetensors");
  }

  @Test
  void aFolderThatLeavesAChoiceOrHasOnlyPicklesIsRefused() throws IOException {
    Files.writeString(folder.resolve("pytorch_model.bin"), "PK");
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .hasMessageContaining("The folder has its weights as Python pickles only");
    TestFiles.write(folder.resolve("b.safetensors"), TestFiles.safetensors(TINY, 4));
    TestFiles.write(folder.resolve("a.safetensors"), TestFiles.safetensors(TINY, 4));
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .hasMessageContaining("The folder holds 2 weight files")
        .hasMessageContaining("a.safetensors, b.safetensors");
  }

  @Test
  void theRealFilesBesideTheProjectOpen() {
    for (String name :
        new String[] {
          "stories260k",
          "tinystories656k",
          "belief-geometry",
          "feature-routing-sae/model.safetensors",
          "feature-routing-sae/sae.safetensors",
          "modadd-clock-pizza/model_p99zdpze5l.safetensors"
        }) {
      try (WeightSource source = WeightFiles.open(SharedData.require(name))) {
        for (String tensor : source.names()) {
          assertThat(source.entry(tensor).firstNonFinite()).as(tensor).isEmpty();
        }
      }
    }
  }

  /// 500 MB with a hole: reading it whole would take far longer than a second and, on the heap,
  /// more memory than this test has.
  @Test
  void aLargeFileOpensWithoutBeingRead() throws IOException {
    long bytes = 500_000_000;
    String header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[125000,1000],\"data_offsets\":[0,%d]}}"
            .formatted(bytes);
    Path file = TestFiles.write(folder.resolve("big"), TestFiles.safetensors(header, 0));
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(sparse.length() + bytes);
      sparse.seek(sparse.length() - 4);
      sparse.write(new byte[] {0, 0, (byte) 0x80, 0x3f});
    }
    long start = System.nanoTime();
    try (WeightSource source = WeightFiles.open(file)) {
      float[] row = new float[1000];
      source.entry("w").dequantizeRowsTo(124_999, 1, MemorySegment.ofArray(row));
      assertThat(row[999]).isEqualTo(1);
    }
    assertThat(System.nanoTime() - start).isLessThan(1_000_000_000L);
  }
}
