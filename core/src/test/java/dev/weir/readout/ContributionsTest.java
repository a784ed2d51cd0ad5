package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepCrossAttention;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.ManifoldHyperConnections;
import dev.weir.pathway.PathwaySpec;
import dev.weir.readout.Contributions.Level;
import dev.weir.readout.Contributions.Measure;
import dev.weir.readout.Contributions.Options;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContributionsTest {
  /// Sums of at most some dozen float32 numbers, for the size of what is summed.
  private static final double ADDS_UP = 1e-5;

  /// Float64: two ways to the same number.
  private static final double SAME = 1e-9;

  private static final Options HEADS = Options.usual().with(Level.HEAD);

  static Stream<String> models() {
    return EveryModel.names();
  }

  // ---------------------------------------------------------------- the law

  @ParameterizedTest
  @MethodSource("models")
  void whatEveryReaderReadsIsTheSumOfWhatWasWritten(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      Writes writes = new Writes("test", model, trace);
      for (Level level : Level.values()) {
        for (Reader reader : Reader.of(model)) {
          assertThat(unexplained(writes, level, reader, Wide.of(trace.get(reader.point()))))
              .as("%s to %s", name, reader.label())
              .isLessThan(ADDS_UP);
        }
      }
    }
  }

  /// The largest number that no part explains, for the largest in any part.
  private static double unexplained(Writes writes, Level level, Reader reader, Tensor read) {
    double[] left = read.toDoubles();
    double[] size = {largest(left)};
    List<FrozenPathway.Place> place = List.of(writes.place(reader.point()));
    writes.forEach(
        level,
        3,
        batch ->
            writes
                .pathway()
                .carry(
                    batch.parts(),
                    batch.origins(),
                    place,
                    (_, _, part) -> {
                      size[0] = Math.max(size[0], largest(part.toDoubles()));
                      double[] sum = part.sum("writer").order("pos", "d_model").toDoubles();
                      Arrays.setAll(left, i -> left[i] - sum[i]);
                    }));
    return largest(left) / size[0];
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("models")
  void theSharesOfEveryReaderAddUpToOne(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      for (Level level : Level.values()) {
        Contributions found = Contributions.of(model, trace, Options.usual().with(level));
        for (int r = 0; r < found.readers().size(); r++) {
          for (int i = 0; i < found.positions().size(); i++) {
            double sum = 0;
            double size = 0;
            for (int w = 0; w < found.writers().size(); w++) {
              sum += found.share(w, r, i);
              size += found.norm(w, r, i) / found.length(r, i);
            }
            assertThat(sum)
                .as("%s, %s, position %d", name, found.readers().get(r).label(), i)
                .isCloseTo(1, within(ADDS_UP * Math.max(1, size)));
          }
        }
      }
    }
  }

  @Test
  void thePathwaysThatCarryMostAreAmongTheModels() {
    List<PathwaySpec> pathways =
        PathwayModels.names().map(name -> PathwayModels.spec(name).pathway()).toList();
    assertThat(pathways)
        .anyMatch(p -> p instanceof DeepDelta delta && delta.channels() == 4)
        .anyMatch(DeepCrossAttention.class::isInstance)
        .anyMatch(ManifoldHyperConnections.class::isInstance)
        .anyMatch(p -> p instanceof AttentionResiduals block && block.blockSize() > 1);
  }

  // ---------------------------------------------------------------- two ways to the same number

  /// Carried forward and measured there, or taken back and measured where it was written.
  @ParameterizedTest
  @MethodSource("models")
  void aShareIsTheSameTakenBackToTheWriter(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      Contributions found = Contributions.of(model, trace, HEADS);
      Writes writes = new Writes("test", model, trace);
      List<String> labels = found.writers().stream().map(Contributions.Writer::label).toList();
      for (int r = 0; r < found.readers().size(); r++) {
        int reader = r;
        Tensor read = trace.get(found.readers().get(r).point());
        Tensor direction = read.dividedBy(read.square().sum("d_model")).order("pos", "d_model");
        new Along(writes, direction, writes.place(found.readers().get(r).point()))
            .each((_, label, scores) -> {
              int writer = labels.indexOf(label);
              for (int i = 0; i < scores.length; i++) {
                assertThat(found.share(writer, reader, i))
                    .as("%s, %s to %s", name, label, found.readers().get(reader).label())
                    .isCloseTo(scores[i], within(SAME));
              }
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void neuronsAndSourceTokensAddUpToTheirMlpsAndHeads(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.captureSources())) {
      Contributions found = Contributions.of(model, trace, HEADS);
      int last = found.positions().size() - 1;
      int r = found.readers().size() - 2;
      Reader reader = found.readers().get(r);
      List<Part> sources = Contributions.sources(model, trace, reader, Measure.STREAM, last);
      for (int w = 0; w < found.writers().size(); w++) {
        String label = found.writers().get(w).label();
        if (found.writers().get(w).kind() == Kind.HEAD && found.precedes(w, r)) {
          assertThat(sum(sources, label + "<-"))
              .as("%s %s", name, label)
              .isCloseTo(found.share(w, r, last), within(SAME));
        }
      }
      List<Part> neurons =
          Contributions.neurons(model, trace, reader, Measure.STREAM, List.of(last));
      Transport transport = Transport.of(model, trace);
      for (int w = 0; w < found.writers().size(); w++) {
        String label = found.writers().get(w).label();
        int layer = label.endsWith("_mlp_out") ? label.charAt(0) - '0' : -1;
        // An output bias would be the rest of the share.
        if (layer >= 0 && found.precedes(w, r) && transport.bias(Site.mlp(layer)).isEmpty()) {
          assertThat(sum(neurons, "L%dN".formatted(layer)))
              .as("%s %s", name, label)
              .isCloseTo(found.share(w, r, last), within(SAME));
        }
      }
    }
  }

  private static double sum(List<Part> parts, String prefix) {
    return parts.stream()
        .filter(part -> part.label().startsWith(prefix))
        .mapToDouble(Part::score)
        .sum();
  }

  /// Vectors made one by one, and measured in plain Java.
  @ParameterizedTest
  @MethodSource("models")
  void sizesAreThoseOfTheVectorsThemselves(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      Contributions found = Contributions.of(model, trace, Options.usual());
      Transport transport = Transport.of(model, trace);
      int reader = found.readers().size() - 1;
      int pos = found.positions().size() - 1;
      int d = model.spec().dModel();
      double[] whole = row(trace.get(found.readers().get(reader).point()), pos, d);
      for (var site : transport.sites()) {
        String label = WriterLabels.write(site);
        int writer =
            found.writers().stream().map(Contributions.Writer::label).toList().indexOf(label);
        double[] part =
            row(
                transport.carried(
                    transport.written(site), site, found.readers().get(reader).point()),
                pos,
                d);
        double dot = IntStream.range(0, d).mapToDouble(i -> part[i] * whole[i]).sum();
        double square = IntStream.range(0, d).mapToDouble(i -> part[i] * part[i]).sum();
        double total = IntStream.range(0, d).mapToDouble(i -> whole[i] * whole[i]).sum();
        assertThat(found.share(writer, reader, pos)).isCloseTo(dot / total, within(SAME));
        assertThat(found.norm(writer, reader, pos)).isCloseTo(Math.sqrt(square), within(1e-8));
        assertThat(found.cosine(writer, reader, pos))
            .isCloseTo(dot / Math.sqrt(total * square), within(SAME));
      }
    }
  }

  private static double[] row(Tensor rows, int pos, int d) {
    return Arrays.copyOfRange(rows.toDoubles(), pos * d, (pos + 1) * d);
  }

  // ---------------------------------------------------------------- by the reader's weights

  @ParameterizedTest
  @MethodSource("models")
  void sharesByWeightsAddUpToOneToo(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      List<Reader> weighty =
          Reader.of(model).stream()
              .filter(reader -> !name.contains("shortconv") || !reader.label().contains("local"))
              .toList();
      Contributions found =
          Contributions.of(model, trace, Options.usual().with(Measure.WEIGHTS), weighty);
      int last = found.positions().size() - 1;
      for (int r = 0; r < weighty.size(); r++) {
        double sum = 0;
        for (int w = 0; w < found.writers().size(); w++) {
          sum += found.share(w, r, last);
        }
        assertThat(sum).as("%s, %s", name, weighty.get(r).label()).isCloseTo(1, within(1e-8));
      }
    }
  }

  /// What an MLP's own maps give for a part and for the whole, in plain Java.
  @Test
  void sharesByWeightsAreThoseOfWhatTheMapsGive() {
    String name = "models/llama";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      Reader reader = Reader.named(model, "1_mlp_in");
      Contributions found =
          Contributions.of(model, trace, Options.usual().with(Measure.WEIGHTS), List.of(reader));
      Tensor gain = model.parameters().get("blocks.1.ln2.w");
      Transport transport = Transport.of(model, trace);
      int last = found.positions().size() - 1;
      double[] whole = mapped(model, trace.get(reader.point()).times(gain), last);
      double[] part = mapped(model, transport.written(Site.mlp(0)).times(gain), last);
      double dot = IntStream.range(0, part.length).mapToDouble(i -> part[i] * whole[i]).sum();
      double square = Arrays.stream(whole).map(x -> x * x).sum();
      int writer =
          found.writers().stream().map(Contributions.Writer::label).toList().indexOf("0_mlp_out");
      assertThat(found.share(writer, 0, last)).isCloseTo(dot / square, within(SAME));
      assertThat(found.norm(writer, 0, last))
          .isCloseTo(Math.sqrt(Arrays.stream(part).map(x -> x * x).sum()), within(SAME));
      assertThat(found.length(0, last)).isCloseTo(Math.sqrt(square), within(SAME));
    }
  }

  private static double[] mapped(Transformer model, Tensor rows, int pos) {
    Tensor at = rows.at("pos", pos);
    double[] up = at.dot(model.parameters().get("blocks.1.mlp.W_in"), "d_model").toDoubles();
    double[] gate = at.dot(model.parameters().get("blocks.1.mlp.W_gate"), "d_model").toDoubles();
    return java.util.stream.DoubleStream.concat(Arrays.stream(up), Arrays.stream(gate)).toArray();
  }

  @Test
  void aMixerWithoutMapsCannotBeMeasuredByThem() {
    String name =
        models().filter(some -> some.startsWith("mixer/shortconv/")).findFirst().orElseThrow();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> Contributions.of(model, trace, Options.usual().with(Measure.WEIGHTS)))
          .withMessage(
              "What reads 'blocks.0.hook_local_in' has no weights to measure by. Where:"
                  + " contributions. To fix: measure the stream itself, or leave this reader out.");
    }
  }

  // ---------------------------------------------------------------- what is asked

  @Test
  void readersAreNamedInTheOrderOfDepth() {
    try (Transformer plain = EveryModel.open("models/gpt2", DType.FLOAT32);
        Transformer parallel = EveryModel.open("models/gpt-neox-parallel", DType.FLOAT32);
        Transformer apart = EveryModel.open(crossAttention(), DType.FLOAT32)) {
      assertThat(Reader.of(plain).stream().map(Reader::label))
          .containsExactly("0_attn_in", "0_mlp_in", "1_attn_in", "1_mlp_in", "end");
      assertThat(Reader.of(parallel).stream().map(Reader::label))
          .containsExactly("0_attn_in", "0_mlp_in", "1_attn_in", "1_mlp_in", "end");
      assertThat(Reader.of(apart).stream().map(Reader::label))
          .startsWith("0_q_input", "0_k_input", "0_v_input", "0_mlp_in");
      assertThat(Reader.named(plain, "blocks.1.hook_mlp_in").label()).isEqualTo("1_mlp_in");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> Reader.named(plain, "7_mlp_in"))
          .withMessage(
              "Nothing in this model reads the stream at '7_mlp_in'. Where: reader. To fix: use one"
                  + " of 0_attn_in, 0_mlp_in, 1_attn_in, 1_mlp_in, end.");
    }
  }

  private static String crossAttention() {
    return PathwayModels.names()
        .filter(
            name -> name.startsWith("pathway/") && PathwayModels.spec(name).pathway().readsApart())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void meansOverTextsAreThoseOfTheirNumbers() {
    String name = "models/gpt2";
    int[][] texts = {EveryModel.tokens(name), {3, 1, 4, 1, 5}, {9, 2, 6}};
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      List<Contributions.Mean> means = new ArrayList<>();
      double[] shares = new double[texts.length];
      for (int t = 0; t < texts.length; t++) {
        try (StreamTrace trace = model.trace(texts[t], Contributions.capture())) {
          Contributions one = Contributions.of(model, trace, HEADS);
          if (means.isEmpty()) {
            means.add(new Contributions.Mean(one));
          }
          means.getFirst().add(one, Contributions.afterTheFirst(trace));
          shares[t] =
              IntStream.range(1, texts[t].length)
                  .mapToDouble(i -> one.share(2, 3, i))
                  .average()
                  .orElseThrow();
        }
      }
      Estimate expected = Estimate.of(shares);
      Contributions.Mean mean = means.getFirst();
      assertThat(mean.share(2, 3).mean()).isCloseTo(expected.mean(), within(1e-12));
      assertThat(mean.share(2, 3).low()).isCloseTo(expected.low(), within(1e-12));
      assertThat(mean.share(2, 3).count()).isEqualTo(3);
    }
  }

  @Test
  void whatIsWrittenLaterReachesNobody() {
    String name = crossAttention();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Contributions.capture())) {
      Contributions found = Contributions.of(model, trace, Options.usual());
      int last = found.writers().size() - 1;
      assertThat(found.precedes(last, 0)).isFalse();
      assertThat(found.share(last, 0, 1)).isZero();
      assertThat(found.cosine(last, 0, 1)).isNaN();
      assertThat(found.precedes(0, 0)).isTrue();
    }
  }

  @Test
  void onePositionReadsLikeAllOfThem() {
    String name = "models/gemma2";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace all = model.trace(tokens, Contributions.capture());
        StreamTrace one = model.trace(tokens, Contributions.capture().at(3))) {
      Contributions every = Contributions.of(model, all, HEADS);
      Contributions alone = Contributions.of(model, one, HEADS);
      for (int w = 0; w < every.writers().size(); w++) {
        for (int r = 0; r < every.readers().size(); r++) {
          assertThat(alone.share(w, r, 0)).isCloseTo(every.share(w, r, 3), within(1e-12));
        }
      }
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> every.share(0, 0, 99))
          .withMessageContaining("no kept position 99");
    }
  }
}
