package dev.weir.page.run;

import dev.weir.model.LanguageModel;
import dev.weir.model.Transformer;
import dev.weir.text.Tokenizer;
import dev.weir.view.TokenText;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// A model that the page may ask. It is in memory once, however many pages look at it.
public final class OpenModel {
  private final String id;
  private final String name;
  private final CompletableFuture<LanguageModel> loading;

  OpenModel(String id, String name, CompletableFuture<LanguageModel> loading) {
    this.id = id;
    this.name = name;
    this.loading = loading;
  }

  /// Short, for links and programs.
  public String id() {
    return id;
  }

  /// For readers: the name of its folder or file.
  public String name() {
    return name;
  }

  /// Whether it is there, or could not be opened; until then every question waits.
  public boolean settled() {
    return loading.isDone();
  }

  /// The model; waits until it is opened.
  ///
  /// @throws dev.weir.WeirException if it cannot be opened
  public LanguageModel language() {
    try {
      return loading.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /// The transformer; waits until it is opened.
  public Transformer transformer() {
    return language().transformer();
  }

  /// The tokenizer; waits until it is opened.
  public Tokenizer tokenizer() {
    return language().tokenizer();
  }

  /// A token for a reader, with every character visible.
  ///
  /// @param token its id
  public String word(int token) {
    return TokenText.visible(tokenizer().token(token));
  }
}
