package dev.weir.laws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Generator;
import dev.weir.model.KvCache;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.model.family.WeirCheckpoint;
import dev.weir.readout.Decomposition;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import dev.weir.testing.PathwayModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The laws of a pathway, on every pathway and every local mixer, with RMSNorm and LayerNorm, with
/// and without grouped queries. What was covered is written to `target/conformance.txt`.
///
/// Gradients and determinism are held by `GradientsTest` and `LawsTest`, neutral settings by
/// `NeutralTest`, and [NegativeControlsTest] shows that these laws can fail.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConformanceTest {
  /// Float64; what remains is the order of summation, grown by four blocks of random weights.
  private static final double EXACT = 1e-9;

  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

  private final Set<String> covered = new TreeSet<>();

  static Stream<String> models() {
    return PathwayModels.everyCombination();
  }

  @AfterAll
  void listsWhatItCovered() throws IOException {
    Files.write(Path.of("target/conformance.txt"), covered);
    assertThat(covered.stream().map(line -> line.substring(line.indexOf(' ') + 1)).distinct())
        .hasSizeGreaterThan(200);
  }

  private void held(String law, String model) {
    covered.add(law + " " + model);
  }

  @ParameterizedTest
  @MethodSource("models")
  void writesCarriedWithTheRoutingOfTheRunAddUpToEveryReadingAndToTheEnd(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, Capture.matching("*"))) {
      Decomposition end = Decomposition.of(model, trace);
      for (HookPoint point : trace.points()) {
        if (isLooked(point)) {
          Tensor sum = end.upTo(point).perLayer().sum();
          assertThat(difference(sum, trace.get(point))).as(point.name()).isLessThan(EXACT);
        }
      }
    }
    held("transport", name);
  }

  private static boolean isLooked(HookPoint point) {
    return switch (point) {
      case HookPoint.ResidPre _,
          HookPoint.ResidLocal _,
          HookPoint.ResidMid _,
          HookPoint.ResidPost _,
          HookPoint.LocalIn _,
          HookPoint.AttnIn _,
          HookPoint.QueryIn _,
          HookPoint.KeyIn _,
          HookPoint.ValueIn _,
          HookPoint.MlpIn _ ->
          true;
      case HookPoint.InBlock _,
          HookPoint.AtNorm _,
          HookPoint.Route _,
          HookPoint.Embed _,
          HookPoint.PosEmbed _ ->
          false;
    };
  }

  private static double difference(Tensor a, Tensor b) {
    return Golden.largestDifference(
        a.order(b.shape().names().toArray(String[]::new)).toDoubles(), b.toDoubles());
  }

  /// Linearity itself: what twice a write less another carries is twice what it carries less what
  /// the other does.
  @ParameterizedTest
  @MethodSource("models")
  void readingAndWritingAreLinearOnceRoutingIsGiven(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, Capture.matching("*"))) {
      assertThat(Laws.departureFromLinearity(model, trace)).isLessThan(EXACT);
    }
    held("linearity", name);
  }

  /// A pathway may route and write in one where nobody looks between.
  @ParameterizedTest
  @MethodSource("models")
  void lookingAtEverythingChangesNothing(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, Capture.matching("*"))) {
      assertThat(difference(trace.logits(), model.logits(TOKENS))).isLessThan(EXACT);
    }
    held("looking", name);
  }

  @ParameterizedTest
  @MethodSource("models")
  void wholeInChunksAndTokenByTokenGiveTheSameLogits(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      Tensor whole = model.logits(TOKENS);
      for (int chunk : new int[] {1, 3, 4}) {
        assertThat(difference(inChunks(model, chunk), whole))
            .as("chunks of %d", chunk)
            .isLessThan(EXACT);
      }
    }
    held("three-ways", name);
  }

  private static Tensor inChunks(Transformer model, int size) {
    List<Tensor> parts = new ArrayList<>();
    try (KvCache cache = new KvCache(model.spec().nLayers())) {
      for (int from = 0; from < TOKENS.length; from += size) {
        int to = Math.min(TOKENS.length, from + size);
        parts.add(model.logits(java.util.Arrays.copyOfRange(TOKENS, from, to), cache));
      }
    }
    return Tensor.concat("pos", parts);
  }

  @ParameterizedTest
  @MethodSource("models")
  void aTextReadsTheSameAloneAndPaddedBesideALongerOne(String name) {
    int[] other = {7, 7, 2, 9};
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      Tensor alone = model.logits(other);
      Tensor beside =
          model
              .logits(List.of(TOKENS, other), Hooks.none())
              .at("batch", 1)
              .slice("pos", TOKENS.length - other.length, other.length);
      assertThat(difference(beside, alone)).isLessThan(EXACT);
      Generator generator = new Generator(model, Sampler.greedy(), Set.of(), Hooks.none());
      int[] grownAlone = grown(generator, List.of(other), 0);
      assertThat(grown(generator, List.of(TOKENS, other), 1)).isEqualTo(grownAlone);
    }
    held("padding", name);
  }

  private static int[] grown(Generator generator, List<int[]> prompts, int row) {
    return generator.generate(prompts, 8, (_, _) -> {}).get(row).tokens();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aLaterTokenChangesNothingBefore(String name) {
    int[] others = TOKENS.clone();
    others[6] = 8;
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      Tensor one = model.logits(TOKENS).slice("pos", 0, 6);
      Tensor other = model.logits(others).slice("pos", 0, 6);
      assertThat(difference(one, other)).isZero();
    }
    held("causality", name);
  }

  @ParameterizedTest
  @MethodSource("models")
  void aSavedModelOpensAgainBitForBit(String name, @TempDir Path folder) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      WeirCheckpoint.write(model, folder);
      try (Transformer again = ModelFiles.open(folder, ModelFiles.Options.usual())) {
        assertThat(again.spec()).isEqualTo(model.spec());
        assertThat(again.logits(TOKENS).toDoubles()).isEqualTo(model.logits(TOKENS).toDoubles());
      }
    }
    held("round-trip", name);
  }
}
