package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.family.ModelFiles;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.testing.Golden;
import dev.weir.weights.Safetensors;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// TransformerLens's own state dicts against the caches that TransformerLens recorded.
class TransformerLensTest {

  static Stream<String> models() {
    return Golden.folders("transformer_lens").stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyHookPointHoldsTheSameValue(String name) {
    Path folder = Golden.path("transformer_lens/" + name);
    try (Scope _ = Scope.open();
        Transformer model =
            ModelFiles.open(
                folder, new ModelFiles.Options(Optional.of(DType.FLOAT64), new Device.Cpu()));
        Safetensors reference = Safetensors.open(folder.resolve("reference.safetensors"));
        StreamTrace trace =
            model.trace(Golden.rows(reference, "input_ids").getFirst(), Capture.matching("*"))) {
      assertSame(trace.logits().toDoubles(), reference, "logits");
      int compared = 0;
      for (HookPoint point : trace.points()) {
        String stored = "cache." + point.name();
        if (reference.has(stored)) {
          assertSame(trace.get(point).toDoubles(), reference, stored);
          compared++;
        }
      }
      assertThat(compared).isGreaterThan(10);
    }
  }

  private static void assertSame(double[] ours, Safetensors reference, String name) {
    // Both are float64; what remains is the order of summation.
    assertThat(Golden.largestDifference(ours, Golden.doubles(reference, name)))
        .as(name)
        .isLessThan(1e-10);
  }
}
