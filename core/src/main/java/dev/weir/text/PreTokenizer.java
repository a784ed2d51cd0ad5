package dev.weir.text;

import java.util.List;

/// How byte-level BPE cuts a text before it merges: by the patterns of a model family, one after
/// the other, each isolating what it matches.
///
/// @param patterns in Oniguruma's syntax; the family's published `tokenizer.json` has the same
/// @param ignoresMerges whether a cut that is a token as a whole stays one, merges or not
/// @param addsBos whether the family puts BOS in front where the file does not say
record PreTokenizer(List<String> patterns, boolean ignoresMerges, boolean addsBos) {
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String GPT2_WORDS =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String MARKS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|";
  private static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String CASED_WORD =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%1$s|"
          + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
          + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%1$s|";

  /// GPT-2's own (Radford et al. 2019).
  static final PreTokenizer GPT2 = of(GPT2_WORDS + "|\\s+");

  PreTokenizer {
    patterns = List.copyOf(patterns);
  }

  /// The pre-tokenizer that `tokenizer.ggml.pre` names.
  ///
  /// @throws TextException if it is unknown
  static PreTokenizer named(String source, String name) {
    return switch (name) {
      case "gpt-2",
          "phi-2",
          "mpt",
          "olmo",
          "jais",
          "trillion",
          "jina-es",
          "jina-de",
          "jina-v2-es",
          "jina-v2-de",
          "jina-v2-code",
          "a.x-4.0",
          "mellum",
          "exaone4" ->
          GPT2;
      case "default", "" ->
          of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2_WORDS, "\\p{N}+", "[0-9][0-9][0-9]");
      case "llama3",
          "llama-v3",
          "llama-bpe",
          "falcon3",
          "falcon-h1",
          "pixtral",
          "midm-2.0",
          "lfm2" ->
          new PreTokenizer(List.of(llama3("\\p{N}{1,3}")), true, true);
      case "dbrx", "smaug-bpe", "chatglm-bpe", "glm4" -> of(llama3("\\p{N}{1,3}"));
      case "qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez" -> of(llama3("\\p{N}"));
      case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b" ->
          of("\\p{N}", GPT2_WORDS);
      case "falcon" -> of("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2_WORDS, "[0-9][0-9][0-9]");
      case "gpt-4o", "llama4" ->
          of(CASED_WORD.formatted(CONTRACTIONS + "?") + "\\p{N}{1,3}|" + marksWithSlash() + SPACES);
      case "tekken" ->
          new PreTokenizer(
              List.of(CASED_WORD.formatted("") + "\\p{N}|" + marksWithSlash() + SPACES),
              true,
              true);
      case "deepseek-v3" ->
          of(
              "\\p{N}{1,3}",
              "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
              "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                  + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                  + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                  + SPACES);
      default -> throw TextException.unknownPreTokenizer(source, name);
    };
  }

  private static String llama3(String digits) {
    return CONTRACTIONS + "|" + WORD + digits + "|" + MARKS + SPACES;
  }

  private static String marksWithSlash() {
    return " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|";
  }

  private static PreTokenizer of(String... patterns) {
    return new PreTokenizer(List.of(patterns), false, false);
  }
}
