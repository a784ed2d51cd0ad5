package dev.weir.text;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// A tokenizer described by a `tokenizer.json`, run by Hugging Face's own library
/// (huggingface/tokenizers), so that it splits exactly as there.
public final class HuggingFaceTokenizer implements Tokenizer {
  /// Below the ten million retries at which the native pattern engine ends the process, with room
  /// for texts that grow when they are normalised.
  private static final int MAX_RETRIES = 4_000_000;

  private final TokenizerJson file;
  private final SpecialTokenRoles roles;
  private final Framing framing;
  private final NativeTokenizer engine;

  HuggingFaceTokenizer(TokenizerJson file, SpecialTokenRoles roles) {
    this.file = file;
    this.roles = roles;
    this.framing = roles.framing();
    this.engine = new NativeTokenizer(file);
  }

  @Override
  public TokenSequence encode(String text, Bos bos) {
    PromptText.require(text);
    requireSplittable(text);
    Framing.Body body = engine.encode(text);
    PromptText.toUtf16(text, body.starts(), body.ends());
    return framing.around(body, text.length(), bos);
  }

  private void requireSplittable(String text) {
    if (text.length() <= MAX_RETRIES / 256) {
      return;
    }
    int run = Runs.longest(text);
    requireShortRun(run, MAX_RETRIES);
    for (SplitPattern pattern : file.parts().patterns()) {
      int limit = MAX_RETRIES / pattern.retries();
      switch (pattern.reach()) {
        case WORD -> requireShortRun(run, limit);
        case TEXT -> requireShortText(text.length(), limit);
      }
    }
  }

  private static void requireShortRun(int run, int limit) {
    if (run > limit) {
      throw TextException.runTooLong(run, limit);
    }
  }

  private static void requireShortText(int length, int limit) {
    if (length > limit) {
      throw TextException.textTooLong(length, limit);
    }
  }

  @Override
  public String decode(int[] tokens, SpecialTokens special) {
    for (int token : tokens) {
      if (token < 0) {
        throw TextException.negativeToken(token);
      }
    }
    return engine.decode(Arrays.stream(tokens).asLongStream().toArray(), special);
  }

  @Override
  public String piece(int id) {
    return file.vocabulary().piece(id);
  }

  @Override
  public String token(int id) {
    if (!file.vocabulary().contains(id)) {
      return "<no token %d>".formatted(id);
    }
    return file.parts().style().printable(piece(id));
  }

  @Override
  public OptionalInt id(String piece) {
    return file.vocabulary().id(piece);
  }

  @Override
  public int vocabSize() {
    return file.vocabulary().size();
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
    return file.addedTokens();
  }

  @Override
  public void close() {
    engine.close();
  }

  @Override
  public String toString() {
    return "HuggingFaceTokenizer[%s, %,d tokens]".formatted(file.source(), vocabSize());
  }
}
