package dev.weir.text;

import dev.weir.text.ScoreMergeTokenizer.Rules;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Makes tokenizers of GGUF vocabularies. What the file leaves unsaid is as llama.cpp has it.
final class GgufTokenizers {
  private GgufTokenizers() {}

  static Tokenizer of(GgufVocabulary vocabulary) {
    return switch (vocabulary.model()) {
      case "llama" -> sentencePiece(vocabulary);
      case "gpt2" -> byteLevel(vocabulary);
      default ->
          throw TextException.unsupported(
              vocabulary.source(), "the GGUF vocabulary model '%s'".formatted(vocabulary.model()));
    };
  }

  private static Tokenizer sentencePiece(GgufVocabulary gguf) {
    if (gguf.scores().isEmpty()) {
      throw TextException.badVocabulary(gguf.source(), "it has no scores");
    }
    Vocabulary vocabulary = new Vocabulary(gguf.source(), gguf.tokens().size());
    gguf.tokens().forEach(vocabulary::append);
    float[] scores = new float[gguf.scores().size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = gguf.scores().get(i);
    }
    boolean dummyPrefix = gguf.flags().getOrDefault("add_space_prefix", true);
    Rules rules =
        new Rules(
            PieceStyle.METASPACE, dummyPrefix, Rules.InText.ADDED_TOKENS, gguf.unknownToken());
    return new ScoreMergeTokenizer(
        gguf.source(), vocabulary, scores, rules, roles(gguf, true, "llama"), added(gguf));
  }

  private static Tokenizer byteLevel(GgufVocabulary gguf) {
    PreTokenizer pre = PreTokenizer.named(gguf.source(), gguf.pre());
    String json = ByteLevelBpe.json(gguf.tokens(), gguf.merges(), added(gguf), pre);
    return new HuggingFaceTokenizer(
        TokenizerJson.read(gguf.source(), json), roles(gguf, pre.addsBos(), gguf.pre()));
  }

  private static List<AddedToken> added(GgufVocabulary gguf) {
    return IntStream.range(0, gguf.tokens().size())
        .filter(gguf::isAdded)
        .filter(id -> !gguf.tokens().get(id).isEmpty())
        .mapToObj(id -> new AddedToken(id, gguf.tokens().get(id), gguf.role(id)))
        .toList();
  }

  private static SpecialTokenRoles roles(GgufVocabulary gguf, boolean usual, String kind) {
    List<Integer> bos = ids(gguf, "bos");
    List<Integer> eos = ids(gguf, "eos", "eot", "eom");
    boolean said = gguf.flags().containsKey("add_bos_token");
    boolean add = gguf.flags().getOrDefault("add_bos_token", usual);
    boolean addEos = gguf.flags().getOrDefault("add_eos_token", false);
    Framing framing =
        new Framing(
            add ? bos : List.of(),
            bos,
            addEos && !eos.isEmpty() ? List.of(eos.getFirst()) : List.of(),
            why(said, add, bos, kind),
            gguf.source());
    return new SpecialTokenRoles(bos, eos, framing);
  }

  private static String why(boolean said, boolean add, List<Integer> bos, String kind) {
    if (add && bos.isEmpty()) {
      return "The GGUF file names no BOS token.";
    }
    return said
        ? "The GGUF file says tokenizer.ggml.add_bos_token: %s.".formatted(add)
        : "The GGUF file does not say; '%s' vocabularies usually put %s in front."
            .formatted(kind, add ? "it" : "none");
  }

  private static List<Integer> ids(GgufVocabulary gguf, String... roles) {
    return new ArrayList<>(
        Stream.of(roles).filter(gguf.ids()::containsKey).map(gguf.ids()::get).toList());
  }
}
