package dev.weir.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The steps of a `tokenizer.json` around its model, judged one by one: only steps that are known
/// not to end the process are let through, and what the rest of this package needs is noted.
final class TokenizerParts {
  private static final Set<String> NORMALIZERS =
      Set.of(
          "Sequence",
          "NFC",
          "NFD",
          "NFKC",
          "NFKD",
          "Lowercase",
          "Strip",
          "StripAccents",
          "Nmt",
          "BertNormalizer",
          "ByteLevel",
          "Replace",
          "Prepend");
  private static final Set<String> PRE_TOKENIZERS =
      Set.of(
          "Sequence",
          "ByteLevel",
          "Metaspace",
          "Split",
          "Whitespace",
          "WhitespaceSplit",
          "Digits",
          "Punctuation",
          "BertPreTokenizer",
          "CharDelimiterSplit",
          "UnicodeScripts");
  private static final Set<String> POST_PROCESSORS =
      Set.of("Sequence", "ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing");
  private static final Set<String> DECODERS =
      Set.of(
          "Sequence",
          "ByteLevel",
          "Metaspace",
          "ByteFallback",
          "Fuse",
          "Strip",
          "Replace",
          "WordPiece",
          "BPEDecoder",
          "CTC");
  private static final int MAX_TEXT = 1_000;
  private static final long MAX_GROWTH = 1_000;

  private final String source;
  private final Vocabulary vocabulary;
  private final List<Integer> prefix = new ArrayList<>();
  private final List<Integer> suffix = new ArrayList<>();
  private final List<SplitPattern> patterns = new ArrayList<>();
  private PieceStyle style = PieceStyle.PLAIN;
  private long growth = 1;
  private boolean trims;
  private boolean removes;
  private boolean addsSpaces;

  TokenizerParts(String source, Vocabulary vocabulary) {
    this.source = source;
    this.vocabulary = vocabulary;
  }

  /// The special tokens that its template puts in front of a text.
  List<Integer> prefix() {
    return List.copyOf(prefix);
  }

  /// The special tokens that its template puts behind a text.
  List<Integer> suffix() {
    return List.copyOf(suffix);
  }

  /// The patterns it splits or replaces by.
  List<SplitPattern> patterns() {
    return List.copyOf(patterns);
  }

  /// How its pieces write spaces and bytes.
  PieceStyle style() {
    return style;
  }

  void normalizer(JsonNode part) {
    if (part.isNull()) {
      return;
    }
    switch (typeOf(part, NORMALIZERS, "normalizer")) {
      case "Sequence" -> each(part, "normalizers").forEach(this::normalizer);
      case "Replace" -> {
        replacement(part);
        removes |= part.path("content").asString("").isEmpty();
        notesSpaces(part.path("content").asString(""));
      }
      case "Prepend" -> {
        if (limited(part, "prepend").isEmpty()) {
          throw TextException.badJson(source, "it puts an empty text in front");
        }
        notesSpaces(part.path("prepend").asString(""));
      }
      case "Strip", "StripAccents", "Nmt", "BertNormalizer" -> trims = true;
      default -> {}
    }
  }

  private void notesSpaces(String text) {
    addsSpaces |= text.chars().anyMatch(Runs::isSpace);
  }

  /// Whether an added token certainly begins with something other than a space, also after
  /// normalising. Behind a token that takes the spaces after it along, the native reader cannot
  /// find one that begins with them.
  boolean beginsSolid(String added, boolean normalized) {
    char first = added.charAt(0);
    return normalized ? !addsSpaces && first > ' ' && first < 0x7F : !Runs.isSpace(first);
  }

  /// Whether an added token may be looked for after normalising. The native reader cannot look for
  /// a token of which the normaliser leaves nothing.
  boolean survivesNormalising(String added) {
    boolean solid = added.chars().anyMatch(c -> c < 128 && Character.isLetterOrDigit(c));
    return !removes && (solid || !trims);
  }

  void preTokenizer(JsonNode part) {
    if (part.isNull()) {
      return;
    }
    switch (typeOf(part, PRE_TOKENIZERS, "pre-tokenizer")) {
      case "Sequence" -> each(part, "pretokenizers").forEach(this::preTokenizer);
      case "Split" -> pattern(part);
      default -> {}
    }
  }

  void postProcessor(JsonNode part) {
    if (part.isNull()) {
      return;
    }
    switch (typeOf(part, POST_PROCESSORS, "post-processor")) {
      case "Sequence" -> each(part, "processors").forEach(this::postProcessor);
      case "TemplateProcessing" -> template(part);
      case "BertProcessing", "RobertaProcessing" -> {
        prefix.addFirst(tokenId(part.path("cls").path(1)));
        suffix.add(tokenId(part.path("sep").path(1)));
      }
      default -> {}
    }
  }

  void decoder(JsonNode part) {
    if (part.isNull()) {
      return;
    }
    switch (typeOf(part, DECODERS, "decoder")) {
      case "Sequence" -> each(part, "decoders").forEach(this::decoder);
      case "ByteLevel" -> style = PieceStyle.BYTE_LEVEL;
      case "Metaspace" -> style = PieceStyle.METASPACE;
      case "Replace" -> {
        replacement(part);
        if (part.path("pattern").path("String").asString("").equals("\u2581")) {
          style = PieceStyle.METASPACE;
        }
      }
      case "Strip" -> strip(part);
      default -> {}
    }
  }

  /// The native decoder counts from the end of a token without asking how long it is.
  private void strip(JsonNode part) {
    JsonNode stop = part.path("stop");
    if (!stop.isInt() || stop.asInt() != 0) {
      throw TextException.unsupported(source, "a Strip decoder that cuts at the end");
    }
  }

  /// The template of a single text. The native reader looks its tokens up without asking whether
  /// they are listed.
  private void template(JsonNode part) {
    pieces(part, "pair", Set.of("A", "B"));
    JsonNode listed = part.path("special_tokens");
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    boolean seen = false;
    for (JsonNode piece : pieces(part, "single", Set.of("A"))) {
      if (piece.has("Sequence")) {
        if (seen) {
          throw TextException.badJson(source, "its template holds the text twice");
        }
        seen = true;
      } else {
        String name = piece.path("SpecialToken").path("id").asString("");
        for (JsonNode id : listed.path(name).path("ids")) {
          (seen ? after : before).add(tokenId(id));
        }
      }
    }
    if (!seen) {
      throw TextException.badJson(source, "its template leaves the text out");
    }
    prefix.addAll(0, before);
    suffix.addAll(after);
  }

  private List<JsonNode> pieces(JsonNode part, String name, Set<String> texts) {
    List<JsonNode> pieces = each(part, name);
    for (JsonNode piece : pieces) {
      if (piece.has("Sequence")) {
        if (!texts.contains(piece.path("Sequence").path("id").asString(""))) {
          throw TextException.badJson(source, "its template names a text that is not there");
        }
      } else {
        listed(part, piece.path("SpecialToken").path("id").asString(""));
      }
    }
    return pieces;
  }

  private void listed(JsonNode part, String name) {
    JsonNode token = part.path("special_tokens").path(name);
    int ids = token.path("ids").size();
    if (ids == 0 || ids > 64 || ids != token.path("tokens").size()) {
      throw TextException.badJson(
          source, "its template uses '%s', which special_tokens does not define".formatted(name));
    }
  }

  private int tokenId(JsonNode id) {
    if (!id.isInt() || !vocabulary.contains(id.asInt())) {
      throw TextException.badJson(
          source, "its post-processor adds token %s, which does not exist".formatted(shown(id)));
    }
    return id.asInt();
  }

  private void replacement(JsonNode part) {
    int from = Math.max(1, pattern(part));
    int to = limited(part, "content").length();
    growth *= Math.max(1, (to + from - 1) / from);
    if (growth > MAX_GROWTH) {
      throw TextException.unsupported(source, "replacements that let a text grow without bound");
    }
  }

  /// Judges a pattern and gives the length of text that it certainly takes, 1 if that is unknown.
  private int pattern(JsonNode part) {
    JsonNode pattern = part.path("pattern");
    if (pattern.path("String").isString()) {
      String literal = pattern.path("String").asString();
      if (literal.isEmpty()) {
        throw TextException.badJson(source, "it splits or replaces by an empty text");
      }
      return literal.length();
    }
    patterns.add(SplitPattern.of(pattern.path("Regex").asString(""), source));
    return 1;
  }

  private String limited(JsonNode part, String name) {
    String text = part.path(name).asString("");
    if (text.length() > MAX_TEXT) {
      throw TextException.unsupported(source, "a %s of %,d chars".formatted(name, text.length()));
    }
    return text;
  }

  private List<JsonNode> each(JsonNode part, String name) {
    JsonNode list = part.path(name);
    if (!list.isArray() || list.size() > 64) {
      throw TextException.badJson(source, "%s is no list of up to 64 steps".formatted(name));
    }
    List<JsonNode> parts = new ArrayList<>();
    list.forEach(parts::add);
    return parts;
  }

  private String typeOf(JsonNode part, Set<String> known, String what) {
    String type = part.path("type").asString("");
    if (!known.contains(type)) {
      throw TextException.unsupported(source, "a %s of type '%s'".formatted(what, type));
    }
    return type;
  }

  private static String shown(JsonNode node) {
    String text = node.toString();
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}
