package dev.weir.text;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/// How this package reads JSON: strictly, and within limits.
final class Json {
  static final JsonMapper MAPPER = JsonMapper.builder(factory()).build();

  private Json() {}

  /// Field names of a vocabulary all differ, so sharing them would only cost.
  private static JsonFactory factory() {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(64)
                .maxNameLength(100_000)
                .maxStringLength(1_000_000)
                .build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
        .build();
  }

  /// What a reader's exception says, in one line.
  static String reason(JacksonException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("it is broken")
        + " (line %d, column %d)"
            .formatted(
                e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                e.getLocation() == null ? 0 : e.getLocation().getColumnNr());
  }
}
