package dev.weir.model;

import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.text.Bos;
import dev.weir.text.TokenSequence;
import dev.weir.text.Tokenizer;
import java.util.List;

/// A transformer with the tokenizer that it was trained with. Close it when done.
///
/// @param transformer the model
/// @param tokenizer what its tokens mean
public record LanguageModel(Transformer transformer, Tokenizer tokenizer) implements AutoCloseable {

  /// The tokens of a text, with a BOS as the model's own files say.
  ///
  /// @param text the text
  public TokenSequence encode(String text) {
    return tokenizer.encode(text, Bos.AS_CONFIGURED);
  }

  /// Runs a text and keeps what was asked for.
  ///
  /// @param text the text, with a BOS as the model's own files say
  /// @param capture what to keep
  public StreamTrace trace(String text, Capture capture) {
    return transformer.trace(encode(text).ids(), capture);
  }

  /// Continues a text.
  ///
  /// @param text the text, with a BOS as the model's own files say
  /// @param maxTokens how many tokens to add at most
  /// @param sampler how to choose them
  /// @return the text and what was added, special tokens left out
  public String generate(String text, int maxTokens, Sampler sampler) {
    Generator generator = new Generator(transformer, sampler, tokenizer.eosTokens(), Hooks.none());
    return tokenizer.decode(
        generator
            .generate(List.of(encode(text).ids()), maxTokens, (_, _) -> {})
            .getFirst()
            .tokens());
  }

  /// Frees the model and the tokenizer.
  @Override
  public void close() {
    transformer.close();
    tokenizer.close();
  }
}
