package dev.weir.readout.depth;

import dev.weir.model.AttentionSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.StreamState;
import dev.weir.readout.Decomposition;
import dev.weir.readout.Places;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How a prediction came about: from the last stream of a token back through what made it, step by
/// step, along the parts that matter (Ferrando & Voita 2024, "Information Flow Routes",
/// arXiv:2403.00824).
///
/// A part `p` of a whole `y` contributes `max(‖y‖₁ − ‖y − p‖₁, 10⁻⁵)` (equation 3), as a share of
/// all parts of `y`: the stream as it was, each source token through each head, the MLP, and the
/// biases. Parts below a threshold are dropped, and the shares of the rest made to add up to 1.
public final class ContributionGraph {
  private static final double LEAST = 1e-5;

  private final Node end;
  private final List<Edge> edges;

  private ContributionGraph(Node end, List<Edge> edges) {
    this.end = end;
    this.edges = List.copyOf(edges);
  }

  /// The stream of a token at a place.
  ///
  /// @param place index of the place among those of [Places#SUBLAYERS]
  /// @param label of the place, for instance `2_mid`
  /// @param position of the token in the text
  public record Node(int place, String label, int position) {}

  /// What a part went through.
  public enum Kind {
    /// The stream as it was before the step.
    STREAM,
    /// A head, from the same or another token.
    ATTENTION,
    /// The MLP.
    MLP
  }

  /// A part of the stream of `to` that came from `from`.
  ///
  /// @param from where it was read
  /// @param to what it is a part of
  /// @param kind what it went through
  /// @param through its name: `stream`, `L2H3`, `2_mlp`
  /// @param share of all kept parts of `to`
  /// @param flow the share times what of the prediction goes through `to`: those that enter the
  ///   end's place add up to at most 1, and so do those of each earlier place
  public record Edge(Node from, Node to, Kind kind, String through, double share, double flow) {}

  /// What a run must keep, at every position.
  public static Capture capture() {
    return Decomposition.captureSources();
  }

  /// Why a model has no such graph; empty if it has one.
  ///
  /// @param spec the model
  public static Optional<String> problem(TransformerSpec spec) {
    if (spec.pathway().state() == StreamState.HISTORY) {
      return Optional.of(
          "on this pathway sublayers read what earlier blocks wrote directly, past the stream between blocks");
    }
    return spec.blocks().stream().anyMatch(block -> !block.local().equals(LocalMixing.none()))
        ? Optional.of("its local mixers bring in neighbouring tokens beside attention")
        : Optional.empty();
  }

  /// Of a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names, at every position
  /// @param position whose prediction; negative counts from the end
  /// @param threshold the least share that is followed
  /// @throws DepthException if the model has no such graph, or there is no such position
  public static ContributionGraph of(
      Transformer model, StreamTrace trace, int position, double threshold) {
    Streams.requireOneText("A contribution graph", trace);
    Optional<String> problem =
        problem(model.spec())
            .or(() ->
                model.pathway().mixesPositions()
                    ? Optional.of("its pathway itself mixes neighbouring positions")
                    : Optional.empty());
    problem.ifPresent(reason -> {
      throw DepthException.noGraph(reason);
    });
    if (!(threshold >= 0 && threshold < 1)) {
      throw DepthException.badThreshold(threshold);
    }
    int length = trace.tokens().getFirst().length;
    int at = position < 0 ? length + position : position;
    if (at < 0 || at >= length) {
      throw DepthException.noSuchPosition(position, length);
    }
    try (Scope _ = Scope.open()) {
      return new Walk(model, trace, threshold).from(at);
    }
  }

  /// Where the walk began.
  public Node end() {
    return end;
  }

  /// From the end back; those of one token largest first.
  public List<Edge> edges() {
    return edges;
  }

  // ---------------------------------------------------------------- the walk

  private static final class Walk {
    private final Transformer model;
    private final StreamTrace trace;
    private final double threshold;
    private final Transport transport;
    private final List<Places.Place> places;

    Walk(Transformer model, StreamTrace trace, double threshold) {
      this.model = model;
      this.trace = trace;
      this.threshold = threshold;
      this.transport = Transport.of(model, trace);
      this.places = Places.SUBLAYERS.of(model.spec());
    }

    ContributionGraph from(int position) {
      int last = places.size() - 1;
      Node end = node(last, position);
      List<Edge> edges = new ArrayList<>();
      Map<Node, Double> reached = Map.of(end, 1.0);
      for (int place = last; place > 0; place--) {
        Map<Node, Double> before = new LinkedHashMap<>();
        reached.forEach((to, flow) -> {
          for (Edge edge : into(to, flow)) {
            edges.add(edge);
            before.merge(edge.from(), edge.flow(), Double::sum);
          }
        });
        reached = before;
      }
      return new ContributionGraph(end, edges);
    }

    private Node node(int place, int position) {
      return new Node(place, places.get(place).label(), position);
    }

    /// The parts that made a stream, those below the threshold left out.
    private List<Edge> into(Node to, double flow) {
      try (Scope _ = Scope.open()) {
        List<Part> parts = parts(to);
        double all = parts.stream().mapToDouble(Part::contribution).sum();
        List<Part> kept =
            parts.stream()
                .filter(part -> part.contribution >= threshold * all)
                .sorted(Comparator.comparingDouble(part -> -part.contribution))
                .toList();
        double sum = kept.stream().mapToDouble(Part::contribution).sum();
        return kept.stream()
            .filter(part -> part.source >= 0)
            .map(part -> {
              double share = part.contribution / sum;
              Node from = node(to.place - 1, part.source);
              return new Edge(from, to, part.kind, part.through, share, flow * share);
            })
            .toList();
      }
    }

    /// @param source the token that it came from; -1 for biases, which came from none
    private record Part(Kind kind, String through, int source, double contribution) {}

    private List<Part> parts(Node to) {
      HookPoint place = places.get(to.place).point();
      int position = to.position;
      Tensor whole = Wide.of(trace.get(place)).at("pos", position);
      Tensor stream = whole;
      Tensor bias = whole.times(0);
      List<Part> parts = new ArrayList<>();
      for (Site site :
          Streams.writers(model.spec(), places.get(to.place - 1), places.get(to.place))) {
        Tensor written =
            transport.carriedAt(transport.written(site).at("pos", position), site, place, position);
        stream = stream.minus(written);
        if (site.sublayer() == Site.Sublayer.ATTENTION) {
          Tensor sources = sources(site, place, position);
          addHeads(parts, site.layer(), whole, sources);
          bias = bias.plus(written.minus(sources.sum("head", "key_pos")));
        } else {
          parts.add(
              new Part(
                  Kind.MLP, site.layer() + "_mlp", position, contribution(whole, written).item()));
        }
        Optional<Tensor> constant = transport.constantCarried(site, place);
        if (constant.isPresent()) {
          bias = bias.plus(constant.get().at("pos", position));
          stream = stream.minus(constant.get().at("pos", position));
        }
      }
      parts.add(new Part(Kind.STREAM, "stream", position, contribution(whole, stream).item()));
      parts.add(new Part(Kind.STREAM, "bias", -1, contribution(whole, bias).item()));
      return parts;
    }

    /// What each visible source token gives through each head, `[head, key_pos, d_model]`.
    private Tensor sources(Site site, HookPoint place, int position) {
      Tensor all = transport.sourcesAt(site, position);
      boolean causal =
          !(model.spec().blocks().get(site.layer()).attention().visibility()
              instanceof AttentionSpec.Visibility.Bidirectional);
      Tensor visible = causal ? all.slice("key_pos", 0, position + 1L) : all;
      return transport
          .carriedAt(visible, site, place, position)
          .order("head", "key_pos", "d_model");
    }

    private static void addHeads(List<Part> parts, int layer, Tensor whole, Tensor sources) {
      Axis head = sources.shape().axis("head");
      int keys = Math.toIntExact(sources.size("key_pos"));
      double[] found = contribution(whole, sources).order("head", "key_pos").toDoubles();
      for (int i = 0; i < head.size() * keys; i++) {
        String through = WriterLabels.head(layer, i / keys);
        parts.add(new Part(Kind.ATTENTION, through, i % keys, found[i]));
      }
    }

    /// `max(‖y‖₁ − ‖y − p‖₁, 10⁻⁵)`, `part`'s axes without `d_model`.
    private static Tensor contribution(Tensor whole, Tensor part) {
      Tensor without = whole.minus(part).abs().sum("d_model");
      return whole.abs().sum("d_model").minus(without).notBelow(LEAST);
    }
  }
}
