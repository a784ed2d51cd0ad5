package dev.weir.laws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Transformer;
import dev.weir.pathway.Depth;
import dev.weir.pathway.Past;
import dev.weir.pathway.PathwayCost;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.pathway.Weight;
import dev.weir.pathway.Weights;
import dev.weir.stream.Capture;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The laws can fail: pathways that break one are found out by the check that holds it.
///
/// Lines of the product that were broken by hand, and what failed then:
///
/// - `DeepDelta`, `(I − β k kᵀ) x` with a plus: `DeepDeltaTest` at every gate but 0;
///   `PathwayGoldenTest` on every delta model.
/// - `LocalAttention`, a window one wider: `LocalAttentionTest`, the softmax written out and what
///   lies before the window.
/// - `DeepCrossAttention`, the output that leaves the window dropped, not added to the middle:
///   `NeutralTest` on `dca-2`.
/// - `Lanes`, the written lane's weight taken from its neighbour: `PathwayGoldenTest`.
/// - `SequencePast`, a tail one position short: `ConformanceTest`, chunks, on every convolution.
class NegativeControlsTest {

  /// A pathway of one tensor that reads what it holds.
  private interface Simple extends PathwaySpec, ResidualPathway<Tensor> {
    @Override
    default List<String> problems(Depth depth) {
      return List.of();
    }

    @Override
    default Map<String, Weight> weights(Depth depth) {
      return Map.of();
    }

    @Override
    default ResidualPathway<?> over(Depth depth, Weights weights) {
      return this;
    }

    @Override
    default PathwayCost cost(Depth depth) {
      return PathwayCost.none(depth);
    }

    @Override
    default Tensor open(Tensor embed, Past past) {
      return embed;
    }

    @Override
    default Reading read(Tensor stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream);
    }

    @Override
    default Tensor add(Tensor stream, Tensor delta) {
      return stream.plus(delta);
    }
  }

  /// Writes against the sign.
  private record WrongSign() implements Simple {
    @Override
    public Tensor write(Tensor stream, Site site, Routing routing, Tensor out) {
      return stream.minus(out);
    }
  }

  /// Routes while it transports.
  private record NotLinear() implements Simple {
    @Override
    public Tensor write(Tensor stream, Site site, Routing routing, Tensor out) {
      return stream.plus(out.tanh());
    }
  }

  /// Remembers the embedding and the two latest writes, and forgets what lies between.
  private record ForgetsTheMiddle() implements PathwaySpec, ResidualPathway<List<Tensor>> {
    @Override
    public List<String> problems(Depth depth) {
      return List.of();
    }

    @Override
    public Map<String, Weight> weights(Depth depth) {
      return Map.of();
    }

    @Override
    public ResidualPathway<?> over(Depth depth, Weights weights) {
      return this;
    }

    @Override
    public PathwayCost cost(Depth depth) {
      return PathwayCost.none(depth);
    }

    @Override
    public List<Tensor> open(Tensor embed, Past past) {
      return List.of(embed);
    }

    @Override
    public Reading read(List<Tensor> stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream.stream().reduce(Tensor::plus).orElseThrow());
    }

    @Override
    public List<Tensor> write(List<Tensor> stream, Site site, Routing routing, Tensor out) {
      List<Tensor> kept = new ArrayList<>(stream);
      kept.add(out);
      if (kept.size() > 3) {
        kept.remove(1);
      }
      return kept;
    }

    @Override
    public List<Tensor> add(List<Tensor> stream, Tensor delta) {
      return write(stream, Site.attention(0), Routing.none(), delta);
    }
  }

  @Test
  void aWrongSignIsNotThePlainStream() {
    assertThat(NeutralTest.distanceFromPlain(new WrongSign())).isGreaterThan(0.1);
  }

  @Test
  void aForgottenMiddleIsNotThePlainStream() {
    assertThat(NeutralTest.distanceFromPlain(new ForgetsTheMiddle())).isGreaterThan(0.1);
  }

  @Test
  void transportThatIsNotLinearIsFound() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(PathwayModels.on(new NotLinear()), DType.FLOAT64);
        StreamTrace trace = model.trace(new int[] {3, 1, 4, 1, 5}, Capture.matching("*"))) {
      assertThat(Laws.departureFromLinearity(model, trace)).isGreaterThan(0.1);
    }
  }
}
