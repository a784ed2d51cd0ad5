package dev.weir.readout.bandwidth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import dev.weir.train.ModelSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bottlenecks, spectra, overlap and traffic against laws, planted models and plain arithmetic.
class BandwidthTest {
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

  @Test
  void theIllustrationOfThePaperHolds() {
    TransformerSpec spec =
        new ModelSettings(
                "pre_norm",
                64,
                50,
                4,
                4,
                256,
                16,
                16,
                ModelSettings.NormKind.RMS,
                ModelSettings.MlpKind.PLAIN,
                ModelSettings.Positions.ROTARY,
                ModelSettings.Head.TIED)
            .spec();
    Bandwidth bandwidth = Bandwidth.of(spec);
    assertThat(bandwidth.places().get(25).neuronsBefore()).isEqualTo(100);
    assertThat(bandwidth.places().get(25).neuronsAfter()).isEqualTo(100);
    assertThat(bandwidth.places().get(25).before()).isEqualTo(125);
    assertThat(bandwidth.values().getFirst().shareOfHead()).isEqualTo(0.25);
  }

  @Test
  void measuresOfKnownSpectra() {
    Spectrum even = new Spectrum(new double[] {1, 1, 1, 1});
    assertThat(even.participationRatio()).isCloseTo(4, within(1e-12));
    assertThat(even.effectiveRank()).isCloseTo(4, within(1e-12));
    assertThat(even.stableRank()).isCloseTo(4, within(1e-12));
    assertThat(even.dimensionsFor(0.5)).isEqualTo(2);
    Spectrum one = new Spectrum(new double[] {0, 5, -1e-18});
    assertThat(one.participationRatio()).isCloseTo(1, within(1e-12));
    assertThat(one.effectiveRank()).isCloseTo(1, within(1e-12));
    assertThat(one.dimensionsFor(0.99)).isEqualTo(1);
    // p = 3/4, 1/4.
    Spectrum two = new Spectrum(new double[] {1, 3});
    assertThat(two.participationRatio()).isCloseTo(1.6, within(1e-12));
    assertThat(two.effectiveRank())
        .isCloseTo(Math.exp(0.75 * Math.log(4 / 3.0) + 0.25 * Math.log(4)), within(1e-12));
  }

  @Test
  void aPlantedRankIsFoundExactly() {
    // The embedding has three directions, and no sublayer writes.
    SplittableRandom random = new SplittableRandom(1);
    try (Transformer model =
            changed((name, weight) -> {
              if (name.equals("embed.W_E")) {
                Tensor low = Tensor.gaussian(Shape.of("d_vocab", 16, "low", 3), 1, random);
                Tensor up = Tensor.gaussian(Shape.of("low", 3, "d_model", 12), 1, random);
                return low.to(DType.FLOAT64).dot(up.to(DType.FLOAT64), "low");
              }
              return name.endsWith("W_O") || name.endsWith("W_out") ? weight.times(0) : weight;
            });
        StreamTrace trace = model.trace(TOKENS, DimensionUse.capture(Places.LAYERS))) {
      DimensionUse use = new DimensionUse(model.spec(), Places.LAYERS, 2);
      use.read(trace);
      for (DimensionUse.Layer layer : use.layers(FirstPosition.LEFT_OUT)) {
        double[] values = layer.spectrum().eigenvalues();
        assertThat(values[2]).isGreaterThan(1e-3);
        assertThat(values[3]).isLessThan(1e-12 * values[0]);
        assertThat(layer.withoutOutliers().eigenvalues()).hasSize(10);
      }
    }
  }

  @Test
  void joinedCovariancesAreThoseOfAllTokensAtOnce() {
    try (Scope _ = Scope.open()) {
      Tensor rows =
          Tensor.gaussian(Shape.of("pos", 60, "d_model", 5), 1, new SplittableRandom(2))
              .to(DType.FLOAT64)
              .plus(1000);
      Covariance parts = new Covariance(5);
      for (int from = 0; from < 60; from += 20) {
        parts.add(rows.slice("pos", from, 20));
      }
      double[] all = rows.toDoubles();
      double mean = 0;
      for (int i = 0; i < 60; i++) {
        mean += all[5 * i + 2] / 60;
      }
      double variance = 0;
      for (int i = 0; i < 60; i++) {
        variance += (all[5 * i + 2] - mean) * (all[5 * i + 2] - mean) / 60;
      }
      assertThat(parts.count()).isEqualTo(60);
      // The numbers are a thousand times larger than what is left of them.
      assertThat(parts.variance(2)).isCloseTo(variance, within(1e-10));
      assertThat(parts.spectrum(2).eigenvalues()).hasSize(4);
    }
  }

  @Test
  void compositionIsTheNormOfTheProductWrittenOut() {
    try (Transformer model = changed((_, weight) -> weight)) {
      SubspaceOverlap overlap = SubspaceOverlap.of(model, 0.9);
      int writer = overlap.writers().indexOf("L0H1");
      int reader = overlap.readers().indexOf("2_mlp_in");
      double[] write;
      double[][] read;
      try (Scope _ = Scope.open()) {
        write = values(model, "blocks.0.attn.W_O", "head", "d_head", "d_model");
        Tensor gain = model.parameters().get("blocks.2.ln2.w");
        read =
            new double[][] {
              model
                  .parameters()
                  .get("blocks.2.mlp.W_in")
                  .times(gain)
                  .order("d_mlp", "d_model")
                  .toDoubles(),
              model
                  .parameters()
                  .get("blocks.2.mlp.W_gate")
                  .times(gain)
                  .order("d_mlp", "d_model")
                  .toDoubles()
            };
      }
      double product = 0;
      double first = 0;
      double second = 0;
      for (int k = 0; k < 6; k++) {
        for (int j = 0; j < 12; j++) {
          first += square(write[72 + 12 * k + j]);
        }
      }
      for (double[] map : read) {
        for (int n = 0; n < 20; n++) {
          for (int j = 0; j < 12; j++) {
            second += square(map[12 * n + j]);
          }
          for (int k = 0; k < 6; k++) {
            double sum = 0;
            for (int j = 0; j < 12; j++) {
              sum += write[72 + 12 * k + j] * map[12 * n + j];
            }
            product += sum * sum;
          }
        }
      }
      assertThat(overlap.pair(writer, reader).composition())
          .isCloseTo(Math.sqrt(product / first / second), within(1e-12));
      assertThat(overlap.pair(writer, overlap.readers().indexOf("L0Q0")).reaches()).isFalse();
      assertThat(overlap.pair(writer, overlap.readers().indexOf("0_mlp_in")).reaches()).isTrue();
    }
  }

  private static double square(double x) {
    return x * x;
  }

  private static double[] values(Transformer model, String name, String... axes) {
    return model.parameters().get(name).order(axes).toDoubles();
  }

  @Test
  void aWriterThatSpeaksWhereAReaderListensIsFoundAndOneThatDoesNotIsNot() {
    // Head 0 of block 0 writes the first six coordinates, and so does L1Q0 read them; L1K0 reads
    // the others.
    try (Transformer model =
        changed((name, weight) ->
            switch (name) {
              case "blocks.0.attn.W_O", "blocks.1.attn.W_Q" -> masked(weight, 0);
              case "blocks.1.attn.W_K" -> masked(weight, 6);
              default -> weight;
            })) {
      SubspaceOverlap overlap = SubspaceOverlap.of(model, 1);
      int writer = overlap.writers().indexOf("L0H0");
      SubspaceOverlap.Pair heard = overlap.pair(writer, overlap.readers().indexOf("L1Q0"));
      SubspaceOverlap.Pair unheard = overlap.pair(writer, overlap.readers().indexOf("L1K0"));
      assertThat(heard.cosines()).containsExactly(new double[] {1, 1, 1, 1, 1, 1}, within(1e-10));
      assertThat(heard.overlap()).isCloseTo(1, within(1e-10));
      assertThat(heard.chance()).isEqualTo(0.5);
      assertThat(unheard.overlap()).isCloseTo(0, within(1e-10));
      assertThat(unheard.composition()).isCloseTo(0, within(1e-10));
    }
  }

  private static Tensor masked(Tensor weight, int from) {
    double[] mask = new double[12];
    java.util.Arrays.fill(mask, from, from + 6, 1);
    return weight.times(Tensor.of(mask, Shape.of("d_model", 12)));
  }

  @Test
  void randomSubspacesOverlapByChance() {
    SplittableRandom random = new SplittableRandom(3);
    double sum = 0;
    try (Scope _ = Scope.open()) {
      for (int trial = 0; trial < 60; trial++) {
        double[] cosines = SubspaceOverlap.cosines(basis(8, random), basis(16, random));
        for (double cosine : cosines) {
          sum += cosine * cosine / 8 / 60;
        }
      }
    }
    // 60 trials of 8 directions; each deviates by about 0.08, so the mean by 0.004.
    assertThat(sum).isCloseTo(16 / 64.0, within(0.016));
  }

  private static Tensor basis(int rank, SplittableRandom random) {
    return LinearAlgebra.orthogonal("row", "d_model", 64, random)
        .slice("row", 0, rank)
        .rename("row", "rank");
  }

  @Test
  void whatBothSidesOfTheVocabularyShare() {
    Tensor[] rows = new Tensor[1];
    try (Scope _ = Scope.open()) {
      rows[0] =
          Tensor.gaussian(Shape.of("d_vocab", 16, "d_model", 12), 1, new SplittableRandom(4))
              .to(DType.FLOAT64);
      try (Transformer same =
              changed((name, weight) ->
                  switch (name) {
                    case "embed.W_E", "unembed.W_U" -> rows[0];
                    case "ln_final.w" -> weight.times(0).plus(1);
                    default -> weight;
                  });
          Transformer apart =
              changed((name, weight) ->
                  switch (name) {
                    case "embed.W_E" -> masked(weight, 0);
                    case "unembed.W_U" -> masked(weight, 6);
                    default -> weight;
                  })) {
        assertThat(VocabularySpace.of(apart).exclusive(0.999)).isEqualTo(12);
        assertThat(VocabularySpace.of(same).embeddingShares())
            .allSatisfy(share -> assertThat(share).isCloseTo(0.5, within(1e-9)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void everyModelIsReadAndLaterWritesAreNotThere(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Traffic.capture())) {
      Traffic traffic = new Traffic(model, 0.9);
      traffic.read(model, trace);
      assertThat(traffic.readers()).contains("unembed");
      int last = traffic.indexOf("unembed");
      for (int w = 0; w < traffic.writers().size(); w++) {
        for (int r = 0; r < traffic.readers().size(); r++) {
          double inside = traffic.flow(w, r).inside().mean();
          if (!Double.isNaN(inside)) {
            // In float32 a part may come out a little larger than the whole.
            assertThat(inside).as(w + " " + traffic.readers().get(r)).isBetween(0.0, 1 + 1e-5);
          }
        }
        // What a pathway multiplies with zero does not arrive, and has no share of anything.
        double atTheEnd = traffic.flow(w, last).inside().mean();
        assertThat(traffic.flow(w, last).inside().count())
            .isEqualTo(Double.isNaN(atTheEnd) ? 0 : 1);
      }
      assertThat(traffic.flow(traffic.writers().size() - 1, 0).inside().count()).isZero();
      SubspaceOverlap overlap = SubspaceOverlap.of(model, 0.9);
      assertThat(overlap.writers()).hasSizeGreaterThan(model.spec().nLayers());
      assertThat(VocabularySpace.of(model).joint().total()).isPositive();
    }
  }

  @Test
  void nonsenseIsRefused() {
    try (Transformer model = changed((_, weight) -> weight)) {
      assertThatThrownBy(() -> new Traffic(model, 0)).hasMessageContaining("0.9 is usual");
      assertThatThrownBy(() -> new Traffic(model, 0.9).indexOf("9_mlp_in"))
          .hasMessageContaining("0_attn_in");
      assertThatThrownBy(
              () -> new DimensionUse(model.spec(), Places.LAYERS, 1).layers(FirstPosition.KEPT))
          .hasMessageContaining("0 tokens");
    }
  }

  private static Transformer changed(BiFunction<String, Tensor, Tensor> change) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.random(PathwayModels.on(new PreNorm()), DType.FLOAT64)) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      model
          .parameters()
          .tensors()
          .forEach(
              (name, weight) -> weights.put(name, owner.own(change.apply(name, weight).copy())));
      return Transformer.of(model.spec(), new Parameters(weights), owner, "changed");
    }
  }
}
