package dev.weir.readout.subvalue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SubvaluesTest {
  private static final Subvalues.Options USUAL = Subvalues.Options.usual().with(3);

  /// Float64; exponentials of scores up to 100 are summed in other orders.
  private static final double EXACT = 1e-9;

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void increasesOfSublayersAddUpToThatOfTheWholeStream(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Subvalues.capture())) {
      Subvalues found = Subvalues.of(model, trace, USUAL);
      double sum = found.sublayers().stream().mapToDouble(Scored::importance).sum();
      double whole = found.logProbabilityAfter() - found.logProbabilityBefore();
      assertThat(sum).as(name).isCloseTo(whole, within(EXACT));
      Readout plain = new Readout(model, trace);
      double[] end = row(trace.get(new HookPoint.ResidPost(model.spec().nLayers() - 1)));
      assertThat(found.logProbabilityAfter())
          .as(name)
          .isCloseTo(plain.logProbability(end), within(EXACT));
    }
  }

  /// The paper's definition, written out.
  @ParameterizedTest
  @MethodSource("models")
  void onPlainStreamsEveryUnitIsThePapersFormula(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Subvalues.capture())) {
      if (!model.pathway().additive()
          || model.spec().blocks().getFirst().parallel()
          || model.spec().blocks().getFirst().local().hasSublayer()
          || !(model.spec().blocks().getFirst().ln1Post() instanceof NormSpec.NoNorm)) {
        return;
      }
      Subvalues found = Subvalues.of(model, trace, USUAL);
      Readout plain = new Readout(model, trace);
      for (Scored each : found.mlpNeurons()) {
        check(each, plain, model, trace);
      }
      for (Scored each : found.headPositions()) {
        check(each, plain, model, trace);
      }
      for (Scored each : found.topAttentionNeurons(300)) {
        check(each, plain, model, trace);
      }
      for (Scored each : found.sublayers()) {
        check(each, plain, model, trace);
      }
    }
  }

  private static void check(Scored scored, Readout plain, Transformer model, StreamTrace trace) {
    int last = trace.positions().size() - 1;
    double[] written;
    double[] context;
    switch (scored.unit()) {
      case Unit.Sublayer(Site site) -> {
        written = row(trace.get(site.out()));
        context =
            row(
                trace.get(
                    site.sublayer() == Site.Sublayer.ATTENTION
                        ? new HookPoint.ResidPre(site.layer())
                        : new HookPoint.ResidMid(site.layer())));
      }
      case Unit.MlpNeuron(int layer, int neuron) -> {
        double coefficient =
            trace.get(new HookPoint.MlpPost(layer)).at("pos", last).at("d_mlp", neuron).item();
        assertThat(scored.coefficient()).isEqualTo(coefficient);
        written =
            times(
                coefficient,
                model
                    .parameters()
                    .get("blocks.%d.mlp.W_out".formatted(layer))
                    .at("d_mlp", neuron)
                    .toDoubles());
        context = row(trace.get(new HookPoint.ResidMid(layer)));
      }
      case Unit.HeadAt(int layer, int head, int position) -> {
        written = new double[model.spec().dModel()];
        for (int i = 0; i < model.spec().blocks().get(layer).attention().dHead(); i++) {
          add(written, neuron(model, trace, layer, head, i, position));
        }
        context = row(trace.get(new HookPoint.ResidPre(layer)));
      }
      case Unit.AttentionNeuron(int layer, int head, int neuron, int position) -> {
        written = neuron(model, trace, layer, head, neuron, position);
        context = row(trace.get(new HookPoint.ResidPre(layer)));
      }
      case Unit.Head _, Unit.PathwayBias _ -> throw new AssertionError("not here");
    }
    assertThat(scored.importance())
        .as(scored.unit().label())
        .isCloseTo(
            plain.logProbability(sum(written, context)) - plain.logProbability(context),
            within(EXACT));
  }

  private static double[] neuron(
      Transformer model, StreamTrace trace, int layer, int head, int neuron, int position) {
    var spec = model.spec().blocks().get(layer).attention();
    int last = trace.positions().size() - 1;
    double attended =
        trace
            .get(new HookPoint.Pattern(layer))
            .at("head", head)
            .at("query_pos", last)
            .at("key_pos", position)
            .item();
    double value =
        trace
            .get(new HookPoint.Value(layer))
            .at("pos", position)
            .at("kv_head", head * spec.nKvHeads() / spec.nHeads())
            .at("d_head", neuron)
            .item();
    return times(
        attended * value,
        model
            .parameters()
            .get("blocks.%d.attn.W_O".formatted(layer))
            .at("head", head)
            .at("d_head", neuron)
            .toDoubles());
  }

  private static double[] row(Tensor value) {
    return value.at("pos", value.size("pos") - 1).toDoubles();
  }

  private static double[] times(double factor, double[] row) {
    return Arrays.stream(row).map(x -> factor * x).toArray();
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    add(sum, b);
    return sum;
  }

  private static void add(double[] into, double[] more) {
    for (int i = 0; i < into.length; i++) {
      into[i] += more[i];
    }
  }

  /// `ln softmax(bs(v))_w` with the final norm's scale of the run, in plain Java.
  private static final class Readout {
    private final Norm norm;
    private final double scale;
    private final double[] gain;
    private final double[] unembedding;
    private final Softcap cap;

    Readout(Transformer model, StreamTrace trace) {
      norm = model.lnFinal();
      cap = model.spec().finalSoftcap();
      double[] end = row(trace.get(new HookPoint.ResidPost(model.spec().nLayers() - 1)));
      double[] centred = centred(end);
      double square = Arrays.stream(centred).map(x -> x * x).average().orElseThrow();
      double epsilon =
          switch (norm) {
            case Norm.NoNorm() -> 0;
            case Norm.LayerNorm(_, _, double e) -> e;
            case Norm.LayerNormPre(double e) -> e;
            case Norm.RmsNorm(_, _, double e) -> e;
            case Norm.RmsNormPre(double e) -> e;
          };
      scale = norm instanceof Norm.NoNorm ? 1 : Math.sqrt(square + epsilon);
      gain =
          switch (norm) {
            case Norm.LayerNorm(Tensor weight, _, _) -> weight.toDoubles();
            case Norm.RmsNorm rms -> rms.gain().toDoubles();
            case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> {
              double[] ones = new double[end.length];
              Arrays.fill(ones, 1);
              yield ones;
            }
          };
      unembedding = model.unembedding().order("d_vocab", "d_model").toDoubles();
    }

    private double[] centred(double[] v) {
      boolean centres = norm instanceof Norm.LayerNorm || norm instanceof Norm.LayerNormPre;
      double mean = centres ? Arrays.stream(v).average().orElseThrow() : 0;
      return Arrays.stream(v).map(x -> x - mean).toArray();
    }

    double logProbability(double[] v) {
      double[] centred = centred(v);
      double[] scores = new double[unembedding.length / v.length];
      for (int token = 0; token < scores.length; token++) {
        for (int i = 0; i < v.length; i++) {
          scores[token] += centred[i] / scale * gain[i] * unembedding[token * v.length + i];
        }
        if (cap instanceof Softcap.Tanh(double limit)) {
          scores[token] = limit * Math.tanh(scores[token] / limit);
        }
      }
      double largest = Arrays.stream(scores).max().orElseThrow();
      double total = Arrays.stream(scores).map(s -> Math.exp(s - largest)).sum();
      return scores[3] - largest - Math.log(total);
    }
  }

  // ---------------------------------------------------------------- every pathway

  /// What single units write arrives, added up, as what their sublayer wrote; before the
  /// exponential of the probability everything is linear.
  @ParameterizedTest
  @MethodSource("models")
  void unitsArriveAsTheirSublayerDoes(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Subvalues.capture())) {
      int last = trace.positions().size() - 1;
      Arrivals arrivals = new Arrivals(model, trace, last);
      for (Site site : arrivals.transport().sites()) {
        if (site.sublayer() == Site.Sublayer.LOCAL) {
          continue;
        }
        Tensor whole = arrivals.scores(unit(arrivals.transport().written(site)), site).sum("unit");
        Tensor units =
            site.sublayer() == Site.Sublayer.MLP
                ? ofNeurons(arrivals, site)
                : arrivals
                    .scores(
                        arrivals.transport().headWrites(site.layer()).rename("head", "unit"), site)
                    .sum("unit");
        Tensor all =
            arrivals
                .transport()
                .bias(site)
                .map(b -> b.shape().has("pos") ? b : b.repeat(new Axis("pos", last + 1)))
                .map(b -> units.plus(arrivals.scores(unit(b), site).sum("unit")))
                .orElse(units);
        double size = Arrays.stream(whole.toDoubles()).map(Math::abs).max().orElseThrow();
        assertThat(Golden.largestDifference(all.toDoubles(), whole.toDoubles()))
            .as(name + " " + site)
            .isLessThan(1e-9 * (1 + size));
        if (site.sublayer() == Site.Sublayer.ATTENTION) {
          Tensor neurons = ofAttentionNeurons(model, arrivals, site);
          assertThat(Golden.largestDifference(neurons.toDoubles(), units.toDoubles()))
              .as(name + " " + site + " by neurons")
              .isLessThan(1e-9 * (1 + size));
        }
      }
    }
  }

  /// Over all heads, dimensions and sources.
  private static Tensor ofAttentionNeurons(Transformer model, Arrivals arrivals, Site site) {
    int layer = site.layer();
    Tensor sum = Tensor.of(new double[] {0}, Shape.of());
    for (int head = 0; head < model.spec().blocks().get(layer).attention().nHeads(); head++) {
      Tensor rows =
          arrivals
              .weight("attn.W_O", layer)
              .at("head", head)
              .order("d_head", "d_model")
              .rename("d_head", "unit");
      Tensor coefficients =
          arrivals
              .writers(arrivals.pattern(layer, head), "query_pos", arrivals.position())
              .dot(arrivals.values(layer, head), "key_pos")
              .rename("query_pos", "pos")
              .rename("d_head", "unit")
              .order("unit", "pos");
      Tensor written = arrivals.written(rows, coefficients, site, arrivals.position());
      sum = sum.plus(arrivals.scores(written, site).sum("unit"));
    }
    return sum;
  }

  private static Tensor unit(Tensor written) {
    return written.repeat(new Axis("unit", 1));
  }

  private static Tensor ofNeurons(Arrivals arrivals, Site site) {
    Tensor rows =
        arrivals.weight("mlp.W_out", site.layer()).rename("d_mlp", "unit").order("unit", "d_model");
    Tensor coefficients =
        arrivals
            .writers(
                arrivals.value(new HookPoint.MlpPost(site.layer())), "pos", arrivals.position())
            .rename("d_mlp", "unit")
            .order("unit", "pos");
    return arrivals
        .scores(arrivals.written(rows, coefficients, site, arrivals.position()), site)
        .sum("unit");
  }

  @ParameterizedTest
  @MethodSource("models")
  void sharesOfQueryLayersAddUpToTheIncreasesOfTheirNeurons(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Subvalues.capture())) {
      Subvalues found = Subvalues.of(model, trace, new Subvalues.Options(USUAL.target(), 20, 5));
      double mlp = found.topMlpNeurons(5).stream().mapToDouble(Scored::importance).sum();
      double attention =
          found.topAttentionNeurons(5).stream().mapToDouble(Scored::importance).sum();
      double shares =
          Stream.concat(found.mlpQueryLayers().stream(), found.attentionQueryLayers().stream())
              .mapToDouble(QueryShare::share)
              .sum();
      if (found.withoutShares() == 0) {
        // Shares divide by sums down to a thousandth of their parts.
        assertThat(shares).as(name).isCloseTo(mlp + attention, within(1e-6));
      }
    }
  }

  // ---------------------------------------------------------------- refused

  @Test
  void refusesInOneLine() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32);
        StreamTrace one = model.trace(new int[] {1, 2}, Subvalues.capture().at(-1));
        StreamTrace all = model.trace(new int[] {1, 2}, Subvalues.capture())) {
      assertThatExceptionOfType(SubvalueException.class)
          .isThrownBy(() -> Subvalues.of(model, one, USUAL))
          .withMessage(
              "Subvalues need every position of the text, but this trace kept 1 of 2. Where: trace. To"
                  + " fix: capture all positions.");
      assertThatExceptionOfType(SubvalueException.class)
          .isThrownBy(() -> Subvalues.of(model, all, USUAL.with(64)))
          .withMessage(
              "Token 64 does not exist in a vocabulary of 64. Where: target. To fix: use an id from 0"
                  + " to 63.");
    }
  }

  @Test
  void withoutATargetTheModelsOwnAnswerIsCredited() {
    int[] tokens = EveryModel.tokens("models/llama");
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/llama", DType.FLOAT32);
        StreamTrace trace = model.trace(tokens, Subvalues.capture())) {
      Subvalues found = Subvalues.of(model, trace, Subvalues.Options.usual());
      Tensor last = trace.logits().at("pos", tokens.length - 1L);
      assertThat(found.target()).isEqualTo((int) last.argmax("d_vocab").item());
      assertThat(found.position()).isEqualTo(tokens.length - 1);
    }
  }
}
