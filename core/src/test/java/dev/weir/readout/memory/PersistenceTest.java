package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.Decomposition;
import dev.weir.readout.Estimate;
import dev.weir.readout.Places;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PersistenceTest {

  /// Float64 throughout; what remains is the order of summation, of numbers up to about 1000.
  private static final Offset<Double> EXACT = within(1e-8);

  static Stream<String> models() {
    return EveryModel.names();
  }

  private static int last(Transformer model) {
    return model.spec().nLayers() - 1;
  }

  private static Persistence of(Transformer model, StreamTrace trace, String write, Rows rows) {
    return Persistence.of(
        model, trace, new Persistence.Subject.Of(Write.parse(write, model)), rows);
  }

  @ParameterizedTest
  @MethodSource("models")
  void allWritesTogetherAreTheStreamAlongTheWrite(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Persistence.capture())) {
      for (String write : List.of("0_attn_out", "L%dH1".formatted(last(model)))) {
        Persistence found = of(model, trace, write, new Rows.AfterFirst());
        Persistence.Point last = found.curve().getLast();
        if (last.along().count() == 0) {
          continue; // Nothing arrives of it where its pathway has not read it yet.
        }
        double scale = found.writers().values().stream().mapToDouble(e -> Math.abs(e.mean())).sum();
        double sum = found.writers().values().stream().mapToDouble(Estimate::mean).sum();
        assertThat(sum / scale).as(write).isCloseTo(last.along().mean() / scale, EXACT);
        for (Persistence.Point point : found.curve()) {
          assertThat(point.kept().mean() + point.others().mean())
              .as(write + " at " + point.place())
              .isCloseTo(point.grown().mean(), within(1e-8 * Math.max(1, scale)));
        }
      }
    }
  }

  /// Against the dot products written out, from the pathway's own transport of a single write.
  @ParameterizedTest
  @MethodSource("models")
  void theCurveIsTheStreamAndTheCarriedWriteAlongTheArrivedWrite(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Persistence.capture())) {
      Site site = Site.attention(last(model));
      Transport transport = Transport.of(model, trace);
      Tensor written = transport.written(site);
      Persistence found = of(model, trace, last(model) + "_attn_out", new Rows.One(-1));
      int last = EveryModel.tokens(name).length - 1;
      List<Stops.Stop> stops =
          Stops.of(model).stream()
              .filter(stop -> stop.writes(transport) > transport.sites().indexOf(site))
              .toList();
      Tensor one = new Rows.One(-1).only(written);
      double[] arrived = row(transport.carried(one, site, stops.getFirst().point()), last);
      double square = dot(arrived, arrived);
      for (Stops.Stop stop : stops) {
        double[] stream = row(trace.get(stop.point()), last);
        double[] carried = row(transport.carried(one, site, stop.point()), last);
        Persistence.Point point = found.at(stop.label());
        if (square == 0) {
          assertThat(point.along().count()).isZero();
          continue;
        }
        double scale = Math.max(1, Math.abs(point.along().mean()));
        assertThat(point.along().mean() / scale)
            .as(stop.label())
            .isCloseTo(dot(stream, arrived) / square / scale, EXACT);
        assertThat(point.kept().mean() / scale)
            .isCloseTo(dot(carried, arrived) / square / scale, EXACT);
        assertThat(point.share().mean())
            .isCloseTo(
                Math.sqrt(dot(carried, carried) / dot(stream, stream)), within(1e-9 * scale));
      }
    }
  }

  private static double[] row(Tensor value, int position) {
    return value.at("pos", position).toDoubles();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("models")
  void sourcesAndNeuronsAddUpToWhatTheirSublayersWrote(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.captureSources())) {
      Transport transport = Transport.of(model, trace);
      long length = EveryModel.tokens(name).length;
      int layer = last(model);
      Tensor early = transport.headWrites(layer, 0, 2).sum("key_pos");
      Tensor late = transport.headWrites(layer, 2, length - 2).sum("key_pos");
      same(early.plus(late), transport.headWrites(layer));
      if (!model.spec().blocks().get(layer).hasMlp()) {
        return;
      }
      Tensor neurons = transport.bias(Site.mlp(layer)).orElse(transport.embedded().times(0));
      for (int n = 0; n < model.spec().blocks().get(layer).mlp().neurons(); n++) {
        neurons = transport.neuronWrite(layer, n).plus(neurons);
      }
      same(neurons.order("pos", "d_model"), transport.written(Site.mlp(layer)));
    }
  }

  private static void same(Tensor ours, Tensor expected) {
    String[] axes = expected.shape().names().toArray(String[]::new);
    assertThat(Golden.largestDifference(ours.order(axes).toDoubles(), expected.toDoubles()))
        .isLessThan(1e-9);
  }

  // ---------------------------------------------------------------- planted

  @Test
  void aHeadThatErasesAnotherBringsItsCurveToZero() {
    Planted planted =
        new Planted(new PreNorm())
            .head(0, 0, 0, 1, 6, 1)
            .head(0, 1, 0, 1, 7, 1)
            .head(1, 0, 0, 6, 6, -1);
    try (Transformer model = planted.model();
        StreamTrace trace = model.trace(Planted.TOKENS, Persistence.capture())) {
      // Token 1 alone is read; where it stands, one unit is written.
      Persistence erased = of(model, trace, "L0H0", new Rows.One(1));
      assertThat(erased.at("1_pre").grown().mean()).isEqualTo(1);
      assertThat(erased.at("final_post").grown().mean()).isZero();
      assertThat(erased.at("final_post").others().mean()).isEqualTo(-1);
      assertThat(erased.at("final_post").kept().mean()).isEqualTo(1);
      Persistence untouched = of(model, trace, "L0H1", new Rows.One(1));
      assertThat(untouched.at("final_post").grown().mean()).isEqualTo(1);
      assertThat(untouched.at("final_post").others().mean()).isZero();
    }
  }

  /// `(I − β k kᵀ)` with `k` along the embedding: the gate's bias sets `β = 2σ(b)`.
  private static Planted delta(double gateBias) {
    DeepDelta pathway =
        new DeepDelta(
            1,
            DeepDelta.Compressor.NONE,
            DeepDelta.EmbeddingChannels.REPEATED,
            DeepDelta.Value.LINEAR,
            DeepDelta.Gate.ONE_LAYER,
            1,
            DeepDelta.Update.DELTA,
            1e-9);
    return new Planted(pathway)
        .head(0, 0, 0, 1, 1, 1)
        .set("blocks.0.attn_path.b_beta", gateBias)
        .set("blocks.1.attn_path.b_beta", gateBias);
  }

  @Test
  void theDeltaRuleWithTargetZeroErasesWhatItIsPointedAt() {
    try (Transformer model = delta(0).model();
        StreamTrace trace = model.trace(Planted.TOKENS, Persistence.capture())) {
      Persistence embedding = of(model, trace, "embed", new Rows.One(1));
      assertThat(embedding.at("0_pre").kept().mean()).isEqualTo(1);
      // ‖k‖² is 1 / (1 + ε²), which is 1 in float64.
      assertThat(embedding.at("1_pre").kept().mean()).isZero();
      assertThat(embedding.halfLife()).hasValue(0.5);
      // At another token the head writes nothing, so nothing is erased.
      assertThat(of(model, trace, "embed", new Rows.One(2)).at("final_post").kept().mean())
          .isEqualTo(1);
    }
  }

  @Test
  void aGateOfTwoTurnsTheSign() {
    try (Transformer model = delta(50).model();
        StreamTrace trace = model.trace(Planted.TOKENS, Persistence.capture())) {
      Persistence embedding = of(model, trace, "embed", new Rows.One(1));
      assertThat(embedding.at("1_pre").kept().mean()).isEqualTo(-1);
    }
  }

  // ---------------------------------------------------------------- directions and texts

  @Test
  void aDirectionIsFollowedInUnitsOfItsLength() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Persistence.capture())) {
      double[] direction = new double[model.spec().dModel()];
      direction[3] = 2;
      Persistence found =
          Persistence.of(
              model,
              trace,
              new Persistence.Subject.Along("third", Arrays.stream(direction).boxed().toList()),
              new Rows.One(2));
      assertThat(found.curve().stream().map(Persistence.Point::place))
          .isEqualTo(Places.SUBLAYERS.of(model.spec()).stream().map(Places.Place::label).toList());
      double there = trace.get(new HookPoint.ResidMid(1)).at("pos", 2).toDoubles()[3];
      assertThat(found.at("1_mid").along().mean()).isCloseTo(there / 2, EXACT);
      assertThat(found.at("1_mid").kept().mean()).isNaN();
      double sum = found.writers().values().stream().mapToDouble(Estimate::mean).sum();
      assertThat(sum).isCloseTo(found.at("final_post").along().mean(), EXACT);
    }
  }

  @Test
  void withSeveralTextsEachCountsOnce() {
    String name = "models/gpt2";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      var subject = new Persistence.Subject.Of(new Write.Head(0, 1));
      Persistence.Reader reader = Persistence.reader(model, subject, new Rows.AfterFirst());
      double[] means = new double[3];
      for (int i = 0; i < 3; i++) {
        int[] text = Arrays.copyOf(tokens, tokens.length - i);
        try (StreamTrace trace = model.trace(text, Persistence.capture())) {
          reader.read(trace);
          means[i] =
              Persistence.of(model, trace, subject, new Rows.AfterFirst())
                  .at("final_post")
                  .grown()
                  .mean();
        }
      }
      Estimate expected = Estimate.of(means);
      Estimate found = reader.found().at("final_post").grown();
      assertThat(found.mean()).isCloseTo(expected.mean(), EXACT);
      assertThat(found.low()).isCloseTo(expected.low(), EXACT);
      assertThat(found.count()).isEqualTo(3);
    }
  }

  @Test
  void impossibleQuestionsAreRefusedInOneLine() {
    String name = "models/gpt2";
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace one = model.trace(EveryModel.tokens(name), Persistence.capture().at(-1));
        StreamTrace all = model.trace(EveryModel.tokens(name), Persistence.capture())) {
      for (String label : List.of("L9H0", "L0H9", "L0N9999", "7_mlp_out", "0_local_out")) {
        assertThatExceptionOfType(MemoryException.class)
            .isThrownBy(() -> Write.parse(label, model))
            .withMessageContaining("has no '" + label + "'");
      }
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> Write.parse("head 3", model))
          .withMessage(
              "'head 3' is nothing that writes. Where: write. To fix: name one as embed, L0H3 (a"
                  + " head), 0_attn_out, 0_mlp_out, 0_local_out or L0N17 (a neuron).");
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> of(model, one, "embed", new Rows.All()))
          .withMessageContaining("needs every position");
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> of(model, all, "embed", new Rows.One(99)))
          .withMessageContaining("no position 99");
      for (List<Double> bad : List.of(List.of(1.0), Collections.nCopies(16, 0.0))) {
        assertThatExceptionOfType(MemoryException.class)
            .isThrownBy(() ->
                Persistence.reader(
                    model, new Persistence.Subject.Along("bad", bad), new Rows.All()))
            .withMessageContaining("direction");
      }
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() ->
              Persistence.reader(
                      model, new Persistence.Subject.Of(new Write.Embedding()), new Rows.All())
                  .found())
          .withMessageContaining("No text was read");
    }
  }
}
