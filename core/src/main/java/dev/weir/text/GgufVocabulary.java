package dev.weir.text;

import java.util.List;
import java.util.Map;

/// The vocabulary in a GGUF file's metadata, as plain data: each component holds what stands under
/// `tokenizer.ggml.…`, and is empty where the file says nothing.
///
/// @param source the file, for messages
/// @param model `model`: `llama` (SentencePiece scores) or `gpt2` (byte-level BPE)
/// @param pre `pre`: the pre-tokenizer, for `gpt2`
/// @param tokens `tokens`: the pieces, by id
/// @param scores `scores`, one for each piece
/// @param types `token_type`, one for each piece: 1 normal, 2 unknown, 3 control, 4 user-defined, 5
///   unused, 6 byte
/// @param merges `merges`: `left right`, best first
/// @param ids `bos_token_id`, `eos_token_id`, `eot_token_id`, … under `bos`, `eos`, `eot`, …
/// @param flags `add_bos_token`, `add_eos_token`, `add_space_prefix`, where the file has them
public record GgufVocabulary(
    String source,
    String model,
    String pre,
    List<String> tokens,
    List<Float> scores,
    List<Integer> types,
    List<String> merges,
    Map<String, Integer> ids,
    Map<String, Boolean> flags) {

  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  public GgufVocabulary {
    tokens = List.copyOf(tokens);
    scores = List.copyOf(scores);
    types = List.copyOf(types);
    merges = List.copyOf(merges);
    ids = Map.copyOf(ids);
    flags = Map.copyOf(flags);
    requireWhole(source, tokens, scores, types, ids);
  }

  private static void requireWhole(
      String source,
      List<String> tokens,
      List<Float> scores,
      List<Integer> types,
      Map<String, Integer> ids) {
    if (tokens.isEmpty() || tokens.size() > Vocabulary.MAX_ID) {
      throw TextException.badVocabulary(source, "it has %,d pieces".formatted(tokens.size()));
    }
    if (!scores.isEmpty() && scores.size() != tokens.size()) {
      throw TextException.badVocabulary(
          source, "%,d pieces but %,d scores".formatted(tokens.size(), scores.size()));
    }
    if (!types.isEmpty() && types.size() != tokens.size()) {
      throw TextException.badVocabulary(
          source, "%,d pieces but %,d types".formatted(tokens.size(), types.size()));
    }
    if (scores.stream().anyMatch(score -> !Float.isFinite(score))) {
      throw TextException.badVocabulary(source, "a score is not a finite number");
    }
    ids.forEach((role, id) -> {
      if (id < 0 || id >= tokens.size()) {
        throw TextException.badVocabulary(
            source, "the %s token is %d, outside the vocabulary".formatted(role, id));
      }
    });
  }

  /// Whether text becomes this token only where it is written out: control and user-defined ones.
  boolean isAdded(int id) {
    int type = types.isEmpty() ? 1 : types.get(id);
    return type == CONTROL || type == USER_DEFINED;
  }

  /// What an added token is for.
  AddedToken.Role role(int id) {
    return types.get(id) == CONTROL ? AddedToken.Role.SPECIAL : AddedToken.Role.TEXT;
  }

  /// The token for what is no piece, or -1.
  int unknownToken() {
    return ids.containsKey("unknown") ? ids.get("unknown") : types.indexOf(UNKNOWN);
  }
}
