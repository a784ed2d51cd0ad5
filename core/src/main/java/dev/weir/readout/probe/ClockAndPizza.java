package dev.weir.readout.probe;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// Which algorithm a model uses to add two numbers modulo `n`: the clock, which multiplies and
/// whose logits do not care how far the numbers are apart, or the pizza, which averages and whose
/// logits do (Zhong et al. 2023, arXiv:2306.17844, section 4).
public final class ClockAndPizza {
  private static final int BATCH = 256;

  private final int right;
  private final int pairs;
  private final double distanceIrrelevance;
  private final Estimate gradientSymmetricity;

  private ClockAndPizza(
      int right, int pairs, double distanceIrrelevance, Estimate gradientSymmetricity) {
    this.right = right;
    this.pairs = pairs;
    this.distanceIrrelevance = distanceIrrelevance;
    this.gradientSymmetricity = gradientSymmetricity;
  }

  /// How a sum is put to the model: the tokens of two numbers, and what stands after them.
  ///
  /// @param modulus `n`
  /// @param first the token of 0; those of 1, 2 … follow it
  /// @param after the tokens after the two numbers; may be empty
  public record Question(int modulus, int first, List<Integer> after) {
    public Question {
      after = List.copyOf(after);
    }

    int[] tokens(int a, int b) {
      int[] tokens = new int[2 + after.size()];
      tokens[0] = first + a;
      tokens[1] = first + b;
      for (int i = 0; i < after.size(); i++) {
        tokens[2 + i] = after.get(i);
      }
      return tokens;
    }
  }

  /// A sum and a token whose score is looked at.
  ///
  /// @param a the first number
  /// @param b the second
  /// @param c the number whose logit is looked at; need not be the sum
  public record Triple(int a, int b, int c) {}

  /// Of every pair of numbers, and of some triples.
  ///
  /// @param model the model
  /// @param question how a sum is put to it
  /// @param triples at which the gradients are compared
  public static ClockAndPizza of(Transformer model, Question question, List<Triple> triples) {
    int n = question.modulus();
    double[] correct = new double[n * n]; // By difference, then by sum.
    int right = 0;
    for (int a = 0; a < n; a++) {
      double[][] logits = logits(model, question, a);
      for (int b = 0; b < n; b++) {
        int sum = (a + b) % n;
        right += LinearProbe.largest(logits[b]) == question.first() + sum ? 1 : 0;
        correct[Math.floorMod(a - b, n) * n + sum] = logits[b][question.first() + sum];
      }
    }
    return new ClockAndPizza(
        right, n * n, irrelevance(correct, n), symmetricity(model, question, triples));
  }

  /// Independent draws, for models with too many triples to look at all of them.
  ///
  /// @param modulus `n`
  /// @param count how many
  /// @param random where they come from
  public static List<Triple> draw(int modulus, int count, RandomGenerator random) {
    List<Triple> triples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      triples.add(
          new Triple(random.nextInt(modulus), random.nextInt(modulus), random.nextInt(modulus)));
    }
    return triples;
  }

  /// The scores after `a` and each `b`.
  private static double[][] logits(Transformer model, Question question, int a) {
    List<int[]> texts = new ArrayList<>();
    for (int b = 0; b < question.modulus(); b++) {
      texts.add(question.tokens(a, b));
    }
    try (Scope _ = Scope.open()) {
      Tensor logits = model.logits(texts, Hooks.none());
      return RidgeProbe.rows(logits.at("pos", logits.size("pos") - 1).order("batch", "d_vocab"));
    }
  }

  /// The mean spread of the right logit among sums of one difference, by its spread among all.
  private static double irrelevance(double[] correct, int n) {
    double mean = 0;
    for (int difference = 0; difference < n; difference++) {
      mean += deviation(Arrays.copyOfRange(correct, difference * n, (difference + 1) * n)) / n;
    }
    return mean / deviation(correct);
  }

  private static double deviation(double[] numbers) {
    double mean = Arrays.stream(numbers).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(numbers)
            .map(number -> (number - mean) * (number - mean))
            .average()
            .orElseThrow());
  }

  /// The mean cosine between the gradients of a logit with respect to both embeddings.
  private static Estimate symmetricity(Transformer model, Question question, List<Triple> triples) {
    double[] cosines = new double[triples.size()];
    for (int from = 0; from < cosines.length; from += BATCH) {
      List<Triple> some = triples.subList(from, Math.min(cosines.length, from + BATCH));
      double[] found = cosines(model, question, some);
      System.arraycopy(found, 0, cosines, from, found.length);
    }
    return Estimate.of(cosines);
  }

  private static double[] cosines(Transformer model, Question question, List<Triple> triples) {
    List<int[]> texts = triples.stream().map(t -> question.tokens(t.a(), t.b())).toList();
    long[] asked = triples.stream().mapToLong(t -> question.first() + t.c()).toArray();
    try (Scope _ = Scope.open()) {
      Embedded embedded = new Embedded();
      Tensor logits = model.logits(texts, embedded);
      Tensor scores =
          logits
              .at("pos", logits.size("pos") - 1)
              .pick("d_vocab", Tensor.of(asked, Shape.of(new Axis("batch", asked.length))));
      Tensor gradient =
          Gradients.of(scores.sum(), List.of(embedded.parameter())).getFirst().to(DType.FLOAT64);
      Tensor a = gradient.at("pos", 0);
      Tensor b = gradient.at("pos", 1);
      return a.times(b)
          .sum("d_model")
          .dividedBy(a.norm("d_model"))
          .dividedBy(b.norm("d_model"))
          .toDoubles();
    }
  }

  /// Makes the embeddings of a run something to differentiate by.
  private static final class Embedded implements Hooks {
    private final List<Tensor> seen = new ArrayList<>();

    Tensor parameter() {
      return seen.getFirst();
    }

    @Override
    public boolean touches(HookPoint point) {
      return point instanceof HookPoint.Embed;
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      Tensor parameter = value.asParameter();
      seen.add(parameter);
      return parameter;
    }
  }

  /// How many sums are right.
  public int right() {
    return right;
  }

  /// How many sums there are.
  public int pairs() {
    return pairs;
  }

  /// `mean over d of std(logit of the sum | a − b = d) / std(logit of the sum)`: near 1 for the
  /// clock, near 0 for the pizza.
  public double distanceIrrelevance() {
    return distanceIrrelevance;
  }

  /// The mean cosine between the gradients of a logit with respect to the embeddings of `a` and of
  /// `b`: near 1 for the pizza.
  public Estimate gradientSymmetricity() {
    return gradientSymmetricity;
  }
}
