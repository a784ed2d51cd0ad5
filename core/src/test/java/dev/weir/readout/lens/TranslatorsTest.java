package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import dev.weir.testing.PathwayModels;
import dev.weir.weights.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Files of the tuned-lens library, made by PyTorch (`tools/golden/tuned_lens.py`).
class TranslatorsTest {
  @TempDir Path folder;

  @Test
  void readsWhatPyTorchSaved() {
    JsonNode numbers = StrictJson.read(Golden.path("tuned_lens/numbers.json"), 1 << 20);
    Map<String, StateDict.Entry> read = StateDict.read(Golden.path("tuned_lens/params.pt"));
    assertThat(read.keySet()).containsExactly("0.weight", "0.bias", "1.weight", "1.bias");
    read.forEach((name, entry) -> {
      float[] expected = new float[numbers.get(name).size()];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = (float) numbers.get(name).get(i).doubleValue();
      }
      assertThat(entry.values()).as(name).containsExactly(expected);
    });
  }

  @Test
  void opensALensOfTheLibraryAsItsLinearMapsAct() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(spec(4, 2), DType.FLOAT64);
        Translators lens = Translators.open(Golden.path("tuned_lens"), model)) {
      Map<String, StateDict.Entry> read = StateDict.read(Golden.path("tuned_lens/params.pt"));
      float[] stored = Objects.requireNonNull(read.get("1.weight")).values();
      double[] weight = lens.weight(1);
      for (int in = 0; in < 4; in++) {
        for (int out = 0; out < 4; out++) {
          // PyTorch's linear maps multiply with the transpose of what they store.
          assertThat(weight[in * 4 + out]).isEqualTo(stored[out * 4 + in]);
        }
      }
      assertThat(lens.bias(0)[3]).isEqualTo(Objects.requireNonNull(read.get("0.bias")).values()[3]);
    }
  }

  @Test
  void whatIsSavedOpensAgainBitForBitAndIsWrittenTheSameEachTime() throws IOException {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(spec(4, 2), DType.FLOAT32);
        Translators lens = Translators.open(Golden.path("tuned_lens"), model)) {
      lens.save(folder.resolve("a"));
      lens.save(folder.resolve("b"));
      try (Translators again = Translators.open(folder.resolve("a"), model)) {
        for (int layer = 0; layer < 2; layer++) {
          assertThat(again.weight(layer)).containsExactly(lens.weight(layer));
          assertThat(again.bias(layer)).containsExactly(lens.bias(layer));
        }
        assertThat(again.config()).isEqualTo(lens.config());
      }
      assertThat(folder.resolve("a/params.pt"))
          .hasSameBinaryContentAs(folder.resolve("b/params.pt"));
      JsonNode ours = StrictJson.read(folder.resolve("a/config.json"), 1 << 20);
      JsonNode theirs = StrictJson.read(Golden.path("tuned_lens/config.json"), 1 << 20);
      assertThat(ours).isEqualTo(theirs);
    }
  }

  @Test
  void lensesOfOtherModelsAreRefusedInOneLine() throws IOException {
    try (Scope _ = Scope.open();
        Transformer wide = EveryModel.random(spec(6, 2), DType.FLOAT32);
        Transformer deep = EveryModel.random(spec(4, 3), DType.FLOAT32);
        Transformer large = EveryModel.random(withVocabulary(spec(4, 2), 400), DType.FLOAT32)) {
      Path lens = Golden.path("tuned_lens");
      refuses(lens, wide, "The lens was tuned for a model with d_model 4, but this one has 6");
      refuses(
          lens,
          deep,
          "The lens was tuned for a model with num_hidden_layers 2, but this one has 3");
      copy("params.pt");
      String config = Files.readString(lens.resolve("config.json"));
      Files.writeString(
          folder.resolve("config.json"),
          config.replace("\"unembed_hash\": null", "\"unembed_hash\": \"0123456789abcdef\""));
      refuses(
          folder, large, "The lens was tuned for another unembedding: its hash is 0123456789ab…");
    }
  }

  @Test
  void whatIsNoLensIsRefusedInOneLine() throws IOException {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(spec(4, 2), DType.FLOAT32)) {
      refuses(folder, model, "There is no tuned lens here: config.json is missing");
      copy("config.json");
      refuses(folder, model, "There is no tuned lens here: params.pt is missing");
      for (String other : new String[] {"module.pt", "transposed.pt", "legacy.pt"}) {
        Files.copy(
            Golden.path("tuned_lens/" + other),
            folder.resolve("params.pt"),
            StandardCopyOption.REPLACE_EXISTING);
        assertThatExceptionOfType(LensException.class)
            .as(other)
            .isThrownBy(() -> Translators.open(folder, model))
            .withMessageMatching(".+ Where: .+params.pt. To fix: .+");
      }
      copy("params.pt");
      Files.writeString(folder.resolve("config.json"), "{\"d_model\": 4}");
      refuses(folder, model, "The description of the lens has no whole number num_hidden_layers");
      Files.writeString(folder.resolve("config.json"), "{\"lens_type\": \"other\"}");
      refuses(folder, model, "The description of the lens says lens_type 'other'");
    }
  }

  @Test
  void aModelKeepsItsDescription() throws IOException {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(spec(4, 2), DType.FLOAT32);
        Translators lens = Translators.identity(model, "tiny")) {
      Path config = Files.writeString(folder.resolve("config.json"), "{}");
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> lens.save(folder))
          .withMessageStartingWith("The folder holds a config.json that is no lens's");
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> lens.save(config))
          .withMessageStartingWith("No lens can be written here");
      assertThat(config).hasContent("{}");
      assertThat(folder.resolve("params.pt")).doesNotExist();
    }
  }

  /// A pickle that would run a command: `os.system("touch pwned")`.
  @Test
  void aPickleThatCallsSomethingIsRefusedAndNothingRuns() {
    String program = "cos\nsystem\n(X\u0005\u0000\u0000\u0000touchtR.";
    assertThatExceptionOfType(LensException.class)
        .isThrownBy(
            () -> Pickle.tensors(program.getBytes(StandardCharsets.ISO_8859_1), Path.of("evil.pt")))
        .withMessageStartingWith("The file holds more than tensors: 'os.system'");
  }

  /// Whatever byte of the list is changed, either the file opens or one line says why not.
  @Test
  void noDamagedByteGetsPastTheReader() throws IOException {
    byte[] pickle;
    try (var zip = new ZipFile(Golden.path("tuned_lens/params.pt").toFile());
        var in = zip.getInputStream(zip.getEntry("params/data.pkl"))) {
      pickle = in.readAllBytes();
    }
    for (int i = 0; i < pickle.length; i++) {
      for (int change : new int[] {1, 0x20, 0x80, 0xFF}) {
        byte[] damaged = pickle.clone();
        damaged[i] ^= (byte) change;
        try {
          Map<String, Pickle.StoredTensor> read = Pickle.tensors(damaged, Path.of("damaged.pt"));
          assertThat(read).isNotNull();
        } catch (LensException refused) {
          assertThat(refused).hasMessageContaining("damaged.pt");
        }
      }
    }
  }

  private static void refuses(Path lens, Transformer model, String message) {
    assertThatExceptionOfType(LensException.class)
        .isThrownBy(() -> Translators.open(lens, model))
        .withMessageStartingWith(message)
        .withMessageContaining("To fix: ");
  }

  private void copy(String name) throws IOException {
    Files.copy(
        Golden.path("tuned_lens/" + name),
        folder.resolve(name),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static TransformerSpec withVocabulary(TransformerSpec spec, int size) {
    return new TransformerSpec(
        spec.family(),
        spec.dModel(),
        size,
        size,
        spec.nCtx(),
        spec.blocks(),
        spec.positions(),
        spec.embedScale(),
        spec.lnFinal(),
        spec.unembedding(),
        spec.finalSoftcap(),
        spec.pathway());
  }

  private static TransformerSpec spec(int dModel, int layers) {
    TransformerSpec tiny = PathwayModels.on(new PreNorm());
    BlockSpec block = tiny.blocks().getFirst();
    BlockSpec plain = block.withMlp(new MlpSpec.NoMlp()).mapNorms(_ -> new NormSpec.NoNorm());
    return new TransformerSpec(
        "tiny",
        dModel,
        16,
        16,
        32,
        Collections.nCopies(layers, plain),
        tiny.positions(),
        1,
        new NormSpec.RmsNorm(1e-6, NormSpec.Gain.PLAIN),
        TransformerSpec.Unembedding.SEPARATE,
        tiny.finalSoftcap(),
        tiny.pathway());
  }
}
