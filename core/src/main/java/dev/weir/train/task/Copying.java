package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Copying by induction (Olsson et al. 2022, arXiv:2209.11895): a mark `|` and some symbols of
/// luck, again and again. From the second mark on all that follows is known; what comes after it
/// counts. How many symbols there are differs between examples, so that counting places back is not
/// enough.
///
/// @param vocab how many tokens there are: the mark and the symbols
/// @param shortest the fewest symbols between two marks
/// @param span the most symbols between two marks
/// @param length how many tokens are read
public record Copying(int vocab, int shortest, int span, int length) implements Task {
  static final TaskKind KIND =
      new TaskKind(
          "copy",
          "induction: what followed the last time?",
          "Olsson et al. 2022, arXiv:2209.11895",
          List.of(
              Parameter.whole("vocab", 32, 2, 65_536, "tokens: | and symbols"),
              Parameter.whole("shortest", 8, 1, 65_536, "fewest symbols between marks"),
              Parameter.whole("span", 16, 1, 65_536, "most symbols between marks"),
              Parameter.whole("length", 48, 3, 131_072, "tokens read")),
          s ->
              new Copying(
                  s.whole("vocab"), s.whole("shortest"), s.whole("span"), s.whole("length")));

  private static final int MARK = 0;

  public Copying {
    KIND.checked(vocab, shortest, span, length);
    Problems problems = new Problems("copy");
    problems.when(
        shortest > span, "the shortest span %d is longer than %d".formatted(shortest, span));
    problems.when(
        length < span + 2L,
        "a span of %d takes a length of %d or more, not %d".formatted(span, span + 2, length));
    problems.report();
  }

  @Override
  public String name() {
    return KIND.spelled(vocab, shortest, span, length);
  }

  @Override
  public List<String> tokens() {
    return IntStream.range(0, vocab).mapToObj(id -> id == MARK ? "|" : "s" + id).toList();
  }

  @Override
  public Example example(Split split, long seed, long index) {
    SplittableRandom random = split.random(seed, index);
    int period = 1 + shortest + random.nextInt(span - shortest + 1);
    int[] text = new int[length + 1];
    float[] weights = new float[length];
    for (int i = 0; i < text.length; i++) {
      if (i >= period) {
        text[i] = text[i - period];
      } else {
        text[i] = i == 0 ? MARK : 1 + random.nextInt(vocab - 1);
      }
    }
    for (int i = period; i < length; i++) {
      weights[i] = 1;
    }
    return Example.ofWindow(text, weights);
  }
}
