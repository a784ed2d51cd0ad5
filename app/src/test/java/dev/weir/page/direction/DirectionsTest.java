package dev.weir.page.direction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.page.direction.DirectionRecipe.Circuit;
import dev.weir.page.direction.DirectionRecipe.Gain;
import dev.weir.page.direction.DirectionRecipe.Length;
import dev.weir.page.direction.DirectionRecipe.Part;
import dev.weir.page.direction.DirectionRecipe.Side;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Models;
import dev.weir.page.run.NumberedModel;
import dev.weir.page.run.Projection;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.bandwidth.PrincipalComponents.Scaling;
import dev.weir.readout.probe.ProbeKind;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each recipe against plain arithmetic on the model's weights and runs.
class DirectionsTest {
  private static final String RMS = "pathway/pre_norm/rms/gqa";
  private static final String LAYER = "pathway/pre_norm/layer/mha";
  private static final int[] TEXT = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final int[] OTHER = {2, 7, 1, 8, 2, 8};

  @TempDir Path folder;

  private final EngineThread engine = new EngineThread();
  private final Vectors vectors = new Vectors();
  private List<Models> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(models ->
        engine.call(() -> {
          models.close();
          return true;
        }));
    engine.close();
  }

  private Directions of(String... names) {
    return directions(names).directions();
  }

  /// @param transformer of the first model
  private record Opened(Directions directions, Transformer transformer, Models models) {}

  private Opened directions(String... names) {
    Models models =
        Models.open(
            Arrays.stream(names)
                .map(name -> new Models.Source(name, () -> NumberedModel.open(name)))
                .toList(),
            engine);
    opened.add(models);
    Runs runs = new Runs(engine, models, vectors, 1 << 24);
    Corpus corpus = new Corpus(corpus());
    return new Opened(
        new Directions(engine, models, runs, vectors, corpus),
        models.get("m0").transformer(),
        models);
  }

  /// 400 tokens, drawn with a fixed seed.
  private Path corpus() {
    SplittableRandom random = new SplittableRandom(5);
    String text =
        IntStream.range(0, 400)
            .mapToObj(_ -> String.valueOf(random.nextInt(10)))
            .collect(Collectors.joining(" "));
    try {
      return Files.writeString(folder.resolve("corpus.txt"), text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private double[] numbers(Direction direction) {
    return vectors.projection(direction.id()).numbers();
  }

  // ---------------------------------------------------------------- weights

  @Test
  void aRowOfTheUnembeddingIsTheRowOfTheFile() {
    Opened at = directions(RMS);
    Direction made =
        at.directions()
            .make(new DirectionRecipe.Unembedding("m0", "7", Optional.empty(), Gain.LEFT_OUT));

    assertThat(numbers(made)).containsExactly(row(at, 7));
    assertThat(made.length()).isCloseTo(length(row(at, 7)), within(1e-12));
    assertThat(made.description()).contains("behind the final norm");
  }

  private double[] row(Opened at, int token) {
    return engine.call(() -> at.transformer().unembedding().at("d_vocab", token).toDoubles());
  }

  @ParameterizedTest
  @ValueSource(strings = {RMS, LAYER})
  void theProductOfTheLastStreamAndARowTimesTheGainIsTheLogitTimesTheScale(String name) {
    Opened at = directions(name);
    Direction made =
        at.directions()
            .make(new DirectionRecipe.Unembedding("m0", "7", Optional.of("2"), Gain.MULTIPLIED));
    Projection projection = vectors.projection(made.id());

    double[] found = engine.call(() -> logitsByHand(at.transformer(), projection));
    assertThat(found[0]).isCloseTo(found[1], within(1e-4 * Math.abs(found[1])));
  }

  /// The logit difference by the direction, and by the model.
  private static double[] logitsByHand(Transformer model, Projection projection) {
    HookPoint end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
    try (StreamTrace trace = model.trace(TEXT, Capture.of(end))) {
      Tensor stream = trace.get(end).at("pos", 4);
      double scale = model.lnFinal().scale(trace.get(end)).at("pos", 4).item();
      double constant = 0;
      if (model.lnFinal() instanceof Norm.LayerNorm(Tensor _, Tensor shift, double _)) {
        constant = dot(shift.toDoubles(), difference(model));
      }
      double[] logits = model.logits(TEXT).at("pos", 4).toDoubles();
      double byModel = logits[7] - logits[2] - constant - bias(model);
      return new double[] {projection.of(stream.toDoubles()) / scale, byModel};
    }
  }

  private static double[] difference(Transformer model) {
    double[] less = model.unembedding().at("d_vocab", 2).toDoubles();
    double[] row = model.unembedding().at("d_vocab", 7).toDoubles();
    Arrays.setAll(row, i -> row[i] - less[i]);
    return row;
  }

  private static double bias(Transformer model) {
    return model
        .parameters()
        .find("unembed.b_U")
        .map(b -> b.toDoubles()[7] - b.toDoubles()[2])
        .orElse(0.0);
  }

  @Test
  void aNeuronWritesItsRowOfWOut() {
    Opened at = directions(RMS);
    Direction made = at.directions().make(new DirectionRecipe.Neuron("m0", 2, 5));

    double[] row =
        engine.call(() ->
            at.transformer().parameters().get("blocks.2.mlp.W_out").at("d_mlp", 5).toDoubles());
    assertThat(numbers(made)).containsExactly(row);
  }

  @Test
  void aHeadsMapTurnsItsRightSingularVectorsIntoLeftOnes() {
    Opened at = directions(RMS);
    for (Circuit circuit : Circuit.values()) {
      double[][] map = engine.call(() -> map(at.transformer(), circuit, 1, 1));
      for (int index = 0; index < 3; index++) {
        double[] left = numbers(at.directions().make(singular(circuit, index, Side.LEFT)));
        double[] right = numbers(at.directions().make(singular(circuit, index, Side.RIGHT)));

        double[] through = times(map, left);
        double strength = length(through);
        for (int i = 0; i < right.length; i++) {
          assertThat(through[i]).isCloseTo(strength * right[i], within(1e-5));
        }
        assertThat(length(left)).isCloseTo(1, within(1e-9));
        assertThat(Arrays.stream(right).max().orElseThrow())
            .isEqualTo(Arrays.stream(right).map(Math::abs).max().orElseThrow());
      }
    }
  }

  private static DirectionRecipe singular(Circuit circuit, int index, Side side) {
    return new DirectionRecipe.Singular("m0", circuit, 1, 1, index, side);
  }

  /// `diag(gain) W_V W_O` or `diag(gain) W_Q W_Kᵀ diag(gain)`, multiplied out; head 1 of two shares
  /// the only keys and values.
  private static double[][] map(Transformer model, Circuit circuit, int layer, int head) {
    double[] gain = model.parameters().get("blocks.%d.ln1.w".formatted(layer)).toDoubles();
    double[][] in =
        circuit == Circuit.OV
            ? matrix(model, layer, "W_V", "kv_head", 0, "d_model", "d_head")
            : matrix(model, layer, "W_Q", "head", head, "d_model", "d_head");
    double[][] out =
        circuit == Circuit.OV
            ? matrix(model, layer, "W_O", "head", head, "d_head", "d_model")
            : matrix(model, layer, "W_K", "kv_head", 0, "d_head", "d_model");
    double[][] map = new double[gain.length][gain.length];
    for (int i = 0; i < gain.length; i++) {
      for (int j = 0; j < gain.length; j++) {
        for (int k = 0; k < out.length; k++) {
          map[i][j] += gain[i] * in[i][k] * out[k][j] * (circuit == Circuit.OV ? 1 : gain[j]);
        }
      }
    }
    return map;
  }

  private static double[][] matrix(
      Transformer model,
      int layer,
      String name,
      String axis,
      int head,
      String rows,
      String columns) {
    Tensor weight =
        model
            .parameters()
            .get("blocks.%d.attn.%s".formatted(layer, name))
            .at(axis, head)
            .order(rows, columns);
    double[][] matrix = new double[Math.toIntExact(weight.size(rows))][];
    Arrays.setAll(matrix, row -> weight.at(rows, row).toDoubles());
    return matrix;
  }

  private static double[] times(double[][] map, double[] vector) {
    double[] product = new double[map[0].length];
    for (int i = 0; i < vector.length; i++) {
      for (int j = 0; j < product.length; j++) {
        product[j] += vector[i] * map[i][j];
      }
    }
    return product;
  }

  // ---------------------------------------------------------------- runs

  @Test
  void theDifferenceOfTwoCellsIsTheDifferenceOfTheirStreams() {
    Opened at = directions(RMS);
    var plus = new DirectionRecipe.Cell(recipe(TEXT), "2_mid", 6);
    var minus = new DirectionRecipe.Cell(recipe(OTHER), "1_pre", 3);
    Direction made = at.directions().make(new DirectionRecipe.Cells(plus, minus));

    double[] a = stream(at, TEXT, new HookPoint.ResidMid(2), 6);
    double[] b = stream(at, OTHER, new HookPoint.ResidPre(1), 3);
    assertThat(numbers(made)).containsExactly(less(a, b));
  }

  private static Recipe recipe(int... tokens) {
    return new Recipe("m0", Arrays.stream(tokens).boxed().toList(), List.of());
  }

  private double[] stream(Opened at, int[] tokens, HookPoint point, int position) {
    return engine.call(() -> {
      try (StreamTrace trace = at.transformer().trace(tokens, Capture.of(point))) {
        return trace.get(point).at("pos", position).toDoubles();
      }
    });
  }

  @Test
  void theDifferenceOfTwoPromptsIsThatOfTheirMeansWithoutTheFirstPosition() {
    Opened at = directions(RMS);
    Direction made =
        at.directions()
            .make(
                new DirectionRecipe.Prompts(
                    "m0", NumberedModel.text(TEXT), NumberedModel.text(OTHER), "final_post"));

    HookPoint end = new HookPoint.ResidPost(3);
    double[] expected = less(mean(at, TEXT, end), mean(at, OTHER, end));
    assertClose(numbers(made), expected, 1e-6);
  }

  private double[] mean(Opened at, int[] tokens, HookPoint point) {
    double[] sum = new double[at.transformer().spec().dModel()];
    for (int position = 1; position < tokens.length; position++) {
      double[] stream = stream(at, tokens, point, position);
      Arrays.setAll(sum, i -> sum[i] + stream[i] / (tokens.length - 1));
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(strings = {RMS, LAYER, "pathway/ddl/rms/mha", "pathway/denseformer/layer/gqa"})
  void whatAHeadWroteIsWhatTheTransportSaysOfIt(String name) {
    Opened at = directions(name);
    Direction made = at.directions().make(new DirectionRecipe.HeadWrite(recipe(TEXT), 1, 1, 4));

    // Its part of the values' weighted sum, through its part of W_O.
    double[] expected =
        engine.call(() -> {
          HookPoint z = new HookPoint.Z(1);
          try (StreamTrace trace = at.transformer().trace(TEXT, Capture.of(z))) {
            Tensor output = at.transformer().parameters().get("blocks.1.attn.W_O").at("head", 1);
            return trace.get(z).at("pos", 4).at("head", 1).dot(output, "d_head").toDoubles();
          }
        });
    assertClose(numbers(made), expected, 1e-5);
  }

  // ---------------------------------------------------------------- probes

  @ParameterizedTest
  @EnumSource(value = ProbeKind.class, mode = EnumSource.Mode.EXCLUDE, names = "MEAN")
  void aProbeTellsItsPromptsApartAtZero(ProbeKind kind) {
    Opened at = directions(RMS);
    List<String> plus = List.of("1 2 3", "1 2 4", "1 5 3", "6 2 3");
    List<String> minus = List.of("1 2 7", "1 3 8", "9 2 7", "1 8 8");
    Direction made = at.directions().make(probe(kind, plus, minus));

    Projection projection = vectors.projection(made.id());
    for (String text : plus) {
      assertThat(projection.of(last(at, text))).isPositive();
    }
    for (String text : minus) {
      assertThat(projection.of(last(at, text))).isNegative();
    }
    assertThat(made.description()).contains("Right on 8 of these 8 prompts");
  }

  private static DirectionRecipe probe(ProbeKind kind, List<String> plus, List<String> minus) {
    return new DirectionRecipe.Probe(
        "m0", kind, plus, minus, "3_pre", Optional.empty(), Optional.empty());
  }

  @Test
  void theDifferenceOfMeansIsTheDifferenceOfMeans() {
    Opened at = directions(RMS);
    Direction made =
        at.directions().make(probe(ProbeKind.MEAN, List.of("1 2 3", "1 2 4"), List.of("5 6")));

    double[] first = last(at, "1 2 3");
    double[] second = last(at, "1 2 4");
    double[] middle = first.clone();
    Arrays.setAll(middle, i -> (first[i] + second[i]) / 2);
    assertClose(numbers(made), less(middle, last(at, "5 6")), 1e-9);
    // The point half way between the means is undecided.
    double[] half = last(at, "5 6");
    Arrays.setAll(half, i -> (half[i] + middle[i]) / 2);
    assertThat(vectors.projection(made.id()).of(half)).isCloseTo(0, within(1e-9));
  }

  private double[] last(Opened at, String text) {
    int[] tokens = Arrays.stream(text.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
    return stream(at, tokens, new HookPoint.ResidPre(3), tokens.length - 1);
  }

  // ---------------------------------------------------------------- components and sums

  @ParameterizedTest
  @EnumSource(Scaling.class)
  void tokensOfTheCorpusHaveMeanZeroAlongAComponent(Scaling scaling) {
    Opened at = directions(RMS);
    var pca = new DirectionRecipe.Pca("m0", "2_pre", scaling, 8, FirstPosition.LEFT_OUT);
    Direction made = at.directions().make(new DirectionRecipe.Component(pca, 1));

    Survey survey = survey(at, made, "2_pre");
    assertThat(survey.mean()).isCloseTo(0, within(1e-5));
    assertThat(made.description()).contains("Principal component 2");
  }

  private Survey survey(Opened at, Direction direction, String place) {
    var question = new Survey.Question("m0", direction.id(), place, 8, FirstPosition.LEFT_OUT);
    return at.directions().survey(question).run(dev.weir.page.job.Steps.alone(engine));
  }

  @Test
  void aSumIsTheSumOfItsPartsAndMayBeMadeOfLengthOne() {
    Opened at = directions(RMS);
    DirectionRecipe row =
        new DirectionRecipe.Unembedding("m0", "7", Optional.empty(), Gain.LEFT_OUT);
    DirectionRecipe neuron = new DirectionRecipe.Neuron("m0", 2, 5);
    DirectionRecipe component =
        new DirectionRecipe.Component(
            new DirectionRecipe.Pca("m0", "2_pre", Scaling.Z_SCORED, 8, FirstPosition.LEFT_OUT), 0);
    List<Part> parts = List.of(new Part(row, 0.5), new Part(neuron, -2), new Part(component, 0.25));
    Directions directions = at.directions();
    double[] stream = stream(at, TEXT, new HookPoint.ResidMid(2), 6);
    Function<DirectionRecipe, Projection> read =
        recipe -> vectors.projection(directions.make(recipe).id());
    double expected =
        0.5 * read.apply(row).of(stream)
            - 2 * read.apply(neuron).of(stream)
            + 0.25 * read.apply(component).of(stream);

    Projection sum = read.apply(new DirectionRecipe.Combination(parts, Length.AS_IT_IS));
    Projection one = read.apply(new DirectionRecipe.Combination(parts, Length.ONE));

    assertThat(sum.of(stream)).isCloseTo(expected, within(1e-9));
    assertThat(one.length()).isCloseTo(1, within(1e-12));
    assertThat(one.of(stream)).isCloseTo(expected / sum.length(), within(1e-9));
  }

  @Test
  void numbersAsTheyAreGivenAndAHeldDirectionAreTheSame() {
    Directions directions = of(RMS);
    Direction given = directions.make(new DirectionRecipe.Numbers("mine", List.of(1.0, 2.0, 3.0)));
    Direction held = directions.make(new DirectionRecipe.Held(given.id(), "again"));

    assertThat(held.id()).isEqualTo(given.id());
    assertThat(numbers(held)).containsExactly(1, 2, 3);
  }

  // ---------------------------------------------------------------- what they are like

  @Test
  void cosinesAreThoseOfTheNumbers() {
    Directions directions = of(RMS);
    String a = directions.make(new DirectionRecipe.Numbers("a", List.of(3.0, 4.0))).id();
    String b = directions.make(new DirectionRecipe.Numbers("b", List.of(5.0, 0.0))).id();

    double[][] cosines = directions.cosines(List.of(a, b));

    assertThat(cosines[0]).containsExactly(new double[] {1, 0.6}, within(1e-15));
    assertThat(cosines[1]).containsExactly(new double[] {0.6, 1}, within(1e-15));
  }

  @Test
  void aRowTimesTheGainSpeaksMostForTokensWhoseRowsPointAlongIt() {
    Opened at = directions(RMS);
    Direction made =
        at.directions()
            .make(new DirectionRecipe.Unembedding("m0", "7", Optional.empty(), Gain.LEFT_OUT));
    Directions.Nearest nearest = at.directions().tokens(made.id(), "m0", 3);

    double[] gain = engine.call(() -> at.transformer().parameters().get("ln_final.w").toDoubles());
    double[] direction = numbers(made);
    int vocabulary = at.transformer().spec().dVocab();
    double[] scores =
        IntStream.range(0, vocabulary)
            .mapToDouble(token -> {
              double[] row = row(at, token);
              double sum = 0;
              for (int i = 0; i < row.length; i++) {
                sum += row[i] * gain[i] * direction[i];
              }
              return sum;
            })
            .toArray();
    int best =
        IntStream.range(0, vocabulary)
            .reduce((a, b) -> scores[b] > scores[a] ? b : a)
            .orElseThrow();
    assertThat(nearest.top().getFirst().token()).isEqualTo(best);
    assertThat(nearest.top().getFirst().logit()).isCloseTo(scores[best], within(1e-4));
    assertThat(nearest.bottom().getFirst().logit())
        .isCloseTo(Arrays.stream(scores).min().orElseThrow(), within(1e-4));
  }

  @Test
  void aCorpusIsReadAlongADirectionToTheLastToken() {
    Opened at = directions(RMS);
    Direction made = at.directions().make(new DirectionRecipe.Neuron("m0", 2, 5));
    Survey survey = survey(at, made, "2_pre");

    List<Double> values = new ArrayList<>();
    for (int[] window :
        new Corpus(folder.resolve("corpus.txt")).windows(at.models().get("m0"), 8)) {
      double[] direction = numbers(made);
      for (int position = 1; position < window.length; position++) {
        values.add(dot(direction, stream(at, window, new HookPoint.ResidPre(2), position)));
      }
    }
    assertThat(survey.tokens()).isEqualTo(values.size());
    assertThat(survey.histogram().counts().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(values.size());
    List<Double> sorted = values.stream().sorted().toList();
    assertThat(survey.most()).isCloseTo(sorted.getLast(), within(1e-6));
    assertThat(survey.least()).isCloseTo(sorted.getFirst(), within(1e-6));
    assertThat(survey.top().getFirst().value()).isEqualTo(survey.most());
    assertThat(survey.bottom().getFirst().value()).isEqualTo(survey.least());
    for (int i = 0; i < 20; i++) {
      assertThat(survey.top().get(i).value())
          .isCloseTo(sorted.get(sorted.size() - 1 - i), within(1e-6));
    }
    assertThat(survey.mean())
        .isCloseTo(values.stream().mapToDouble(x -> x).average().orElseThrow(), within(1e-9));
    assertBins(survey.histogram(), values);
  }

  private static void assertBins(Histogram histogram, List<Double> values) {
    for (int bin = 0; bin < histogram.counts().size(); bin++) {
      double low = histogram.low() + bin * histogram.width();
      long count = values.stream().filter(x -> x >= low && x < low + histogram.width()).count();
      assertThat(histogram.counts().get(bin)).isEqualTo(count);
    }
  }

  // ---------------------------------------------------------------- what cannot be made

  @Test
  void whatIsNotThereIsRefusedInOneLine() {
    Directions directions = of(RMS);
    assertRefused(directions, new DirectionRecipe.Neuron("m0", 9, 0), "There is no block 9");
    assertRefused(directions, new DirectionRecipe.Neuron("m7", 0, 0), "There is no model 'm7'");
    assertRefused(
        directions,
        new DirectionRecipe.Singular("m0", Circuit.OV, 0, 0, 99, Side.LEFT),
        "There is no singular vector 99");
    assertRefused(
        directions,
        new DirectionRecipe.HeadWrite(recipe(TEXT), 0, 0, 10),
        "There is no position 10");
    assertRefused(
        directions,
        new DirectionRecipe.Prompts("m0", "1 2", "3 4", "9_pre"),
        "There is no place '9_pre'");
    assertRefused(
        directions,
        new DirectionRecipe.Prompts("m0", "1", "3 4", "1_pre"),
        "There is no position 1");
    assertRefused(
        directions,
        new DirectionRecipe.Unembedding("m0", "#999999999", Optional.empty(), Gain.LEFT_OUT),
        "There is no token 999999999");
    assertRefused(directions, probe(ProbeKind.LDA, List.of(), List.of("1")), "0 prompts against 1");
    assertRefused(directions, new DirectionRecipe.Held("abc", "x"), "There is no direction 'abc'");
    assertRefused(
        directions, new DirectionRecipe.Numbers("x", List.of(0.0, 0.0)), "'x' points nowhere");
    assertRefused(
        directions,
        new DirectionRecipe.Numbers("x", List.of(Double.NaN)),
        "'x' holds a number that is not finite");
    assertRefused(
        directions,
        new DirectionRecipe.Component(
            new DirectionRecipe.Pca("m0", "0_pre", Scaling.RAW, 0, FirstPosition.KEPT), 0),
        "0 windows of the text cannot be read");
  }

  @Test
  void sumsOfNothingOfOtherWidthsAndOfEndlessDepthAreRefused() {
    Directions directions = of(RMS);
    DirectionRecipe two = new DirectionRecipe.Numbers("two", List.of(1.0, 2.0));
    DirectionRecipe three = new DirectionRecipe.Numbers("three", List.of(1.0, 2.0, 3.0));
    assertRefused(
        directions, new DirectionRecipe.Combination(List.of(), Length.ONE), "0 parts, 0 deep");
    assertRefused(
        directions,
        new DirectionRecipe.Combination(List.of(new Part(two, 1), new Part(three, 1)), Length.ONE),
        "One direction has 2 numbers, the other 3");
    assertRefused(
        directions,
        new DirectionRecipe.Combination(List.of(new Part(two, 1), new Part(two, -1)), Length.ONE),
        "'1 × two − 1 × two' points nowhere");
    DirectionRecipe deep = two;
    for (int i = 0; i < 9; i++) {
      deep = new DirectionRecipe.Combination(List.of(new Part(deep, 1)), Length.AS_IT_IS);
    }
    assertRefused(directions, deep, "1 parts, 8 deep");
  }

  private static void assertRefused(Directions directions, DirectionRecipe recipe, String message) {
    assertThatThrownBy(() -> directions.make(recipe))
        .isInstanceOf(dev.weir.WeirException.class)
        .hasMessageStartingWith(message);
  }

  // ---------------------------------------------------------------- plain arithmetic

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double length(double[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  private static double[] less(double[] a, double[] b) {
    double[] difference = a.clone();
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }

  private static void assertClose(double[] found, double[] expected, double tolerance) {
    assertThat(found).containsExactly(expected, within(tolerance));
  }
}
