package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Recall over several hops (after the k-hop task of Sanford, Hsu and Telgarsky 2024,
/// arXiv:2402.09268, with pairs in place of bigrams): pairs `a b` say that `a` points to `b`; `?3
/// a` asks where three hops from `a` lead, and the answer follows. Only answers count. The pointers
/// of an example form one ring, in which every node has one successor, and the pairs stand in an
/// order of luck.
///
/// @param nodes how many nodes the ring of an example has
/// @param fewest the fewest hops that are asked for
/// @param hops the most hops that are asked for
/// @param symbols how many names there are to draw the nodes from
/// @param queries how many questions an example has
public record PointerChasing(int nodes, int fewest, int hops, int symbols, int queries)
    implements Task {
  static final TaskKind KIND =
      new TaskKind(
          "hops",
          "multi-hop recall: where do k pointers lead from here?",
          "after Sanford et al. 2024, arXiv:2402.09268",
          List.of(
              Parameter.whole("nodes", 8, 2, 4_096, "nodes in the ring"),
              Parameter.whole("fewest", 1, 1, 64, "fewest hops asked for"),
              Parameter.whole("hops", 3, 1, 64, "most hops asked for"),
              Parameter.whole("symbols", 16, 2, 65_536, "names for nodes"),
              Parameter.whole("queries", 4, 1, 4_096, "questions")),
          s ->
              new PointerChasing(
                  s.whole("nodes"),
                  s.whole("fewest"),
                  s.whole("hops"),
                  s.whole("symbols"),
                  s.whole("queries")));

  public PointerChasing {
    KIND.checked(nodes, fewest, hops, symbols, queries);
    Problems problems = new Problems("hops");
    problems.when(fewest > hops, "the fewest hops %d are more than %d".formatted(fewest, hops));
    problems.when(
        nodes > symbols, "%d nodes need as many symbols, not %d".formatted(nodes, symbols));
    problems.report();
  }

  @Override
  public String name() {
    return KIND.spelled(nodes, fewest, hops, symbols, queries);
  }

  /// Names of nodes, then `?1` and so on.
  @Override
  public List<String> tokens() {
    return IntStream.range(0, symbols + hops)
        .mapToObj(id -> id < symbols ? "n" + id : "?" + (id - symbols + 1))
        .toList();
  }

  @Override
  public int length() {
    return 2 * nodes + 3 * queries - 1;
  }

  @Override
  public Example example(Split split, long seed, long index) {
    SplittableRandom random = split.random(seed, index);
    int[] ring = Luck.distinct(nodes, symbols, random);
    int[] order = Luck.distinct(nodes, nodes, random);
    int[] text = new int[length() + 1];
    float[] weights = new float[length()];
    for (int pair = 0; pair < nodes; pair++) {
      text[2 * pair] = ring[order[pair]];
      text[2 * pair + 1] = ring[(order[pair] + 1) % nodes];
    }
    for (int query = 0; query < queries; query++) {
      int at = 2 * nodes + 3 * query;
      int asked = fewest + random.nextInt(hops - fewest + 1);
      int start = random.nextInt(nodes);
      text[at] = symbols + asked - 1;
      text[at + 1] = ring[start];
      text[at + 2] = ring[(start + asked) % nodes];
      weights[at + 1] = 1;
    }
    return Example.ofWindow(text, weights);
  }
}
