package dev.weir.readout.depth;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// What becomes of a model's answers when its depth is changed (Lad, Gurnee & Tegmark 2024,
/// arXiv:2406.19384), over any number of texts: a text counts once, with the mean over its
/// positions, and no text is kept.
public final class DepthEffects {
  /// Scores compared at a time: 2²² numbers are 16 MiB in float32.
  private static final long SCORES_AT_A_TIME = 1L << 22;

  private final Effect normal;
  private final List<Effect> effects;

  private DepthEffects(Effect normal, List<Effect> effects) {
    this.normal = normal;
    this.effects = List.copyOf(effects);
  }

  /// What a changed model answers, means over texts with their intervals.
  ///
  /// @param name what was done
  /// @param crossEntropy nats per token; a text of one token has none
  /// @param increase of the cross entropy over the unchanged model's, text by text, nats per token
  /// @param kl `KL(normal ‖ changed)`, nats
  /// @param agreement at which share of the positions the likeliest token is still the same
  /// @param entropy of the answers, nats
  public record Effect(
      String name,
      Estimate crossEntropy,
      Estimate increase,
      Estimate kl,
      Estimate agreement,
      Estimate entropy) {}

  /// The model as it is; its increase and KL are 0, its agreement 1.
  public Effect normal() {
    return normal;
  }

  /// One for each experiment, in their order.
  public List<Effect> effects() {
    return effects;
  }

  // ---------------------------------------------------------------- reading texts

  /// Nothing read yet.
  ///
  /// @param model which; it stays open until what is returned is closed
  /// @param experiments what to do to it
  /// @throws DepthException if one has no meaning on it
  public static Reader over(Transformer model, List<DepthExperiment> experiments) {
    Reader reader = new Reader(model);
    try {
      for (DepthExperiment experiment : experiments) {
        reader.changed.add(experiment.on(model));
        reader.sums.add(new Sums(experiment.name()));
      }
      return reader;
    } catch (RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  /// Reads texts one by one.
  public static final class Reader implements AutoCloseable {
    private final Transformer model;
    private final Sums normal = new Sums("normal");
    private final List<Sums> sums = new ArrayList<>();
    private final List<DepthExperiment.Changed> changed = new ArrayList<>();

    private Reader(Transformer model) {
      this.model = model;
    }

    /// Reads one more text.
    ///
    /// @param tokens the text
    public void add(int[] tokens) {
      try (Scope _ = Scope.open()) {
        Tensor own = model.logits(tokens);
        double crossEntropy = crossEntropy(own, tokens);
        normal.add(crossEntropy, crossEntropy, compared(own, own));
        for (int i = 0; i < changed.size(); i++) {
          try (Scope _ = Scope.open()) {
            Tensor other = changed.get(i).logits(tokens);
            sums.get(i).add(crossEntropy, crossEntropy(other, tokens), compared(own, other));
          }
        }
      }
    }

    /// What the texts so far say.
    public DepthEffects effects() {
      return new DepthEffects(normal.effect(), sums.stream().map(Sums::effect).toList());
    }

    /// Frees what the experiments made; the model itself stays open.
    @Override
    public void close() {
      changed.forEach(DepthExperiment.Changed::close);
    }
  }

  private static double crossEntropy(Tensor logits, int[] tokens) {
    return tokens.length < 2 ? Double.NaN : CrossEntropy.of(logits, tokens).mean();
  }

  /// Means over the positions of a text.
  private record Comparison(double kl, double agreement, double entropy) {}

  private static Comparison compared(Tensor normal, Tensor other) {
    long length = normal.size("pos");
    long step = Math.clamp(SCORES_AT_A_TIME / normal.size("d_vocab"), 1, length);
    double kl = 0;
    double agreement = 0;
    double entropy = 0;
    for (long from = 0; from < length; from += step) {
      try (Scope _ = Scope.open()) {
        long count = Math.min(step, length - from);
        Tensor p = Wide.of(normal.slice("pos", from, count)).logSoftmax("d_vocab");
        Tensor q = Wide.of(other.slice("pos", from, count)).logSoftmax("d_vocab");
        kl += p.exp().times(p.minus(q)).sum().item();
        entropy -= q.exp().times(q).sum().item();
        agreement += same(p.argmax("d_vocab"), q.argmax("d_vocab"));
      }
    }
    return new Comparison(kl / length, agreement / length, entropy / length);
  }

  private static double same(Tensor a, Tensor b) {
    return a.atMost(b).and(b.atMost(a)).to(DType.FLOAT32).sum().item();
  }

  private static final class Sums {
    private final String name;
    private final Estimate.Running crossEntropy = new Estimate.Running();
    private final Estimate.Running increase = new Estimate.Running();
    private final Estimate.Running kl = new Estimate.Running();
    private final Estimate.Running agreement = new Estimate.Running();
    private final Estimate.Running entropy = new Estimate.Running();

    Sums(String name) {
      this.name = name;
    }

    void add(double before, double after, Comparison comparison) {
      crossEntropy.add(after);
      increase.add(after - before);
      kl.add(comparison.kl);
      agreement.add(comparison.agreement);
      entropy.add(comparison.entropy);
    }

    Effect effect() {
      return new Effect(
          name,
          crossEntropy.estimate(),
          increase.estimate(),
          kl.estimate(),
          agreement.estimate(),
          entropy.estimate());
    }
  }
}
