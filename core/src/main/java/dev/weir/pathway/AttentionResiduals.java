package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Every sublayer, and the end, reads a softmax over what was written before it: `h_l = Σ_i a_i
/// v_i`, `a = softmax_i(w_l · RMSNorm_l(v_i))`, in place of the sum (Kimi Team 2026, "Attention
/// Residuals", arXiv:2603.15031). The query `w_l` is learned, zero at the start, and the same for
/// all tokens.
///
/// With blocks of several sublayers, finished blocks are kept as sums: a sublayer reads the
/// embedding, the sums of the blocks before, and what its own block has written so far.
///
/// @param blockSize how many sublayers a block has; 1 reads every write apart (the paper's "Full")
/// @param evaluation how the softmax is computed; the numbers are the same but for rounding
/// @param epsilon of the norm of keys
public record AttentionResiduals(int blockSize, Evaluation evaluation, double epsilon)
    implements PathwaySpec {

  /// How the softmax is computed.
  public enum Evaluation {
    /// Anew for each sublayer.
    NAIVE,
    /// In two phases: when a block begins, all its sublayers' scores of the finished blocks at
    /// once; then sublayer by sublayer what the block itself has written is merged in (the paper's
    /// algorithm 1).
    TWO_PHASE
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(1, "block_size", blockSize)
        .positive("epsilon", epsilon)
        .sequential("Attention Residuals", depth)
        .problems();
  }

  private static List<Site> readers(Depth depth) {
    return Stream.concat(depth.sites().stream(), Stream.of(Site.unembed())).toList();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Site site : readers(depth)) {
      weights.put(site.path() + "_path.w", Weight.constant(Shape.of(depth.width()), 0));
      weights.put(site.path() + "_path.norm", Weight.constant(Shape.of(depth.width()), 1));
    }
    return weights;
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    List<HookPoint.Route> routes = new ArrayList<>();
    for (Site site : depth.sites()) {
      int index = depth.before(site);
      boolean ahead = evaluation == Evaluation.TWO_PHASE;
      if (!ahead || index % blockSize != 0) {
        routes.add(new HookPoint.Route(site, HookPoint.Moment.READ, ahead ? "share" : "weights"));
      }
      if (ahead && closes(index + 1) && index + 1 < depth.sites().size()) {
        routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, "ahead"));
        routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, "ahead_log"));
      }
    }
    routes.add(new HookPoint.Route(Site.unembed(), HookPoint.Moment.READ, "weights"));
    return routes;
  }

  /// Whether so many writes fill their last block.
  private boolean closes(int written) {
    return written % blockSize == 0;
  }

  /// How many sources a reader has after so many writes: the embedding, finished blocks, the block
  /// under way.
  private int sources(int writes) {
    return 1 + (writes + blockSize - 1) / blockSize;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    int sites = depth.sites().size();
    boolean ahead = evaluation == Evaluation.TWO_PHASE;
    double score = 2 * d + PathwayCost.inverseRms(d) + 1;
    double flops = 0;
    double moved = 0;
    double fullest = 0;
    for (int written = 0; written <= sites; written++) {
      double sources = sources(written);
      boolean under = !closes(written);
      if (!ahead || written == sites) {
        flops += sources * (score + 5) + PathwayCost.mix(sources, d);
        moved += (2 * sources + 1) * d;
      } else if (under) {
        double scores = written < blockSize ? 2 : 1;
        flops += scores * score + 2 + 3 * d + 2;
        moved += (scores + 3) * d;
      }
      if (written < sites) {
        // The write adds to its block, if it is not the first there.
        flops += (under ? d : 0) - d;
        moved += ((under ? 3 : 0) - PathwayCost.PLAIN_MOVES) * d;
      }
      double readers = ahead ? readersAhead(written, sites) : 0;
      if (readers > 0 && closes(written)) {
        boolean summed = blockSize > 1;
        flops += (summed ? d : 0) + sources * PathwayCost.inverseRms(d);
        flops += readers * sources * (2 * d + 1 + 9);
        flops += readers * PathwayCost.mix(sources, d);
        moved += (2 * sources + (summed ? 1 : 0) + readers) * d;
      }
      fullest = Math.max(fullest, held(written, sites) * d + readers);
    }
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        (sites + 1.0 + (ahead ? sites : 0)) * d,
        0,
        fullest,
        Sources.payload(blocks -> payload(blocks, depth), depth));
  }

  /// How many readers phase one has worked for, once so many writes are done.
  private int readersAhead(int written, int sites) {
    int first = written - written % blockSize;
    return first == 0 || first == sites ? 0 : Math.min(blockSize, sites - first);
  }

  private double held(int written, int sites) {
    return sources(written)
        + (evaluation == Evaluation.TWO_PHASE ? readersAhead(written, sites) : 0);
  }

  private double payload(int blocks, Depth depth) {
    int written = (int) depth.sites().stream().filter(site -> site.layer() < blocks).count();
    double logs =
        evaluation == Evaluation.TWO_PHASE ? readersAhead(written, depth.sites().size()) : 0;
    return held(written, depth.sites().size()) + logs / depth.dModel();
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Attended(this, depth, weights);
  }

  /// What was written.
  ///
  /// @param finished the embedding and the sums of finished blocks
  /// @param partial what the block under way has written
  /// @param written how many sublayers have written
  /// @param ahead what phase one found for the sublayers of the block under way
  private record State(
      Sources finished, Optional<Tensor> partial, int written, Optional<PhaseOne> ahead) {
    List<Tensor> sources() {
      List<Tensor> all = new ArrayList<>(finished.vectors());
      partial.ifPresent(all::add);
      return all;
    }
  }

  /// What the sublayers of a block see of the finished blocks.
  ///
  /// @param mixes for each of them the softmax over finished blocks alone, `[batch, pos, d_model]`
  /// @param log the logarithm of that softmax's sum, `[batch, pos, reader]`
  private record PhaseOne(List<Tensor> mixes, Tensor log) {
    PhaseOne map(UnaryOperator<Tensor> change) {
      return new PhaseOne(mixes.stream().map(change).toList(), change.apply(log));
    }
  }

  /// The pathway with its numbers.
  private record Attended(AttentionResiduals spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(Sources.of(embed), Optional.empty(), 0, Optional.empty());
    }

    /// The query with the gain of its norm, which belongs to the keys, `[d_model]`.
    private Tensor query(Site site) {
      return weights.get(site.path() + "_path.w").times(weights.get(site.path() + "_path.norm"));
    }

    /// `w · RMSNorm(v)`, `[batch, pos]`, or `[batch, pos, reader]` for several queries.
    private Tensor score(Tensor v, Tensor query) {
      Tensor product = Sources.wide(v.dot(query, "d_model"));
      return product.times(Sources.inverseRms(v, spec.epsilon));
    }

    @Override
    public Routing routeRead(State stream, Site site) {
      Tensor query = query(site);
      if (twoPhase(site)) {
        return stream
            .partial
            .map(partial -> Routing.of("share", share(stream, site, score(partial, query))))
            .orElse(Routing.none());
      }
      List<Tensor> scores = stream.sources().stream().map(v -> score(v, query)).toList();
      return Routing.of("weights", Sources.columns(scores).softmax("source").to(query.dtype()));
    }

    /// The end reads once, so phase one would save it nothing.
    private boolean twoPhase(Site site) {
      return spec.evaluation == Evaluation.TWO_PHASE && site.sublayer() != Site.Sublayer.UNEMBED;
    }

    /// The share of the softmax that finished blocks have, `[batch, pos]`: `1 / (1 + e^(s − log
    /// Z))`.
    private Tensor share(State stream, Site site, Tensor partialScore) {
      Tensor log =
          stream
              .ahead
              .map(ahead -> ahead.log.at("reader", reader(site)))
              .orElseGet(() -> score(stream.finished.newest(), query(site)));
      return log.minus(partialScore).sigmoid().to(stream.finished.newest().dtype());
    }

    /// The number of a site within its block.
    private int reader(Site site) {
      return depth.before(site) % spec.blockSize;
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      Tensor mixed =
          twoPhase(site)
              ? merged(stream, site, routing)
              : Sources.mix(stream.sources(), routing.get("weights"));
      return new Reading.One(stream.finished.seen(mixed));
    }

    /// Phase two.
    private Tensor merged(State stream, Site site, Routing routing) {
      Tensor mix =
          stream
              .ahead
              .map(ahead -> ahead.mixes.get(reader(site)))
              .orElseGet(stream.finished::newest);
      return stream
          .partial
          .map(partial -> {
            Tensor share = routing.get("share");
            return mix.times(share).plus(partial.times(share.times(-1).plus(1)));
          })
          .orElse(mix);
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      if (spec.evaluation == Evaluation.NAIVE || next(stream.written + 1).isEmpty()) {
        return Routing.none();
      }
      Sources finished = stream.finished.with(partial(stream, passage.out()));
      // One pass over a source serves all readers of the block.
      Tensor queries =
          Tensor.stack("reader", next(stream.written + 1).stream().map(this::query).toList());
      Tensor all =
          Sources.columns(finished.vectors().stream().map(v -> score(v, queries)).toList());
      return Routing.of("ahead", all.softmax("source").to(passage.out().dtype()))
          .and("ahead_log", all.logSumExp("source"));
    }

    /// The sublayers of the block that begins after so many writes; none if none begins.
    private List<Site> next(int written) {
      int size = depth.sites().size();
      return spec.closes(written) && written < size
          ? depth.sites().subList(written, Math.min(size, written + spec.blockSize))
          : List.of();
    }

    private static Tensor partial(State stream, Tensor out) {
      return stream.partial.map(before -> before.plus(out)).orElse(out);
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      Tensor sum = partial(stream, out);
      int written = stream.written + 1;
      if (!spec.closes(written)) {
        return new State(stream.finished, Optional.of(sum), written, stream.ahead);
      }
      Sources finished = stream.finished.with(sum);
      return new State(finished, Optional.empty(), written, phaseOne(finished, routing));
    }

    private static Optional<PhaseOne> phaseOne(Sources finished, Routing routing) {
      if (!routing.has("ahead")) {
        return Optional.empty();
      }
      Tensor ahead = routing.get("ahead");
      List<Tensor> mixes = Sources.mixes(finished.vectors(), ahead.rename("reader", "out"));
      return Optional.of(new PhaseOne(mixes, routing.get("ahead_log")));
    }

    @Override
    public State map(State stream, UnaryOperator<Tensor> change) {
      return new State(
          stream.finished.map(change),
          stream.partial.map(change),
          stream.written,
          stream.ahead.map(ahead -> ahead.map(change)));
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(
          stream.finished.plusOutside(delta), stream.partial, stream.written, stream.ahead);
    }
  }
}
