package dev.weir.readout.causal;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What one component tells another, or the answer, without any other in between (Wang et al. 2022,
/// arXiv:2211.00593, appendix B; Goldowsky-Dill et al. 2023, arXiv:2304.05969).
///
/// For each sender three rows run side by side in one batch. In the first the sender has the value
/// of the source run and every other head that of the base run, as have the MLPs where they are
/// frozen; it shows what the receivers would read. In the second nothing is changed but the
/// receivers, which take what the first shows. The metric of the second says how far the answer
/// follows. With the unembedding as receiver it is read from the first row itself.
///
/// The stream is carried as the pathway carries it: unless everything is frozen, its routing is
/// computed anew.
public final class PathPatching {
  private final Transformer model;
  private final Options options;
  private final List<Component> senders;
  private final Map<Component, Effect> effects = new LinkedHashMap<>();
  private final Baseline baseline = new Baseline();

  /// Paths from every head and MLP to these receivers.
  ///
  /// @param model whose runs are patched
  /// @param options the receivers, what is frozen and what is measured
  /// @throws CausalException if a receiver does not exist
  public PathPatching(Transformer model, Options options) {
    this.model = model;
    this.options = options;
    options.receivers.forEach(receiver -> receiver.check(model));
    this.senders =
        Component.all(model).stream()
            .filter(sender -> options.receivers.stream().anyMatch(r -> r.isAfter(sender)))
            .toList();
    if (senders.isEmpty()) {
      throw CausalException.noSender();
    }
  }

  /// What keeps the values of the base run on the way.
  public enum Frozen {
    /// Heads and local mixers; MLPs are computed anew, so a path may run through them.
    HEADS,
    /// MLPs and the pathway's routing too: only what the sender itself wrote arrives.
    EVERYTHING
  }

  /// Who is listening.
  public sealed interface Receiver {

    /// The final norm and the unembedding.
    record Logits() implements Receiver {}

    /// What a head makes of what it reads.
    ///
    /// @param input queries, keys or values
    /// @param layer the block
    /// @param head which head; a key/value head for keys and values
    record Head(Input input, int layer, int head) implements Receiver {}

    /// What an MLP reads.
    ///
    /// @param layer the block
    record Mlp(int layer) implements Receiver {}

    /// Whether anything of a sender can arrive here.
    ///
    /// @param sender the sender
    default boolean isAfter(Component sender) {
      return switch (this) {
        case Logits() -> true;
        case Head(Input _, int layer, int _) -> layer > sender.layer();
        case Mlp(int layer) ->
            layer > sender.layer() || (layer == sender.layer() && !sender.isMlp());
      };
    }

    /// Complains if the model has no such receiver.
    ///
    /// @param model the model
    default void check(Transformer model) {
      int layers = model.spec().nLayers();
      switch (this) {
        case Logits() -> {}
        case Head(Input input, int layer, int head) -> {
          if (layer < 0 || layer >= layers || head < 0 || head >= input.heads(model, layer)) {
            throw CausalException.noSuchReceiver(words(), layers);
          }
        }
        case Mlp(int layer) -> {
          if (layer < 0 || layer >= layers || !Component.mlps(model).contains(layer)) {
            throw CausalException.noSuchReceiver(words(), layers);
          }
        }
      }
    }

    /// Its name, for instance `logits`, `L5H1.q` or `3_mlp_in`.
    default String words() {
      return switch (this) {
        case Logits() -> "logits";
        case Head(Input input, int layer, int head) ->
            "L%dH%d.%s".formatted(layer, head, input.words());
        case Mlp(int layer) -> layer + "_mlp_in";
      };
    }
  }

  /// Through what a head reads.
  public enum Input {
    /// Queries.
    Q,
    /// Keys.
    K,
    /// Values.
    V;

    private HookPoint point(int layer) {
      return site().in(layer);
    }

    private ActivationSite site() {
      return switch (this) {
        case Q -> ActivationSite.Q;
        case K -> ActivationSite.K;
        case V -> ActivationSite.V;
      };
    }

    private int heads(Transformer model, int layer) {
      return site().heads(model.spec(), layer);
    }

    private String words() {
      return site().words();
    }
  }

  /// What is asked.
  ///
  /// @param receivers who is listening; several listen at once
  /// @param frozen what keeps the base run's values on the way
  /// @param metric how the answer is measured
  /// @param direction which run is changed; [Direction#NOISE] is that of the papers
  public record Options(
      List<Receiver> receivers, Frozen frozen, Metric metric, Direction direction) {
    public Options {
      receivers = List.copyOf(receivers);
    }

    /// Corrupted senders in the clean run, MLPs computed anew, measured by the logit difference.
    ///
    /// @param receivers who is listening
    public static Options usual(Receiver... receivers) {
      return new Options(
          List.of(receivers), Frozen.HEADS, Metric.LOGIT_DIFFERENCE, Direction.NOISE);
    }
  }

  /// A sender.
  ///
  /// @param sender which component
  /// @param score how far the answer follows: 0 not at all, 1 to where the source run is
  public record Path(Component sender, Estimate score) {}

  /// Patches some pairs.
  ///
  /// @param pairs pairs of one length
  public void add(List<PromptPair> pairs) {
    PromptPair.requireOneLength(pairs);
    try (PairRuns runs = new PairRuns(model, pairs, options.metric, options.direction)) {
      baseline.add(runs);
      for (Component sender : senders) {
        List<Patch> patches =
            IntStream.range(0, pairs.size()).mapToObj(pair -> new Patch(pair, sender)).toList();
        double[] metrics = runs.metrics(sender.layer(), patches);
        for (int pair = 0; pair < metrics.length; pair++) {
          double base = runs.base(pair);
          effects
              .computeIfAbsent(sender, _ -> new Effect())
              .add(metrics[pair] - base, runs.source(pair) - base);
        }
      }
    }
  }

  /// The paths from one sender in one pair.
  private final class Patch implements PairRuns.Experiment {
    private final int pair;
    private final Component sender;
    private final List<Receiver> within;

    Patch(int pair, Component sender) {
      this.pair = pair;
      this.sender = sender;
      this.within =
          options.receivers.stream()
              .filter(r -> r.isAfter(sender) && !(r instanceof Receiver.Logits))
              .toList();
    }

    @Override
    public int pair() {
      return pair;
    }

    @Override
    public int copies() {
      return within.isEmpty() ? 1 : 2;
    }

    @Override
    public boolean borrowsFromBase() {
      return true;
    }

    @Override
    public void edit(RowEdits edits, PairRuns.Rows rows) {
      int sending = rows.own()[0];
      for (HookPoint point : frozen()) {
        edits.copy(point, sending, rows.base(), RowEdits.Part.all());
      }
      edits.copy(sender.point(), sending, rows.source(), RowEdits.Part.of(sender));
      for (Receiver receiver : within) {
        switch (receiver) {
          case Receiver.Head(Input input, int layer, int head) ->
              edits.copy(input.point(layer), rows.last(), sending, RowEdits.Part.units(head));
          case Receiver.Mlp(int layer) ->
              edits.copy(new HookPoint.MlpIn(layer), rows.last(), sending, RowEdits.Part.all());
          case Receiver.Logits() -> {}
        }
      }
    }

    /// Places of the sending row that keep the base run's values.
    private List<HookPoint> frozen() {
      List<HookPoint> points = new ArrayList<>();
      for (HookPoint point : model.hookPoints()) {
        boolean mixes = point instanceof HookPoint.Z || point instanceof HookPoint.LocalOut;
        boolean other = point instanceof HookPoint.MlpOut || point instanceof HookPoint.Route;
        boolean keeps = mixes || (other && options.frozen == Frozen.EVERYTHING);
        if (keeps && layer(point) >= sender.layer()) {
          points.add(point);
        }
      }
      return points;
    }
  }

  private int layer(HookPoint point) {
    if (point instanceof HookPoint.Route(Site site, _, _)) {
      return site.sublayer() == Site.Sublayer.UNEMBED ? model.spec().nLayers() : site.layer();
    }
    return point instanceof HookPoint.InBlock place ? place.layer() : 0;
  }

  // ---------------------------------------------------------------- what was found

  /// Every sender and how far the answer follows it through these receivers, in the order of the
  /// model.
  ///
  /// @throws CausalException if no pair was added, or the metric was the same in both runs
  public List<Path> paths() {
    baseline.requireDistance(options.metric);
    return effects.entrySet().stream()
        .map(entry -> new Path(entry.getKey(), entry.getValue().score()))
        .toList();
  }

  /// The metric of the clean runs.
  public Estimate clean() {
    return baseline.clean();
  }

  /// The metric of the corrupted runs.
  public Estimate corrupt() {
    return baseline.corrupt();
  }
}
