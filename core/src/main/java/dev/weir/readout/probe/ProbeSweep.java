package dev.weir.readout.probe;

import dev.weir.readout.Estimate;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/// How well a probe reads a label at each place, on texts it has not seen, and how much of that a
/// label without meaning gives as well.
public final class ProbeSweep {
  private static final int RESAMPLES = 1000;

  private final Options options;
  private final List<String> outputs;
  private final boolean numbers;
  private final int training;
  private final int heldOut;
  private final double chance;
  private final List<Result> results;

  private ProbeSweep(
      Options options, Targets targets, boolean[] held, double chance, List<Result> results) {
    this.options = options;
    this.outputs = targets.outputs();
    this.numbers = targets instanceof Targets.Numbers;
    this.heldOut = count(held);
    this.training = held.length - heldOut;
    this.chance = chance;
    this.results = List.copyOf(results);
  }

  /// What is fitted, and how it is judged.
  ///
  /// @param kind which probe
  /// @param penalty on its weights, for standardised values
  /// @param heldOut which share of the texts it does not see
  /// @param classes whether labels that are numbers are names of classes
  /// @param erase whether to erase the label with [Leace] and probe again
  /// @param seed decides the split and the control labels
  public record Options(
      ProbeKind kind, double penalty, double heldOut, boolean classes, boolean erase, long seed) {

    public Options {
      if (!(heldOut > 0 && heldOut < 1)) {
        throw ProbeException.badShare(heldOut);
      }
    }

    /// A fifth held out, a small penalty, no erasure, seed 0.
    ///
    /// @param kind which probe
    public static Options of(ProbeKind kind) {
      return new Options(kind, 1e-3, 0.2, false, false, 0);
    }
  }

  /// What was found at a place.
  ///
  /// @param place where
  /// @param score accuracy, or `R²` for numbers, on the held-out texts with its confidence interval
  /// @param control the same for the control task: labels drawn at random for each type of token
  /// @param types how many types of token stand there; few of them make the control easy
  /// @param erased the score after erasure, if that was asked for
  /// @param probe the probe itself
  public record Result(
      ProbeData.Place place,
      Estimate score,
      Estimate control,
      int types,
      Optional<Estimate> erased,
      LinearProbe probe) {

    /// How much more than a label without meaning: `score − control`.
    public double selectivity() {
      return score.mean() - control.mean();
    }
  }

  /// Told how far it is.
  public interface Progress {
    /// So many places are done.
    void reached(int places);
  }

  /// Fits and judges a probe at every place.
  ///
  /// @param data the labelled texts
  /// @param options what is fitted, and how it is judged
  /// @param progress told after each place
  public static ProbeSweep of(ProbeData data, Options options, Progress progress) {
    Targets targets = targets(data.labels(), options);
    boolean[] held = split(targets, data.size(), options);
    List<Result> results = new ArrayList<>();
    for (int place = 0; place < data.places().size(); place++) {
      results.add(result(data, place, targets, held, options));
      progress.reached(place + 1);
    }
    return new ProbeSweep(options, targets, held, chance(targets, held), results);
  }

  private static Targets targets(List<String> labels, Options options) {
    boolean numeric = labels.stream().allMatch(label -> Targets.number(label).isPresent());
    return options.kind() == ProbeKind.RIDGE && numeric && !options.classes()
        ? Targets.Numbers.ofLabels(labels)
        : Targets.Classes.ofLabels(labels);
  }

  // ---------------------------------------------------------------- which texts are held out

  /// At random, but of each class its share, one at least.
  private static boolean[] split(Targets targets, int size, Options options) {
    Map<Integer, List<Integer>> groups = new HashMap<>();
    for (int row = 0; row < size; row++) {
      int group = targets instanceof Targets.Classes(int[] of, _) ? of[row] : 0;
      groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(row);
    }
    boolean[] held = new boolean[size];
    Random random = Random.from(random(options.seed()));
    for (int group = 0; group < groups.size(); group++) {
      List<Integer> rows = groups.getOrDefault(group, List.of());
      requireEnough(targets, group, rows.size());
      Collections.shuffle(rows, random);
      long share = Math.clamp(Math.round(options.heldOut() * rows.size()), 1, rows.size() - 1L);
      rows.subList(0, (int) share).forEach(row -> held[row] = true);
    }
    return held;
  }

  private static void requireEnough(Targets targets, int group, int rows) {
    switch (targets) {
      case Targets.Classes(_, List<String> names) when rows < 2 ->
          throw ProbeException.tooFew(names.get(group), rows);
      case Targets.Numbers _ when rows < 3 -> throw ProbeException.tooFewRows(rows);
      case Targets.Classes _, Targets.Numbers _ -> {}
    }
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static int count(boolean[] held) {
    return (int) IntStream.range(0, held.length).filter(row -> held[row]).count();
  }

  private static boolean[] others(boolean[] held) {
    boolean[] others = new boolean[held.length];
    for (int row = 0; row < held.length; row++) {
      others[row] = !held[row];
    }
    return others;
  }

  // ---------------------------------------------------------------- one place

  private static Result result(
      ProbeData data, int place, Targets targets, boolean[] held, Options options) {
    int[] types = data.types(place);
    Targets control = targets.control(types, random(options.seed() + 1));
    Judged real = judged(data, place, targets, held, options, UnaryOperator.identity());
    return new Result(
        data.places().get(place),
        real.score,
        judged(data, place, control, held, options, UnaryOperator.identity()).score,
        (int) Arrays.stream(types).distinct().count(),
        options.erase()
            ? Optional.of(
                judged(data, place, targets, held, options, eraser(data, place, targets, held))
                    .score)
            : Optional.empty(),
        real.probe);
  }

  private static UnaryOperator<Tensor> eraser(
      ProbeData data, int place, Targets targets, boolean[] held) {
    Rows seen = data.rows(place, others(held), targets, UnaryOperator.identity());
    Leace leace = Leace.fit(seen.moments(), Leace.Options.usual());
    return leace::apply;
  }

  private record Judged(LinearProbe probe, Estimate score) {}

  private static Judged judged(
      ProbeData data,
      int place,
      Targets targets,
      boolean[] held,
      Options options,
      UnaryOperator<Tensor> change) {
    LinearProbe probe =
        options.kind().fit(data.rows(place, others(held), targets, change), options.penalty());
    Rows unseen = data.rows(place, held, targets, change);
    return new Judged(
        probe,
        switch (targets) {
          case Targets.Classes _ -> accuracy(probe, unseen);
          case Targets.Numbers _ -> rSquared(probe, unseen, random(options.seed() + 2));
        });
  }

  private static Estimate accuracy(LinearProbe probe, Rows rows) {
    long[] hits = new long[2];
    rows.forEach((values, targets) -> {
      int[] said = probe.classes(values);
      long[] right = targets.argmax("target").toLongs();
      for (int row = 0; row < said.length; row++) {
        hits[0] += said[row] == right[row] ? 1 : 0;
      }
      hits[1] += said.length;
    });
    return Estimate.proportion(hits[0], hits[1]);
  }

  /// `1 − SSE / SST` with a percentile bootstrap over the texts.
  private static Estimate rSquared(LinearProbe probe, Rows rows, RandomGenerator random) {
    double mean = rows.moments().targetMean()[0];
    List<double[]> pairs = new ArrayList<>();
    rows.forEach((values, targets) -> {
      double[][] said = probe.scores(values);
      double[] right = targets.toDoubles();
      for (int row = 0; row < right.length; row++) {
        double error = right[row] - said[row][0];
        double deviation = right[row] - mean;
        pairs.add(new double[] {error * error, deviation * deviation});
      }
    });
    double[] draws = new double[RESAMPLES];
    Arrays.setAll(
        draws, _ -> explained(random.ints(pairs.size(), 0, pairs.size()).mapToObj(pairs::get)));
    Arrays.sort(draws);
    return new Estimate(
        explained(pairs.stream()),
        draws[(int) (0.025 * RESAMPLES)],
        draws[(int) (0.975 * RESAMPLES)],
        pairs.size());
  }

  private static double explained(java.util.stream.Stream<double[]> pairs) {
    double[] sums = pairs.reduce(new double[2], (a, b) -> new double[] {a[0] + b[0], a[1] + b[1]});
    return 1 - sums[0] / sums[1];
  }

  /// How often the most frequent class of the training texts is right; 0 for numbers.
  private static double chance(Targets targets, boolean[] held) {
    return switch (targets) {
      case Targets.Numbers _ -> 0;
      case Targets.Classes(int[] of, List<String> names) -> {
        double[] seen = new double[names.size()];
        double[] unseen = new double[names.size()];
        for (int row = 0; row < of.length; row++) {
          (held[row] ? unseen : seen)[of[row]]++;
        }
        yield unseen[LinearProbe.largest(seen)] / count(held);
      }
    };
  }

  // ---------------------------------------------------------------- what was found

  /// What was fitted.
  public Options options() {
    return options;
  }

  /// The names of the classes, or of the number.
  public List<String> outputs() {
    return outputs;
  }

  /// Whether labels are numbers: scores are then `R²` and not accuracies.
  public boolean numbers() {
    return numbers;
  }

  /// How many texts were fitted to.
  public int training() {
    return training;
  }

  /// How many texts were held out.
  public int heldOut() {
    return heldOut;
  }

  /// The accuracy of always saying the most frequent class; 0 for numbers, the `R²` of always
  /// saying their mean.
  public double chance() {
    return chance;
  }

  /// What was found at each place.
  public List<Result> results() {
    return results;
  }

  /// The place where the label is read best, the first of equals.
  public Result best() {
    Result best = results.getFirst();
    for (Result result : results) {
      best = result.score().mean() > best.score().mean() ? result : best;
    }
    return best;
  }
}
