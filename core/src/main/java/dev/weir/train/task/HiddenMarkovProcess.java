package dev.weir.train.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// A process that moves between hidden states and emits a symbol with each move. It starts from its
/// stationary distribution, which no move changes on average.
public final class HiddenMarkovProcess {
  private static final double ROUNDING = 1e-9;
  private static final int MOST_BELIEFS = 60_000;

  /// `2^60` steps, more than any process with chances in float64 needs.
  private static final int DOUBLINGS = 60;

  private final double[][][] transitions;
  private final double[] stationary;

  /// A process.
  ///
  /// @param transitions how likely, from a state, are this symbol and that next state together,
  ///   `[symbol, state, next]`; from each state they sum to 1
  public HiddenMarkovProcess(double[][][] transitions) {
    this.transitions = copy(transitions);
    requireChances();
    this.stationary = settled();
  }

  private static double[][][] copy(double[][][] all) {
    return Arrays.stream(all)
        .map(of -> Arrays.stream(of).map(double[]::clone).toArray(double[][]::new))
        .toArray(double[][][]::new);
  }

  private void requireChances() {
    for (int state = 0; state < states(); state++) {
      double sum = 0;
      for (double[][] symbol : transitions) {
        for (double chance : symbol[state]) {
          sum += chance >= 0 ? chance : Double.NaN;
        }
      }
      if (!(Math.abs(sum - 1) < ROUNDING)) {
        throw TaskException.badSettings(
            "hidden Markov process",
            List.of("the chances from state %d sum to %s".formatted(state, sum)));
      }
    }
  }

  /// Where an even start comes to rest. Half of the time a step is not made, so that a process that
  /// alternates comes to rest too; squaring doubles the number of steps each time.
  private double[] settled() {
    double[][] steps = new double[states()][states()];
    for (int from = 0; from < states(); from++) {
      steps[from][from] = 0.5;
      for (double[][] symbol : transitions) {
        for (int to = 0; to < states(); to++) {
          steps[from][to] += symbol[from][to] / 2;
        }
      }
    }
    for (int doubling = 0; doubling < DOUBLINGS; doubling++) {
      double[][] once = steps;
      steps = Arrays.stream(once).map(row -> normalized(moved(row, once))).toArray(double[][]::new);
    }
    double[] even = new double[states()];
    Arrays.fill(even, 1.0 / states());
    return moved(even, steps);
  }

  private static double[] normalized(double[] weights) {
    double sum = sum(weights);
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }

  /// How many symbols there are.
  public int symbols() {
    return transitions.length;
  }

  /// How many hidden states there are.
  public int states() {
    return transitions[0].length;
  }

  /// How likely each state is before anything is seen, `[state]`.
  public double[] stationary() {
    return stationary.clone();
  }

  /// Symbols of luck.
  ///
  /// @param length how many
  /// @param random where the luck comes from
  public int[] sample(int length, RandomGenerator random) {
    int[] symbols = new int[length];
    int state = Luck.index(stationary, random);
    for (int i = 0; i < length; i++) {
      double[] moves = new double[symbols() * states()];
      for (int symbol = 0; symbol < symbols(); symbol++) {
        System.arraycopy(transitions[symbol][state], 0, moves, symbol * states(), states());
      }
      int move = Luck.index(moves, random);
      symbols[i] = move / states();
      state = move % states();
    }
    return symbols;
  }

  /// How likely each hidden state is after each symbol, by Bayes' rule, `[pos, state]`.
  ///
  /// @param symbols what was seen
  /// @throws TaskException if a symbol does not exist, or the process never emits these
  public double[][] beliefs(int[] symbols) {
    double[][] beliefs = new double[symbols.length][];
    double[] belief = stationary;
    for (int i = 0; i < symbols.length; i++) {
      belief = after(belief, checked(symbols[i]));
      beliefs[i] = belief.clone();
    }
    return beliefs;
  }

  private int checked(int symbol) {
    if (symbol < 0 || symbol >= symbols()) {
      throw TaskException.noSuchToken(symbol, symbols(), "hidden Markov process");
    }
    return symbol;
  }

  private double[] after(double[] belief, int symbol) {
    double[] next = moved(belief, transitions[symbol]);
    double chance = sum(next);
    if (!(chance > 0)) {
      throw TaskException.badSettings(
          "hidden Markov process", List.of("symbol %d cannot come here".formatted(symbol)));
    }
    return normalized(next);
  }

  /// How likely each symbol is to come next, `[symbol]`.
  ///
  /// @param belief how likely each hidden state is, `[state]`
  public double[] next(double[] belief) {
    return Arrays.stream(transitions).mapToDouble(symbol -> sum(moved(belief, symbol))).toArray();
  }

  /// How surprised the best predictor is by each symbol but the first, nats, `[pos]`: the loss to
  /// compare a model's with on the same text.
  ///
  /// @param symbols what was seen
  public double[] surprises(int[] symbols) {
    double[][] beliefs = beliefs(symbols);
    double[] surprises = new double[symbols.length - 1];
    for (int i = 0; i < surprises.length; i++) {
      surprises[i] = -Math.log(next(beliefs[i])[symbols[i + 1]]);
    }
    return surprises;
  }

  private static double[] moved(double[] from, double[][] transition) {
    double[] to = new double[from.length];
    for (int i = 0; i < from.length; i++) {
      for (int j = 0; j < to.length; j++) {
        to[j] += from[i] * transition[i][j];
      }
    }
    return to;
  }

  private static double sum(double[] numbers) {
    double sum = 0;
    for (double number : numbers) {
      sum += number;
    }
    return sum;
  }

  // ---------------------------------------------------------------- the optimum

  /// The mean over the first predictions of how uncertain the next symbol is, given all before it.
  ///
  /// Exact as long as there are not too many different beliefs, 60,000. What comes later is no more
  /// uncertain than the last prediction that could be summed, and no less than it would be for
  /// somebody who was told the first hidden state (Cover and Thomas 2006, theorem 4.5.1); the
  /// optimum is then taken half way between.
  ///
  /// @param predictions how many
  public Optimum optimum(int predictions) {
    double[] summed = uncertainties(List.of(new Weighted(stationary.clone(), 1)), predictions);
    int left = predictions - summed.length;
    if (left == 0) {
      return new Optimum(sum(summed) / predictions, 0, Optimum.Method.ENUMERATED);
    }
    double most = summed[summed.length - 1];
    double[] told = uncertainties(knownStates(), predictions);
    double least = told[told.length - 1];
    double rest = left * (least + most) / 2;
    return new Optimum(
        (sum(summed) + rest) / predictions,
        left * (most - least) / 2 / predictions,
        Optimum.Method.BOUNDED);
  }

  private List<Weighted> knownStates() {
    List<Weighted> known = new ArrayList<>();
    for (int state = 0; state < states(); state++) {
      if (stationary[state] > 0) {
        double[] belief = new double[states()];
        belief[state] = 1;
        known.add(new Weighted(belief, stationary[state]));
      }
    }
    return known;
  }

  /// How uncertain the symbol after the first, the second and so on is, nats, as far as there are
  /// not too many beliefs.
  private double[] uncertainties(List<Weighted> start, int predictions) {
    double[] found = new double[predictions];
    List<Weighted> beliefs = start;
    for (int done = 0; done < predictions; done++) {
      if ((long) beliefs.size() * symbols() > MOST_BELIEFS) {
        return Arrays.copyOf(found, done);
      }
      beliefs = followed(beliefs);
      found[done] = beliefs.stream().mapToDouble(b -> b.weight * entropy(next(b.belief))).sum();
    }
    return found;
  }

  /// A belief and how likely it is.
  private static final class Weighted {
    private final double[] belief;
    private double weight;

    Weighted(double[] belief, double weight) {
      this.belief = belief;
      this.weight = weight;
    }
  }

  /// The beliefs one symbol later, those that are the same to rounding taken together.
  private List<Weighted> followed(List<Weighted> beliefs) {
    Map<List<Long>, Weighted> found = new LinkedHashMap<>();
    for (Weighted before : beliefs) {
      double[] chances = next(before.belief);
      for (int symbol = 0; symbol < symbols(); symbol++) {
        double weight = before.weight * chances[symbol];
        if (weight > 0) {
          double[] belief = after(before.belief, symbol);
          found.computeIfAbsent(rounded(belief), _ -> new Weighted(belief, 0)).weight += weight;
        }
      }
    }
    return List.copyOf(found.values());
  }

  private static List<Long> rounded(double[] belief) {
    return Arrays.stream(belief).mapToObj(chance -> Math.round(chance / ROUNDING)).toList();
  }

  private static double entropy(double[] chances) {
    double sum = 0;
    for (double chance : chances) {
      sum -= chance > 0 ? chance * Math.log(chance) : 0;
    }
    return sum;
  }
}
