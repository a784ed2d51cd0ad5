package dev.weir.text;

import dev.weir.text.ScoreMerges.UnknownCharacters;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// A tokenizer whose vocabulary has a score for each piece: llama2.c's `tokenizer.bin`, and the
/// SentencePiece vocabularies in GGUF files of the Llama, Mistral and Gemma families. A character
/// that is no piece is spelled in bytes.
public final class ScoreMergeTokenizer implements Tokenizer {
  private static final AddedToken NONE = new AddedToken(-1, "", AddedToken.Role.TEXT);

  private final String source;
  private final Vocabulary vocabulary;
  private final Rules rules;
  private final SpecialTokenRoles roles;
  private final List<AddedToken> addedTokens;
  private final ScoreMerges merges;
  private final int[] byteTokens;
  private final Map<Integer, AddedToken> addedById = new HashMap<>();
  private final Map<Character, List<AddedToken>> addedByFirstChar = new HashMap<>();

  /// How a vocabulary of this kind is used.
  ///
  /// @param style how its pieces write spaces
  /// @param dummyPrefix whether a space goes in front of a text before it is split
  /// @param inText which added tokens are looked for in a text
  /// @param unknownToken the token for what cannot be spelled in bytes, or -1
  record Rules(PieceStyle style, boolean dummyPrefix, InText inText, int unknownToken) {
    /// Whether the dummy space disappears only behind BOS (llama2.c) or from every decoded text.
    enum InText {
      /// llama2.c: no added token is found in text; the dummy space disappears behind BOS.
      NOTHING,
      /// SentencePiece: added tokens are found in text; the dummy space disappears at the start.
      ADDED_TOKENS
    }
  }

  ScoreMergeTokenizer(
      String source,
      Vocabulary vocabulary,
      float[] scores,
      Rules rules,
      SpecialTokenRoles roles,
      List<AddedToken> addedTokens) {
    this.source = source;
    this.vocabulary = vocabulary;
    this.rules = rules;
    this.roles = roles;
    this.addedTokens = List.copyOf(addedTokens);
    this.merges = new ScoreMerges(vocabulary, scores, unknown(rules));
    this.byteTokens = byteTokens(vocabulary);
    indexAddedTokens();
  }

  private static UnknownCharacters unknown(Rules rules) {
    return rules.inText() == Rules.InText.NOTHING
        ? UnknownCharacters.STAY_APART
        : UnknownCharacters.MAY_MERGE;
  }

  private static int[] byteTokens(Vocabulary vocabulary) {
    int[] tokens = new int[256];
    for (int b = 0; b < 256; b++) {
      tokens[b] = vocabulary.id("<0x%02X>".formatted(b)).orElse(-1);
    }
    return tokens;
  }

  private void indexAddedTokens() {
    for (AddedToken token : addedTokens) {
      addedById.put(token.id(), token);
      if (rules.inText() == Rules.InText.ADDED_TOKENS && !token.content().isEmpty()) {
        addedByFirstChar
            .computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>())
            .add(token);
      }
    }
    for (List<AddedToken> tokens : addedByFirstChar.values()) {
      tokens.sort(
          Comparator.comparingInt((AddedToken token) -> token.content().length()).reversed());
    }
  }

  @Override
  public TokenSequence encode(String text, Bos bos) {
    PromptText.require(text);
    Tokens tokens = new Tokens(text.length());
    int start = 0;
    for (int at = 0; at < text.length(); ) {
      AddedToken added = addedAt(text, at);
      if (added.content().isEmpty()) {
        at++;
      } else {
        encodePlain(text, start, at, tokens);
        start = at + added.content().length();
        tokens.add(added.id(), at, start);
        at = start;
      }
    }
    encodePlain(text, start, text.length(), tokens);
    return roles.framing().around(tokens.body(), text.length(), bos);
  }

  /// The longest added token that begins at a place, or `NONE`.
  private AddedToken addedAt(String text, int at) {
    for (AddedToken token : addedByFirstChar.getOrDefault(text.charAt(at), List.of())) {
      if (text.startsWith(token.content(), at)) {
        return token;
      }
    }
    return NONE;
  }

  private void encodePlain(String text, int start, int end, Tokens tokens) {
    if (start == end) {
      return;
    }
    String plain = text.substring(start, end);
    int shift = rules.dummyPrefix() ? 1 : 0;
    String prepared = (rules.dummyPrefix() ? " " : "") + plain;
    if (rules.style() == PieceStyle.METASPACE) {
      prepared = prepared.replace(' ', '\u2581');
    }
    int[] bounds = merges.boundaries(prepared);
    for (int i = 0; i + 1 < bounds.length; i++) {
      int from = start + Math.max(0, bounds[i] - shift);
      int to = start + bounds[i + 1] - shift;
      addPiece(prepared.substring(bounds[i], bounds[i + 1]), from, Math.max(from, to), tokens);
    }
  }

  private void addPiece(String piece, int from, int to, Tokens tokens) {
    OptionalInt id = vocabulary.id(piece);
    if (id.isPresent()) {
      tokens.add(id.getAsInt(), from, to);
      return;
    }
    for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
      int token = byteTokens[b & 0xFF];
      if (token < 0 && rules.unknownToken() < 0) {
        throw TextException.cannotEncode(source, "'%s' is no piece".formatted(piece));
      }
      tokens.add(token < 0 ? rules.unknownToken() : token, from, to);
      if (token < 0) {
        return;
      }
    }
  }

  @Override
  public String decode(int[] tokens, SpecialTokens special) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(tokens.length * 4);
    boolean dropSpace = rules.inText() == Rules.InText.ADDED_TOKENS && rules.dummyPrefix();
    for (int token : tokens) {
      if (token < 0) {
        throw TextException.negativeToken(token);
      }
      AddedToken added = addedById.getOrDefault(token, NONE);
      if (added.isSpecial()) {
        if (special == SpecialTokens.KEEP) {
          bytes.writeBytes(added.content().getBytes(StandardCharsets.UTF_8));
        }
        dropSpace |= OptionalInt.of(token).equals(bos()) && rules.dummyPrefix();
      } else if (vocabulary.contains(token)) {
        byte[] text = rules.style().bytes(vocabulary.piece(token));
        int from = dropSpace && text.length > 0 && text[0] == ' ' ? 1 : 0;
        bytes.write(text, from, text.length - from);
        dropSpace = false;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public String piece(int id) {
    return vocabulary.piece(id);
  }

  @Override
  public String token(int id) {
    if (!vocabulary.contains(id)) {
      return "<no token %d>".formatted(id);
    }
    AddedToken added = addedById.getOrDefault(id, NONE);
    return added.isSpecial() ? added.content() : rules.style().printable(piece(id));
  }

  @Override
  public OptionalInt id(String piece) {
    return vocabulary.id(piece);
  }

  @Override
  public int vocabSize() {
    return vocabulary.size();
  }

  @Override
  public OptionalInt bos() {
    return roles.bos();
  }

  @Override
  public OptionalInt eos() {
    return roles.eos();
  }

  @Override
  public Set<Integer> eosTokens() {
    return roles.eosTokens();
  }

  @Override
  public List<AddedToken> addedTokens() {
    return addedTokens;
  }

  @Override
  public void close() {
    // Everything is on the heap.
  }

  @Override
  public String toString() {
    return "ScoreMergeTokenizer[%s, %,d tokens]".formatted(source, vocabSize());
  }
}
