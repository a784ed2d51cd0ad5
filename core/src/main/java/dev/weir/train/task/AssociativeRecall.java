package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Multi-query associative recall, MQAR (Arora et al. 2023, arXiv:2312.04927): pairs of a key and a
/// value come first; later some of the keys come again, each followed by its value. Only those
/// values count. As there, the second coming of a key lies a gap `g` behind the pairs with a chance
/// that falls as `g^(a-1)`, `a = 0.01`. What lies between is filled with `_`, which is neither a
/// key nor a value, so that nothing but the pairs says what follows a key.
///
/// @param pairs how many keys have a value
/// @param queries how many of them come again
/// @param vocab how many tokens there are: `_`, keys, values
/// @param length how many tokens are read
public record AssociativeRecall(int pairs, int queries, int vocab, int length) implements Task {
  static final TaskKind KIND =
      new TaskKind(
          "mqar",
          "multi-query associative recall: which value stood behind this key?",
          "Arora et al. 2023, arXiv:2312.04927",
          List.of(
              Parameter.whole("pairs", 8, 1, 4_096, "keys with a value"),
              Parameter.whole("queries", 4, 1, 4_096, "keys that come again"),
              Parameter.whole("vocab", 64, 3, 65_536, "tokens: _, keys and values"),
              Parameter.whole("length", 64, 3, 65_536, "tokens read")),
          s ->
              new AssociativeRecall(
                  s.whole("pairs"), s.whole("queries"), s.whole("vocab"), s.whole("length")));

  private static final int FILLER = 0;

  /// How the chance of a gap falls, less one.
  private static final double POWER = 0.01;

  public AssociativeRecall {
    KIND.checked(pairs, queries, vocab, length);
    Problems problems = new Problems("mqar");
    problems.when(
        pairs > keys(vocab),
        "%d pairs need as many keys, but a vocab of %d has %d"
            .formatted(pairs, vocab, keys(vocab)));
    problems.when(
        queries > pairs, "%d queries ask for more keys than %d pairs".formatted(queries, pairs));
    problems.when(
        2L * (pairs + queries) > length + 1L,
        "%d pairs and %d queries take a length of %d or more, not %d"
            .formatted(pairs, queries, 2L * (pairs + queries) - 1, length));
    problems.report();
  }

  private static int keys(int vocab) {
    return (vocab - 1) / 2;
  }

  @Override
  public String name() {
    return KIND.spelled(pairs, queries, vocab, length);
  }

  @Override
  public List<String> tokens() {
    int keys = keys(vocab);
    return IntStream.range(0, vocab)
        .mapToObj(id -> id == FILLER ? "_" : id <= keys ? "k" + id : "v" + (id - keys))
        .toList();
  }

  @Override
  public Example example(Split split, long seed, long index) {
    SplittableRandom random = split.random(seed, index);
    int firstValue = keys(vocab) + 1;
    int[] keys = Luck.distinct(pairs, keys(vocab), random);
    int[] text = new int[length + 1];
    float[] weights = new float[length];
    for (int pair = 0; pair < pairs; pair++) {
      text[2 * pair] = keys[pair] + 1;
      text[2 * pair + 1] = firstValue + random.nextInt(vocab - firstValue);
    }
    int[] slots = slots(random);
    int[] asked = Luck.distinct(queries, pairs, random);
    for (int query = 0; query < queries; query++) {
      int at = 2 * (pairs + slots[query]);
      text[at] = text[2 * asked[query]];
      text[at + 1] = text[2 * asked[query] + 1];
      weights[at] = 1;
    }
    return Example.ofWindow(text, weights);
  }

  /// Distinct gaps, drawn one after the other with chances that fall (Efraimidis and Spirakis 2006,
  /// algorithm A).
  private int[] slots(SplittableRandom random) {
    int count = (length + 1) / 2 - pairs;
    double[] order = new double[count];
    for (int gap = 0; gap < count; gap++) {
      order[gap] = Math.log(1 - random.nextDouble()) / Math.pow(gap + 1, POWER - 1);
    }
    return IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer gap) -> order[gap]).reversed())
        .limit(queries)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
