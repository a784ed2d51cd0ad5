package dev.weir.readout.causal;

import dev.weir.model.PartialRun;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Where a fact about a subject is held: noise on the subject's embeddings makes the model forget
/// the answer, and the clean value of one place is put back, place by place (Meng et al. 2022,
/// arXiv:2202.05262, section 2).
///
/// `IE = p_restored(answer) − p_corrupted(answer)`, the mean over noisy copies of the prompt; the
/// noise is normal with ν times the standard deviation of the token embeddings. Of attention and
/// MLPs a window of blocks around the one named is put back at once.
///
/// Intervals are over prompts, or over noisy copies where there is one prompt.
public final class CausalTracing {
  private static final Capture.Positions LAST = new Capture.Positions.One(-1);
  private static final int TOKENS_AT_ONCE = 1024;
  private static final int VECTORS_AT_ONCE = 4096;

  private final Transformer model;
  private final Options options;
  private final RandomGenerator random;
  private final double deviation;
  private final Map<Place, Effect> overCopies = new LinkedHashMap<>();
  private final Map<Place, Effect> overPrompts = new LinkedHashMap<>();
  private final Effect clean = new Effect();
  private final Effect corrupted = new Effect();
  private OptionalInt length = OptionalInt.empty();

  /// A grid to be filled.
  ///
  /// @param model whose runs are traced
  /// @param options how much noise, what is put back
  /// @param random where the noise comes from
  public CausalTracing(Transformer model, Options options, RandomGenerator random) {
    this.model = model;
    this.options = options;
    this.random = random;
    this.deviation = options.noise * spread(model);
    if (layers().isEmpty()) {
      throw CausalException.noSuchSite(options.kind.site().words());
    }
  }

  /// What is put back.
  public enum Kind {
    /// The stream as it leaves a block: the whole state of the pathway.
    STATE,
    /// What attention writes, in a window of blocks.
    ATTENTION,
    /// What MLPs write, in a window of blocks.
    MLP;

    private ActivationSite site() {
      return switch (this) {
        case STATE -> ActivationSite.RESID_POST;
        case ATTENTION -> ActivationSite.ATTN_OUT;
        case MLP -> ActivationSite.MLP_OUT;
      };
    }
  }

  /// How it is traced.
  ///
  /// @param kind what is put back
  /// @param window how many blocks around the one named, for attention and MLPs
  /// @param noise ν, in standard deviations of the token embeddings
  /// @param copies how many noisy copies of each prompt
  public record Options(Kind kind, int window, double noise, int copies) {
    public Options {
      if (window < 1 || copies < 1 || !(noise > 0)) {
        throw CausalException.badNoise(window, noise, copies);
      }
    }

    /// The paper's: a window of ten blocks, three standard deviations, ten copies.
    ///
    /// @param kind what is put back
    public static Options usual(Kind kind) {
      return new Options(kind, 10, 3, 10);
    }
  }

  /// A prompt with a subject.
  ///
  /// @param tokens the prompt
  /// @param first the subject's first position
  /// @param end the position after its last
  /// @param answer the token whose probability is followed
  /// @param where where it comes from, for messages
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Prompt(int[] tokens, int first, int end, int answer, String where) {
    public Prompt {
      if (first < 0 || end <= first || end > tokens.length) {
        throw CausalException.noSubject(first, end, tokens.length);
      }
    }
  }

  /// A place that is put back.
  ///
  /// @param layer the block, the middle of the window
  /// @param position in the prompt
  public record Place(int layer, int position) {}

  /// What one place brings back.
  ///
  /// @param place which
  /// @param effect the indirect effect, in units of probability
  public record Cell(Place place, Estimate effect) {}

  /// The standard deviation of the numbers of all token embeddings.
  private static double spread(Transformer model) {
    Tensor table = model.parameters().get("embed.W_E");
    double sum = 0;
    double squares = 0;
    for (long from = 0; from < table.size("d_vocab"); from += VECTORS_AT_ONCE) {
      try (Scope _ = Scope.open()) {
        long count = Math.min(VECTORS_AT_ONCE, table.size("d_vocab") - from);
        Tensor part = Wide.of(table.slice("d_vocab", from, count));
        sum += part.sum().item();
        squares += part.square().sum().item();
      }
    }
    double mean = sum / table.shape().elements();
    double variance = squares / table.shape().elements() - mean * mean;
    return Math.sqrt(variance) * model.spec().embedScale();
  }

  /// Traces a prompt.
  ///
  /// @param prompt as long as those before
  public void add(Prompt prompt) {
    if (length.isPresent() && length.getAsInt() != prompt.tokens.length) {
      throw CausalException.pairLengthsDiffer(
          length.getAsInt(), prompt.tokens.length, prompt.where);
    }
    if (prompt.answer < 0 || prompt.answer >= model.spec().dVocabOut()) {
      throw CausalException.tokenOutside(prompt.answer, model.spec().dVocabOut(), prompt.where);
    }
    length = OptionalInt.of(prompt.tokens.length);
    try (Scope _ = Scope.open();
        Traced traced = new Traced(prompt)) {
      clean.add(traced.probabilities[0], 1);
      corrupted.add(mean(traced.low()), 1);
      for (int layer : layers()) {
        traced.restore(layer);
      }
    }
  }

  private static double mean(double... values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  /// One prompt: its clean run and its noisy copies, held at the entrance of every block.
  private final class Traced implements AutoCloseable {
    private final Prompt prompt;
    private final List<PartialRun<?>> at = new ArrayList<>();
    private final double[] probabilities;

    Traced(Prompt prompt) {
      this.prompt = prompt;
      List<int[]> rows =
          IntStream.rangeClosed(0, options.copies).mapToObj(_ -> prompt.tokens).toList();
      PartialRun<?> run = model.begin(rows, new Noise(noise()));
      at.add(run);
      while (run.layer() < model.spec().nLayers()) {
        run = run.next(Hooks.none());
        at.add(run);
      }
      this.probabilities = probabilities(run, Hooks.none());
    }

    /// What is added to the embeddings, `[batch, pos, d_model]`: nothing to the first row and
    /// outside the subject.
    private Tensor noise() {
      int width = model.spec().dModel();
      double[] numbers = new double[(options.copies + 1) * prompt.tokens.length * width];
      for (int copy = 1; copy <= options.copies; copy++) {
        for (int position = prompt.first; position < prompt.end; position++) {
          int start = (copy * prompt.tokens.length + position) * width;
          for (int i = 0; i < width; i++) {
            numbers[start + i] = deviation * random.nextGaussian();
          }
        }
      }
      return Tensor.of(
          numbers,
          Shape.of(
              new Axis("batch", options.copies + 1L),
              new Axis("pos", prompt.tokens.length),
              new Axis("d_model", width)));
    }

    private double[] probabilities(PartialRun<?> run, Hooks hooks) {
      try (Scope _ = Scope.open()) {
        Tensor logits = Wide.of(run.logits(LAST, hooks)).at("pos", 0);
        return logits.softmax("d_vocab").at("d_vocab", prompt.answer).toDoubles();
      }
    }

    double[] low() {
      return Arrays.copyOfRange(probabilities, 1, probabilities.length);
    }

    void restore(int layer) {
      int copies = options.copies;
      int atOnce = Math.max(1, (TOKENS_AT_ONCE / prompt.tokens.length - 1) / copies);
      for (int from = 0; from < prompt.tokens.length; from += atOnce) {
        int count = Math.min(atOnce, prompt.tokens.length - from);
        int[] rows = new int[1 + count * copies];
        for (int i = 1; i < rows.length; i++) {
          rows[i] = 1 + (i - 1) % copies;
        }
        RowEdits edits = new RowEdits(rows.length);
        List<HookPoint> points = points(layer);
        for (int i = 1; i < rows.length; i++) {
          RowEdits.Part part = RowEdits.Part.at(from + (i - 1) / copies);
          for (HookPoint point : points) {
            edits.copy(point, i, 0, part);
          }
        }
        try (PartialRun<?> start = at.get(first(layer)).rows(rows)) {
          double[] restored = probabilities(start, edits);
          for (int place = 0; place < count; place++) {
            int at = 1 + place * copies;
            record(
                new Place(layer, from + place),
                Arrays.copyOfRange(restored, at, at + copies),
                low());
          }
        }
      }
    }

    @Override
    public void close() {
      at.forEach(PartialRun::close);
    }
  }

  private void record(Place place, double[] restored, double[] low) {
    Effect copies = overCopies.computeIfAbsent(place, _ -> new Effect());
    for (int copy = 0; copy < low.length; copy++) {
      copies.add(restored[copy] - low[copy], 1);
    }
    overPrompts.computeIfAbsent(place, _ -> new Effect()).add(mean(restored) - mean(low), 1);
  }

  /// Adds noise to embeddings.
  private record Noise(Tensor added) implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return point instanceof HookPoint.Embed;
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value.plus(added.to(value.dtype()).to(value.device()));
    }
  }

  /// The window of blocks around one, within the model.
  private int first(int layer) {
    return options.kind == Kind.STATE ? layer : Math.max(0, layer - options.window / 2);
  }

  private List<HookPoint> points(int layer) {
    ActivationSite site = options.kind.site();
    int end =
        first(layer) == layer && options.kind == Kind.STATE
            ? layer + 1
            : Math.min(model.spec().nLayers(), layer + (options.window + 1) / 2);
    return layers().stream()
        .filter(l -> l >= first(layer) && l < end)
        .<HookPoint>map(site::in)
        .toList();
  }

  // ---------------------------------------------------------------- what was found

  private List<Integer> layers() {
    return options.kind.site().layers(model);
  }

  /// The grid, layer by layer, within it position by position.
  ///
  /// @throws CausalException if no prompt was added
  public List<Cell> cells() {
    if (clean.count() == 0) {
      throw CausalException.noTexts();
    }
    Map<Place, Effect> effects = clean.count() > 1 ? overPrompts : overCopies;
    return effects.entrySet().stream()
        .map(entry -> new Cell(entry.getKey(), entry.getValue().moved()))
        .toList();
  }

  /// The answer's probability in the clean runs.
  public Estimate clean() {
    return clean.moved();
  }

  /// The answer's probability in the noisy runs.
  public Estimate corrupted() {
    return corrupted.moved();
  }

  /// The standard deviation of the noise, in the units of the embeddings.
  public double deviation() {
    return deviation;
  }
}
