package dev.weir.readout.causal;

import dev.weir.model.PartialRun;
import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The clean and the corrupted runs of some pairs, held at the entrance of every block, so that an
/// experiment at a block starts there. Experiments run as rows of a batch, next to the rows that
/// they borrow from.
final class PairRuns implements AutoCloseable {
  /// Enough for matrix products at full speed, few enough for a small memory.
  private static final int TOKENS_AT_ONCE = 1024;

  private static final int NONE = -1;
  private static final Capture.Positions LAST = new Capture.Positions.One(-1);

  private final Transformer model;
  private final List<PromptPair> pairs;
  private final Direction direction;
  private final int rowsAtOnce;
  private final List<PartialRun<?>> at = new ArrayList<>();
  private final TensorOwner owner = new TensorOwner();
  private final Measure measure;
  private final double[] clean;
  private final double[] corrupt;

  /// Runs them, clean and corrupted ones together.
  PairRuns(Transformer model, List<PromptPair> pairs, Metric metric, Direction direction) {
    this.model = model;
    this.pairs = List.copyOf(pairs);
    this.direction = direction;
    this.rowsAtOnce = Math.max(1, TOKENS_AT_ONCE / pairs.getFirst().length());
    pairs.forEach(pair -> check(pair, model.spec().dVocabOut()));
    try (Scope _ = Scope.open()) {
      PartialRun<?> run = model.begin(texts(pairs), Hooks.none());
      at.add(run);
      while (run.layer() < model.spec().nLayers()) {
        run = run.next(Hooks.none());
        at.add(run);
      }
      Tensor logits = run.logits(LAST, Hooks.none()).at("pos", 0);
      Tensor ofClean = Wide.of(logits.slice("batch", 0, pairs.size()));
      Tensor reference = owner.own(ofClean.logSoftmax("d_vocab").rename("batch", "pair"));
      this.measure = new Measure(metric, this.pairs, reference);
      int[] each = IntStream.range(0, pairs.size()).toArray();
      this.clean = measure.of(ofClean, each).toDoubles();
      this.corrupt =
          measure.of(logits.slice("batch", pairs.size(), pairs.size()), each).toDoubles();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static List<int[]> texts(List<PromptPair> pairs) {
    return Stream.concat(
            pairs.stream().map(PromptPair::clean), pairs.stream().map(PromptPair::corrupt))
        .toList();
  }

  private static void check(PromptPair pair, int dVocab) {
    for (int token : new int[] {pair.answer(), pair.wrong()}) {
      if (token < 0 || token >= dVocab) {
        throw CausalException.tokenOutside(token, dVocab, pair.where());
      }
    }
  }

  List<PromptPair> pairs() {
    return pairs;
  }

  Measure measure() {
    return measure;
  }

  double clean(int pair) {
    return clean[pair];
  }

  double corrupt(int pair) {
    return corrupt[pair];
  }

  /// The metric of the run that is changed.
  double base(int pair) {
    return direction == Direction.DENOISE ? corrupt[pair] : clean[pair];
  }

  /// The metric of the run that values come from.
  double source(int pair) {
    return direction == Direction.DENOISE ? clean[pair] : corrupt[pair];
  }

  // ---------------------------------------------------------------- experiments

  /// Rows of one batch that an experiment works with.
  ///
  /// @param source the run that values come from
  /// @param base the run that is changed, unchanged; only for those who borrow from it
  /// @param own copies of the base that are the experiment's own; the metric is read at the last
  @SuppressWarnings("ArrayRecordComponent") // Never leaves this package.
  record Rows(int source, int base, int[] own) {
    int last() {
      return own[own.length - 1];
    }
  }

  /// Something done to copies of one pair's base run.
  interface Experiment {
    /// Which pair, from 0.
    int pair();

    /// How many copies it needs.
    default int copies() {
      return 1;
    }

    /// Whether it borrows from the run that is changed too.
    default boolean borrowsFromBase() {
      return false;
    }

    /// Says what is changed.
    ///
    /// @param edits the edits of the batch
    /// @param rows its rows
    void edit(RowEdits edits, Rows rows);
  }

  /// The metric after each experiment.
  ///
  /// @param layer the first block that any of them changes
  /// @param experiments those of a pair next to each other
  double[] metrics(int layer, List<? extends Experiment> experiments) {
    double[] metrics = new double[experiments.size()];
    int done = 0;
    while (done < experiments.size()) {
      Batch batch = new Batch();
      int first = done;
      while (done < experiments.size() && batch.hasRoomFor(experiments.get(done))) {
        batch.add(experiments.get(done));
        done++;
      }
      System.arraycopy(batch.run(layer), 0, metrics, first, done - first);
    }
    return metrics;
  }

  /// Experiments that run together.
  private final class Batch {
    private final List<Integer> taken = new ArrayList<>();
    private final List<Experiment> experiments = new ArrayList<>();
    private final List<Rows> rows = new ArrayList<>();

    boolean hasRoomFor(Experiment next) {
      return taken.isEmpty() || taken.size() + 2 + next.copies() <= rowsAtOnce;
    }

    void add(Experiment next) {
      boolean samePair = !experiments.isEmpty() && experiments.getLast().pair() == next.pair();
      int source = samePair ? rows.getLast().source : taken(sourceRow(next.pair()));
      int base =
          samePair || !next.borrowsFromBase()
              ? (rows.isEmpty() ? NONE : rows.getLast().base)
              : taken(baseRow(next.pair()));
      int[] own = IntStream.range(0, next.copies()).map(_ -> taken(baseRow(next.pair()))).toArray();
      experiments.add(next);
      rows.add(new Rows(source, base, own));
    }

    private int taken(int row) {
      taken.add(row);
      return taken.size() - 1;
    }

    double[] run(int layer) {
      RowEdits edits = new RowEdits(taken.size());
      for (int i = 0; i < experiments.size(); i++) {
        experiments.get(i).edit(edits, rows.get(i));
      }
      try (Scope _ = Scope.open();
          PartialRun<?> start =
              at.get(layer).rows(taken.stream().mapToInt(Integer::intValue).toArray())) {
        Tensor logits = start.logits(LAST, edits).at("pos", 0);
        int[] last = rows.stream().mapToInt(Rows::last).toArray();
        int[] pairOfRow = experiments.stream().mapToInt(Experiment::pair).toArray();
        return measure.of(logits.take("batch", indices(last)), pairOfRow).toDoubles();
      }
    }
  }

  private Tensor indices(int... rows) {
    long[] wide = Arrays.stream(rows).asLongStream().toArray();
    return Tensor.of(wide, Shape.of(new Axis("batch", wide.length))).to(model.device());
  }

  private int sourceRow(int pair) {
    return direction == Direction.DENOISE ? pair : pairs.size() + pair;
  }

  private int baseRow(int pair) {
    return direction == Direction.DENOISE ? pairs.size() + pair : pair;
  }

  @Override
  public void close() {
    at.forEach(PartialRun::close);
    owner.close();
  }
}
