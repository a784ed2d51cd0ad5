package dev.weir.readout.subvalue;

import dev.weir.model.Transformer;
import dev.weir.readout.Decomposition;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;

/// What each unit adds to the log-probability of one token (Yu & Ananiadou 2023, "Neuron-Level
/// Knowledge Attribution in Large Language Models", arXiv:2312.12141, eq. 6): `Imp(v) = ln p(w | v
/// + r) − ln p(w | r)`, where `r` is what was written before `v`, both as they arrive at the end,
///   and `p(w | v) = softmax(bs(v))_w` with the final norm at the scale of this run. On the plain
///   pathway `r` is `resid_pre` for attention and `resid_mid` for the MLP; on any other it is the
///   sum of the earlier writes, each carried with the routing of the run.
///
/// Increases of sublayers add up to that of the whole stream over the embedding; those of smaller
/// units do not add up to their sublayer's, since each is measured alone.
public final class Subvalues {
  private final int position;
  private final int target;
  private final double before;
  private double after;
  private final List<Scored> sublayers = new ArrayList<>();
  private final List<Scored> heads = new ArrayList<>();
  private final List<Scored> headPositions = new ArrayList<>();
  private final List<Scored> attentionNeurons = new ArrayList<>();
  private final List<Scored> mlpNeurons = new ArrayList<>();
  private Queries.Found queries = Queries.Found.none();

  private Subvalues(int position, int target, double before) {
    this.position = position;
    this.target = target;
    this.before = before;
  }

  /// How much is looked for.
  ///
  /// @param target the token; empty for the model's own answer
  /// @param valueNeurons how many neurons of each kind are kept
  /// @param queried for how many MLP neurons, and how many attention neurons at most, those are
  ///   found that they listen to
  public record Options(OptionalInt target, int valueNeurons, int queried) {

    /// The paper's: 300 value neurons, of which 100 are asked what they listen to.
    public static Options usual() {
      return new Options(OptionalInt.empty(), 300, 100);
    }

    /// The same for another token.
    ///
    /// @param token its id
    public Options with(int token) {
      return new Options(OptionalInt.of(token), valueNeurons, queried);
    }
  }

  /// What a run must keep, at every position.
  public static Capture capture() {
    return Decomposition.captureSources();
  }

  /// Of a run, at the last position.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param options what is looked for
  public static Subvalues of(Transformer model, StreamTrace trace, Options options) {
    int length = trace.tokens().getFirst().length;
    if (trace.positions().size() != length) {
      throw SubvalueException.needsEveryPosition(trace.positions().size(), length);
    }
    int position = length - 1;
    int target =
        options
            .target()
            .orElseGet(
                () -> (int) trace.logits().at("pos", position).argmax("d_vocab").toLongs()[0]);
    if (target < 0 || target >= model.spec().dVocabOut()) {
      throw SubvalueException.tokenOutside(target, model.spec().dVocabOut());
    }
    try (Scope _ = Scope.open()) {
      return new Walk(model, trace, position, target, options).found();
    }
  }

  /// Goes through the writes, first to last.
  private static final class Walk {
    private final Transformer model;
    private final Arrivals arrivals;
    private final Increases increases;
    private final Options options;
    private final Subvalues result;
    private Tensor context;

    Walk(Transformer model, StreamTrace trace, int position, int target, Options options) {
      this.model = model;
      this.options = options;
      this.arrivals = new Arrivals(model, trace, position);
      this.increases = new Increases(arrivals, model.spec().finalSoftcap(), target);
      var transport = arrivals.transport();
      this.context =
          transport.embedCarried(transport.embedded(), arrivals.end()).at("pos", position);
      this.result = new Subvalues(position, target, increases.logProbability(context));
    }

    Subvalues found() {
      for (Site site : arrivals.transport().sites()) {
        try (Scope scope = Scope.open()) {
          visit(site);
          scope.keep(context);
        }
      }
      result.after = increases.logProbability(context);
      result.queries =
          new Queries(model, arrivals)
              .of(
                  result.topMlpNeurons(options.queried()),
                  result.topAttentionNeurons(options.queried()));
      return result;
    }

    private void visit(Site site) {
      switch (site.sublayer()) {
        case ATTENTION -> heads(site.layer());
        case MLP -> mlpNeurons(site.layer());
        case LOCAL, UNEMBED -> {}
      }
      var transport = arrivals.transport();
      context =
          advanced(
              new Unit.Sublayer(site),
              transport.carried(transport.written(site), site, arrivals.end()));
      transport
          .constantCarried(site, arrivals.end())
          .ifPresent(added -> context = advanced(new Unit.PathwayBias(site), added));
    }

    /// The context with what was added at a site, whose increase is noted.
    private Tensor advanced(Unit unit, Tensor added) {
      Tensor next = context.plus(added.at("pos", result.position));
      double increase = increases.logProbability(next) - increases.logProbability(context);
      result.sublayers.add(new Scored(unit, increase, 1));
      return next;
    }

    private void heads(int layer) {
      Site site = Site.attention(layer);
      Tensor writes =
          arrivals
              .writers(arrivals.transport().headWrites(layer), "pos", result.position)
              .rename("head", "unit")
              .order("unit", "pos", "d_model");
      double[] found = increases.ofParts(writes, site, context);
      for (int head = 0; head < found.length; head++) {
        result.heads.add(new Scored(new Unit.Head(layer, head), found[head], 1));
        try (Scope _ = Scope.open()) {
          positions(layer, head);
          attentionNeurons(layer, head);
        }
      }
      keepMost(result.attentionNeurons);
    }

    /// `[d_head, d_model]`.
    private Tensor output(int layer, int head) {
      return arrivals.weight("attn.W_O", layer).at("head", head).order("d_head", "d_model");
    }

    /// `[query_pos, key_pos]` of the queries that matter here.
    private Tensor pattern(int layer, int head) {
      return arrivals.writers(arrivals.pattern(layer, head), "query_pos", result.position);
    }

    private void positions(int layer, int head) {
      Tensor rows =
          arrivals
              .values(layer, head)
              .dot(output(layer, head), "d_head")
              .rename("key_pos", "unit")
              .order("unit", "d_model");
      Tensor weights =
          pattern(layer, head)
              .rename("query_pos", "pos")
              .rename("key_pos", "unit")
              .order("unit", "pos");
      double[] found = ofOneSource(rows, weights, Site.attention(layer));
      double[] last = lastOf(weights);
      for (int source = 0; source < found.length; source++) {
        result.headPositions.add(
            new Scored(new Unit.HeadAt(layer, head, source), found[source], last[source]));
      }
    }

    private void attentionNeurons(int layer, int head) {
      Tensor rows = output(layer, head).rename("d_head", "unit");
      Tensor coefficients =
          pattern(layer, head)
              .times(arrivals.values(layer, head))
              .rename("query_pos", "pos")
              .rename("key_pos", "source")
              .rename("d_head", "unit")
              .order("unit", "source", "pos");
      double[][] found = increases.ofNeurons(rows, coefficients, Site.attention(layer), context);
      double[] last = lastOf(coefficients);
      for (int source = 0; source < found.length; source++) {
        for (int neuron = 0; neuron < found[source].length; neuron++) {
          result.attentionNeurons.add(
              new Scored(
                  new Unit.AttentionNeuron(layer, head, neuron, source),
                  found[source][neuron],
                  last[neuron * found.length + source]));
        }
      }
    }

    private void mlpNeurons(int layer) {
      Tensor rows =
          arrivals.weight("mlp.W_out", layer).rename("d_mlp", "unit").order("unit", "d_model");
      Tensor coefficients =
          arrivals
              .writers(arrivals.value(new HookPoint.MlpPost(layer)), "pos", result.position)
              .rename("d_mlp", "unit")
              .order("unit", "pos");
      double[] found = ofOneSource(rows, coefficients, Site.mlp(layer));
      double[] last = lastOf(coefficients);
      for (int neuron = 0; neuron < found.length; neuron++) {
        result.mlpNeurons.add(
            new Scored(new Unit.MlpNeuron(layer, neuron), found[neuron], last[neuron]));
      }
    }

    private double[] ofOneSource(Tensor rows, Tensor coefficients, Site site) {
      Tensor one = coefficients.repeat(new Axis("source", 1)).order("unit", "source", "pos");
      return increases.ofNeurons(rows, one, site, context)[0];
    }

    /// The coefficients at the position that is read, row by row.
    private double[] lastOf(Tensor coefficients) {
      return coefficients.at("pos", coefficients.size("pos") - 1).toDoubles();
    }

    /// Attention neurons are as many as heads times dimensions times positions: only the best stay.
    private void keepMost(List<Scored> scored) {
      scored.sort(Comparator.comparingDouble(Scored::importance).reversed());
      if (scored.size() > options.valueNeurons()) {
        scored.subList(options.valueNeurons(), scored.size()).clear();
      }
    }
  }

  // ---------------------------------------------------------------- what it says

  /// The position that was read: the last.
  public int position() {
    return position;
  }

  /// The token whose log-probability is credited.
  public int target() {
    return target;
  }

  /// `ln p(w | embedding)`, nats.
  public double logProbabilityBefore() {
    return before;
  }

  /// `ln p(w | whole stream)`, nats; where the final norm has no shift and the unembedding no bias
  /// it is the model's own.
  public double logProbabilityAfter() {
    return after;
  }

  /// Sublayers, and what the pathway itself adds, in the order they wrote. Their increases add up
  /// to [#logProbabilityAfter] less [#logProbabilityBefore].
  public List<Scored> sublayers() {
    return List.copyOf(sublayers);
  }

  /// Every head, in order.
  public List<Scored> heads() {
    return List.copyOf(heads);
  }

  /// Every head and position that it attended to, in order.
  public List<Scored> headPositions() {
    return List.copyOf(headPositions);
  }

  /// Every neuron of every MLP, in order.
  public List<Scored> mlpNeurons() {
    return List.copyOf(mlpNeurons);
  }

  /// The value neurons of MLPs: those that add most, best first.
  ///
  /// @param count how many at most
  public List<Scored> topMlpNeurons(int count) {
    return mlpNeurons.stream()
        .sorted(Comparator.comparingDouble(Scored::importance).reversed())
        .limit(count)
        .toList();
  }

  /// The value neurons of attention: those that add most, best first.
  ///
  /// @param count how many at most; no more are kept than were asked for
  public List<Scored> topAttentionNeurons(int count) {
    return attentionNeurons.stream().limit(count).toList();
  }

  /// From which writes the value neurons of MLPs take what turns them on, as shares weighted by
  /// increase, in the order of the writes.
  public List<QueryShare> mlpQueryLayers() {
    return queries.mlpLayers();
  }

  /// From which writes the value neurons of attention take theirs.
  public List<QueryShare> attentionQueryLayers() {
    return queries.attentionLayers();
  }

  /// The MLP neurons of earlier blocks that write most of what the value neurons of attention read,
  /// best first.
  ///
  /// @param count how many at most
  public List<Scored> queryNeurons(int count) {
    return queries.neurons().stream().limit(count).toList();
  }

  /// For how many value neurons no shares could be taken, since what they read adds up to almost
  /// nothing.
  public int withoutShares() {
    return queries.skipped();
  }
}
