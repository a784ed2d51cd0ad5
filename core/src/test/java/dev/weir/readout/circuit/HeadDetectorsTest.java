package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.circuit.HeadDetectors.Detector;
import dev.weir.readout.circuit.HeadDetectors.Repeated;
import dev.weir.readout.circuit.HeadDetectors.Rows;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Detector scores against sums over patterns written out.
class HeadDetectorsTest {
  private static final double ROUNDING = 1e-12;

  @Test
  void aTextIsReadByItsOwnRepetitions() {
    int[] tokens = {7, 8, 7, 8};
    double[] pattern = {1, 0, 0, 0, 0.4, 0.6, 0, 0, 0.1, 0.2, 0.7, 0, 0.25, 0.15, 0.5, 0.1};
    try (Scope _ = Scope.open()) {
      HeadDetectors found = new HeadDetectors();
      found.add(tokens, List.of(pattern(pattern, 4)));
      assertScore(found, Detector.PREVIOUS, (0.4 + 0.2 + 0.5) / 3);
      // Position 2 sees its token at 0, position 3 at 1.
      assertScore(found, Detector.DUPLICATE, (0.1 + 0.15) / 2);
      // Position 2 sees what came after 7 at 1, position 3 what came after 8 at 2.
      assertScore(found, Detector.INDUCTION, (0.2 + 0.5) / 2);
      assertScore(found, Detector.FIRST, (0.4 + 0.1 + 0.25) / 3);
      double entropy = 0;
      for (double p : Arrays.copyOfRange(pattern, 4, 16)) {
        entropy -= p == 0 ? 0 : p * Math.log(p);
      }
      assertScore(found, Detector.ENTROPY, entropy / 3);
    }
  }

  private static void assertScore(HeadDetectors found, Detector detector, double expected) {
    assertThat(found.score(detector, 0, 0).mean())
        .as(detector.toString())
        .isCloseTo(expected, within(ROUNDING));
  }

  private static Tensor pattern(double[] values, int length) {
    return Tensor.of(
        values,
        Shape.of(new Axis("head", 1), new Axis("query_pos", length), new Axis("key_pos", length)));
  }

  @Test
  void textsThatRepeatNothingSayNothingOfRepetitionAndIntervalsGrowFromSeveral() {
    try (Scope _ = Scope.open()) {
      HeadDetectors found = new HeadDetectors();
      Tensor looks = pattern(new double[] {1, 0, 0.2, 0.8}, 2);
      found.add(new int[] {1, 2}, List.of(looks));
      assertThat(found.score(Detector.DUPLICATE, 0, 0).count()).isZero();
      assertThat(found.score(Detector.DUPLICATE, 0, 0).mean()).isNaN();
      assertThat(found.score(Detector.PREVIOUS, 0, 0).low()).isNaN();
      found.add(new int[] {3, 3}, List.of(pattern(new double[] {1, 0, 0.6, 0.4}, 2)));
      Estimate previous = found.score(Detector.PREVIOUS, 0, 0);
      assertThat(previous).isEqualTo(Estimate.of(0.2, 0.6));
      assertThat(found.score(Detector.DUPLICATE, 0, 0).count()).isEqualTo(1);
    }
  }

  /// On every pathway, by sums over the recorded pattern in plain Java.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void repeatedTokensAreReadAlongTheirDiagonals(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      int period = 4;
      Repeated text =
          Repeated.random(
              model.spec().dVocab(), 16, period, OptionalInt.of(0), new SplittableRandom(5));
      try (StreamTrace trace = model.trace(text.tokens(), HeadDetectors.capture())) {
        for (Rows rows : Rows.values()) {
          HeadDetectors found = new HeadDetectors();
          found.addRepeated(trace, period, rows);
          for (int layer = 0; layer < model.spec().nLayers(); layer++) {
            Tensor pattern = trace.get(new HookPoint.Pattern(layer));
            for (int head = 0; head < pattern.size("head"); head++) {
              double[][] a = Dense.rows(pattern.at("head", head), "query_pos", "key_pos");
              int second = rows == Rows.SECOND_COPY ? 1 + period : 0;
              assertThat(found.score(Detector.PREVIOUS, layer, head).mean())
                  .isCloseTo(diagonal(a, 1, 1), within(ROUNDING));
              assertThat(found.score(Detector.DUPLICATE, layer, head).mean())
                  .isCloseTo(diagonal(a, period, second), within(ROUNDING));
              assertThat(found.score(Detector.INDUCTION, layer, head).mean())
                  .isCloseTo(diagonal(a, period - 1, second), within(ROUNDING));
            }
          }
        }
      }
    }
  }

  private static double diagonal(double[][] a, int back, int first) {
    return IntStream.range(Math.max(first, back), a.length)
        .mapToDouble(i -> a[i][i - back])
        .average()
        .orElseThrow();
  }

  /// Where nothing repeats by chance, a repeated text read by its repetitions gives the same.
  @ParameterizedTest
  @EnumSource(
      value = Detector.class,
      names = {"PREVIOUS", "DUPLICATE", "INDUCTION"})
  void bothWaysToReadARepeatedTextAgree(Detector detector) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/llama", DType.FLOAT64)) {
      Repeated text =
          Repeated.random(model.spec().dVocab(), 16, 6, OptionalInt.of(0), new SplittableRandom(5));
      try (StreamTrace trace = model.trace(text.tokens(), HeadDetectors.capture())) {
        HeadDetectors repeated = new HeadDetectors();
        repeated.addRepeated(trace, 6, Rows.SECOND_COPY);
        HeadDetectors own = new HeadDetectors();
        own.add(trace);
        assertThat(own.score(detector, 1, 0).mean())
            .isCloseTo(repeated.score(detector, 1, 0).mean(), within(ROUNDING));
      }
    }
  }

  @Test
  void drawnTokensAreDifferentAndTheSameForTheSameSeed() {
    Repeated text = Repeated.random(40, 100, 30, OptionalInt.of(3), new SplittableRandom(9));
    assertThat(text.tokens()).hasSize(61);
    assertThat(text.tokens()[0]).isEqualTo(3);
    Set<Integer> seen = new HashSet<>();
    for (int i = 1; i <= 30; i++) {
      assertThat(seen.add(text.tokens()[i])).isTrue();
      assertThat(text.tokens()[i + 30]).isEqualTo(text.tokens()[i]);
    }
    assertThat(seen).doesNotContain(3);
    assertThat(Repeated.random(40, 100, 30, OptionalInt.of(3), new SplittableRandom(9)).tokens())
        .isEqualTo(text.tokens());
    assertThatThrownBy(
            () -> Repeated.random(40, 100, 40, OptionalInt.of(3), new SplittableRandom(9)))
        .isInstanceOf(CircuitException.class)
        .hasMessageContaining("40 random tokens, twice");
    assertThatThrownBy(
            () -> Repeated.random(40, 60, 30, OptionalInt.of(3), new SplittableRandom(9)))
        .hasMessageContaining("a text of 60 tokens");
  }

  /// Patterns recorded from the real GPT-2 small on five prompts: the head that TransformerLens's
  /// table names for previous tokens (L4H11, 0.992 on random ones) is the first of 144 here.
  @Test
  void theFamousHeadOfGpt2LooksAtThePreviousToken() throws IOException {
    HeadDetectors found = new HeadDetectors();
    for (int example = 0; example < 5; example++) {
      JsonNode recorded =
          JsonMapper.builder()
              .build()
              .readTree(
                  Files.readString(
                      SharedData.require("gpt2-small-attention/ex%d.json".formatted(example))));
      try (Scope _ = Scope.open()) {
        List<Tensor> patterns = new ArrayList<>();
        recorded.get("attention_softmax").forEach(layer -> patterns.add(pattern(layer)));
        int[] tokens =
            recorded.get("tokenIds").valueStream().mapToInt(JsonNode::intValue).toArray();
        found.add(tokens, patterns);
      }
    }
    assertThat(found.heads()).hasSize(12).containsOnly(12);
    record Head(int layer, int head, double score) {}
    Head best =
        IntStream.range(0, 144)
            .mapToObj(i ->
                new Head(i / 12, i % 12, found.score(Detector.PREVIOUS, i / 12, i % 12).mean()))
            .max((a, b) -> Double.compare(a.score(), b.score()))
            .orElseThrow();
    assertThat(best.layer()).isEqualTo(4);
    assertThat(best.head()).isEqualTo(11);
    assertThat(best.score()).isGreaterThan(0.95);
  }

  private static Tensor pattern(JsonNode layer) {
    double[] numbers =
        Stream.of(layer)
            .flatMap(JsonNode::valueStream)
            .flatMap(JsonNode::valueStream)
            .flatMap(JsonNode::valueStream)
            .mapToDouble(JsonNode::doubleValue)
            .toArray();
    int length = layer.get(0).size();
    return Tensor.of(
        numbers,
        Shape.of(
            new Axis("head", layer.size()),
            new Axis("query_pos", length),
            new Axis("key_pos", length)));
  }
}
