package dev.weir.train.task;

import dev.weir.train.Example;
import dev.weir.train.Permutation;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// Modular addition (Nanda et al. 2023, arXiv:2301.05217; Zhong et al. 2023, arXiv:2306.17844): the
/// text is `a b =`, the answer `(a + b) mod p`. There are `p * p` examples; a share of them is
/// learned from, the others are looked at. An epoch shows each once.
///
/// @param p how many numbers there are
/// @param train which share of the pairs is learned from
/// @param split which pairs those are, as a seed
public record ModularAddition(int p, double train, int split) implements Task {
  static final TaskKind KIND =
      new TaskKind(
          "modadd",
          "modular addition: what is (a + b) mod p?",
          "Nanda et al. 2023, arXiv:2301.05217; Zhong et al. 2023, arXiv:2306.17844",
          List.of(
              Parameter.whole("p", 113, 2, 10_000, "numbers"),
              Parameter.real("train", 0.3, 0, 1, "share of the pairs that is learned from"),
              Parameter.whole("split", 0, 0, Integer.MAX_VALUE, "seed of that share")),
          s -> new ModularAddition(s.whole("p"), s.real("train"), s.whole("split")));

  public ModularAddition {
    KIND.checked(p, train, split);
    Problems problems = new Problems("modadd");
    long learned = Math.round(train * p * p);
    problems.when(
        learned == 0 || learned == (long) p * p,
        "a share of %s leaves none of the %d pairs to learn from, or none to look at"
            .formatted(train, (long) p * p));
    problems.report();
  }

  @Override
  public String name() {
    return KIND.spelled(p, train, split);
  }

  @Override
  public List<String> tokens() {
    return IntStream.rangeClosed(0, p).mapToObj(id -> id == p ? "=" : String.valueOf(id)).toList();
  }

  @Override
  public int length() {
    return 3;
  }

  private long pairs() {
    return (long) p * p;
  }

  private long learned() {
    return Math.round(train * pairs());
  }

  @Override
  public OptionalLong examples(Split which) {
    return OptionalLong.of(
        switch (which) {
          case TRAINING -> learned();
          case VALIDATION -> pairs() - learned();
        });
  }

  @Override
  public Example example(Split which, long seed, long index) {
    long count = examples(which).orElseThrow();
    long epoch = Permutation.mixed(seed) + index / count;
    long place = new Permutation(count, epoch).at(index % count);
    long first = which == Split.TRAINING ? 0 : learned();
    int pair = Math.toIntExact(new Permutation(pairs(), split).at(first + place));
    int a = pair / p;
    int b = pair % p;
    return new Example(new int[] {a, b, p}, new int[] {b, p, (a + b) % p}, new float[] {0, 0, 1});
  }
}
