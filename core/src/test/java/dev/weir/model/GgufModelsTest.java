package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.family.ModelFiles;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.testing.Golden;
import dev.weir.weights.Safetensors;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// GGUF files against transformers with the same, dequantised weights.
class GgufModelsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-f32",
        "llama-q8_0",
        "llama-q4_0",
        "llama3-f16",
        "qwen2-f32",
        "qwen2-bf16",
        "gpt2-f32",
        "gemma2-f32"
      })
  void agreeWithTransformers(String name) {
    try (Scope _ = Scope.open();
        Transformer model =
            ModelFiles.open(
                Golden.path("gguf/" + name + ".gguf"),
                new ModelFiles.Options(Optional.of(DType.FLOAT64), new Device.Cpu()));
        Safetensors reference =
            Safetensors.open(Golden.path("gguf/" + name + ".reference.safetensors"))) {
      double[] logits = model.logits(Golden.rows(reference, "input_ids"), Hooks.none()).toDoubles();
      // The reference went through float32 weights once more; llama3's frequency factors are stored
      // as float32.
      assertThat(Golden.largestDifference(logits, Golden.doubles(reference, "logits")))
          .isLessThan(1e-6);
    }
  }
}
