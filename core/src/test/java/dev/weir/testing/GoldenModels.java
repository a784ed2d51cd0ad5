package dev.weir.testing;

import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.weights.Safetensors;
import java.util.Optional;
import java.util.stream.Stream;

/// The tiny random models under `golden/`, by the name of their folder.
public final class GoldenModels {

  private GoldenModels() {}

  /// Every one: of each family, and TransformerLens's.
  public static Stream<String> names() {
    return Stream.concat(
        Golden.folders("models").stream().map(name -> "models/" + name),
        Golden.folders("transformer_lens").stream().map(name -> "transformer_lens/" + name));
  }

  /// One of them.
  public static Transformer open(String name, DType dtype) {
    return ModelFiles.open(
        Golden.path(name), new ModelFiles.Options(Optional.of(dtype), new Device.Cpu()));
  }

  /// The first text of its reference numbers.
  public static int[] tokens(String name) {
    try (Safetensors reference =
        Safetensors.open(Golden.path(name).resolve("reference.safetensors"))) {
      return Golden.rows(reference, "input_ids").getFirst();
    }
  }

  /// Another text of the same length.
  public static int[] otherTokens(String name, Transformer model) {
    int[] other = tokens(name);
    for (int i = 0; i < other.length; i++) {
      other[i] = (other[i] * 5 + 3 * i + 1) % model.spec().dVocab();
    }
    return other;
  }
}
