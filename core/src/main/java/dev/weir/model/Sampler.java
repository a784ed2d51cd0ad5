package dev.weir.model;

import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Picks the next token from a model's scores.
///
/// @param temperature 0 takes the likeliest token; larger flattens the distribution
/// @param topK how many of the likeliest tokens to choose among; 0 for all
/// @param topP choose among the fewest likeliest tokens whose probabilities reach this sum
///   (Holtzman et al. 2019, arXiv:1904.09751); 1 for all
/// @param random where its luck comes from; the same seed gives the same text
public record Sampler(double temperature, int topK, double topP, RandomGenerator random) {

  public Sampler {
    if (!(temperature >= 0) || topK < 0 || !(topP > 0 && topP <= 1)) {
      throw ModelException.badSampler(temperature, topK, topP);
    }
  }

  /// Always the likeliest token; of equals, the first.
  public static Sampler greedy() {
    return new Sampler(0, 0, 1, RandomGenerator.of("SplittableRandom"));
  }

  /// A token.
  ///
  /// @param logits the scores at one position, one for each token of the vocabulary
  public int next(float[] logits) {
    if (temperature == 0) {
      return likeliest(logits);
    }
    int[] candidates = candidates(logits);
    double[] weights = weights(logits, candidates);
    int kept = nucleus(weights);
    double luck = random.nextDouble() * IntStream.range(0, kept).mapToDouble(i -> weights[i]).sum();
    for (int i = 0; i < kept; i++) {
      luck -= weights[i];
      if (luck < 0) {
        return candidates[i];
      }
    }
    return candidates[kept - 1];
  }

  private static int likeliest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /// The tokens to choose among, likeliest first where their order matters.
  private int[] candidates(float[] logits) {
    IntStream all = IntStream.range(0, logits.length);
    if (topK == 0 && topP == 1) {
      return all.toArray();
    }
    return all.boxed()
        .sorted(Comparator.comparingDouble(i -> -logits[i]))
        .limit(topK == 0 ? logits.length : topK)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /// Probabilities of the candidates.
  private double[] weights(float[] logits, int[] candidates) {
    double largest = IntStream.of(candidates).mapToDouble(i -> logits[i]).max().orElseThrow();
    double[] weights =
        IntStream.of(candidates)
            .mapToDouble(i -> Math.exp((logits[i] - largest) / temperature))
            .toArray();
    double sum = IntStream.range(0, weights.length).mapToDouble(i -> weights[i]).sum();
    return IntStream.range(0, weights.length).mapToDouble(i -> weights[i] / sum).toArray();
  }

  /// How many of the likeliest reach `topP` together.
  private int nucleus(double[] weights) {
    double reached = 0;
    int kept = 0;
    while (kept < weights.length && (topP == 1 || reached < topP)) {
      reached += weights[kept++];
    }
    return kept;
  }
}
