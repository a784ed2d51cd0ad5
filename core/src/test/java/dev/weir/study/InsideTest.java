package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DenseFormer;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PostNorm;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.depth.BlockInfluence;
import dev.weir.readout.memory.Persistence;
import dev.weir.readout.memory.Rows;
import dev.weir.readout.memory.Write;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InsideTest {
  /// Float64 throughout.
  private static final Offset<Double> EXACT = within(1e-9);

  private static final List<int[]> TEXTS =
      List.of(new int[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, new int[] {2, 7, 1, 8, 2, 8, 1, 8, 2, 8});

  private static Inside inside(Transformer model) {
    return InsideReader.of("run", model, TEXTS);
  }

  // ---------------------------------------------------------------- every model

  static Stream<String> models() {
    return PathwayModels.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyPathwayAndMixerIsLookedInto(String name) {
    try (Transformer model = EveryModel.random(PathwayModels.spec(name), DType.FLOAT64)) {
      Inside inside = inside(model);
      int sites = model.spec().depth().sites().size();
      assertThat(inside.tokens()).isEqualTo(20);
      assertThat(inside.places()).hasSize(5);
      assertThat(inside.blocks()).hasSize(4).allMatch(b -> b.influence() > 0);
      assertThat(inside.writes()).hasSize(1 + sites);
      assertThat(inside.writes().getFirst().size()).isEmpty();
      assertThat(inside.readings().getFirst().weights()).hasSize(1);
      assertThat(inside.readings().getLast().weights()).hasSize(1 + sites);
      assertThat(inside.places())
          .allSatisfy(p -> {
            assertThat(p.dimension()).isBetween(1.0, 12.0);
            assertThat(p.settled()).isBetween(0.0, 1.0);
            assertThat(p.kurtosis()).isBetween(1.0, 12.0);
          });
      assertThat(inside.readings())
          .allSatisfy(reading ->
              assertThat(
                      IntStream.range(0, reading.weights().size())
                          .mapToDouble(reading::profile)
                          .sum())
                  .isCloseTo(1, EXACT));
      if (!addsByItself(model)) {
        assertThat(inside.readings())
            .allSatisfy(reading -> assertThat(sum(reading.shares())).isCloseTo(1, within(1e-6)));
      }
      boolean gated =
          model.spec().pathway() instanceof DeepDelta delta
              && delta.update() != DeepDelta.Update.ADDITIVE;
      assertThat(inside.gates()).hasSize(gated ? sites : 0);
    }
  }

  @Test
  void everyNamedPathwayIsAmongThem() {
    List<String> tried = models().toList();
    assertThat(Pathways.names())
        .allMatch(
            name -> tried.stream().anyMatch(model -> model.startsWith("pathway/" + name + "/")));
  }

  /// The shift of a LayerNorm in the stream.
  private static boolean addsByItself(Transformer model) {
    return model.spec().pathway() instanceof PostNorm post
        && post.norm() == PostNorm.Norm.LAYER_NORM;
  }

  private static double sum(List<Double> numbers) {
    return numbers.stream().mapToDouble(x -> x).sum();
  }

  // ---------------------------------------------------------------- against other ways to them

  @Test
  void thePlainStreamKeepsEveryWriteAndWeighsAllAlike() {
    try (Transformer model = EveryModel.random(PathwayModels.on(new PreNorm()), DType.FLOAT64)) {
      Inside inside = inside(model);
      assertThat(inside.writes()).allSatisfy(w -> assertThat(w.kept()).isCloseTo(1, EXACT));
      assertThat(inside.writes().stream().skip(1))
          .allSatisfy(
              w -> assertThat(w.change().getAsDouble()).isCloseTo(w.size().getAsDouble(), EXACT));
      assertThat(inside.readings())
          .allSatisfy(r -> {
            assertThat(r.weights()).allSatisfy(w -> assertThat(w).isCloseTo(1, EXACT));
            r.reach().ifPresent(reach -> assertThat(reach).isCloseTo(0.5, EXACT));
          });
      assertThat(inside.readings().getFirst().reach()).isEmpty();
      assertThat(inside.gates()).isEmpty();
      assertThat(InsideMeasure.GATE.of(inside)).isEmpty();
      assertThat(InsideMeasure.WINDOW_AGE.of(inside)).isEmpty();
      assertThat(InsideMeasure.PERSISTENCE.of(inside).getAsDouble()).isCloseTo(1, EXACT);
    }
  }

  @Test
  void readoutsAreThoseThatAreAskedOneByOne() {
    try (Transformer model =
        EveryModel.random(PathwayModels.on(DeepDelta.scalar(1)), DType.FLOAT64)) {
      Inside inside = inside(model);
      double influence = 0;
      double kept = 0;
      double share = 0;
      double size = 0;
      for (int[] text : TEXTS) {
        try (StreamTrace trace = model.trace(text, InsideReader.capture())) {
          influence += BlockInfluence.of(model, trace).of(2) / TEXTS.size();
          Persistence.Point end =
              Persistence.of(
                      model,
                      trace,
                      new Persistence.Subject.Of(new Write.Sublayer(Site.mlp(1))),
                      new Rows.AfterFirst())
                  .at("final_post");
          kept += end.kept().mean() / TEXTS.size();
          share += end.share().mean() / TEXTS.size();
          double[] out = lengths(trace.get(new HookPoint.MlpOut(1)));
          double[] before = lengths(trace.get(new HookPoint.ResidMid(1)));
          size +=
              IntStream.range(1, text.length).mapToDouble(t -> out[t] / before[t]).sum()
                  / (text.length - 1)
                  / TEXTS.size();
        }
      }
      Inside.Write write = write(inside, "1_mlp_out");
      assertThat(inside.blocks().get(2).influence()).isCloseTo(influence, EXACT);
      assertThat(write.kept()).isCloseTo(kept, EXACT);
      assertThat(write.share()).isCloseTo(share, EXACT);
      assertThat(write.size().getAsDouble()).isCloseTo(size, EXACT);
    }
  }

  private static Inside.Write write(Inside inside, String label) {
    return inside.writes().stream().filter(w -> w.label().equals(label)).findFirst().orElseThrow();
  }

  private static double[] lengths(Tensor rows) {
    double[] numbers = rows.order("pos", "d_model").toDoubles();
    int width = (int) rows.size("d_model");
    return IntStream.range(0, (int) rows.size("pos"))
        .mapToDouble(t ->
            Math.sqrt(
                IntStream.range(t * width, (t + 1) * width)
                    .mapToDouble(i -> numbers[i] * numbers[i])
                    .sum()))
        .toArray();
  }

  /// What arrives, which is measured, against what the pathway says it decided.
  @Test
  void weightsAreThoseOfASoftmaxOverDepth() {
    AttentionResiduals pathway =
        new AttentionResiduals(1, AttentionResiduals.Evaluation.NAIVE, 1e-6);
    try (Transformer model = EveryModel.random(PathwayModels.on(pathway), DType.FLOAT64)) {
      Inside.Reading reading =
          inside(model).readings().stream()
              .filter(r -> r.reader().equals("2_mlp_in"))
              .findFirst()
              .orElseThrow();
      HookPoint decided = new HookPoint.Route(Site.mlp(2), HookPoint.Moment.READ, "weights");
      double[] expected = new double[reading.weights().size()];
      for (int[] text : TEXTS) {
        try (StreamTrace trace = model.trace(text, Capture.of(decided))) {
          double[] weights = trace.get(decided).order("pos", "source").toDoubles();
          assertThat(weights).hasSize(text.length * expected.length);
          for (int i = expected.length; i < weights.length; i++) {
            expected[i % expected.length] += weights[i] / (text.length - 1) / TEXTS.size();
          }
        }
      }
      for (int source = 0; source < expected.length; source++) {
        assertThat(reading.weights().get(source)).isCloseTo(expected[source], EXACT);
      }
      // They are a softmax, so their profile is themselves.
      assertThat(reading.profile(0)).isCloseTo(expected[expected.length - 1], EXACT);
    }
  }

  /// After the first block half of the embedding and two of the block: its writes arrive twice, and
  /// the embedding, which is in the block's output too, two and a half times.
  @Test
  void weightsAreThoseOfAWeightedSumOfBlocks() {
    try (Transformer random =
            EveryModel.random(PathwayModels.on(new DenseFormer(1, 1)), DType.FLOAT64);
        Transformer model = with(random, "blocks.0.path.alpha", 0.5, 2)) {
      Inside.Reading reading =
          inside(model).readings().stream()
              .filter(r -> r.reader().equals("1_attn_in"))
              .findFirst()
              .orElseThrow();
      assertThat(reading.weights().get(0)).isCloseTo(2.5, EXACT);
      assertThat(reading.weights().get(1)).isCloseTo(2, EXACT);
      assertThat(reading.weights().get(2)).isCloseTo(2, EXACT);
      // (2 · 0 + 2 · 1 + 2.5 · 2) / 6.5 writes back, of two.
      assertThat(reading.reach().getAsDouble()).isCloseTo(7 / 6.5 / 2, EXACT);
    }
  }

  private static Transformer with(Transformer model, String name, double... numbers) {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> tensors = new HashMap<>(model.parameters().tensors());
    Shape shape = model.parameters().get(name).shape();
    tensors.put(name, owner.own(Tensor.of(numbers, shape).copy()));
    return Transformer.of(model.spec(), new Parameters(tensors), owner, "planted");
  }

  @Test
  void onlyTheDeltaRuleErases() {
    try (Transformer delta =
            EveryModel.random(PathwayModels.on(DeepDelta.scalar(1)), DType.FLOAT64);
        Transformer control =
            EveryModel.random(
                PathwayModels.on(DeepDelta.scalar(1).withUpdate(DeepDelta.Update.WRITE_ONLY)),
                DType.FLOAT64)) {
      Inside erases = inside(delta);
      Inside writes = inside(control);
      assertThat(erases.gates()).allMatch(gate -> gate.erased() > 0 && gate.erased() <= 2);
      assertThat(writes.gates()).allMatch(gate -> gate.erased() == 0);
      assertThat(writes.writes()).allSatisfy(w -> assertThat(w.kept()).isCloseTo(1, EXACT));
      assertThat(InsideMeasure.PERSISTENCE.of(erases).getAsDouble()).isLessThan(0.999);
      assertThat(erases.gates())
          .allSatisfy(gate ->
              assertThat(gate.nearZero() + gate.nearOne() + gate.nearTwo()).isBetween(0.0, 1.0));
    }
  }

  // ---------------------------------------------------------------- along the sequence

  @Test
  void attentionLooksAsFarBackAsItsPatternsSay() {
    LocalMixing local =
        LocalMixing.none()
            .withSublayer(
                new LocalMixing.Sublayer.ShortSwa(
                    PathwayModels.on(new PreNorm()).blocks().getFirst().attention().withWindow(3)),
                new NormSpec.RmsNorm(1e-6, NormSpec.Gain.PLAIN));
    try (Transformer model = EveryModel.random(PathwayModels.with(local), DType.FLOAT64)) {
      Inside inside = inside(model);
      for (HookPoint point :
          List.of(new HookPoint.Pattern(1), new HookPoint.InLocal(new HookPoint.Pattern(1)))) {
        double age = 0;
        double self = 0;
        for (int[] text : TEXTS) {
          try (StreamTrace trace = model.trace(text, Capture.of(point))) {
            Tensor pattern = trace.get(point).order("head", "query_pos", "key_pos");
            int heads = (int) pattern.size("head");
            double[] p = pattern.toDoubles();
            double each = 1.0 / heads / (text.length - 1) / TEXTS.size();
            for (int head = 0; head < heads; head++) {
              for (int query = 1; query < text.length; query++) {
                for (int key = 0; key <= query; key++) {
                  double weight = p[(head * text.length + query) * text.length + key];
                  age += weight * (query - key) * each;
                  self += key == query ? weight * each : 0;
                }
              }
            }
          }
        }
        String label = point instanceof HookPoint.Pattern ? "1_attn" : "1_local";
        Inside.Mixer found =
            inside.mixers().stream().filter(m -> m.label().equals(label)).findFirst().orElseThrow();
        assertThat(found.age().getAsDouble()).isCloseTo(age, EXACT);
        assertThat(found.self().getAsDouble()).isCloseTo(self, EXACT);
      }
      assertThat(InsideMeasure.WINDOW_AGE.of(inside).getAsDouble()).isBetween(0.0, 2.0);
      assertThat(InsideMeasure.LOCAL_SIZE.of(inside)).isPresent();
      assertThat(InsideMeasure.CONVOLUTION_AGE.of(inside)).isEmpty();
    }
  }

  @Test
  void convolutionsLookAsFarBackAsTheirTapsSay() {
    LocalMixing local = LocalMixing.none().withCanon(LocalMixing.Canon.of("A"));
    double[] taps =
        IntStream.range(0, 12).boxed().flatMapToDouble(_ -> DoubleStream.of(0, -3, 0, 1)).toArray();
    try (Transformer random = EveryModel.random(PathwayModels.with(local), DType.FLOAT64);
        Transformer model = with(random, "blocks.0.canon.A", taps)) {
      assertThat(inside(model).mixers())
          .contains(
              new Inside.Mixer(
                  "0_canon_A",
                  Inside.Mixer.Kind.CANON,
                  OptionalDouble.of(1.5),
                  OptionalDouble.of(0.25),
                  OptionalDouble.of(Math.sqrt(10))));
    }
  }
}
