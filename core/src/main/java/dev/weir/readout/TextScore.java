package dev.weir.readout;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// How well a model predicts a text, token by token.
public final class TextScore {
  private final List<Prediction> predictions;

  private TextScore(List<Prediction> predictions) {
    this.predictions = List.copyOf(predictions);
  }

  /// What the model made of one token.
  ///
  /// @param token the token that came
  /// @param logProbability of it given those before, in nats
  /// @param rank how many tokens were likelier; 0 for the likeliest
  /// @param top the likeliest tokens, first to last
  public record Prediction(int token, double logProbability, int rank, List<TokenScore> top) {
    public Prediction {
      top = List.copyOf(top);
    }
  }

  /// Of a text.
  ///
  /// @param logits the model's scores at every position, `[pos, d_vocab]`
  /// @param tokens the text
  /// @param topK how many of the likeliest tokens to name
  public static TextScore of(Tensor logits, int[] tokens, int topK) {
    if (tokens.length < 2) {
      throw ReadoutException.nothingToPredict();
    }
    if (logits.size("pos") != tokens.length) {
      throw ReadoutException.scoresDiffer(logits.size("pos"), tokens.length);
    }
    for (int token : tokens) {
      if (token < 0 || token >= logits.size("d_vocab")) {
        throw ReadoutException.tokenOutside(token, (int) logits.size("d_vocab"));
      }
    }
    try (Scope _ = Scope.open()) {
      int count = tokens.length - 1;
      Tensor scores = Wide.of(logits.slice("pos", 0, count));
      Tensor next =
          Tensor.of(
                  Arrays.stream(tokens).skip(1).asLongStream().toArray(),
                  Shape.of(new Axis("pos", count)))
              .to(logits.device());
      Tensor chosen = scores.pick("d_vocab", next);
      Tensor total = scores.logSumExp("d_vocab");
      int k = Math.toIntExact(Math.min(topK, scores.size("d_vocab")));
      Tensor.TopK top = scores.topK(k, "d_vocab");
      return new TextScore(
          assembled(
              tokens,
              chosen.minus(total).toDoubles(),
              ranks(scores, chosen),
              top.values().minus(total).exp().toDoubles(),
              top.indices().toLongs()));
    }
  }

  /// How many scores are greater, for each place.
  static long[] ranks(Tensor scores, Tensor chosen) {
    long all = scores.size("d_vocab");
    // The engine sums booleans slowly; counts are exact in float32 up to 16 million.
    long[] ranks = scores.atMost(chosen).to(DType.FLOAT32).sum("d_vocab").toLongs();
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = all - ranks[i];
    }
    return ranks;
  }

  private static List<Prediction> assembled(
      int[] tokens,
      double[] logProbabilities,
      long[] ranks,
      double[] topProbabilities,
      long[] topTokens) {
    int k = topTokens.length / logProbabilities.length;
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < logProbabilities.length; i++) {
      predictions.add(
          new Prediction(
              tokens[i + 1],
              logProbabilities[i],
              Math.toIntExact(ranks[i]),
              scores(topTokens, topProbabilities, i * k, k)));
    }
    return predictions;
  }

  static List<TokenScore> scores(long[] tokens, double[] probabilities, int from, int count) {
    List<TokenScore> scores = new ArrayList<>(count);
    for (int j = from; j < from + count; j++) {
      scores.add(new TokenScore(Math.toIntExact(tokens[j]), probabilities[j]));
    }
    return scores;
  }

  /// One for each token but the first.
  public List<Prediction> predictions() {
    return predictions;
  }

  /// The sum of all log-probabilities, nats.
  public double logProbability() {
    return predictions.stream().mapToDouble(Prediction::logProbability).sum();
  }

  /// Nats per predicted token.
  public double crossEntropy() {
    return -logProbability() / predictions.size();
  }

  /// `e` to the cross entropy.
  public double perplexity() {
    return Math.exp(crossEntropy());
  }

  /// Bits for each byte of the text, which compares models with different tokenizers.
  ///
  /// @param bytes how long the predicted text is in UTF-8
  public double bitsPerByte(long bytes) {
    return -logProbability() / Math.log(2) / bytes;
  }
}
