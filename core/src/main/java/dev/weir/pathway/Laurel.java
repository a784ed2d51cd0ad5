package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Learned augmented residual layers (Menghani et al. 2024, "LAuReL", arXiv:2411.07501, section 2),
/// any of three together: residual weights, `x' = a F(x) + b x`; a low-rank map, `x' = F(x) + x + B
/// A x`; previous activations, `x' = F(x) + x + Σ_j γ_j g(x_{i-j})` with a low-rank `g`.
///
/// With `a = b = 1`, `B = 0` and `γ = 0` it is the plain stream. Training starts there but for the
/// bounded weights, which start at 1 too.
///
/// @param residualWeights whether the write and the stream have weights
/// @param rank of the low-rank map; 0 for none
/// @param previous how many earlier states a write may add again; 0 for none
/// @param previousRank rank of `g`; 0 for the identity
public record Laurel(ResidualWeights residualWeights, int rank, int previous, int previousRank)
    implements PathwaySpec {

  /// How the weights of the write and the stream are bounded.
  public enum ResidualWeights {
    /// There are none.
    NONE,
    /// Each is `2σ(·)`, between 0 and 2.
    SIGMOID,
    /// Both are `2 softmax(·)`, and sum to 2.
    SOFTMAX
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(0, "rank", rank)
        .atLeast(0, "previous", previous)
        .atLeast(0, "previous_rank", previousRank)
        .sequential("LAuReL", depth)
        .that(
            residualWeights != ResidualWeights.NONE || rank > 0 || previous > 0,
            "LAuReL needs residual weights, a rank above 0 or previous states")
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Site site : depth.sites()) {
      String path = site.path() + "_path.";
      if (residualWeights != ResidualWeights.NONE) {
        weights.put(path + "ab", Weight.constant(Shape.of(new Axis("part", 2)), 0));
      }
      if (rank > 0) {
        lowRank(weights, path, depth, rank);
      }
      int states = Math.min(previous, depth.before(site));
      if (states > 0) {
        weights.put(path + "gamma", Weight.constant(Shape.of(new Axis("source", states)), 0));
        if (previousRank > 0) {
          Axis low = new Axis("low", previousRank);
          weights.put(path + "g_down", matrix(depth.width(), low, depth));
          weights.put(path + "g_up", matrix(low, depth.width(), depth));
        }
      }
    }
    return weights;
  }

  private static void lowRank(Map<String, Weight> weights, String path, Depth depth, int rank) {
    Axis low = new Axis("low", rank);
    weights.put(path + "A", matrix(depth.width(), low, depth));
    weights.put(
        path + "B",
        new Weight(Shape.of(low, depth.width()), new Weight.Start.Constant(0), Weight.Decay.ON));
  }

  private static Weight matrix(Axis from, Axis to, Depth depth) {
    return Weight.matrix(Shape.of(from, to), 1 / Math.sqrt(depth.dModel()));
  }

  @Override
  public StreamState state() {
    return previous == 0 ? StreamState.VECTOR : StreamState.HISTORY;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    boolean weighted = residualWeights != ResidualWeights.NONE;
    double flops = 0;
    double moved = 0;
    double kept = 0;
    for (Site site : depth.sites()) {
      int states = Math.min(previous, depth.before(site));
      flops += (weighted ? 2 * d : 0) + (rank > 0 ? 4 * d * rank + d : 0);
      kept += (weighted ? d : 0) + rank;
      if (states > 0) {
        flops += PathwayCost.mix(states, d) + 4 * d * previousRank + d;
        moved += states * d;
        kept += previousRank > 0 ? d + previousRank : 0;
      }
    }
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        kept,
        0,
        held(depth.sites().size()) * d,
        Sources.payload(blocks -> held(writes(blocks, depth)), depth));
  }

  private double held(long writes) {
    return 1.0 + Math.min(previous, writes);
  }

  private static long writes(int blocks, Depth depth) {
    return depth.sites().stream().filter(site -> site.layer() < blocks).count();
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Learned(this, weights);
  }

  /// The stream and what it was before.
  ///
  /// @param current `[batch, pos, d_model]`
  /// @param before earlier states, newest first, each `[batch, pos, d_model]`
  private record State(Tensor current, List<Tensor> before) {}

  /// The pathway with its numbers.
  private record Learned(Laurel spec, Weights weights) implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(embed, List.of());
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream.current);
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      String path = site.path() + "_path.";
      Tensor sum = sum(stream.current, out, path);
      if (spec.rank > 0) {
        sum = sum.plus(lowRank(stream.current, path + "A", path + "B"));
      }
      Optional<Tensor> earlier = earlier(stream, path);
      List<Tensor> before = new ArrayList<>(stream.before);
      before.addFirst(stream.current);
      return new State(
          earlier.map(sum::plus).orElse(sum),
          List.copyOf(before.subList(0, Math.min(spec.previous, before.size()))));
    }

    private Tensor sum(Tensor stream, Tensor out, String path) {
      return switch (spec.residualWeights) {
        case NONE -> stream.plus(out);
        case SIGMOID -> weighted(stream, out, weights.get(path + "ab").sigmoid().times(2));
        case SOFTMAX -> weighted(stream, out, weights.get(path + "ab").softmax("part").times(2));
      };
    }

    private static Tensor weighted(Tensor stream, Tensor out, Tensor ab) {
      return out.times(ab.at("part", 0)).plus(stream.times(ab.at("part", 1)));
    }

    private Tensor lowRank(Tensor x, String down, String up) {
      return x.dot(weights.get(down), "d_model").dot(weights.get(up), "low");
    }

    private Optional<Tensor> earlier(State stream, String path) {
      if (stream.before.isEmpty()) {
        return Optional.empty();
      }
      Tensor mix = Sources.mix(stream.before, weights.get(path + "gamma"));
      return Optional.of(
          spec.previousRank > 0 ? lowRank(mix, path + "g_down", path + "g_up") : mix);
    }

    @Override
    public State map(State stream, UnaryOperator<Tensor> change) {
      return new State(change.apply(stream.current), stream.before.stream().map(change).toList());
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.current.plus(delta), stream.before);
    }

    @Override
    public State replace(State stream, Tensor before, Tensor after) {
      return new State(after, stream.before);
    }
  }
}
