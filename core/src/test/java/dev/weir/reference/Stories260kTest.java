package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.BlockSpec;
import dev.weir.model.CrossEntropy;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.StreamNorms;
import dev.weir.readout.TextScore;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.SharedData;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Readouts and interventions on a real trained model against numbers from an independent float64
/// computation (`analyses.md`, appendix B): norms, attribution, lens, ablations, skipped and
/// swapped blocks.
class Stories260kTest {
  static final int[] TOKENS = {
    1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396,
    267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426, 385, 328, 432, 358, 394, 261,
    370, 432, 352, 266, 268, 388, 426, 338, 391, 266, 267, 337, 335, 312, 432, 398, 312, 286, 267,
    414, 270, 333, 415, 426, 13, 438, 310, 439, 419, 357, 336, 432, 313, 438, 310, 432, 278, 316,
    439, 419, 298, 414, 267, 265, 282, 295, 433, 426, 436, 317, 286, 296, 418, 269, 279, 292, 416,
    439, 413, 409, 416, 327, 263, 415, 294, 267, 400, 426, 338, 336, 432, 313, 442, 391, 267, 337,
    335, 364, 420, 268, 388, 432, 398, 359, 280, 303, 439, 413, 272, 417
  };

  /// The printed numbers have six digits after the point; float32 is held to a relative 2e-4.
  enum Precision {
    DOUBLE(DType.FLOAT64, 1e-6, 0),
    SINGLE(DType.FLOAT32, 1e-6, 2e-4);

    private final DType dtype;
    private final double absolute;
    private final double relative;

    Precision(DType dtype, double absolute, double relative) {
      this.dtype = dtype;
      this.absolute = absolute;
      this.relative = relative;
    }

    DType dtype() {
      return dtype;
    }

    void same(double actual, double expected, String what) {
      same(actual, expected, expected, what);
    }

    /// A number that is the difference of larger ones is only as good as they are.
    void same(double actual, double expected, double size, String what) {
      assertThat(actual).as(what).isCloseTo(expected, within(absolute + relative * Math.abs(size)));
    }

    void same(double[] actual, double[] expected, String what) {
      assertThat(actual).hasSameSizeAs(expected);
      for (int i = 0; i < actual.length; i++) {
        same(actual[i], expected[i], what + " " + i);
      }
    }
  }

  static Transformer open(DType dtype) {
    return ModelFiles.open(
        SharedData.require("stories260k/stories260K.bin"),
        new ModelFiles.Options(Optional.of(dtype), new Device.Cpu()));
  }

  private static double crossEntropy(Transformer model, Edits edits) {
    try (Scope _ = Scope.open()) {
      Tensor logits = model.logits(List.of(TOKENS), edits).at("batch", 0);
      return CrossEntropy.of(logits, TOKENS).mean();
    }
  }

  @ParameterizedTest
  @EnumSource
  void b1CrossEntropyLogitsAndNorms(Precision precision) {
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype);
        StreamTrace trace = model.trace(TOKENS, Places.LAYERS.capture())) {
      TextScore score = TextScore.of(trace.logits(), TOKENS, 5);
      precision.same(score.crossEntropy(), 0.4879628275129056, "cross entropy");
      double[] first = {0.243743, 0.017513, 0.01211};
      for (int i = 0; i < first.length; i++) {
        precision.same(-score.predictions().get(i).logProbability(), first[i], "token " + i);
      }
      Tensor.TopK top = trace.logits().at("pos", 127).topK(5, "d_vocab");
      assertThat(top.indices().toLongs()).containsExactly(264, 444, 360, 306, 427);
      precision.same(
          top.values().toDoubles(),
          new double[] {17.835719, 14.908107, 9.646539, 9.272634, 8.547438},
          "top");
      precision.same(
          trace.logits().at("pos", 127).slice("d_vocab", 0, 4).toDoubles(),
          new double[] {-12.340912, -0.629881, -12.340957, -12.341656},
          "logits");
      StreamNorms norms = StreamNorms.of(model, trace, Places.LAYERS);
      precision.same(
          IntStream.range(0, 6)
              .mapToDouble(place ->
                  IntStream.range(1, 128)
                      .mapToDouble(i -> norms.length(place, i))
                      .average()
                      .orElseThrow())
              .toArray(),
          new double[] {1.940685, 3.729084, 5.349164, 7.374619, 10.112184, 13.091787},
          "mean norm");
      precision.same(
          IntStream.range(0, 6).mapToDouble(place -> norms.length(place, 0)).toArray(),
          new double[] {2.249571, 8.213993, 10.360884, 12.217556, 16.026151, 18.647962},
          "norm at BOS");
      precision.same(
          IntStream.range(0, 5).mapToDouble(norms::influence).toArray(),
          new double[] {0.245673, 0.116997, 0.100939, 0.117781, 0.165084},
          "block influence");
    }
  }

  @ParameterizedTest
  @EnumSource
  void b2LogitLens(Precision precision) {
    LogitLens.Options options = LogitLens.Options.usual().with(Places.LAYERS);
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype);
        StreamTrace trace = model.trace(TOKENS, LogitLens.capture(options))) {
      LogitLens lens = LogitLens.of(model, trace, options);
      assertThat(lens.places())
          .containsExactly("0_pre", "1_pre", "2_pre", "3_pre", "4_pre", "final_post");
      precision.same(
          IntStream.range(0, 6).mapToDouble(lens::meanCrossEntropy).toArray(),
          new double[] {22.594881, 12.110774, 5.920824, 3.233875, 1.50693, 0.487963},
          "cross entropy");
      precision.same(
          IntStream.range(0, 6).mapToDouble(lens::meanKl).toArray(),
          new double[] {21.624301, 11.286276, 5.125946, 2.482045, 0.878388, 0},
          "kl");
      precision.same(
          IntStream.range(0, 6).mapToDouble(lens::agreement).toArray(),
          new double[] {0, 0.015625, 0.0234375, 0.2265625, 0.578125, 1},
          "agreement");
      assertThat(
              IntStream.range(0, 6)
                  .map(place -> lens.at(place, 127).top().getFirst().token())
                  .toArray())
          .containsExactly(417, 417, 417, 456, 264, 264);
    }
  }

  @ParameterizedTest
  @EnumSource
  void b3DirectLogitAttribution(Precision precision) {
    double[][] heads = {
      {0.174981, 0.006267, -0.005029, -0.001655, 0.003035, -0.064118, 0.173482, 0.02089},
      {-0.09285, 0.151529, 0.053146, 0.156741, 0.064481, 0.051825, -0.001337, 0.045082},
      {-0.026729, 0.174091, 0.021898, -0.020535, 0.005604, -0.037928, 0.120413, 0.091467},
      {-0.060798, -0.111552, -0.05561, 0.124937, -0.065555, -0.099631, -0.066368, -0.114924},
      {0.06361, 0.039809, -0.020128, -0.079563, -0.108989, 0.062972, 0.294412, 0.034013}
    };
    double[] mlps = {
      0.5353428868077128,
      0.46390206798112743,
      -0.2358282536836752,
      -1.2830266519348503,
      2.2257948735623008
    };
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype);
        StreamTrace trace = model.trace(TOKENS, DirectLogitAttribution.capture().at(127))) {
      var parts = DirectLogitAttribution.of(model, trace, new Question.Difference(264, 444));
      precision.same(parts.total(0), 2.9276119246342898, "logit difference");
      precision.same(parts.score("embed", 0), 0.3200417188638569, "embed");
      for (int layer = 0; layer < 5; layer++) {
        for (int head = 0; head < 8; head++) {
          String label = "L%dH%d".formatted(layer, head);
          precision.same(parts.score(label, 0), heads[layer][head], 1, label);
        }
        precision.same(parts.score(layer + "_mlp_out", 0), mlps[layer], "mlp " + layer);
      }
      List<Part> neurons =
          parts.neurons(4, 0).stream()
              .sorted(Comparator.comparingDouble(part -> -Math.abs(part.score())))
              .limit(5)
              .toList();
      assertThat(neurons.stream().map(Part::label))
          .containsExactly("L4N89", "L4N169", "L4N63", "L4N73", "L4N91");
      precision.same(
          neurons.stream().mapToDouble(Part::score).toArray(),
          new double[] {1.205056, -1.159358, 0.657666, 0.503888, -0.402638},
          "neurons");
    }
  }

  /// The heads and MLPs of B3 once more, from finer parts.
  @ParameterizedTest
  @EnumSource
  void b3FromNeuronsAndSourceTokens(Precision precision) {
    Question question = new Question.Difference(264, 444);
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype);
        StreamTrace trace = model.trace(TOKENS, DirectLogitAttribution.captureSources())) {
      List<Part> sources = DirectLogitAttribution.sources(model, trace, question, 127);
      precision.same(sum(sources, "L4H6<-"), 0.294412, 1, "L4H6");
      precision.same(sum(sources, "L1H3<-"), 0.156741, 1, "L1H3");
      List<Part> neurons = DirectLogitAttribution.of(model, trace, question).withNeurons(127);
      precision.same(sum(neurons, "L4N"), 2.2257948735623003, 2.3, "L4");
    }
  }

  private static double sum(List<Part> parts, String prefix) {
    return parts.stream()
        .filter(part -> part.label().startsWith(prefix))
        .mapToDouble(Part::score)
        .sum();
  }

  @ParameterizedTest
  @EnumSource
  void b4HeadAblations(Precision precision) {
    double[][] changes = {
      {0.016004, 0.025932, 0.017006, -0.002528, -0.002236, 0.005075, 0.000339, 0.00434},
      {0.009133, 0.013179, 0.009019, 0.003965, 0.009748, 0.001404, 0.019181, 0.000382},
      {0.011856, 0.001431, 0.01299, 0.016614, 0.017586, 0.006156, 0.022363, 0.011242},
      {0.044099, 0.027454, 0.004819, 0.004649, 0.004666, 0.014036, 0.006166, 0.02266},
      {0.023783, 0.026118, 0.031649, 0.029042, 0.016765, 0.011658, 0.020834, 0.007458}
    };
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype)) {
      double base = crossEntropy(model, Edits.of(model));
      for (int layer = 0; layer < 5; layer++) {
        for (int head = 0; head < 8; head++) {
          Target place = Target.at("blocks.%d.attn.hook_z".formatted(layer)).heads(head);
          Edits zero = Edits.of(model, new Edit(place, new Intervention.Ablate.Zero()));
          precision.same(
              crossEntropy(model, zero) - base, changes[layer][head], base, place.points() + head);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void b4SkippedAndSwappedBlocks(Precision precision) {
    double[] skipped = {4.865032, 1.369502, 1.098969, 1.377, 1.50693};
    double[] swapped = {4.280675, 1.283851, 1.170919, 1.383152};
    try (Scope _ = Scope.open();
        Transformer model = open(precision.dtype)) {
      for (int layer = 0; layer < 5; layer++) {
        int skip = layer;
        List<Integer> order = Stream.of(0, 1, 2, 3, 4).filter(block -> block != skip).toList();
        precision.same(reordered(model, order), skipped[layer], "skip " + layer);
      }
      for (int layer = 0; layer < 4; layer++) {
        List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4));
        order.set(layer, layer + 1);
        order.set(layer + 1, layer);
        precision.same(reordered(model, order), swapped[layer], "swap " + layer);
      }
    }
  }

  /// The cross entropy of the model with its blocks in another order, or some of them only.
  private static double reordered(Transformer model, List<Integer> order) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    model
        .parameters()
        .tensors()
        .forEach((name, tensor) -> {
          if (!name.startsWith("blocks.")) {
            tensors.put(name, tensor.alias());
          }
        });
    List<BlockSpec> blocks = new ArrayList<>();
    for (int to = 0; to < order.size(); to++) {
      String from = "blocks.%d.".formatted(order.get(to));
      String into = "blocks.%d.".formatted(to);
      blocks.add(model.spec().blocks().get(order.get(to)));
      model
          .parameters()
          .tensors()
          .forEach((name, tensor) -> {
            if (name.startsWith(from)) {
              tensors.put(into + name.substring(from.length()), tensor.alias());
            }
          });
    }
    try (Transformer other =
        Transformer.of(
            model.spec().withBlocks(blocks), new Parameters(tensors), new TensorOwner(), "test")) {
      return crossEntropy(other, Edits.of(other));
    }
  }
}
