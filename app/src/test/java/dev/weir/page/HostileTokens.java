package dev.weir.page;

import dev.weir.model.LanguageModel;
import dev.weir.page.run.NumberedModel;
import dev.weir.text.AddedToken;
import dev.weir.text.Bos;
import dev.weir.text.SpecialTokens;
import dev.weir.text.TokenSequence;
import dev.weir.text.Tokenizer;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// A small model whose sixteen tokens are written so as to disturb the page; prompts are numbers.
///
/// @param numbers reads prompts
record HostileTokens(Tokenizer numbers) implements Tokenizer {
  static final List<String> TOKENS =
      List.of(
          "<script>alert(1)</script>",
          "<img src=x onerror=alert(1)>",
          "\u202eright to left\u202c",
          "\u05e9\u05dc\u05d5\u05dd",
          "\ud83d",
          "\u0000\u0007\u001b[31m",
          "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
          "\u0301",
          "\n\r\t ",
          "\u200b\ufeff",
          "${7*7}",
          "'\"><b>",
          "&lt;&amp;",
          "\ue000",
          "a".repeat(300),
          "");

  static LanguageModel model() {
    LanguageModel numbered = NumberedModel.open("pathway/ddl-sigmoid/rms/mha");
    return new LanguageModel(numbered.transformer(), new HostileTokens(numbered.tokenizer()));
  }

  @Override
  public String token(int id) {
    return TOKENS.get(id);
  }

  @Override
  public TokenSequence encode(String text, Bos bos) {
    return numbers.encode(text, bos);
  }

  @Override
  public String decode(int[] tokens, SpecialTokens special) {
    return numbers.decode(tokens, special);
  }

  @Override
  public String piece(int id) {
    return numbers.piece(id);
  }

  @Override
  public OptionalInt id(String piece) {
    return numbers.id(piece);
  }

  @Override
  public int vocabSize() {
    return numbers.vocabSize();
  }

  @Override
  public OptionalInt bos() {
    return numbers.bos();
  }

  @Override
  public OptionalInt eos() {
    return numbers.eos();
  }

  @Override
  public Set<Integer> eosTokens() {
    return numbers.eosTokens();
  }

  @Override
  public List<AddedToken> addedTokens() {
    return numbers.addedTokens();
  }

  @Override
  public void close() {
    numbers.close();
  }
}
