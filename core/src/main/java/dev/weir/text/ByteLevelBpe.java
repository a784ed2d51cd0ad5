package dev.weir.text;

import java.io.StringWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/// Writes the `tokenizer.json` of a byte-level BPE tokenizer.
final class ByteLevelBpe {
  private ByteLevelBpe() {}

  /// The file's text.
  ///
  /// @param pieces the vocabulary, by id; of equal pieces the first counts
  /// @param merges `left right`, best first
  /// @param added tokens to find before anything is split
  /// @param pre how a text is cut first
  static String json(
      List<String> pieces, List<String> merges, List<AddedToken> added, PreTokenizer pre) {
    Map<String, Integer> vocabulary = HashMap.newHashMap(pieces.size());
    StringWriter text = new StringWriter();
    try (JsonGenerator json = Json.MAPPER.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringProperty("version", "1.0");
      writeAdded(json, added);
      writePreTokenizer(json, pre);
      writeByteLevel(json, "post_processor");
      writeByteLevel(json, "decoder");
      json.writeObjectPropertyStart("model");
      json.writeStringProperty("type", "BPE");
      json.writeBooleanProperty("ignore_merges", pre.ignoresMerges());
      json.writeObjectPropertyStart("vocab");
      for (int id = 0; id < pieces.size(); id++) {
        if (vocabulary.putIfAbsent(pieces.get(id), id) == null) {
          json.writeNumberProperty(pieces.get(id), id);
        }
      }
      json.writeEndObject();
      writeMerges(json, merges);
      json.writeEndObject();
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void writeAdded(JsonGenerator json, List<AddedToken> added) {
    json.writeArrayPropertyStart("added_tokens");
    for (AddedToken token : added) {
      json.writeStartObject();
      json.writeNumberProperty("id", token.id());
      json.writeStringProperty("content", token.content());
      for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        json.writeBooleanProperty(no, false);
      }
      json.writeBooleanProperty("special", token.isSpecial());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writePreTokenizer(JsonGenerator json, PreTokenizer pre) {
    json.writeObjectPropertyStart("pre_tokenizer");
    json.writeStringProperty("type", "Sequence");
    json.writeArrayPropertyStart("pretokenizers");
    for (String pattern : pre.patterns()) {
      json.writeStartObject();
      json.writeStringProperty("type", "Split");
      json.writeObjectPropertyStart("pattern");
      json.writeStringProperty("Regex", pattern);
      json.writeEndObject();
      json.writeStringProperty("behavior", "Isolated");
      json.writeBooleanProperty("invert", false);
      json.writeEndObject();
    }
    json.writeStartObject();
    writeByteLevelFields(json);
    json.writeEndObject();
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeByteLevel(JsonGenerator json, String name) {
    json.writeObjectPropertyStart(name);
    writeByteLevelFields(json);
    json.writeEndObject();
  }

  private static void writeByteLevelFields(JsonGenerator json) {
    json.writeStringProperty("type", "ByteLevel");
    json.writeBooleanProperty("add_prefix_space", false);
    json.writeBooleanProperty("trim_offsets", false);
    json.writeBooleanProperty("use_regex", false);
  }

  private static void writeMerges(JsonGenerator json, List<String> merges) {
    json.writeArrayPropertyStart("merges");
    for (String merge : merges) {
      int space = merge.indexOf(' ', 1);
      json.writeStartArray();
      json.writeString(space < 0 ? merge : merge.substring(0, space));
      json.writeString(space < 0 ? "" : merge.substring(space + 1));
      json.writeEndArray();
    }
    json.writeEndArray();
  }
}
