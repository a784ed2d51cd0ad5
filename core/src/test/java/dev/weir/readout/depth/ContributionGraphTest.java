package dev.weir.readout.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Decomposition;
import dev.weir.readout.Transport;
import dev.weir.readout.depth.ContributionGraph.Edge;
import dev.weir.readout.depth.ContributionGraph.Kind;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContributionGraphTest {

  /// Kept shares of a token's stream add up to 1, but for what biases take; what flows into a place
  /// is no more than what flowed into the next.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void everyModelHasAGraphOrSaysWhyNot(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), ContributionGraph.capture())) {
      if (ContributionGraph.problem(model.spec()).isPresent() || model.pathway().mixesPositions()) {
        assertThatThrownBy(() -> ContributionGraph.of(model, trace, -1, 0.02))
            .isInstanceOf(DepthException.class)
            .hasMessageContaining("This model has no contribution graph");
        return;
      }
      ContributionGraph graph = ContributionGraph.of(model, trace, -1, 0.02);
      Map<ContributionGraph.Node, Double> shares = new HashMap<>();
      Map<Integer, Double> flows = new HashMap<>();
      for (Edge edge : graph.edges()) {
        assertThat(edge.share()).isBetween(0.0199, 1.0 + 1e-9);
        assertThat(edge.from().place()).isEqualTo(edge.to().place() - 1);
        shares.merge(edge.to(), edge.share(), Double::sum);
        flows.merge(edge.to().place(), edge.flow(), Double::sum);
      }
      assertThat(shares.values()).allMatch(sum -> sum < 1 + 1e-9);
      for (int place = 1; place < graph.end().place(); place++) {
        assertThat(flows.get(place)).isLessThan(flows.getOrDefault(place + 1, 0.0) + 1e-9);
      }
    }
  }

  /// What the source tokens write, with the bias, is what attention wrote, and carrying it at one
  /// position is carrying it at all.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pathway/pre_norm/layer/mha",
        "pathway/post_norm/rms/gqa",
        "pathway/ddl-cc/rms/mha",
        "pathway/hc/layer/gqa",
        "gemma2"
      })
  void sourcesAddUpAndAreCarriedAsTheWhole(String name) {
    if (EveryModel.names().noneMatch(name::equals) && !name.contains("/")) {
      return;
    }
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, Decomposition.captureSources())) {
      Transport transport = Transport.of(model, trace);
      int at = tokens.length - 2;
      Site site = Site.attention(1);
      Tensor sources = transport.sourcesAt(Site.attention(1), at);
      Tensor sum = sources.sum("head", "key_pos");
      Tensor heads = transport.headWrites(1).sum("head").at("pos", at);
      // Float64 sums of ten tokens and two heads.
      assertThat(sum.minus(heads).abs().sum().item()).isCloseTo(0, within(1e-9));
      HookPoint place = new HookPoint.ResidPost(2);
      Tensor all = transport.carried(transport.written(site), site, place).at("pos", at);
      Tensor one = transport.carriedAt(transport.written(site).at("pos", at), site, place, at);
      assertThat(one.minus(all).abs().sum().item()).isCloseTo(0, within(1e-9));
    }
  }

  /// The first step back, written out over plain arrays.
  @Test
  void theFirstStepsAgreeWithPlainArithmetic() {
    String name = "pathway/pre_norm/rms/mha";
    int[] tokens = EveryModel.tokens(name);
    int at = tokens.length - 1;
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, ContributionGraph.capture())) {
      List<Edge> edges = ContributionGraph.of(model, trace, at, 0).edges();
      double[] post = row(trace.get(new HookPoint.ResidPost(3)), at);
      double[] mid = row(trace.get(new HookPoint.ResidMid(3)), at);
      double[] mlp = row(trace.get(new HookPoint.MlpOut(3)), at);
      double[] nothing = new double[post.length];
      double byMlp = contribution(post, mlp);
      double all = byMlp + contribution(post, mid) + contribution(post, nothing);
      assertThat(share(edges, "final_post", "3_mlp", at)).isCloseTo(byMlp / all, within(1e-12));

      double[] pre = row(trace.get(new HookPoint.ResidPre(3)), at);
      double[][][] parts = sources(model, trace, 3, at);
      double total = contribution(mid, pre) + contribution(mid, nothing);
      for (double[][] head : parts) {
        for (double[] part : head) {
          total += contribution(mid, part);
        }
      }
      for (int head = 0; head < 2; head++) {
        for (int source = 0; source <= at; source++) {
          assertThat(share(edges, "3_mid", "L3H" + head, source))
              .isCloseTo(contribution(mid, parts[head][source]) / total, within(1e-10));
        }
      }
    }
  }

  private static double[] row(Tensor values, int at) {
    return values.at("pos", at).toDoubles();
  }

  private static double contribution(double[] whole, double[] part) {
    double with = 0;
    double without = 0;
    for (int i = 0; i < whole.length; i++) {
      with += Math.abs(whole[i]);
      without += Math.abs(whole[i] - part[i]);
    }
    return Math.max(with - without, 1e-5);
  }

  /// `A[q, s] · v_s W_O`, head by head.
  private static double[][][] sources(Transformer model, StreamTrace trace, int layer, int at) {
    double[] wO =
        model
            .parameters()
            .get("blocks.%d.attn.W_O".formatted(layer))
            .order("head", "d_head", "d_model")
            .toDoubles();
    int dHead = 6;
    int width = model.spec().dModel();
    double[][][] parts = new double[2][at + 1][width];
    for (int head = 0; head < 2; head++) {
      double[] pattern =
          trace.get(new HookPoint.Pattern(layer)).at("head", head).at("query_pos", at).toDoubles();
      for (int source = 0; source <= at; source++) {
        double[] v =
            trace.get(new HookPoint.Value(layer)).at("pos", source).at("kv_head", head).toDoubles();
        for (int i = 0; i < dHead; i++) {
          for (int d = 0; d < width; d++) {
            parts[head][source][d] += pattern[source] * v[i] * wO[(head * dHead + i) * width + d];
          }
        }
      }
    }
    return parts;
  }

  private static double share(List<Edge> edges, String to, String through, int source) {
    return edges.stream()
        .filter(edge -> edge.to().label().equals(to))
        .filter(edge -> edge.through().equals(through) && edge.from().position() == source)
        .mapToDouble(Edge::share)
        .sum();
  }

  @Test
  void aBlockThatWritesNothingIsOnNoWay() {
    String name = "pathway/pre_norm/layer/gqa";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        var owner = new dev.weir.tensor.TensorOwner();
        Transformer idle = BlockOrderTest.withIdleBlock(model, 2, owner);
        StreamTrace trace = idle.trace(EveryModel.tokens(name), ContributionGraph.capture())) {
      List<Edge> edges = ContributionGraph.of(idle, trace, -1, 0.01).edges();
      assertThat(edges)
          .filteredOn(
              edge -> edge.to().label().equals("2_mid") || edge.to().label().equals("3_pre"))
          .isNotEmpty()
          .allMatch(edge -> edge.kind() == Kind.STREAM && edge.share() > 0.999);
    }
  }

  @Test
  void refusesInWords() {
    String name = "pathway/pre_norm/rms/mha";
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), ContributionGraph.capture())) {
      assertThatThrownBy(() -> ContributionGraph.of(model, trace, 10, 0.1))
          .hasMessageContaining("There is no position 10 in a text of 10 tokens");
      assertThatThrownBy(() -> ContributionGraph.of(model, trace, 0, 1))
          .hasMessageContaining("threshold of 1.0");
    }
  }
}
