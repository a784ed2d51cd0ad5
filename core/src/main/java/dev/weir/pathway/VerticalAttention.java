package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A stand-in for "Vertical Attention" (Kojima et al., OpenReview A6uabXKiXc), whose equations
/// could not be read: as its public reviews describe it, every block begins from `x_n = Σ_i
/// softmax(α_n)_i h_i / rms(h_i)` over the embedding and the outputs of all blocks before.
///
/// @param adjacent whether the newest output is added to the mix, which the reviews leave open
/// @param epsilon added to the mean square
public record VerticalAttention(Adjacent adjacent, double epsilon) implements PathwaySpec {

  /// What becomes of the ordinary residual connection between blocks.
  public enum Adjacent {
    /// The mix takes its place.
    REPLACED,
    /// The mix is added to it.
    KEPT
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .positive("epsilon", epsilon)
        .sequential("Vertical Attention", depth)
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int n = 0; n < depth.nLayers(); n++) {
      weights.put(
          "blocks.%d.path.alpha".formatted(n),
          Weight.numbers(Shape.of(Sources.axis(n + 1)), Collections.nCopies(n + 1, 0.0)));
    }
    return weights;
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    return depth.sites().stream()
        .filter(depth::opensBlock)
        .map(site -> new HookPoint.Route(site, HookPoint.Moment.READ, "weights"))
        .toList();
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double l = depth.nLayers();
    double newest = adjacent == Adjacent.KEPT ? d : 0;
    double flops = 0;
    double moved = 0;
    double fullest = l + 1;
    int written = 0;
    for (Site site : depth.sites()) {
      double sources = site.layer() + 1.0;
      if (depth.opensBlock(site)) {
        written = 0;
        flops += sources * (PathwayCost.inverseRms(d) + 1);
        flops += PathwayCost.mix(sources, d) + newest;
        moved += (sources + sources + 1) * d;
      } else {
        flops += written * d;
        moved += (written + 2) * d;
        fullest = Math.max(fullest, sources + 1 + written);
      }
      written++;
      boolean sums = depth.closesBlock(site);
      flops += (sums ? written * d : 0) - d;
      moved += ((sums ? written + 2 : 0) - PathwayCost.PLAIN_MOVES) * d;
    }
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        l * d,
        0,
        fullest * d,
        Sources.payload(blocks -> blocks + 1, depth));
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Mixed(this, depth, weights);
  }

  /// Where a block is.
  ///
  /// @param blocks the embedding and the outputs of all finished blocks
  /// @param own what the sublayers of an unfinished block wrote, and the mix it began from
  private record State(Sources blocks, List<Tensor> own) {}

  /// The pathway with its numbers.
  private record Mixed(VerticalAttention spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(Sources.of(embed), List.of());
    }

    @Override
    public Routing routeRead(State stream, Site site) {
      if (site.sublayer() == Site.Sublayer.UNEMBED || !depth.opensBlock(site)) {
        return Routing.none();
      }
      return Routing.of("weights", scaledWeights(stream, site));
    }

    /// The softmax over one through the root mean square of each source, `[batch, pos, source]`.
    private Tensor scaledWeights(State stream, Site site) {
      Tensor alpha = weights.get("blocks.%d.path.alpha".formatted(site.layer()));
      List<Tensor> scales =
          stream.blocks.vectors().stream().map(h -> Sources.inverseRms(h, spec.epsilon)).toList();
      return Sources.columns(scales).times(Sources.wide(alpha).softmax("source")).to(alpha.dtype());
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      if (routing.isEmpty()) {
        return new Reading.One(stream.blocks.seen(current(stream)));
      }
      return new Reading.One(stream.blocks.seen(mix(stream, routing)));
    }

    private Tensor mix(State stream, Routing routing) {
      Tensor mix = Sources.mix(stream.blocks.vectors(), routing.get("weights"));
      return spec.adjacent == Adjacent.KEPT ? mix.plus(stream.blocks.newest()) : mix;
    }

    private static Tensor current(State stream) {
      return stream.own.isEmpty() ? stream.blocks.newest() : Sources.sum(stream.own);
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      return reading;
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      List<Tensor> own = new ArrayList<>(stream.own);
      if (own.isEmpty()) {
        own.add(mix(stream, routing));
      }
      own.add(out);
      return depth.closesBlock(site)
          ? new State(stream.blocks.with(Sources.sum(own)), List.of())
          : new State(stream.blocks, List.copyOf(own));
    }

    /// What was read is the mix that the block begins from.
    @Override
    public State pass(State stream, Site site, Routing reading, Passage passage) {
      if (!stream.own.isEmpty() || stream.blocks.outside().isPresent()) {
        return write(stream, site, reading, passage.out());
      }
      List<Tensor> own = List.of(passage.read().single(), passage.out());
      return depth.closesBlock(site)
          ? new State(stream.blocks.with(Sources.sum(own)), List.of())
          : new State(stream.blocks, own);
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.blocks.plusOutside(delta), stream.own);
    }
  }
}
