package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Every block reads a convex mix of everything before it: `x_n = Σ_i softmax(α_n)_i h_i`
/// (Charpentier & Samuel 2023, "Not all layers are equally as important: Every Layer Counts BERT",
/// arXiv:2311.02265). No setting of it is the additive stream.
///
/// @param variant which of the paper's four
/// @param epsilon of the norm in the normalized variant
public record ElcBert(Variant variant, double epsilon) implements PathwaySpec {

  /// How a block's own sums go, and what the mixes start from.
  public enum Variant {
    /// `y = a + MLP(a)`, `a = Att(x)`; mixes favour the newest at the start.
    BASE,
    /// `y = a + MLP(x + a)`; mixes start as the mean.
    ZERO,
    /// As `ZERO`, each block's output centred and scaled before it is mixed.
    NORMALIZED,
    /// As `ZERO`, and the end reads a mix of everything too.
    WEIGHTED_OUTPUT
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .positive("epsilon", epsilon)
        .sequential("ELC-BERT", depth)
        .that(
            depth.sites().stream().noneMatch(s -> s.sublayer() == Site.Sublayer.LOCAL),
            "ELC-BERT's blocks add nothing to what they read, so a local mixer has no stream to"
                + " write to; use canon or a branch instead")
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int n = 0; n < depth.nLayers(); n++) {
      weights.put("blocks.%d.path.alpha".formatted(n), alpha(n + 1));
    }
    if (variant == Variant.WEIGHTED_OUTPUT) {
      weights.put("final_path.alpha", alpha(depth.nLayers() + 1));
    }
    return weights;
  }

  private Weight alpha(int sources) {
    Shape shape = Shape.of(Sources.axis(sources));
    return variant == Variant.BASE
        ? Weight.oneHot(shape, sources - 1)
        : Weight.numbers(shape, Collections.nCopies(sources, 0.0));
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    return variant == Variant.NORMALIZED
        ? depth.sites().stream()
            .filter(depth::closesBlock)
            .map(site -> new HookPoint.Route(site, HookPoint.Moment.WRITE, "scale"))
            .toList()
        : List.of();
  }

  @Override
  public double startFactor(String weight, Depth depth) {
    if (!weight.contains(".mlp.W_")) {
      return 1;
    }
    String fromLayer = weight.substring(weight.indexOf('.') + 1);
    int layer = Integer.parseInt(fromLayer.substring(0, fromLayer.indexOf('.')));
    return Math.sqrt(1 / (2.0 * (1 + layer)));
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double l = depth.nLayers();
    boolean again = variant != Variant.BASE;
    boolean normed = variant == Variant.NORMALIZED;
    double flops = 0;
    double moved = 0;
    for (Site site : depth.sites()) {
      double sources = site.layer() + 1.0;
      boolean first = depth.opensBlock(site);
      if (first || again) {
        flops += PathwayCost.mix(sources, d) + (first ? 0 : d);
        moved += (sources + (first ? 1 : 2)) * d;
      }
      boolean sums = depth.closesBlock(site) && !first;
      flops += (sums ? d : 0) - d;
      moved += ((sums ? 3 : 0) - PathwayCost.PLAIN_MOVES) * d;
      if (normed && depth.closesBlock(site)) {
        flops += (sums ? d : 0) + 7 * d + 2;
        moved += 2 * d;
      }
    }
    double end = variant == Variant.WEIGHTED_OUTPUT ? l + 1 : 0;
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops + (end > 0 ? PathwayCost.mix(end, d) : 0),
        moved + (end > 0 ? (end + 1) * d : 0),
        (Math.max(l, end) + (normed ? 2 * l : 0)) * d,
        0,
        (l + 1) * d,
        Sources.payload(blocks -> blocks + 1, depth));
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Mixed(this, depth, weights);
  }

  /// Where a block is.
  ///
  /// @param blocks the embedding and the outputs of all finished blocks
  /// @param attention what attention of an unfinished block wrote, `[batch, pos, d_model]`
  private record State(Sources blocks, Optional<Tensor> attention) {}

  /// The pathway with its numbers.
  private record Mixed(ElcBert spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(Sources.of(embed), Optional.empty());
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      return new Reading.One(
          switch (site.sublayer()) {
            case LOCAL, ATTENTION -> input(stream);
            case MLP -> middle(stream);
            case UNEMBED -> end(stream);
          });
    }

    private Tensor input(State stream) {
      int n = stream.blocks.size() - 1;
      return stream.blocks.mixed(softmax("blocks.%d.path.alpha".formatted(n), n + 1));
    }

    private Tensor middle(State stream) {
      Tensor attention = stream.attention.orElseThrow();
      return spec.variant == Variant.BASE
          ? stream.blocks.seen(attention)
          : input(stream).plus(attention);
    }

    private Tensor end(State stream) {
      if (stream.attention.isPresent()) {
        return middle(stream);
      }
      return spec.variant == Variant.WEIGHTED_OUTPUT
          ? stream.blocks.mixed(softmax("final_path.alpha", stream.blocks.size()))
          : stream.blocks.seen(stream.blocks.newest());
    }

    private Tensor softmax(String name, int sources) {
      return Sources.wide(weights.get(name))
          .slice("source", 0, sources)
          .softmax("source")
          .to(weights.get(name).dtype());
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      if (spec.variant != Variant.NORMALIZED || !depth.closesBlock(site)) {
        return Routing.none();
      }
      Tensor centred = centred(output(stream, passage.out()));
      return Routing.of("scale", centred.square().mean("d_model").plus(spec.epsilon).sqrt());
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      if (!depth.closesBlock(site)) {
        return new State(stream.blocks, Optional.of(out));
      }
      Tensor y = output(stream, out);
      Tensor kept =
          spec.variant == Variant.NORMALIZED ? centred(y).dividedBy(routing.get("scale")) : y;
      return new State(stream.blocks.with(kept), Optional.empty());
    }

    private static Tensor output(State stream, Tensor out) {
      return stream.attention.map(a -> a.plus(out)).orElse(out);
    }

    private static Tensor centred(Tensor y) {
      return y.minus(y.mean("d_model"));
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.blocks.plusOutside(delta), stream.attention);
    }
  }
}
