package dev.weir.model.family;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.WeirException;
import dev.weir.model.AttentionSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.weights.AtomicFile;
import dev.weir.weights.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Weir's own model folder: `config.json` with the whole [TransformerSpec] and `model.safetensors`
/// under TransformerLens's names, both written atomically.
public final class WeirCheckpoint {
  static final String MODEL_TYPE = "weir";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addMixIn(NormSpec.class, Named.class)
          .addMixIn(MlpSpec.class, Named.class)
          .addMixIn(Softcap.class, Named.class)
          .addMixIn(PositionCode.class, Named.class)
          .addMixIn(PositionCode.RotaryScaling.class, Named.class)
          .addMixIn(AttentionSpec.Visibility.class, Named.class)
          .addMixIn(AttentionSpec.QkNorm.class, Named.class)
          .addMixIn(PathwaySpec.class, Named.class)
          .addMixIn(LocalMixing.Sublayer.class, Named.class)
          .addMixIn(LocalMixing.Branch.class, Named.class)
          .registerSubtypes(
              Pathways.all().stream().map(Pathways.Listing::kind).toArray(Class<?>[]::new))
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private WeirCheckpoint() {}

  /// A sealed choice is written with the simple name of its case.
  @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "type")
  private interface Named {}

  static TransformerSpec spec(Config config) {
    try {
      return MAPPER.treeToValue(config.node().path("spec"), TransformerSpec.class);
    } catch (JacksonException e) {
      String reason =
          e.getCause() instanceof WeirException why ? why.what() : e.getOriginalMessage();
      throw FamilyException.unreadable(reason, config.where());
    }
  }

  static Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    ParameterLayout.of(spec)
        .forEach(
            (name, shape) -> found.put(name, weights.get(name, shape.axes().toArray(Axis[]::new))));
    weights.requireAllUsed(_ -> false);
    return new Parameters(found);
  }

  /// Writes a model into a folder, which [ModelFiles] opens again bit for bit.
  ///
  /// @param model the model
  /// @param folder where to; files of these names are replaced, each in one step
  public static void write(Transformer model, Path folder) {
    ObjectNode config = MAPPER.createObjectNode();
    config.put("model_type", MODEL_TYPE);
    config.set("spec", MAPPER.valueToTree(model.spec()));
    byte[] json = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(config);
    try (Scope _ = Scope.open()) {
      List<SafetensorsWriter.Item> items = new ArrayList<>();
      ParameterLayout.of(model.spec())
          .forEach((name, shape) -> items.add(item(name, model.parameters().get(name), shape)));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), items, Map.of("format", "weir"));
    }
    AtomicFile.write(
        folder.resolve("config.json"), channel -> channel.write(ByteBuffer.wrap(json)));
  }

  private static SafetensorsWriter.Item item(String name, Tensor tensor, Shape shape) {
    Tensor ordered = tensor.order(shape.names().toArray(String[]::new)).copy();
    List<Long> sizes = shape.axes().stream().map(Axis::size).toList();
    return SafetensorsWriter.Item.of(name, tensor.dtype(), sizes, ordered.memory());
  }
}
