package dev.weir.text;

import dev.weir.text.AddedToken.Role;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Reads GPT-2's own pair of files: a table of pieces and a list of merges.
final class Gpt2Files {
  private static final String END_OF_TEXT = "<|endoftext|>";

  private Gpt2Files() {}

  static Tokenizer read(Path vocabulary, Path merges) {
    String source = "%s and %s".formatted(vocabulary, merges.getFileName());
    Vocabulary pieces = pieces(vocabulary);
    List<AddedToken> added =
        pieces.id(END_OF_TEXT).stream()
            .mapToObj(id -> new AddedToken(id, END_OF_TEXT, Role.SPECIAL))
            .toList();
    String json =
        ByteLevelBpe.json(inOrder(pieces, source), merges(merges), added, PreTokenizer.GPT2);
    return new HuggingFaceTokenizer(TokenizerJson.read(source, json), roles(pieces, source));
  }

  private static SpecialTokenRoles roles(Vocabulary pieces, String source) {
    List<Integer> end = pieces.id(END_OF_TEXT).stream().boxed().toList();
    Framing framing =
        new Framing(List.of(), end, List.of(), "GPT-2's tokenizer puts nothing in front.", source);
    return new SpecialTokenRoles(end, end, framing);
  }

  private static Vocabulary pieces(Path file) {
    Vocabulary vocabulary = new Vocabulary(file.toString(), 1 << 16);
    try (JsonParser json = Json.MAPPER.createParser(SmallFile.text(file))) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw TextException.badJson(file.toString(), "it is no table of pieces");
      }
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String piece = json.currentName();
        if (json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
          throw TextException.badJson(
              file.toString(), "the id of '%s' is no number".formatted(piece));
        }
        vocabulary.add(piece, json.getLongValue());
      }
      return vocabulary;
    } catch (JacksonException e) {
      throw TextException.badJson(file.toString(), Json.reason(e));
    }
  }

  private static List<String> inOrder(Vocabulary vocabulary, String source) {
    String[] pieces = new String[vocabulary.size()];
    for (int id = 0; id < pieces.length; id++) {
      if (!vocabulary.contains(id)) {
        throw TextException.badVocabulary(source, "id %d has no piece".formatted(id));
      }
      pieces[id] = vocabulary.piece(id);
    }
    return Arrays.asList(pieces);
  }

  /// The merges without the version line and the empty last one.
  private static List<String> merges(Path file) {
    return SmallFile.text(file)
        .lines()
        .filter(line -> !line.isEmpty() && !line.startsWith("#version"))
        .toList();
  }
}
