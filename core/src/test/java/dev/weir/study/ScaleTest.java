package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.AttentionSpec;
import dev.weir.pathway.Pathways;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Costs agree with arithmetic that was done without the formulas of Weir: three models in two
/// bytes a number, one text at a time. What the formulas count beyond it is spelled out.
class ScaleTest {
  private static final double KIB = 1024;
  private static final double MIB = 1024 * KIB;
  private static final double GIB = 1024 * MIB;
  private static final double MEMORY = 80 * GIB;

  /// The models of the arithmetic, with as many pipeline stages.
  enum Config {
    A(12, 768, 12, 12, 3072, 1024, 4),
    B(32, 4096, 32, 32, 11008, 8192, 8),
    C(80, 8192, 64, 8, 28672, 8192, 8);

    final int layers;
    final int width;
    final int heads;
    final int kvHeads;
    final int neurons;
    final int context;
    final int stages;

    Config(int layers, int width, int heads, int kvHeads, int neurons, int context, int stages) {
      this.layers = layers;
      this.width = width;
      this.heads = heads;
      this.kvHeads = kvHeads;
      this.neurons = neurons;
      this.context = context;
      this.stages = stages;
    }

    Constraints constraints() {
      return new Constraints(context, 1, stages, 2, MEMORY, 2);
    }

    Scale scale(String pathway, String sublayer) {
      Mixers mixers =
          new Mixers(
              Mixers.Local.parse(sublayer), Mixers.Local.none(), "", AttentionSpec.Values.OWN);
      return Scale.of(
          new ModelSettings(
                  pathway,
                  width,
                  layers,
                  heads,
                  kvHeads,
                  neurons,
                  32_000,
                  context,
                  ModelSettings.NormKind.RMS,
                  this == A ? ModelSettings.MlpKind.PLAIN : ModelSettings.MlpKind.GATED,
                  ModelSettings.Positions.ROTARY,
                  ModelSettings.Head.SEPARATE,
                  mixers)
              .spec(),
          constraints());
    }

    Scale plain() {
      return scale("pre_norm", "none");
    }

    Scale pathway(String name) {
      return scale(name, "none");
    }

    Scale shortSwa() {
      return scale("pre_norm", "shortswa:window=128");
    }

    double of(double a, double b, double c) {
      return switch (this) {
        case A -> a;
        case B -> b;
        case C -> c;
      };
    }
  }

  /// Beyond the maps, each sublayer's norm has a gain.
  @ParameterizedTest
  @EnumSource(Config.class)
  void shortAttentionAddsItsFourMaps(Config config) {
    double added = config.shortSwa().parameters() - config.plain().parameters();
    double gains = (double) config.layers * config.width;
    assertThat(2 * (added - gains)).isEqualTo(config.of(54 * MIB, 4 * GIB, 22.5 * GIB));
  }

  @ParameterizedTest
  @EnumSource(Config.class)
  void aRingHoldsAWindowOfKeysAndValuesInEachBlock(Config config) {
    Scale scale = config.shortSwa();
    assertThat(2 * scale.ring()).isEqualTo(config.of(4.5, 64, 40) * MIB);
    assertThat(2 * scale.cache()).isEqualTo(config.of(36 * MIB, 4 * GIB, 2.5 * GIB));
  }

  @Test
  void aHaloIsAWindowLessTheTokenItself() {
    assertThat(Config.B.shortSwa().haloBytes()).isEqualTo(63.5 * MIB);
    assertThat(Config.B.plain().haloBytes()).isZero();
  }

  /// The state also holds the read that the next block begins from, which the arithmetic leaves
  /// out.
  @ParameterizedTest
  @EnumSource(Config.class)
  void readsOfAllDepthSendEveryBlock(Config config) {
    int blocks = config.layers / config.stages;
    List<Double> sent = IntStream.range(1, config.stages).mapToObj(p -> p * blocks + 1.0).toList();
    assertThat(config.pathway("depth-full").payload())
        .isEqualTo(sent.stream().map(n -> n + 1).toList());
    assertThat(sent.getLast()).isEqualTo(config.of(10, 29, 71));
    double last = sent.getLast() * config.context * config.width * 2;
    double read = (double) config.context * config.width * 2;
    assertThat(config.pathway("depth-full").worstCrossing()).isEqualTo(last + read);
    assertThat(last / GIB).isCloseTo(config.of(15 * MIB / GIB, 1.81, 8.88), within(0.005));
  }

  /// The same read, once more.
  @ParameterizedTest
  @EnumSource(Config.class)
  void aWindowOverDepthSendsAsManyStates(Config config) {
    List<Double> eight =
        switch (config) {
          case A -> List.of(4.0, 7.0, 8.0);
          case B -> List.of(5.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0);
          case C -> Collections.nCopies(7, 8.0);
        };
    assertThat(config.pathway("depth").payload())
        .isEqualTo(eight.stream().map(n -> n + 1).toList());
  }

  /// Held are also the read and, inside a block, what it has written: two vectors with a window, of
  /// which one is let go where nothing is cut off, as the last state is only there at the end.
  @ParameterizedTest
  @EnumSource(Config.class)
  void aTokenHoldsItsStatesWhileItRuns(Config config) {
    double vector = 2.0 * config.width;
    double full = config.of(19.5 * KIB, 264 * KIB, 81 * 16 * KIB);
    assertThat(2 * config.pathway("depth-full").passing()).isEqualTo(full + vector);
    double eight = config.of(12, 64, 128) * KIB;
    assertThat(2 * config.pathway("depth").passing()).isEqualTo(eight + 2 * vector);
    double every = config.of(37.5, 520, 2576) * KIB;
    assertThat(2 * config.pathway("attnres").passing()).isEqualTo(every);
  }

  @ParameterizedTest
  @EnumSource(Config.class)
  void lanesAreSentSideBySide(Config config) {
    double four = config.of(6, 256, 512) * MIB;
    for (String lanes : List.of("ddl-cc", "hc", "mhc")) {
      assertThat(config.pathway(lanes).worstCrossing()).as(lanes).isEqualTo(four);
    }
    assertThat(config.pathway("ddl").worstCrossing()).isEqualTo(four / 4);
    assertThat(config.plain().allCrossings()).isEqualTo((config.stages - 1) * four / 4);
  }

  /// Compressors before attention and the MLP of each block, and one before the end, which the
  /// arithmetic leaves out.
  @Test
  void tokenCompressorsRememberThreeStatesEach() {
    assertThat(2 * Config.B.pathway("ddl-tc").ring()).isEqualTo(6 * MIB * 65 / 64);
  }

  /// 34 bytes a feature, block and token (Korthikanti et al. 2022, equation 1, scores made again),
  /// of which two are masks of dropout.
  @Test
  void aPlainBlockKeepsWhatWasPublished() {
    double logits = 32_000;
    double end = 2 * 768;
    assertThat(2 * (Config.A.plain().kept() - logits - end)).isEqualTo(32.0 * 12 * 768);
  }

  /// Sixteen bytes a parameter (Rajbhandari et al. 2020, section 3.1), whether numbers have two
  /// bytes or four.
  @Test
  void anOptimizerNeedsSixteenBytesForEachWeight() {
    for (int bytes : List.of(2, 4)) {
      Scale scale =
          Scale.of(study(), PLAIN, Scale.Size.SMALL, new Constraints(16, 1, 1, 1, MEMORY, bytes));
      assertThat(scale.trainingMemory() - 16 * scale.kept() * bytes)
          .isCloseTo(16 * scale.parameters(), within(1.0));
    }
  }

  @Test
  void publishedModelsHaveAsManyParametersAsPublished() {
    Constraints constraints = new Constraints(1024, 1, 1, 1, MEMORY, 2);
    assertThat(Scale.of(study(), PLAIN, Scale.Size.SMALL, constraints).parameters() / 1e6)
        .isCloseTo(124, within(0.5));
    assertThat(Scale.of(study(), PLAIN, Scale.Size.MEDIUM, constraints).parameters() / 1e9)
        .isCloseTo(1.18, within(0.005));
    assertThat(Scale.of(study(), PLAIN, Scale.Size.LARGE, constraints).parameters() / 1e9)
        .isCloseTo(10.7, within(0.05));
  }

  @Test
  void aShapeGrowsInProportion() {
    Variant half =
        new Variant(
            "half",
            "half as deep and half as wide",
            "pre_norm",
            Mixers.none(),
            new Variant.Shape(
                OptionalInt.of(32), OptionalInt.of(2), OptionalInt.of(1), OptionalInt.of(96)));
    ModelSettings large = Scale.Size.LARGE.model(study(), half, 128);
    assertThat(List.of(large.dModel(), large.nLayers(), large.nHeads(), large.dMlp()))
        .containsExactly(2048, 24, 16, 7168);
    assertThat(large.nKvHeads()).isEqualTo(4);
  }

  static Stream<Variant> everything() {
    Stream<Variant> pathways =
        Pathways.names().stream().map(name -> Variant.of(name, "", name, Mixers.none()));
    Stream<Variant> locals =
        Stream.of("shortswa:window=16", "shortconv:taps=4")
            .map(Mixers.Local::parse)
            .flatMap(local ->
                Stream.of(
                    new Mixers(local, Mixers.Local.none(), "", AttentionSpec.Values.OWN),
                    new Mixers(Mixers.Local.none(), local, "", AttentionSpec.Values.OWN)))
            .map(mixers -> Variant.of(mixers.toString(), "", "pre_norm", mixers));
    Stream<Variant> others =
        Stream.of(AttentionSpec.Values.values())
            .map(values ->
                Variant.of(
                    "canon " + values,
                    "",
                    "pre_norm",
                    new Mixers(Mixers.Local.none(), Mixers.Local.none(), "ABCD", values)));
    return Stream.of(pathways, locals, others).flatMap(stream -> stream);
  }

  @ParameterizedTest
  @MethodSource("everything")
  void everyPathwayAndMixerHasACostAtEverySize(Variant variant) {
    for (Scale.Size size : Scale.Size.values()) {
      Scale scale = Scale.of(study(), variant, size, new Constraints(2048, 8, 4, 2, MEMORY, 2));
      assertThat(
              List.of(
                  scale.parameters(),
                  scale.trainingFlops(),
                  scale.decodeFlops(),
                  scale.decodeBytes(),
                  scale.kept(),
                  scale.cache(),
                  scale.passing(),
                  scale.trainingMemory(),
                  scale.decodingMemory(),
                  scale.worstCrossing(),
                  scale.allCrossings()))
          .as("%s", size)
          .allSatisfy(number -> assertThat(number).isFinite().isPositive());
      assertThat(scale.ring()).isNotNegative();
      assertThat(scale.haloBytes()).isBetween(0.0, 2.0 * 8 * scale.ring());
    }
  }

  private static final Variant PLAIN = Variant.plain("plain");

  private static Study study() {
    return RecommendationTest.study(List.of(PLAIN), List.of(Budget.TOKENS));
  }
}
