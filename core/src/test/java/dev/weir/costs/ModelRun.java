package dev.weir.costs;

import dev.weir.model.KvCache;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Hooks;
import dev.weir.study.Presets;
import dev.weir.study.Study;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.nio.file.Path;
import java.util.Collections;

/// Whole models, run for the count.
public final class ModelRun {
  /// Each byte a token, and one between texts.
  private static final int BYTES = 257;

  private ModelRun() {}

  /// Runs a text several times side by side.
  public static void texts(String name, int length, int texts) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        Scope _ = Scope.open()) {
      Tensor _ = model.logits(Collections.nCopies(texts, tokens(length)), Hooks.none());
    }
  }

  /// Runs a text of a preset's variant several times side by side.
  public static void presetTexts(String preset, String variant, int length, int texts) {
    try (Transformer model = EveryModel.random(presetSpec(preset, variant, length), DType.FLOAT32);
        Scope _ = Scope.open()) {
      Tensor _ = model.logits(Collections.nCopies(texts, tokens(length)), Hooks.none());
    }
  }

  /// The model of a preset's variant, at the preset's own sizes.
  static TransformerSpec presetSpec(String preset, String variant, int length) {
    Study study = Presets.of(preset, Path.of("..", "models"));
    return study.variants().stream()
        .filter(found -> found.name().equals(variant))
        .findFirst()
        .orElseThrow()
        .model(study.model())
        .with(BYTES, length)
        .spec();
  }

  /// Runs the last token of a text, those before it cached.
  public static void lastToken(String name, int length) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        KvCache cache = new KvCache(model.spec().nLayers());
        Scope _ = Scope.open()) {
      Tensor _ = model.logits(tokens(length - 1), cache);
      OperationCount.reset();
      Tensor _ = model.logits(new int[] {5}, cache);
    }
  }

  private static int[] tokens(int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = 1 + i % 7;
    }
    return tokens;
  }
}
