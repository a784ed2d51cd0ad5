package dev.weir.readout.lens;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Sgd;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Tunes a lens: each map is drawn to where its distribution is as close to the model's own as it
/// can be, `KL(final ‖ lens)`, while the model stays as it is (Belrose et al. 2023,
/// arXiv:2303.08112, section 3). Starts from the logit lens, with the settings of the tuned-lens
/// library: stochastic gradient descent with Nesterov's momentum whose learning rate falls on a
/// straight line, gradients of all maps clipped together to length 1.
public final class TunedLensTraining {
  private static final double LONGEST_GRADIENT = 1;
  private static final double MOMENTUM = 0.9;

  private final Transformer model;
  private final Translators translators;
  private final Settings settings;
  private final List<Places.Place> places;
  private final List<Step> steps = new ArrayList<>();

  private TunedLensTraining(Transformer model, Translators translators, Settings settings) {
    this.model = model;
    this.translators = translators;
    this.settings = settings;
    this.places = Places.LAYERS.of(model.spec());
  }

  /// Who turns gradients into updates.
  public enum Method {
    /// Stochastic gradient descent with Nesterov's momentum; learning rate `scale · (1 − 0.9)`.
    SGD,
    /// Adam with decoupled weight decay; learning rate `scale · 0.001` after a warm-up over the
    /// first fifth of the steps.
    ADAM
  }

  /// How a lens is tuned.
  ///
  /// @param steps how many updates
  /// @param batch how many texts an update sees
  /// @param optimizer who makes the updates
  /// @param scale what its usual learning rate is multiplied with
  /// @param weightDecay how strongly maps are drawn back to the logit lens
  /// @param seed where the order of the texts comes from
  public record Settings(
      int steps, int batch, Method optimizer, double scale, double weightDecay, long seed) {

    public Settings {
      if (steps < 1 || batch < 1) {
        throw LensException.badSettings(
            "%d steps of %d texts are not possible".formatted(steps, batch));
      }
      if (!(scale > 0) || !(weightDecay >= 0)) {
        throw LensException.badSettings(
            "A learning rate scale of %s with weight decay %s is not possible"
                .formatted(scale, weightDecay));
      }
    }

    /// The library's: 250 steps of gradient descent, here of eight texts each.
    public static Settings usual() {
      return new Settings(250, 8, Method.SGD, 1, 1e-3, 0);
    }

    /// The learning rate of a step.
    ///
    /// @param step from 0
    double rate(int step) {
      double left = 1 - (double) step / steps;
      return switch (optimizer) {
        case SGD -> scale * (1 - MOMENTUM) * left;
        case ADAM -> scale * 1e-3 * Math.min(left, (step + 1) / Math.max(1.0, steps / 5.0));
      };
    }
  }

  /// What became of one update.
  ///
  /// @param step from 1
  /// @param kl the mean of `KL(final ‖ lens)` over its texts before the update, nats, by block
  public record Step(int step, List<Double> kl) {
    public Step {
      kl = List.copyOf(kl);
    }
  }

  /// Tunes maps in place.
  ///
  /// @param model the model that is looked at
  /// @param translators the maps, from [Translators#identity] or an earlier training
  /// @param texts what the model reads; texts of one length are run together
  /// @param settings how
  /// @param watcher told of each step
  /// @throws LensException if there are no texts or the loss is no number any more
  public static TunedLensTraining run(
      Transformer model,
      Translators translators,
      List<int[]> texts,
      Settings settings,
      Consumer<Step> watcher) {
    if (texts.isEmpty()) {
      throw LensException.nothingToLearn();
    }
    TunedLensTraining training = new TunedLensTraining(model, translators, settings);
    training.run(texts, watcher);
    return training;
  }

  private void run(List<int[]> texts, Consumer<Step> watcher) {
    List<Tensor> parameters = translators.parameters();
    try (Updates updates = Updates.of(parameters, settings)) {
      List<int[]> order = new ArrayList<>();
      SplittableRandom random = new SplittableRandom(settings.seed());
      for (int step = 0; step < settings.steps(); step++) {
        List<int[]> batch = new ArrayList<>();
        while (batch.size() < settings.batch()) {
          if (order.isEmpty()) {
            order.addAll(texts);
            Collections.shuffle(order, random);
          }
          batch.add(order.removeLast());
        }
        try (Scope _ = Scope.open()) {
          Step done = step(step, batch, updates);
          steps.add(done);
          watcher.accept(done);
        }
      }
    }
  }

  private Step step(int step, List<int[]> batch, Updates updates) {
    double[] kl = new double[model.spec().nLayers()];
    try (Total total = new Total()) {
      for (int[] text : batch) {
        try (Scope _ = Scope.open()) {
          total.add(gradients(text, batch.size(), kl));
        }
      }
      if (!Double.isFinite(Arrays.stream(kl).sum())) {
        throw LensException.diverged(step + 1);
      }
      double length = Gradients.norm(total.gradients());
      double factor = Math.min(1, LONGEST_GRADIENT / (length + 1e-6));
      updates.apply(total.gradients(), factor, settings.rate(step), settings.weightDecay());
    }
    return new Step(step + 1, Arrays.stream(kl).boxed().toList());
  }

  /// One text's part of the batch's gradient; its losses are added to `kl`.
  private List<Tensor> gradients(int[] text, int texts, double[] kl) {
    try (StreamTrace trace =
        Gradients.untracked(() -> model.trace(List.of(text), TunedLens.capture(), Hooks.none()))) {
      Tensor end = answer(trace);
      List<Tensor> gradients = new ArrayList<>();
      for (int layer = 0; layer < kl.length; layer++) {
        Tensor loss = loss(trace, layer, end).times(1.0 / texts);
        kl[layer] += loss.item();
        gradients.addAll(Gradients.of(loss, map(layer)));
      }
      return gradients;
    }
  }

  private List<Tensor> map(int layer) {
    return translators.parameters().subList(2 * layer, 2 * layer + 2);
  }

  /// The model's own log-probabilities, `[pos, d_vocab]`.
  private Tensor answer(StreamTrace trace) {
    return Gradients.untracked(() ->
        TunedLens.scores(model, Wide.of(trace.get(places.getLast().point())))
            .logSoftmax("d_vocab"));
  }

  /// The mean of `KL(final ‖ lens)` over positions.
  private Tensor loss(StreamTrace trace, int layer, Tensor end) {
    Tensor stream = Wide.of(trace.get(places.get(layer).point())).detached();
    Tensor shown =
        TunedLens.scores(model, translators.applied(layer, stream)).logSoftmax("d_vocab");
    return end.exp().times(end.minus(shown)).sum("d_vocab").mean();
  }

  /// What became of each update, first to last.
  public List<Step> steps() {
    return Collections.unmodifiableList(steps);
  }

  // ---------------------------------------------------------------- updates

  /// The sum of gradients so far; nothing else stays in memory.
  private static final class Total implements AutoCloseable {
    private TensorOwner owner = new TensorOwner();
    private List<Tensor> gradients = List.of();

    void add(List<Tensor> more) {
      TensorOwner next = new TensorOwner();
      List<Tensor> sum = new ArrayList<>();
      for (int i = 0; i < more.size(); i++) {
        sum.add(next.own(gradients.isEmpty() ? more.get(i) : gradients.get(i).plus(more.get(i))));
      }
      owner.close();
      owner = next;
      gradients = sum;
    }

    List<Tensor> gradients() {
      return gradients;
    }

    @Override
    public void close() {
      owner.close();
    }
  }

  /// One optimizer for each parameter.
  private record Updates(List<Optimizer> each) implements AutoCloseable {

    static Updates of(List<Tensor> parameters, Settings settings) {
      return new Updates(
          parameters.stream()
              .<Optimizer>map(parameter ->
                  switch (settings.optimizer()) {
                    case SGD -> new Sgd(Sgd.Momentum.NESTEROV, MOMENTUM, parameter);
                    case ADAM -> new AdamW(new AdamW.Settings(MOMENTUM, 0.999, 1e-8), parameter);
                  })
              .toList());
    }

    void apply(List<Tensor> gradients, double factor, double rate, double decay) {
      for (int i = 0; i < each.size(); i++) {
        each.get(i).update(gradients.get(i), factor, rate, decay);
      }
    }

    @Override
    public void close() {
      each.forEach(Optimizer::close);
    }
  }
}
