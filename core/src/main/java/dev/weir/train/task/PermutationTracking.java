package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Keeping track of a permutation (Merrill, Petty and Sabharwal 2024, arXiv:2404.08819): the tokens
/// are permutations, and at each place the answer is the product of all so far, the first applied
/// first. With five points or more a model of fixed depth in TC0 is thought unable to do so at
/// every length (Barrington 1989), as the word problem of S5 is complete for NC1.
///
/// A token is written as where it sends the points: `21345` exchanges the first two. The text holds
/// the permutations; the answers are not in it, or only the last step would be left to do.
///
/// @param points how many points are moved; there are `points!` permutations
/// @param length how many permutations are read
public record PermutationTracking(int points, int length) implements Task {
  static final TaskKind KIND =
      new TaskKind(
          "s5",
          "state tracking: where are the points after all these permutations?",
          "Merrill et al. 2024, arXiv:2404.08819",
          List.of(
              Parameter.whole("points", 5, 2, 6, "points that are moved"),
              Parameter.whole("length", 16, 1, 65_536, "permutations read")),
          s -> new PermutationTracking(s.whole("points"), s.whole("length")));

  public PermutationTracking {
    KIND.checked(points, length);
  }

  @Override
  public String name() {
    return KIND.spelled(points, length);
  }

  @Override
  public List<String> tokens() {
    return IntStream.range(0, size())
        .mapToObj(id -> {
          StringBuilder written = new StringBuilder();
          Arrays.stream(permutation(id)).forEach(point -> written.append(point + 1));
          return written.toString();
        })
        .toList();
  }

  private int size() {
    return IntStream.rangeClosed(1, points).reduce(1, (a, b) -> a * b);
  }

  /// The permutation of an id, in lexicographic order.
  private int[] permutation(int id) {
    int[] left = IntStream.range(0, points).toArray();
    int[] found = new int[points];
    int rest = id;
    int block = size();
    for (int i = 0; i < points; i++) {
      block /= points - i;
      int chosen = rest / block;
      rest %= block;
      found[i] = left[chosen];
      System.arraycopy(left, chosen + 1, left, chosen, points - i - chosen - 1);
    }
    return found;
  }

  /// The place of a permutation in lexicographic order.
  private int id(int[] permutation) {
    int id = 0;
    for (int i = 0; i < points; i++) {
      int smaller = 0;
      for (int j = i + 1; j < points; j++) {
        smaller += permutation[j] < permutation[i] ? 1 : 0;
      }
      id = id * (points - i) + smaller;
    }
    return id;
  }

  @Override
  public Example example(Split split, long seed, long index) {
    SplittableRandom random = split.random(seed, index);
    int[] inputs = new int[length];
    int[] products = new int[length];
    float[] weights = new float[length];
    Arrays.fill(weights, 1);
    int[] state = IntStream.range(0, points).toArray();
    for (int i = 0; i < length; i++) {
      inputs[i] = random.nextInt(size());
      int[] next = permutation(inputs[i]);
      state = Arrays.stream(state).map(point -> next[point]).toArray();
      products[i] = id(state);
    }
    return new Example(inputs, products, weights);
  }
}
