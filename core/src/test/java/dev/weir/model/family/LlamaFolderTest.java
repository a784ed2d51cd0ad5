package dev.weir.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaFolderTest {
  private static final LlamaFolder LLAMA =
      new LlamaFolder(new LlamaFolder.Sizes(24, 2, 6, 3, 40, 30, 64, 500, 1e-5), 0);

  @TempDir Path folder;

  @Test
  void opensAgainAsTheFamilyLlamaWithTheSameWeightsBitForBit() {
    try (Transformer model = random(LLAMA.spec())) {
      LLAMA.write(model, folder);
      try (Transformer again = ModelFiles.open(folder, ModelFiles.Options.usual());
          Scope _ = Scope.open()) {
        assertThat(again.spec()).isEqualTo(LLAMA.spec());
        int[] text = {0, 5, 29, 3, 3, 17};
        // The file stores a map the other way round, so that sums run in another order.
        assertThat(again.logits(text).toFloats())
            .containsExactly(model.logits(text).toFloats(), offset(1e-5f));
        model
            .parameters()
            .tensors()
            .forEach((name, weight) ->
                assertThat(inOrderOf(weight, again.parameters().get(name)).toFloats())
                    .as(name)
                    .isEqualTo(weight.toFloats()));
      }
    }
  }

  private static Tensor inOrderOf(Tensor like, Tensor weight) {
    return weight.order(like.shape().names().toArray(String[]::new)).copy();
  }

  private static Transformer random(TransformerSpec spec) {
    TensorOwner owner = new TensorOwner();
    SplittableRandom random = new SplittableRandom(1);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      ParameterLayout.of(spec)
          .forEach(
              (name, shape) -> weights.put(name, owner.own(Tensor.gaussian(shape, 0.3, random))));
    }
    assertThat(weights.values()).allMatch(weight -> weight.dtype() == DType.FLOAT32);
    return Transformer.of(spec, new Parameters(weights), owner, "test");
  }
}
