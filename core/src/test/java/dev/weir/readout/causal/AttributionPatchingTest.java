package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.NormSpec;
import dev.weir.model.PartialRun;
import dev.weir.model.Transformer;
import dev.weir.pathway.DenseFormer;
import dev.weir.pathway.LayerScale;
import dev.weir.pathway.PreNorm;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttributionPatchingTest {

  /// A central difference of float64 numbers at this step errs by its square and by the rounding of
  /// 1e-15 divided by it; scores divide that by a distance of 1e-2 or more.
  private static final double STEP = 1e-5;

  private static final double TOLERANCE = 1e-6;

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void attributionIsTheSlopeAlongTheDifferenceOfTheRuns(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      List<ActivationSite> sites =
          Arrays.stream(ActivationSite.values())
              .filter(site -> !site.layers(model).isEmpty())
              .toList();
      var attribution =
          new AttributionPatching(
              model, AttributionPatching.Options.usual(sites.toArray(ActivationSite[]::new)));
      attribution.add(List.of(Pairs.of(name)));
      Map<HookPoint, Double> sums = new HashMap<>();
      for (AttributionPatching.Cell cell : attribution.cells()) {
        HookPoint point = cell.place().site().in(cell.place().layer());
        sums.merge(point, cell.score().mean(), Double::sum);
      }
      double distance = attribution.clean().mean() - attribution.corrupt().mean();
      for (ActivationSite site : sites) {
        int layer = site.layers(model).getLast();
        double slope = slope(model, Pairs.of(name), site.in(layer), site.isStream());
        assertThat(sums.get(site.in(layer)))
            .as("%s", site.in(layer).name())
            .isCloseTo(slope / distance, within(TOLERANCE * (1 + Math.abs(slope / distance))));
      }
    }
  }

  /// By finite differences, in runs that nothing is derived from.
  private static double slope(Transformer model, PromptPair pair, HookPoint point, boolean stream) {
    Set<HookPoint> points = stream ? Set.of() : Set.of(point);
    Set<HookPoint> states = stream ? Set.of(point) : Set.of();
    try (Nodes clean = Nodes.values(points, states);
        Nodes corrupt = Nodes.values(points, states)) {
      difference(model, pair.clean(), pair, clean);
      difference(model, pair.corrupt(), pair, corrupt);
      List<Tensor> way = new ArrayList<>();
      for (int i = 0; i < clean.get(point).size(); i++) {
        way.add(clean.get(point).get(i).minus(corrupt.get(point).get(i)));
      }
      double up = difference(model, pair.corrupt(), pair, new Step(point, stream, way, STEP));
      double down = difference(model, pair.corrupt(), pair, new Step(point, stream, way, -STEP));
      return (up - down) / (2 * STEP);
    }
  }

  private static double difference(Transformer model, int[] tokens, PromptPair pair, Hooks hooks) {
    Tensor logits =
        model.logits(List.of(tokens), hooks).at("batch", 0).at("pos", tokens.length - 1L);
    return logits.at("d_vocab", pair.answer()).item() - logits.at("d_vocab", pair.wrong()).item();
  }

  /// Moves a value, or each tensor of the state, along a direction.
  private static final class Step implements Hooks {
    private final HookPoint point;
    private final boolean stream;
    private final List<Tensor> way;
    private final double length;
    private int next;

    Step(HookPoint point, boolean stream, List<Tensor> way, double length) {
      this.point = point;
      this.stream = stream;
      this.way = way;
      this.length = length;
    }

    @Override
    public boolean touches(HookPoint here) {
      return !stream && here.equals(point);
    }

    @Override
    public Tensor apply(HookPoint here, Tensor value) {
      return value.plus(way.getFirst().times(length));
    }

    @Override
    public boolean touchesState(HookPoint here) {
      return stream && here.equals(point);
    }

    @Override
    public Tensor applyToState(HookPoint here, Tensor part) {
      return part.plus(way.get(next++).times(length));
    }
  }

  @Test
  void integratedGradientsComeToTheWholeDistanceWithMoreSteps() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      double[] errors = new double[2];
      int[] steps = {4, 64};
      for (int i = 0; i < steps.length; i++) {
        var attribution =
            new AttributionPatching(
                model,
                new AttributionPatching.Options(
                    List.of(ActivationSite.RESID_PRE),
                    new Slope.Integrated(steps[i]),
                    Metric.LOGIT_DIFFERENCE,
                    Direction.DENOISE));
        attribution.add(List.of(Pairs.of(name), Pairs.other(name)));
        double first =
            attribution.cells().stream()
                .filter(cell -> cell.place().layer() == 0)
                .mapToDouble(cell -> cell.score().mean())
                .sum();
        errors[i] = Math.abs(first - 1);
      }
      // The middle rule errs by the square of a step: 256 times less.
      assertThat(errors[1]).isLessThan(1e-3);
      assertThat(errors[1]).isLessThan(errors[0] / 50);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void edgesOfAWriterAddUpToItsAttributionWhereRoutingIsConstant(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      var pathway = model.spec().pathway();
      boolean constant =
          pathway instanceof PreNorm
              || pathway instanceof DenseFormer
              || pathway instanceof LayerScale;
      EdgeAttribution.Options options =
          new EdgeAttribution.Options(new Slope.AtBase(), Metric.LOG_PROBABILITY, Direction.NOISE);
      EdgeAttribution edges = new EdgeAttribution(model, options);
      edges.add(List.of(Pairs.of(name)));
      assertThat(edges.edges()).isNotEmpty();
      if (!constant) {
        return;
      }
      Map<String, Double> sums = new HashMap<>();
      edges
          .edges()
          .forEach(cell -> sums.merge(cell.edge().writer(), cell.score().mean(), Double::sum));
      // A norm of attention's output scales all heads of a block by what they write together.
      boolean together = !(model.spec().blocks().getFirst().ln1Post() instanceof NormSpec.NoNorm);
      List<ActivationSite> sites = new ArrayList<>();
      sites.add(together ? ActivationSite.ATTN_OUT : ActivationSite.Z);
      if (!Component.mlps(model).isEmpty()) {
        sites.add(ActivationSite.MLP_OUT);
      }
      var attribution =
          new AttributionPatching(
              model,
              new AttributionPatching.Options(
                  sites, options.slope(), options.metric(), options.direction()));
      attribution.add(List.of(Pairs.of(name)));
      Map<String, Double> nodes = new HashMap<>();
      for (AttributionPatching.Cell cell : attribution.cells()) {
        nodes.merge(writer(cell.place()), cell.score().mean(), Double::sum);
      }
      Map<String, Double> written = new HashMap<>();
      sums.forEach((writer, score) ->
          written.merge(
              together ? writer.replaceFirst("L(\\d+)H\\d+", "$1_attn_out") : writer,
              score,
              Double::sum));
      nodes.forEach((writer, score) ->
          assertThat(written.get(writer)).as(writer).isCloseTo(score, within(1e-9)));
    }
  }

  private static String writer(AttributionPatching.Place place) {
    return place.head().isPresent()
        ? new Component.Head(place.layer(), place.head().getAsInt()).label()
        : place.layer() + "_" + place.site().words();
  }

  @Test
  void aFlatMetricAndNoStepsAreRefused() {
    assertThatExceptionOfType(CausalException.class)
        .isThrownBy(() ->
            new EdgeAttribution.Options(new Slope.AtBase(), Metric.KL_TO_CLEAN, Direction.NOISE))
        .withMessageStartingWith("KL(clean ‖ run) is flat at the clean run");
    assertThatExceptionOfType(CausalException.class)
        .isThrownBy(() -> new Slope.Integrated(0))
        .withMessageStartingWith("0 steps are none.");
  }

  @Test
  void aHeldRunGoesOnToTheSameScores() {
    for (String name : models().toList()) {
      try (Scope _ = Scope.open();
          Transformer model = EveryModel.open(name, DType.FLOAT64)) {
        int[] one = EveryModel.tokens(name);
        List<int[]> texts = List.of(Arrays.copyOfRange(one, 0, one.length - 2), one);
        double[] expected = model.logits(List.of(one), Hooks.none()).at("batch", 0).toDoubles();
        try (PartialRun<?> start = model.begin(texts, Hooks.none());
            PartialRun<?> next = start.next(Hooks.none());
            PartialRun<?> row = next.rows(1)) {
          double[] found =
              row.logits(new Capture.Positions.All(), Hooks.none()).at("batch", 0).toDoubles();
          // Texts of different lengths share masks; sums are taken in another order.
          assertThat(found).as(name).hasSameSizeAs(expected);
          for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).as(name).isCloseTo(expected[i], within(1e-9));
          }
        }
      }
    }
  }
}
