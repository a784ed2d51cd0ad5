package dev.weir.readout.circuit;

import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntBinaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.StandardDeviation;

/// What heads look at, by their patterns: the token before (previous token), an earlier copy of
/// this token (duplicate token), or what came after an earlier copy of this token (induction;
/// Olsson et al. 2022, arXiv:2209.11895, "prefix matching"). Collects as many texts as are added,
/// in memory that does not grow with them. Works on every pathway, since patterns are recorded, not
/// computed.
public final class HeadDetectors {
  private final Map<Place, Map<Detector, Sample>> samples = new LinkedHashMap<>();

  /// What a head may look at.
  public enum Detector {
    /// The token before: the mean of `A[i, i − 1]`.
    PREVIOUS,
    /// Earlier copies of this token: the mean of `Σ_j A[i, j]` over all `j < i` with the same
    /// token, over the `i` that have one.
    DUPLICATE,
    /// What came after earlier copies of this token: the mean of `Σ_j A[i, j]` over all `j ≤ i`
    /// whose token before is that of `i`, over the `i` that have one.
    INDUCTION,
    /// The first position: the mean of `A[i, 0]` over `i > 0`.
    FIRST,
    /// How widely it looks: the mean entropy of `A[i, ·]` over `i > 0`, nats.
    ENTROPY
  }

  /// Over which rows a repeated text is averaged.
  public enum Rows {
    /// Those of the second copy.
    SECOND_COPY,
    /// The whole diagonal `A[i, i − S]` or `A[i, i − S + 1]`, as TransformerLens's notebooks take
    /// it: without a BOS, induction then has one row of the first copy.
    WHOLE_DIAGONAL
  }

  /// A head.
  private record Place(int layer, int head) {}

  /// Mean and deviation of what was added so far.
  private record Sample(Mean mean, StandardDeviation deviation, long[] count) {
    static Sample empty() {
      return new Sample(Mean.create(), StandardDeviation.create(), new long[1]);
    }

    void add(double value) {
      mean.accept(value);
      deviation.accept(value);
      count[0]++;
    }

    Estimate estimate() {
      return Estimate.ofMoments(mean.getAsDouble(), deviation.getAsDouble(), count[0]);
    }
  }

  /// Random tokens, twice.
  ///
  /// @param tokens the text: a BOS where there is one, then both copies
  /// @param period how long one copy is
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Repeated(int[] tokens, int period) {

    /// Tokens drawn without replacement, so that nothing but the second copy repeats.
    ///
    /// @param dVocab the vocabulary
    /// @param longest the longest text the model reads
    /// @param period how many
    /// @param bos what stands in front, where something does; it is not drawn
    /// @param random where the draws come from
    /// @throws CircuitException if there are not so many tokens
    public static Repeated random(
        int dVocab, long longest, int period, OptionalInt bos, RandomGenerator random) {
      int lead = bos.isPresent() ? 1 : 0;
      if (period < 2 || period > dVocab - lead || lead + 2L * period > longest) {
        throw CircuitException.cannotRepeat(period, dVocab, longest);
      }
      int[] drawn =
          random
              .ints(0, dVocab)
              .filter(token -> bos.isEmpty() || token != bos.getAsInt())
              .distinct()
              .limit(period)
              .toArray();
      IntStream twice = IntStream.concat(Arrays.stream(drawn), Arrays.stream(drawn));
      return new Repeated(
          bos.isPresent()
              ? IntStream.concat(IntStream.of(bos.getAsInt()), twice).toArray()
              : twice.toArray(),
          period);
    }

    private int lead() {
      return tokens.length - 2 * period;
    }
  }

  /// What a run must keep.
  public static Capture capture() {
    return Capture.matching("blocks.*.attn.hook_pattern").withoutLogits();
  }

  // ---------------------------------------------------------------- adding texts

  /// Adds a run of one text, where tokens repeat as they happen to.
  ///
  /// @param trace a run that kept what [#capture] names, at every position
  public void add(StreamTrace trace) {
    add(onlyText(trace), patterns(trace));
  }

  /// Adds patterns of one text, where tokens repeat as they happen to.
  ///
  /// @param tokens the text
  /// @param patterns of each block, `[head, query_pos, key_pos]`
  public void add(int[] tokens, List<Tensor> patterns) {
    addMasked(
        patterns,
        Map.of(
            Detector.PREVIOUS, diagonal(tokens.length, 1, 1),
            Detector.DUPLICATE,
                mask(tokens.length, (q, k) -> k < q && tokens[k] == tokens[q] ? 1 : 0),
            Detector.INDUCTION,
                mask(
                    tokens.length,
                    (q, k) -> k > 0 && k <= q && tokens[k - 1] == tokens[q] ? 1 : 0)));
  }

  /// Adds a run of repeated random tokens.
  ///
  /// @param trace a run that kept what [#capture] names, at every position
  /// @param period how long one copy is
  /// @param rows over which rows duplicate token and induction are averaged
  public void addRepeated(StreamTrace trace, int period, Rows rows) {
    Repeated text = new Repeated(onlyText(trace), period);
    int length = text.tokens().length;
    int second = rows == Rows.SECOND_COPY ? text.lead() + period : 0;
    addMasked(
        patterns(trace),
        Map.of(
            Detector.PREVIOUS, diagonal(length, 1, 1),
            Detector.DUPLICATE, diagonal(length, period, second),
            Detector.INDUCTION, diagonal(length, period - 1, second)));
  }

  private static int[] onlyText(StreamTrace trace) {
    if (trace.tokens().size() != 1) {
      throw CircuitException.severalTexts("Head detectors", trace.tokens().size());
    }
    return trace.tokens().getFirst();
  }

  private static List<Tensor> patterns(StreamTrace trace) {
    return trace.points().stream()
        .filter(HookPoint.Pattern.class::isInstance)
        .map(trace::get)
        .toList();
  }

  private void addMasked(List<Tensor> patterns, Map<Detector, Mask> masks) {
    try (Scope _ = Scope.open()) {
      for (int layer = 0; layer < patterns.size(); layer++) {
        Tensor pattern = Wide.of(patterns.get(layer)).order("head", "query_pos", "key_pos");
        int at = layer;
        masks.forEach((detector, mask) -> put(detector, at, mask.score(pattern)));
        Tensor later = pattern.slice("query_pos", 1, pattern.size("query_pos") - 1);
        put(Detector.FIRST, layer, later.at("key_pos", 0).mean("query_pos").toDoubles());
        put(Detector.ENTROPY, layer, entropy(later).mean("query_pos").toDoubles());
      }
    }
  }

  private static Tensor entropy(Tensor rows) {
    return rows.times(rows.notBelow(Float.MIN_NORMAL).log()).sum("key_pos").times(-1);
  }

  /// What was not looked at in a text, since none of its tokens repeats, adds nothing.
  private void put(Detector detector, int layer, double[] heads) {
    for (int head = 0; head < heads.length; head++) {
      if (!Double.isNaN(heads[head])) {
        samples
            .computeIfAbsent(new Place(layer, head), _ -> new EnumMap<>(Detector.class))
            .computeIfAbsent(detector, _ -> Sample.empty())
            .add(heads[head]);
      }
    }
  }

  // ---------------------------------------------------------------- masks

  /// Which entries of a pattern count.
  ///
  /// @param entries ones and zeros, `query_pos` by `key_pos`
  /// @param length how many of each
  /// @param rows how many rows have one
  @SuppressWarnings("ArrayRecordComponent") // Never leaves this class.
  private record Mask(double[] entries, int length, long rows) {

    double[] score(Tensor pattern) {
      Tensor mask =
          Tensor.of(entries, Shape.of("query_pos", length, "key_pos", length))
              .to(pattern.dtype())
              .to(pattern.device());
      return pattern.times(mask).sum("query_pos", "key_pos").times(1.0 / rows).toDoubles();
    }
  }

  private static Mask mask(int length, IntBinaryOperator counts) {
    if (length < 2) {
      throw CircuitException.tooShort(length);
    }
    double[] entries = new double[length * length];
    long rows = 0;
    for (int query = 0; query < length; query++) {
      boolean any = false;
      for (int key = 0; key < length; key++) {
        int entry = counts.applyAsInt(query, key);
        entries[query * length + key] = entry;
        any |= entry != 0;
      }
      rows += any ? 1 : 0;
    }
    return new Mask(entries, length, rows);
  }

  /// `A[i, i − back]` for every `i` from `first` on.
  private static Mask diagonal(int length, int back, int first) {
    return mask(length, (q, k) -> q >= first && k == q - back ? 1 : 0);
  }

  // ---------------------------------------------------------------- results

  /// How many heads there are in each block.
  public List<Integer> heads() {
    List<Integer> heads = new ArrayList<>();
    samples
        .keySet()
        .forEach(place -> {
          if (place.head() == 0) {
            heads.add(0);
          }
          heads.set(place.layer(), place.head() + 1);
        });
    return heads;
  }

  /// The mean over all texts that say something, with its confidence interval over texts; NaN where
  /// none does.
  ///
  /// @param detector what is looked for
  /// @param layer the block
  /// @param head which head
  public Estimate score(Detector detector, int layer, int head) {
    Map<Detector, Sample> found = samples.get(new Place(layer, head));
    if (found == null) {
      throw CircuitException.noSuchHead(layer, head, "heads of the texts that were added");
    }
    return found.getOrDefault(detector, Sample.empty()).estimate();
  }
}
