package dev.weir.model;

import dev.weir.stream.Hooks;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// Lets a model continue texts, token by token.
///
/// @param model the model
/// @param sampler how it chooses
/// @param stopTokens tokens that end a text
/// @param hooks who looks and changes values on the way
public record Generator(Transformer model, Sampler sampler, Set<Integer> stopTokens, Hooks hooks) {

  public Generator {
    stopTokens = Set.copyOf(stopTokens);
  }

  /// Told of each new token as it comes.
  public interface Listener {
    /// A text grew by a token.
    ///
    /// @param text which of the texts, from 0
    /// @param token the token
    void accept(int text, int token);
  }

  /// Why a text ended.
  public enum End {
    /// It has as many new tokens as were asked for.
    LENGTH,
    /// The model chose a stop token, which is the last of the text.
    STOP_TOKEN,
    /// The model reads no longer texts.
    CONTEXT_FULL
  }

  /// One text after generation.
  ///
  /// @param tokens the prompt and what the model added
  /// @param end why it ended
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Continuation(int[] tokens, End end) {}

  /// Continues several texts together.
  ///
  /// @param prompts the tokens of each, at least one
  /// @param maxTokens how many tokens to add to each at most
  /// @param listener told of each new token
  public List<Continuation> generate(List<int[]> prompts, int maxTokens, Listener listener) {
    try (Growth growth = start(prompts, maxTokens, listener)) {
      while (growth.step()) {
        // Each step tells the listener.
      }
      return growth.continuations();
    }
  }

  /// Begins to continue several texts together; nothing is computed before the first step.
  ///
  /// @param prompts the tokens of each, at least one
  /// @param maxTokens how many tokens to add to each at most
  /// @param listener told of each new token
  public Growth start(List<int[]> prompts, int maxTokens, Listener listener) {
    return new Growth(prompts, maxTokens, listener);
  }

  /// Texts that grow by a token at a time, for who has something else to do between two tokens.
  /// Close it when done with them.
  public final class Growth implements AutoCloseable {
    private final Texts texts;
    private final KvCache cache = new KvCache(model.spec().nLayers());
    private List<int[]> fed;

    private Growth(List<int[]> prompts, int maxTokens, Listener listener) {
      this.texts = new Texts(prompts, maxTokens, listener);
      this.fed = prompts;
    }

    /// Adds a token to each text that still grows.
    ///
    /// @return whether there was one
    public boolean step() {
      if (!texts.growing()) {
        return false;
      }
      fed = texts.grow(scores(fed, texts, cache));
      return true;
    }

    /// The texts so far.
    public List<Continuation> continuations() {
      return texts.continuations();
    }

    /// Frees what the texts remember.
    @Override
    public void close() {
      cache.close();
    }
  }

  /// Scores for the next token of each text.
  private List<float[]> scores(List<int[]> fed, Texts texts, KvCache cache) {
    try (Scope _ = Scope.open()) {
      long after = cache.length() + new TokenBatch(fed).length();
      boolean stale = cache.length() > 0 && !model.sameAngles(cache.length(), after);
      if (stale) {
        cache.close(); // Everything before is turned by other angles from here on.
      }
      TokenBatch batch = new TokenBatch(stale ? texts.soFar() : fed);
      TokenBatch whole = new TokenBatch(texts.prompts);
      Tensor logits = model.next(batch, whole.paddings(), whole.padded(), cache, hooks);
      return IntStream.range(0, fed.size())
          .mapToObj(row -> logits.at("batch", row).toFloats())
          .toList();
    }
  }

  /// The texts while they grow.
  private final class Texts {
    private final List<int[]> prompts;
    private final List<List<Integer>> added = new ArrayList<>();
    private final End[] ends;
    private final boolean[] done;
    private final int maxTokens;
    private final Listener listener;

    Texts(List<int[]> prompts, int maxTokens, Listener listener) {
      this.prompts = prompts.stream().map(int[]::clone).toList();
      this.maxTokens = maxTokens;
      this.listener = listener;
      this.ends = new End[prompts.size()];
      this.done = new boolean[prompts.size()];
      Arrays.fill(ends, End.LENGTH);
      prompts.forEach(_ -> added.add(new ArrayList<>()));
    }

    boolean growing() {
      boolean growing = false;
      for (boolean d : done) {
        growing |= !d;
      }
      return growing && steps() < maxTokens;
    }

    private int steps() {
      return added.stream().mapToInt(List::size).max().orElse(0);
    }

    /// Adds one token to each growing text and gives what to feed next.
    List<int[]> grow(List<float[]> scores) {
      List<int[]> fed = new ArrayList<>();
      for (int row = 0; row < added.size(); row++) {
        fed.add(new int[] {done[row] ? last(row) : add(row, sampler.next(scores.get(row)))});
      }
      if (longest() >= model.spec().longestText()) {
        for (int row = 0; row < done.length; row++) {
          ends[row] = done[row] ? ends[row] : End.CONTEXT_FULL;
          done[row] = true;
        }
      }
      return fed;
    }

    private int add(int row, int token) {
      added.get(row).add(token);
      listener.accept(row, token);
      if (stopTokens.contains(token)) {
        ends[row] = End.STOP_TOKEN;
        done[row] = true;
      }
      return token;
    }

    private int last(int row) {
      return added.get(row).getLast();
    }

    private long longest() {
      return prompts.stream().mapToInt(p -> p.length).max().orElse(0) + (long) steps();
    }

    List<int[]> soFar() {
      return IntStream.range(0, prompts.size()).mapToObj(this::text).toList();
    }

    private int[] text(int row) {
      return IntStream.concat(
              Arrays.stream(prompts.get(row)), added.get(row).stream().mapToInt(Integer::intValue))
          .toArray();
    }

    List<Continuation> continuations() {
      return IntStream.range(0, prompts.size())
          .mapToObj(row -> new Continuation(text(row), ends[row]))
          .toList();
    }
  }
}
