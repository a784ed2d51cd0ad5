package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// After a block, the stream becomes a weighted sum of the embedding and all blocks' outputs
/// (Pagliardini et al. 2024, arXiv:2402.02622, section 3): `Y_i = Σ_j α_ij X_j` over the `j ≤ i`
/// with `j ≡ i (mod k)`, after every `p`-th block. Weights are free numbers, one-hot at the start.
///
/// @param dilation `k`: how far apart the blocks are that one average reads
/// @param period `p`: how many blocks lie between averages
public record DenseFormer(int dilation, int period) implements PathwaySpec {

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(1, "dilation", dilation)
        .atLeast(1, "period", period)
        .sequential("DenseFormer", depth)
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int i = 1; i <= depth.nLayers(); i++) {
      if (averages(i)) {
        int sources = read(i).size();
        weights.put(name(i), Weight.oneHot(Shape.of(Sources.axis(sources)), sources - 1));
      }
    }
    return weights;
  }

  private static String name(int i) {
    return "blocks.%d.path.alpha".formatted(i - 1);
  }

  private boolean averages(int i) {
    return i % period == 0;
  }

  /// Which of `X_0 .. X_i` the average after block `i` reads, oldest first.
  private List<Integer> read(int i) {
    return IntStream.rangeClosed(0, i).filter(j -> j % dilation == i % dilation).boxed().toList();
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double flops = 0;
    double moved = 0;
    double averages = 0;
    for (int i = 1; i <= depth.nLayers(); i++) {
      if (averages(i)) {
        int sources = read(i).size();
        flops += PathwayCost.mix(sources, d);
        moved += sources * d;
        averages++;
      }
    }
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        averages * d,
        0,
        held(depth.nLayers()) * d,
        Sources.payload(this::held, depth));
  }

  /// How many vectors there are after so many blocks: an average is one more.
  private double held(int blocks) {
    return blocks + 1.0 + (blocks > 0 && averages(blocks) ? 1 : 0);
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Averaged(this, depth, weights);
  }

  /// The stream and what it was after each block.
  ///
  /// @param current what the next sublayer reads, `[batch, pos, d_model]`
  /// @param outputs `X_0, X_1, …`, each `[batch, pos, d_model]`
  private record State(Tensor current, List<Tensor> outputs) {}

  /// The pathway with its numbers.
  private record Averaged(DenseFormer spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(embed, List.of(embed));
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream.current);
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      Tensor sum = stream.current.plus(out);
      if (!depth.closesBlock(site)) {
        return new State(sum, stream.outputs);
      }
      List<Tensor> outputs = new ArrayList<>(stream.outputs);
      outputs.add(sum);
      int i = site.layer() + 1;
      return new State(spec.averages(i) ? average(outputs, i) : sum, List.copyOf(outputs));
    }

    private Tensor average(List<Tensor> outputs, int i) {
      return Sources.mix(
          spec.read(i).stream().map(outputs::get).toList(), weights.get(DenseFormer.name(i)));
    }

    @Override
    public State map(State stream, UnaryOperator<Tensor> change) {
      return new State(change.apply(stream.current), stream.outputs.stream().map(change).toList());
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.current.plus(delta), stream.outputs);
    }

    @Override
    public State replace(State stream, Tensor before, Tensor after) {
      return new State(after, stream.outputs);
    }
  }
}
