package dev.weir.train;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.weights.AtomicFile;
import dev.weir.weights.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Settings as JSON: nothing missing, nothing unknown.
public final class TrainJson {
  private static final long LONGEST = 1 << 20;
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addMixIn(Schedule.class, Named.class)
          .addMixIn(DocumentRule.class, Named.class)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();

  private TrainJson() {}

  /// A sealed choice is written with the simple name of its case.
  @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "type")
  private interface Named {}

  /// Writes a record whole or not at all.
  public static void write(Path file, Object settings) {
    String json = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(settings) + "\n";
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  /// Reads a record.
  ///
  /// @throws tools.jackson.core.JacksonException if the file holds none
  public static <T> T read(Path file, Class<T> type) {
    return MAPPER.treeToValue(StrictJson.read(file, LONGEST), type);
  }
}
