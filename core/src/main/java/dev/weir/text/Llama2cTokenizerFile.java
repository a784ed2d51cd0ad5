package dev.weir.text;

import dev.weir.text.AddedToken.Role;
import dev.weir.text.ScoreMergeTokenizer.Rules;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Reads llama2.c's `tokenizer.bin`, little-endian: an int32, the length of the longest piece in
/// bytes; then for each id a float32 score, an int32 length and that many bytes of UTF-8, up to the
/// end of the file. Id 0 is unknown, 1 BOS, 2 EOS.
final class Llama2cTokenizerFile {
  private static final int BOS = 1;
  private static final int EOS = 2;
  private static final int LONGEST = 1 << 16;

  private final String source;
  private final ByteBuffer bytes;
  private final Vocabulary vocabulary;
  private float[] scores = new float[1024];

  private Llama2cTokenizerFile(Path file) {
    this.source = file.toString();
    this.bytes = ByteBuffer.wrap(SmallFile.bytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    this.vocabulary = new Vocabulary(source, 1024);
  }

  static Tokenizer read(Path file) {
    return new Llama2cTokenizerFile(file).read();
  }

  private Tokenizer read() {
    int longest = length("the longest piece", LONGEST);
    while (bytes.hasRemaining()) {
      float score = score();
      int id = vocabulary.size();
      if (id > Vocabulary.MAX_ID) {
        throw TextException.badVocabulary(source, "it has more than %,d pieces".formatted(id));
      }
      vocabulary.append(piece(length("piece %d".formatted(id), longest)));
      scores = id < scores.length ? scores : Arrays.copyOf(scores, id * 2);
      scores[id] = score;
    }
    if (vocabulary.size() <= EOS) {
      throw TextException.badVocabulary(source, "it has no BOS and EOS");
    }
    return tokenizer();
  }

  private Tokenizer tokenizer() {
    List<AddedToken> special = List.of(special(0), special(BOS), special(EOS));
    Framing framing =
        new Framing(
            List.of(BOS),
            List.of(BOS),
            List.of(),
            "A llama2.c tokenizer always puts BOS in front.",
            source);
    SpecialTokenRoles roles = new SpecialTokenRoles(List.of(BOS), List.of(EOS), framing);
    Rules rules = new Rules(PieceStyle.PLAIN, true, Rules.InText.NOTHING, 0);
    return new ScoreMergeTokenizer(source, vocabulary, scores, rules, roles, special);
  }

  private AddedToken special(int id) {
    return new AddedToken(id, vocabulary.piece(id).strip(), Role.SPECIAL);
  }

  private float score() {
    require(Float.BYTES, "a score");
    float score = bytes.getFloat();
    if (!Float.isFinite(score)) {
      throw TextException.badVocabulary(
          source, "the score of piece %d is %s".formatted(vocabulary.size(), score));
    }
    return score;
  }

  private int length(String what, int limit) {
    require(Integer.BYTES, "a length");
    int length = bytes.getInt();
    if (length < 0 || length > limit) {
      throw TextException.badVocabulary(
          source, "%s has length %,d, outside 0 to %,d".formatted(what, length, limit));
    }
    return length;
  }

  private String piece(int length) {
    require(length, "a piece");
    ByteBuffer utf8 = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException e) {
      throw TextException.badVocabulary(
          source, "piece %d is not valid UTF-8".formatted(vocabulary.size()));
    }
  }

  private void require(int count, String what) {
    if (bytes.remaining() < count) {
      throw TextException.badVocabulary(
          source, "it ends at byte %,d in the middle of %s".formatted(bytes.limit(), what));
    }
  }
}
