package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.VirtualWeights.Entry;
import dev.weir.readout.circuit.VirtualWeights.Measure;
import dev.weir.readout.circuit.VirtualWeights.Options;
import dev.weir.stream.Site;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.GoldenModels;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Streamed virtual weights against the whole matrix in plain Java.
class VirtualWeightsTest {
  /// Some hundred float64 operations on numbers near 1.
  private static final double ROUNDING = 1e-11;

  @ParameterizedTest
  @CsvSource({
    "models/gpt2, 0.out, 1.in",
    "models/gpt2, embed, 0.in",
    "models/gpt2, pos_embed, L1H0.q",
    "models/llama, 0.out, 1.gate",
    "models/llama, L0H1.o, L1H1.v",
    "models/gemma2, L0H1.ov, 1.gate",
    "models/qwen3, 1.out, unembed",
    "models/phi, L0H0.o, 1.in"
  })
  void everyPairIsTheProductOfItsTwoVectors(String name, String writer, String reader) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      for (Measure measure : Measure.values()) {
        VirtualWeights found =
            VirtualWeights.of(
                Circuits.of(folded),
                StreamPart.Writer.named(writer),
                StreamPart.Reader.named(reader),
                new Options(measure, Integer.MAX_VALUE, 2));
        int readers = (int) found.summary().readers();
        double[] all = new double[(int) found.summary().writers() * readers];
        found
            .top()
            .forEach(
                entry -> all[entry.writer() * readers + entry.reader()] = value(measure, entry));
        assertThat(found.top()).hasSize(all.length);
        assertThat(found.top())
            .isSortedAccordingTo(
                (a, b) -> Double.compare(Math.abs(value(measure, b)), Math.abs(value(measure, a))));
        assertThat(found.summary().norm())
            .isCloseTo(Math.sqrt(Arrays.stream(all).map(x -> x * x).sum()), within(ROUNDING));
        assertThat(value(measure, found.summary().largest()))
            .isEqualTo(Arrays.stream(all).max().orElseThrow());
        assertThat(value(measure, found.summary().smallest()))
            .isEqualTo(Arrays.stream(all).min().orElseThrow());
        for (int unit = 0; unit < found.summary().writers(); unit++) {
          double[] row = Arrays.copyOfRange(all, unit * readers, (unit + 1) * readers);
          double strongest = Arrays.stream(row).map(Math::abs).max().orElseThrow();
          assertThat(Math.abs(value(measure, found.top(unit).getFirst()))).isEqualTo(strongest);
          assertThat(found.top(unit)).hasSize(2);
        }
        assertThat(found.top())
            .allSatisfy(entry -> assertThat(Math.abs(entry.cosine())).isLessThan(1 + ROUNDING));
      }
    }
  }

  private static double value(Measure measure, Entry entry) {
    return measure == Measure.PRODUCT ? entry.product() : entry.cosine();
  }

  /// More pairs than are held at a time: rows come in several stretches.
  @Test
  void aMatrixThatIsNeverHeldIsSearchedWhole() {
    int writers = 2500;
    int readers = 2000;
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open("models/gpt2", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      int width = raw.spec().dModel();
      Tensor writes = directions(writers, width, 1);
      Tensor reads = directions(readers, width, 2);
      VirtualWeights found =
          VirtualWeights.of(
              Circuits.of(folded),
              new StreamPart.DirectionsOut("decoder", writes, Site.mlp(0)),
              new StreamPart.DirectionsIn("encoder", reads, Site.attention(1)),
              new Options(Measure.PRODUCT, 40, 0));
      double[][] a = Dense.rows(writes, "direction", "d_model");
      double[][] b = Dense.rows(reads, "direction", "d_model");
      double[] strongest =
          IntStream.range(0, writers)
              .mapToObj(
                  i -> IntStream.range(0, readers).mapToDouble(j -> Math.abs(dot(a[i], b[j]))))
              .flatMapToDouble(row -> row)
              .sorted()
              .toArray();
      for (int i = 0; i < 40; i++) {
        Entry entry = found.top().get(i);
        assertThat(Math.abs(entry.product()))
            .isCloseTo(strongest[strongest.length - 1 - i], within(ROUNDING));
        assertThat(entry.product())
            .isCloseTo(dot(a[entry.writer()], b[entry.reader()]), within(ROUNDING));
      }
      double squares = Arrays.stream(strongest).map(x -> x * x).sum();
      assertThat(found.summary().norm()).isCloseTo(Math.sqrt(squares), within(1e-7));
    }
  }

  private static Tensor directions(int count, int width, long seed) {
    return Tensor.gaussian(
            Shape.of("direction", count, "d_model", width), 1, new SplittableRandom(seed))
        .to(DType.FLOAT64);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"0.out, 0.in", "1.out, 0.in", "1.out, L1H0.q", "L1H0.o, L1H0.v", "0.out, 0.in"})
  void whatDoesNotComeAfterItsWriterIsRefused(String writer, String reader) {
    assertThatThrownBy(() -> strongest("models/gpt2", writer, reader))
        .isInstanceOf(CircuitException.class)
        .hasMessageContaining("Nothing that " + writer + " writes is read by " + reader);
  }

  @Test
  void anMlpBesideAttentionDoesNotReadIt() {
    assertThat(strongest("models/gpt2", "L0H0.o", "0.in").top()).hasSize(1);
    assertThatThrownBy(() -> strongest("models/gpt-neox-parallel", "L0H0.o", "0.in"))
        .hasMessageContaining("Nothing that L0H0.o writes is read by 0.in");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "nobody", "0.in", "L0H0.q", "L0H0", "unembed", "-1.out", "9999999.out"})
  void aNameThatIsNoWriterIsRefused(String name) {
    assertThatThrownBy(() -> StreamPart.Writer.named(name))
        .isInstanceOf(CircuitException.class)
        .hasMessageContaining("use for instance embed");
  }

  @Test
  void partsThatAModelLacksAreRefused() {
    assertThatThrownBy(() -> strongest("models/gpt2", "7.out", "unembed"))
        .hasMessageContaining("Block 7 has no MLP");
    assertThatThrownBy(() -> strongest("models/gpt2", "0.out", "1.gate"))
        .hasMessageContaining("Block 1 has no gate");
    assertThatThrownBy(() -> strongest("models/llama", "pos_embed", "1.gate"))
        .hasMessageContaining("no learned positions");
    assertThatThrownBy(() -> strongest("models/llama", "embed", "L1H77.k"))
        .hasMessageContaining("no head 77");
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open("models/gpt2", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      StreamPart.Writer narrow =
          new StreamPart.DirectionsOut("narrow", directions(2, 3, 1), Site.mlp(0));
      assertThatThrownBy(() ->
              VirtualWeights.of(
                  Circuits.of(folded), narrow, new StreamPart.Unembedding(), Options.strongest(1)))
          .hasMessageContaining("do not fit a stream of width");
    }
  }

  private static VirtualWeights strongest(String name, String writer, String reader) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      return VirtualWeights.of(
          Circuits.of(folded),
          StreamPart.Writer.named(writer),
          StreamPart.Reader.named(reader),
          Options.strongest(1));
    }
  }
}
