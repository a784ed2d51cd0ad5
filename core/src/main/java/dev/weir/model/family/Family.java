package dev.weir.model.family;

import dev.weir.model.Parameters;
import dev.weir.model.TransformerSpec;
import java.util.List;

/// A published kind of model: reads its config and finds its weights.
public interface Family {

  /// The values of `model_type` in `config.json` that name it.
  List<String> modelTypes();

  /// How the model is put together.
  ///
  /// @param config its `config.json`
  /// @throws FamilyException if a key is missing, impossible, or asks for something that Weir does
  ///   not compute
  TransformerSpec spec(Config config);

  /// Its numbers under TransformerLens's names, as views of the file where that is possible.
  ///
  /// @param spec how the model is put together
  /// @param weights its weights under their own names
  Parameters parameters(TransformerSpec spec, WeightTensors weights);

  /// Every family that Weir opens. A new one is added here.
  static List<Family> all() {
    return List.of(
        new Gpt2(),
        new GptNeox(),
        new Llama(),
        new Mistral(),
        new Qwen2(),
        new Qwen3(),
        new Gemma(),
        new Gemma2(),
        new Gemma3(),
        new Olmo2(),
        new Phi(),
        new Phi3());
  }

  /// The family of a config.
  ///
  /// @param config a `config.json`
  /// @throws FamilyException if none claims its `model_type`
  static Family of(Config config) {
    String type = config.text("model_type");
    return all().stream()
        .filter(family -> family.modelTypes().contains(type))
        .findFirst()
        .orElseThrow(() -> FamilyException.unknown(type, all(), config.where()));
  }
}
