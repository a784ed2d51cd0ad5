package dev.weir.readout.causal;

import dev.weir.model.CrossEntropy;
import dev.weir.model.PartialRun;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What each component is worth: how much the cross entropy of texts rises when its value is taken
/// away at every position, one component at a time.
///
/// What stands in its place decides the number (Miller et al. 2024, arXiv:2407.08734): zeros, the
/// component's mean over the texts, or its value in another text. Each text is run once up to each
/// block; the ablated runs of a block are rows of a batch that starts there.
public final class AblationSweep {
  private static final int TOKENS_AT_ONCE = 1024;

  /// Scores of the vocabulary are the largest values of a run: 64 MiB of float32.
  private static final long SCORES_AT_ONCE = 1L << 24;

  private final Transformer model;
  private final List<Component> components;
  private final Replacement replacement;
  private final Means means = new Means();
  private final Map<Component, Effect> effects = new LinkedHashMap<>();
  private final Effect base = new Effect();

  /// A sweep to be filled.
  ///
  /// @param model whose components are taken away
  /// @param components which, one at a time
  /// @param replacement what stands in their place
  /// @throws CausalException if the model lacks one, there is none, or its answers are no tokens
  public AblationSweep(Transformer model, List<Component> components, Replacement replacement) {
    this.model = model;
    this.components = List.copyOf(components);
    this.replacement = replacement;
    if (components.isEmpty()) {
      throw CausalException.nothingToAblate();
    }
    components.forEach(component -> component.check(model));
    if (model.spec().dVocab() != model.spec().dVocabOut()) {
      throw CausalException.answersAreNoTokens();
    }
  }

  /// What stands in the place of a component's value.
  public enum Replacement {
    /// Zeros. Depends on where biases sit: see [dev.weir.model.Folding].
    ZERO,
    /// Its mean over every position of the texts that were [#learn]ed.
    MEAN,
    /// Its value in another text, position by position.
    RESAMPLE
  }

  /// What one component is worth.
  ///
  /// @param component which
  /// @param change the cross entropy without it less that with it, nats a token
  public record Cell(Component component, Estimate change) {}

  /// Takes a text into the means; for [Replacement#MEAN], before texts are added.
  ///
  /// @param text its tokens
  public void learn(int[] text) {
    String[] points =
        components.stream().map(c -> c.point().name()).distinct().toArray(String[]::new);
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(text, Capture.matching(points).withoutLogits())) {
      trace.points().forEach(point -> means.add(point, trace.get(point)));
    }
  }

  /// Takes components away from a text.
  ///
  /// @param text its tokens, two at least
  public void add(int[] text) {
    if (replacement == Replacement.RESAMPLE) {
      throw CausalException.needsOtherText();
    }
    add(text, Optional.empty());
  }

  /// Takes components away from a text and puts those of another there.
  ///
  /// @param text its tokens, two at least
  /// @param other tokens of a text that is as long at least
  public void add(int[] text, int[] other) {
    if (other.length < text.length) {
      throw CausalException.otherTextTooShort(text.length, other.length);
    }
    add(text, Optional.of(Arrays.copyOf(other, text.length)));
  }

  private void add(int[] text, Optional<int[]> other) {
    if (text.length < 2) {
      throw CausalException.nothingToPredict();
    }
    List<int[]> texts = new ArrayList<>(List.of(text));
    other.ifPresent(texts::add);
    try (Sweep sweep = new Sweep(texts)) {
      sweep.run();
    }
  }

  /// The mean of each place over positions and texts, summed in float64.
  private static final class Means {
    private final Map<HookPoint, Tally> tallies = new LinkedHashMap<>();

    private static final class Tally {
      private final Shape shape;
      private final double[] sums;
      private long count;

      Tally(Shape shape) {
        this.shape = shape;
        this.sums = new double[Math.toIntExact(shape.elements())];
      }
    }

    void add(HookPoint point, Tensor value) {
      Tensor here = Wide.of(value).sum("pos");
      Tally tally = tallies.computeIfAbsent(point, _ -> new Tally(here.shape()));
      double[] numbers = here.toDoubles();
      Arrays.setAll(tally.sums, i -> tally.sums[i] + numbers[i]);
      tally.count += value.size("pos");
    }

    Tensor get(HookPoint point) {
      Tally tally =
          Optional.ofNullable(tallies.get(point)).orElseThrow(CausalException::nothingLearned);
      return Tensor.of(tally.sums, tally.shape).times(1.0 / tally.count);
    }
  }

  /// One text on its way through the model.
  private final class Sweep implements AutoCloseable {
    private final int[] text;
    private final int rowsAtOnce;
    private PartialRun<?> run;

    Sweep(List<int[]> texts) {
      this.text = texts.getFirst();
      this.run = model.begin(texts, Hooks.none());
      long scores = SCORES_AT_ONCE / ((long) text.length * model.spec().dVocabOut());
      this.rowsAtOnce = Math.clamp(scores, 1, Math.max(1, TOKENS_AT_ONCE / text.length));
    }

    void run() {
      double[] changed = new double[components.size()];
      while (run.layer() < model.spec().nLayers()) {
        int layer = run.layer();
        List<Integer> here = new ArrayList<>();
        for (int i = 0; i < components.size(); i++) {
          if (components.get(i).layer() == layer) {
            here.add(i);
          }
        }
        for (int from = 0; from < here.size(); from += rowsAtOnce) {
          ablate(here.subList(from, Math.min(here.size(), from + rowsAtOnce)), changed);
        }
        PartialRun<?> before = run;
        run = run.next(Hooks.none());
        before.close();
      }
      double whole = crossEntropies(run, Hooks.none(), 0, 1)[0];
      base.add(whole, 1);
      for (int i = 0; i < changed.length; i++) {
        effects.computeIfAbsent(components.get(i), _ -> new Effect()).add(changed[i] - whole, 1);
      }
    }

    private void ablate(List<Integer> which, double[] changed) {
      int others = run.texts().size() - 1;
      int[] rows = new int[which.size() + others];
      Arrays.fill(rows, 0, others, 1);
      RowEdits edits = new RowEdits(rows.length);
      try (Scope _ = Scope.open();
          PartialRun<?> start = run.rows(rows)) {
        for (int i = 0; i < which.size(); i++) {
          take(components.get(which.get(i)), edits, others + i);
        }
        double[] found = crossEntropies(start, edits, others, which.size());
        for (int i = 0; i < which.size(); i++) {
          changed[which.get(i)] = found[i];
        }
      }
    }

    private void take(Component component, RowEdits edits, int row) {
      HookPoint point = component.point();
      RowEdits.Part part = RowEdits.Part.of(component);
      switch (replacement) {
        case ZERO -> edits.zero(point, row, part);
        case MEAN -> edits.put(point, row, means.get(point), part);
        case RESAMPLE -> edits.copy(point, row, 0, part);
      }
    }

    private double[] crossEntropies(PartialRun<?> start, Hooks hooks, int first, int count) {
      try (Scope _ = Scope.open()) {
        Tensor logits = start.logits(new Capture.Positions.All(), hooks);
        double[] found = new double[count];
        Arrays.setAll(
            found, i -> CrossEntropy.of(logits.at("batch", first + (long) i), text).mean());
        return found;
      }
    }

    @Override
    public void close() {
      run.close();
    }
  }

  // ---------------------------------------------------------------- what was found

  /// Every component and what it is worth, in the order given.
  ///
  /// @throws CausalException if no text was added
  public List<Cell> cells() {
    if (base.count() == 0) {
      throw CausalException.noTexts();
    }
    return effects.entrySet().stream()
        .map(entry -> new Cell(entry.getKey(), entry.getValue().moved()))
        .toList();
  }

  /// The cross entropy of the texts with everything in its place, nats a token.
  public Estimate base() {
    return base.moved();
  }
}
