package dev.weir.readout.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.readout.Decomposition;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.train.Corpus;
import dev.weir.train.Schedule;
import dev.weir.train.TextData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models made smaller, written, opened again.
class CompressionTest {
  private static final String PLAIN = "pathway/pre_norm/layer/gqa";
  private static final int[] TOKENS = EveryModel.tokens(PLAIN);

  @TempDir Path folder;

  private static List<int[]> texts(int count) {
    SplittableRandom random = new SplittableRandom(7);
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(random.ints(30, 0, 16).toArray());
    }
    return texts;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        PLAIN,
        "pathway/post_norm/rms/gqa",
        "pathway/ddl-cc/rms/mha",
        "pathway/hc/rms/mha",
        "mixer/shortswa/rms/gqa"
      })
  void aModelWithoutSomeBlocksOpensAgainBitForBit(String name) {
    int[] tokens = EveryModel.tokens(name);
    Path target = folder.resolve("small");
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        Transformer smaller = new Compression.Dropped(List.of(2, 1, 2)).over(model);
        ModelDraft draft = ModelDraft.begin(target)) {
      draft.finish(smaller);
      try (Transformer opened = ModelFiles.open(target, ModelFiles.Options.usual());
          Transformer reordered = new BlockOrder(List.of(0, 3)).over(model)) {
        assertThat(opened.spec().nLayers()).isEqualTo(2);
        assertThat(opened.logits(tokens).toDoubles())
            .isEqualTo(reordered.logits(tokens).toDoubles());
      }
    }
    assertThat(folder).isDirectoryContaining(path -> path.endsWith("small"));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void anUnfinishedModelLeavesNothing() {
    Path target = folder.resolve("small");
    try (ModelDraft draft = ModelDraft.begin(target)) {
      assertThat(draft.folder()).isDirectory();
    }
    assertThat(folder).isEmptyDirectory();
    assertThatThrownBy(() -> ModelDraft.begin(folder))
        .hasMessageContaining("There is something already");
    assertThatThrownBy(() -> ModelDraft.begin(folder.resolve("no/such")))
        .hasMessageContaining("cannot be written");
    assertThat(Files.exists(folder.resolve("no"))).isFalse();
  }

  /// The mean of a block with itself is that block.
  @Test
  void equalBlocksAverageToThemselves() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT32);
        Transformer twice = BlockOrder.repeated(4, 1, 3).over(model);
        Transformer averaged = new Compression.Averaged(1, 3).over(twice)) {
      assertThat(averaged.logits(TOKENS).toDoubles()).isEqualTo(model.logits(TOKENS).toDoubles());
    }
  }

  @Test
  void differentBlocksAverageToTheMeanOfTheirWeights() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT64);
        Transformer averaged = new Compression.Averaged(1, 2).over(model)) {
      double[] one = model.parameters().get("blocks.1.mlp.W_in").toDoubles();
      double[] two = model.parameters().get("blocks.2.mlp.W_in").toDoubles();
      double[] mean = averaged.parameters().get("blocks.1.mlp.W_in").toDoubles();
      assertThat(averaged.spec().nLayers()).isEqualTo(3);
      assertThat(mean[5]).isCloseTo((one[5] + two[5]) / 2, within(1e-15));
      assertThat(averaged.parameters().get("blocks.2.mlp.W_in").toDoubles())
          .isEqualTo(model.parameters().get("blocks.3.mlp.W_in").toDoubles());
    }
  }

  /// A group that is one linear map is found and replaced by itself.
  @Test
  void aGroupThatIsLinearIsReplacedWithoutLoss() {
    SplittableRandom random = new SplittableRandom(3);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT64)) {
      AffineMap planted =
          new AffineMap(
              Tensor.gaussian(Shape.of("d_model", 12, "out", 12), 0.3, random).to(DType.FLOAT64),
              Tensor.gaussian(Shape.of("out", 12), 0.3, random).to(DType.FLOAT64));
      try (Transformer linear = new Compression.Mapped(planted, 1, 2).over(model);
          LinearMapFit fit = LinearMapFit.over(linear, 1, 1)) {
        assertThat(linear.spec().nLayers()).isEqualTo(3);
        texts(20).forEach(fit::add);
        try (Transformer again = fit.fitted(1e-12).over(linear)) {
          // Regression on 600 points of 12 features in float64, a penalty of 1e-12.
          assertThat(again.logits(TOKENS).minus(linear.logits(TOKENS)).abs().sum().item())
              .isCloseTo(0, within(1e-6));
        }
      }
    }
  }

  /// The map beats leaving the group out where it was fitted: the identity is one of the maps.
  @Test
  void aFittedMapOpensAgainAndIsReadLikeAnyOther() {
    Path target = folder.resolve("small");
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT32);
        LinearMapFit fit = LinearMapFit.over(model, 1, 2)) {
      texts(12).forEach(fit::add);
      try (Transformer smaller = fit.fitted(1e-4).over(model);
          ModelDraft draft = ModelDraft.begin(target)) {
        draft.finish(smaller);
        try (Transformer opened = ModelFiles.open(target, ModelFiles.Options.usual());
            StreamTrace trace = opened.trace(TOKENS, Decomposition.capture())) {
          assertThat(opened.logits(TOKENS).toDoubles())
              .isEqualTo(smaller.logits(TOKENS).toDoubles());
          Tensor sum = Decomposition.of(opened, trace).full().sum();
          Tensor stream = Decomposition.of(opened, trace).stream();
          // Float32 sums of twelve parts.
          assertThat(sum.minus(stream).norm("d_model").sum().item())
              .isLessThan(1e-5 * stream.norm("d_model").sum().item());
        }
      }
    }
  }

  @Test
  void aRunCanStartFromAModelAndLowersItsLoss() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT32);
        Transformer smaller = new Compression.Dropped(List.of(2)).over(model)) {
      TextData data =
          new TextData(new Corpus(texts(8), 0, 0), new Corpus(texts(8).subList(0, 2), 0, 0), 16);
      TrainingSettings settings =
          TrainingSettings.usual(4, 16, new Schedule.Cosine(20, 1, 1e-2, 1e-3));
      double[] before = smaller.logits(TOKENS).toDoubles();
      try (TrainingRun run = TrainingRun.from(smaller, data, settings, TrainingParts.usual())) {
        assertThat(run.model().logits(TOKENS).toDoubles()).isEqualTo(before);
        double loss = run.look().loss();
        run.run(_ -> {});
        assertThat(run.look().loss()).isLessThan(loss);
      }
      assertThat(smaller.logits(TOKENS).toDoubles()).isEqualTo(before);
    }
  }

  @Test
  void refusesInWords() {
    try (Transformer dense = EveryModel.open("pathway/denseformer/rms/mha", DType.FLOAT32);
        Transformer delta = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT32);
        Transformer first = EveryModel.open("mixer/svformer/rms/mha", DType.FLOAT32);
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT32)) {
      assertThatThrownBy(() -> new Compression.Dropped(List.of(1)).over(dense))
          .hasMessageContaining("cannot change places");
      assertThatThrownBy(() -> new Compression.Dropped(List.of(0, 1, 2, 3)).over(model))
          .hasMessageContaining("Nothing would be left");
      assertThatThrownBy(() -> LinearMapFit.over(delta, 1, 2))
          .hasMessageContaining("No linear map can stand for these blocks");
      assertThatThrownBy(() -> LinearMapFit.over(first, 1, 2))
          .hasMessageContaining("values of the first");
      assertThatThrownBy(() -> LinearMapFit.over(model, 2, 1)).hasMessageContaining("no group");
    }
  }

  @Test
  void blocksThatArePutTogetherDifferentlyHaveNoMean() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT64);
        TensorOwner owner = new TensorOwner()) {
      Tensor zeros = owner.own(Tensor.zeros(Shape.of("d_model", 12, "out", 12), DType.FLOAT64));
      AffineMap map = new AffineMap(zeros, zeros.at("d_model", 0));
      try (Transformer mixed = new Compression.Mapped(map, 1, 1).over(model)) {
        assertThatThrownBy(() -> new Compression.Averaged(0, 1).over(mixed))
            .hasMessageContaining("blocks 0 and 1 are put together differently");
      }
    }
  }
}
