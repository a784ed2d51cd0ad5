package dev.weir.page.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.LanguageModel;
import dev.weir.model.Transformer;
import dev.weir.page.origin.AlongDepth.Asked;
import dev.weir.page.run.Change;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Models;
import dev.weir.page.run.NumberedModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DenseFormer;
import dev.weir.readout.Contributions;
import dev.weir.readout.Contributions.Level;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.Reader;
import dev.weir.readout.Transport;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import dev.weir.testing.PlantedModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where cells of the plane came from, on every pathway and local mixer.
class OriginsTest {
  /// Some hundred float32 numbers, each rounded on its way: for the size of what is added.
  private static final double ADDS_UP = 1e-4;

  private static final String PLAIN = "pathway/pre_norm/rms/mha";

  private final EngineThread engine = new EngineThread();
  private final List<AutoCloseable> open = new ArrayList<>();

  static Stream<String> models() {
    return EveryModel.names();
  }

  @AfterEach
  void close() {
    engine.call(() -> {
      open.reversed().forEach(OriginsTest::closed);
      return true;
    });
    engine.close();
  }

  private static void closed(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /// A run and what can be asked about it.
  private record Asking(Runs runs, Origins origins, String run) {
    <T> T read(java.util.function.Function<PromptRun, T> read) {
      return runs.read(run, read);
    }

    int places() {
      return read(run -> run.places().size());
    }

    Cell last(int position) {
      return new Cell(places() - 1, position);
    }
  }

  private Asking asking(String model) {
    return asking(() -> NumberedModel.open(model), EveryModel.tokens(model), List.of());
  }

  private Asking asking(Supplier<LanguageModel> model, int[] tokens, List<Change> changes) {
    Models models = Models.open(List.of(new Models.Source("model", model)), engine);
    Runs runs = new Runs(engine, models, new Vectors(), 1L << 30);
    open.add(models);
    open.add(runs);
    String run = runs.remember(Recipe.of("m0", tokens, changes));
    return new Asking(runs, new Origins(runs), run);
  }

  // ---------------------------------------------------------------- along depth

  @ParameterizedTest
  @MethodSource("models")
  void sharesOfEveryCellAddUpToOne(String name) {
    Asking asking = asking(name);
    int last = asking.read(PromptRun::length) - 1;
    for (Level level : Level.values()) {
      for (int place = 0; place < asking.places(); place++) {
        Cell cell = new Cell(place, last / 2);
        AlongDepth depth = asking.origins().depth(asking.run(), cell, level, new Asked.Nothing());
        double size = depth.parts().stream().mapToDouble(p -> p.arrives() / depth.length()).sum();
        assertThat(depth.parts().stream().mapToDouble(AlongDepth.Part::share).sum())
            .as("%s at %s by %s", name, cell, level)
            .isCloseTo(1, within(ADDS_UP * size));
        assertThat(depth.parts()).extracting(AlongDepth.Part::kind).doesNotContain("outside");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aCellHasWhatContributionsOfAllPositionsSay(String name) {
    Asking asking = asking(name);
    Cell cell = new Cell(asking.places() / 2, 3);
    AlongDepth depth = asking.origins().depth(asking.run(), cell, Level.HEAD, new Asked.Nothing());
    asking.read(run -> {
      Reader reader = new Reader("here", run.places().get(cell.place()).point());
      Contributions all =
          Contributions.of(
              run.model().transformer(),
              run.trace(),
              Contributions.Options.usual().with(Level.HEAD),
              List.of(reader));
      int writer = 0;
      for (AlongDepth.Part part : depth.parts()) {
        assertThat(part.label()).isEqualTo(all.writers().get(writer).label());
        assertThat(part.share()).isCloseTo(all.share(writer, 0, 3), within(ADDS_UP));
        assertThat(part.arrives() / depth.length())
            .isCloseTo(all.norm(writer, 0, 3) / all.length(0, 3), within(ADDS_UP));
        writer++;
      }
      return true;
    });
  }

  @Test
  void onThePlainPathwayASharedIsPlainArithmetic() {
    Asking asking = asking(PLAIN);
    Cell cell = new Cell(3, 4);
    AlongDepth depth = asking.origins().depth(asking.run(), cell, Level.LAYER, new Asked.Nothing());
    assertThat(depth.plain()).isTrue();
    assertThat(depth.parts())
        .extracting(AlongDepth.Part::label)
        .containsExactly("embed", "0_attn_out", "0_mlp_out", "1_attn_out");
    asking.read(run -> {
      double[] x = vector(run, new HookPoint.ResidMid(1), 4);
      double[] c = vector(run, new HookPoint.MlpOut(0), 4);
      AlongDepth.Part part = depth.parts().get(2);
      assertThat(part.share()).isCloseTo(dot(c, x) / dot(x, x), within(1e-6));
      assertThat(part.arrives()).isCloseTo(Math.sqrt(dot(c, c)), within(1e-5));
      assertThat(part.written()).isEqualTo(part.arrives());
      assertThat(part.place()).isEqualTo(1);
      assertThat(part.block()).isZero();
      return true;
    });
  }

  private static double[] vector(PromptRun run, HookPoint point, int position) {
    return run.trace().get(point).at("pos", position).toDoubles();
  }

  private static double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }

  @ParameterizedTest
  @MethodSource("models")
  void whatPartsAddToALogitAddsUpToIt(String name) {
    Asking asking = asking(name);
    Cell cell = new Cell(asking.places() / 2, 4);
    for (Level level : Level.values()) {
      AlongDepth depth = asking.origins().depth(asking.run(), cell, level, new Asked.Likeliest());
      AlongDepth.Answer answer = depth.answer().orElseThrow();
      double before = depth.parts().stream().mapToDouble(AlongDepth.Part::logit).sum();
      double size = depth.parts().stream().mapToDouble(p -> Math.abs(p.logit())).sum();
      assertThat(before + answer.later() + answer.constant())
          .isCloseTo(answer.logit(), within(1e-3 * (size + Math.abs(answer.later()))));
      assertThat(answer.addsUp()).isTrue();
      asking.read(run -> {
        Transformer model = run.model().transformer();
        double[] logits = model.logits(EveryModel.tokens(name)).at("pos", 4).toDoubles();
        assertThat(logits[answer.token()]).isEqualTo(Arrays.stream(logits).max().orElseThrow());
        return true;
      });
    }
  }

  @Test
  void aTokenThatIsAskedForIsAttributedAsItIsAlone() {
    Asking asking = asking(PLAIN);
    AlongDepth depth =
        asking.origins().depth(asking.run(), asking.last(5), Level.LAYER, new Asked.Token(7));
    asking.read(run -> {
      DirectLogitAttribution alone =
          DirectLogitAttribution.of(
              run.model().transformer(), run.trace(), new DirectLogitAttribution.Question.Token(7));
      for (DirectLogitAttribution.Part part : alone.layers(5)) {
        depth.parts().stream()
            .filter(p -> p.label().equals(part.label()))
            .forEach(p -> assertThat(p.logit()).isCloseTo(part.score(), within(1e-4)));
      }
      return true;
    });
    assertThat(depth.answer().orElseThrow().later()).isCloseTo(0, within(1e-4));
  }

  @Test
  void aChangeOfTheStreamItselfIsAPartFromOutside() {
    Change change = new Change.Ablate("blocks.1.hook_resid_mid", List.of(), List.of(), List.of(4));
    Asking asking =
        asking(() -> NumberedModel.open(PLAIN), EveryModel.tokens(PLAIN), List.of(change));
    AlongDepth depth =
        asking.origins().depth(asking.run(), asking.last(4), Level.LAYER, new Asked.Likeliest());
    assertThat(depth.parts().getLast().kind()).isEqualTo("outside");
    assertThat(depth.parts().stream().mapToDouble(AlongDepth.Part::share).sum())
        .isCloseTo(1, within(1e-9));
    assertThat(depth.answer().orElseThrow().addsUp()).isFalse();
  }

  @Test
  void whatAPathwayShrinksArrivesShorterThanItWasWritten() {
    Asking asking = asking("pathway/post_norm/rms/mha");
    AlongDepth depth =
        asking.origins().depth(asking.run(), asking.last(5), Level.HEAD, new Asked.Nothing());
    assertThat(depth.plain()).isFalse();
    asking.read(run -> {
      Transformer model = run.model().transformer();
      Transport transport = Transport.of(model, run.trace());
      double[] written = transport.written(Site.mlp(0)).at("pos", 5).toDoubles();
      double[] arrives =
          transport
              .carried(transport.written(Site.mlp(0)), Site.mlp(0), new HookPoint.ResidPost(3))
              .at("pos", 5)
              .toDoubles();
      AlongDepth.Part part =
          depth.parts().stream().filter(p -> p.label().equals("0_mlp_out")).findFirst().get();
      assertThat(part.written()).isCloseTo(Math.sqrt(dot(written, written)), within(1e-4));
      assertThat(part.arrives()).isCloseTo(Math.sqrt(dot(arrives, arrives)), within(1e-4));
      return true;
    });
  }

  @ParameterizedTest
  @MethodSource("models")
  void whoWroteBeforeACellIsWhatTransportSays(String name) {
    Asking asking = asking(name);
    asking.read(run -> {
      Transport transport = Transport.of(run.model().transformer(), run.trace());
      for (int place = 0; place < run.places().size(); place++) {
        Cell cell = new Cell(place, 0);
        assertThat(cell.writers(run))
            .isEqualTo(transport.sites().subList(0, transport.writesBefore(cell.point(run))));
      }
      return true;
    });
  }

  // ---------------------------------------------------------------- along the sequence

  @ParameterizedTest
  @MethodSource("models")
  void headsReadWhatTheirPatternsSay(String name) {
    Asking asking = asking(name);
    int position = 4;
    AlongSequence sequence =
        asking.origins().sequence(asking.run(), asking.last(position), OptionalInt.empty());
    int block = sequence.block().orElseThrow();
    asking.read(run -> {
      Transformer model = run.model().transformer();
      HookPoint point = new HookPoint.Pattern(block);
      try (Scope _ = Scope.open();
          StreamTrace trace =
              model.trace(EveryModel.tokens(name), Capture.of(point).withoutLogits())) {
        AlongSequence.Reading attention = sequence.readings().getLast();
        for (int head = 0; head < attention.heads().size(); head++) {
          double[] row = trace.get(point).at("head", head).at("query_pos", position).toDoubles();
          assertThat(attention.heads().get(head).weights())
              .containsExactly(
                  Arrays.copyOfRange(row, attention.from(), attention.to()), within(1e-6));
          double seen = Arrays.stream(row, attention.from(), attention.to()).sum();
          assertThat(Arrays.stream(row).sum()).isCloseTo(seen, within(1e-6));
          if (model.spec().blocks().get(block).attention().softmaxShare() == 1) {
            assertThat(seen).isCloseTo(1, within(1e-5));
          }
        }
      }
      return true;
    });
  }

  @ParameterizedTest
  @MethodSource("models")
  void whatWasReadOfAllSourcesIsWhatWasWrittenButForTheBias(String name) {
    Asking asking = asking(name);
    int position = 4;
    for (int block = 0; block < asking.read(OriginsTest::blocks); block++) {
      AlongSequence sequence =
          asking.origins().sequence(asking.run(), asking.last(position), OptionalInt.of(block));
      for (AlongSequence.Reading reading : sequence.readings()) {
        double bias = asking.read(run -> biasShare(run, reading.writer(), position));
        assertThat(reading.rest())
            .as("%s, %s", name, reading.writer())
            .isCloseTo(bias, within(ADDS_UP));
        if (!reading.heads().isEmpty()) {
          assertThat(
                  reading.heads().stream()
                      .flatMapToDouble(row -> Arrays.stream(row.shares()))
                      .sum())
              .isCloseTo(1 - bias, within(ADDS_UP));
        }
      }
    }
  }

  private static int blocks(PromptRun run) {
    return run.model().transformer().spec().nLayers();
  }

  /// The share of a sublayer's bias in what it wrote.
  private static double biasShare(PromptRun run, String writer, int position) {
    Transport transport = Transport.of(run.model().transformer(), run.trace());
    int block = Integer.parseInt(writer.substring(0, writer.indexOf('_')));
    Site site = writer.contains("local") ? Site.local(block) : Site.attention(block);
    double[] written = transport.written(site).at("pos", position).toDoubles();
    return transport
        .bias(site)
        .map(b -> b.shape().has("pos") ? b.at("pos", position) : b)
        .map(b -> dot(b.toDoubles(), written) / dot(written, written))
        .orElse(0.0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7})
  void aShortWindowEndsWhereItMust(int position) {
    Asking asking = asking("mixer/shortswa/rms/mha");
    AlongSequence sequence =
        asking.origins().sequence(asking.run(), asking.last(position), OptionalInt.of(2));
    AlongSequence.Reading window = sequence.readings().getFirst();
    assertThat(window.kind()).isEqualTo("window");
    assertThat(window.writer()).isEqualTo("2_local_out");
    assertThat(window.from()).isEqualTo(Math.max(0, position - 2));
    assertThat(window.to()).isEqualTo(position + 1);
    for (AlongSequence.Row head : window.heads()) {
      assertThat(Arrays.stream(head.weights()).sum()).isCloseTo(1, within(1e-5));
    }
    assertThat(sequence.readings().getLast().from()).isZero();
  }

  @Test
  void convolutionsAndCanonLayersNameTheirNeighbours() {
    AlongSequence conv = last("mixer/shortconv/rms/mha", 6);
    assertThat(conv.readings().getFirst().kind()).isEqualTo("convolution");
    assertThat(conv.readings().getFirst().from()).isEqualTo(4);
    assertThat(conv.readings().getFirst().together().weights()).hasSize(3);
    AlongSequence canon = last("mixer/canon-abcd/rms/mha", 2);
    assertThat(canon.neighbours())
        .extracting(AlongSequence.Neighbours::label)
        .containsExactly(
            "canon A", "canon B k", "canon B q", "canon B v", "canon C", "canon D", "canon D gate");
    assertThat(canon.neighbours().getFirst().from()).isZero();
    assertThat(canon.neighbours().getFirst().weights()).hasSize(3);
    assertThat(last("mixer/shortconv-branch/rms/mha", 6).neighbours())
        .extracting(AlongSequence.Neighbours::label)
        .containsExactly("value convolution");
    assertThat(last("mixer/shortswa-branch/rms/mha", 6).notes())
        .singleElement()
        .asString()
        .contains("3 latest positions");
    assertThat(last("mixer/value-residual/rms/mha", 6).notes()).isNotEmpty();
    assertThat(last("mixer/svformer/rms/mha", 6).notes()).isNotEmpty();
    assertThat(last(PLAIN, 6).notes()).isEmpty();
  }

  private AlongSequence last(String model, int position) {
    Asking asking = asking(model);
    return asking.origins().sequence(asking.run(), asking.last(position), OptionalInt.empty());
  }

  /// In `.. 3 7 .. 3` the induction head looks at the 7 that came after the 3.
  @Test
  void aPlantedInductionHeadReadsWhatCameAfterTheSameTokenBefore() {
    int[] tokens = {5, 3, 7, 1, 9, 3};
    Asking asking =
        asking(() -> NumberedModel.of(PlantedModels.induction(DType.FLOAT32)), tokens, List.of());
    AlongSequence second =
        asking.origins().sequence(asking.run(), asking.last(5), OptionalInt.of(1));
    assertThat(most(second, 1)).isEqualTo(2);
    AlongSequence first =
        asking.origins().sequence(asking.run(), asking.last(5), OptionalInt.of(0));
    assertThat(most(first, 0)).isEqualTo(4);
    assertThat(second.readings().getFirst().heads().get(1).weights()[2]).isGreaterThan(0.99);
    double[] lengths = second.readings().getFirst().together().lengths();
    assertThat(lengths[2]).isCloseTo(Arrays.stream(lengths).max().orElseThrow(), within(1e-9));
  }

  private static int most(AlongSequence sequence, int head) {
    double[] weights = sequence.readings().getFirst().heads().get(head).weights();
    return IntStream.range(0, weights.length)
        .reduce((a, b) -> weights[a] >= weights[b] ? a : b)
        .orElseThrow();
  }

  @Test
  void theSecondRunIsChangedAsTheFirstWas() {
    Change change = new Change.Ablate("blocks.1.attn.hook_v", List.of(), List.of(), List.of(2));
    Asking asking =
        asking(() -> NumberedModel.open(PLAIN), EveryModel.tokens(PLAIN), List.of(change));
    AlongSequence sequence =
        asking.origins().sequence(asking.run(), asking.last(6), OptionalInt.of(1));
    double[] lengths = sequence.readings().getFirst().together().lengths();
    assertThat(lengths[2]).isZero();
    assertThat(lengths[1]).isPositive();
    assertThat(sequence.readings().getFirst().rest()).isCloseTo(0, within(ADDS_UP));
  }

  @Test
  void theBlockThatWroteLastIsToldWhereNoneIsNamed() {
    Asking asking = asking(PLAIN);
    AlongSequence first =
        asking.origins().sequence(asking.run(), new Cell(0, 3), OptionalInt.empty());
    assertThat(first.block()).isEmpty();
    assertThat(first.notes()).isNotEmpty();
    AlongSequence middle =
        asking.origins().sequence(asking.run(), new Cell(3, 3), OptionalInt.empty());
    assertThat(middle.block()).hasValue(1);
    assertThat(middle.blocks()).containsExactly(0, 1);
    assertThat(middle.readings().getFirst().place()).isEqualTo(2);
  }

  @Test
  void whatIsNotThereIsSaid() {
    Asking asking = asking(PLAIN);
    assertThatThrownBy(
            () -> asking.origins().sequence(asking.run(), new Cell(1, 3), OptionalInt.of(2)))
        .isInstanceOf(PageException.class)
        .hasMessage(
            "The attention of block 2 has written nothing before 0_mid. Where: block. To fix: ask"
                + " for one of 0 to 0.");
    assertThatThrownBy(() -> asking.origins().routing(asking.run(), new Cell(1, 33)))
        .isInstanceOf(PageException.class)
        .hasMessageContaining("lies outside the plane");
    assertThatThrownBy(() ->
            asking.origins().depth(asking.run(), new Cell(1, 3), Level.LAYER, new Asked.Token(99)))
        .hasMessageContaining("99");
  }

  // ---------------------------------------------------------------- what the pathway decided

  @ParameterizedTest
  @MethodSource("models")
  void everyDecisionOfThePathwayIsTold(String name) {
    Asking asking = asking(name);
    Routed routed = asking.origins().routing(asking.run(), asking.last(4));
    asking.read(run -> {
      var spec = run.model().transformer().spec();
      assertThat(
              routed.decisions().stream()
                  .filter(d -> d.source() == Routed.Source.TOKEN)
                  .map(Routed.Decision::name))
          .containsExactlyElementsOf(
              spec.pathway().routes(spec.depth()).stream().map(HookPoint::name).toList());
      for (Routed.Decision decision : routed.decisions()) {
        assertThat(decision.numbers())
            .as(decision.name())
            .hasSize(decision.rows().size() * decision.columns().size());
        assertThat(decision.before()).isTrue();
        assertThat(decision.columns()).noneMatch(column -> column.startsWith("source"));
        assertThat(decision.columns()).doesNotHaveDuplicates();
      }
      return true;
    });
  }

  @Test
  void thePlainPathwayHasNoRouting() {
    Asking asking = asking(PLAIN);
    Routed routed = asking.origins().routing(asking.run(), asking.last(4));
    assertThat(routed.decisions()).isEmpty();
    assertThat(routed.meaning()).contains("every write is added as it is and counts 1");
  }

  @Test
  void aDenseFormersRowNamesItsSources() {
    Asking asking =
        asking(
            () ->
                NumberedModel.of(
                    EveryModel.random(PathwayModels.on(new DenseFormer(2, 1)), DType.FLOAT32)),
            EveryModel.tokens(PLAIN),
            List.of());
    Routed routed = asking.origins().routing(asking.run(), new Cell(6, 2));
    Routed.Decision row = decision(routed, "blocks.3.path.alpha");
    assertThat(row.columns()).containsExactly("embed", "block 1", "block 3");
    assertThat(row.source()).isEqualTo(Routed.Source.LEARNED);
    assertThat(row.before()).isFalse();
    assertThat(decision(routed, "blocks.0.path.alpha").columns()).containsExactly("block 0");
    assertThat(decision(routed, "blocks.0.path.alpha").before()).isTrue();
    asking.read(run -> {
      double[] alpha = run.model().transformer().parameters().get(row.name()).toDoubles();
      assertThat(row.numbers()).containsExactly(alpha);
      return true;
    });
  }

  private static Routed.Decision decision(Routed routed, String name) {
    return routed.decisions().stream()
        .filter(decision -> decision.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pathway/attnres/rms/mha",
        "pathway/depth/rms/mha",
        "pathway/attnres-block-2/rms/mha",
        "pathway/elc/rms/mha"
      })
  void weightsOfASoftmaxOverDepthAddUpToOne(String name) {
    Asking asking = asking(name);
    List<Routed.Decision> weights =
        asking.origins().routing(asking.run(), asking.last(4)).decisions().stream()
            .filter(d -> d.value().equals("weights") || d.value().equals("alpha"))
            .toList();
    assertThat(weights).isNotEmpty();
    for (Routed.Decision row : weights) {
      assertThat(Arrays.stream(row.numbers()).sum() / row.rows().size())
          .as(row.name())
          .isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void deltaIsToldWithItsDirectionAndItsDiscrepancy() {
    Asking asking = asking("pathway/ddl/rms/mha");
    Routed routed = asking.origins().routing(asking.run(), asking.last(4));
    Routed.Decision before = decision(routed, "blocks.2.mlp_write.discrepancy_before");
    Routed.Decision after = decision(routed, "blocks.2.mlp_write.discrepancy_after");
    Routed.Decision beta = decision(routed, "blocks.2.mlp_write.hook_beta");
    Routed.Decision k = decision(routed, "blocks.2.mlp_write.hook_k");
    asking.read(run -> {
      assertThat(run.model().transformer().spec().pathway()).isInstanceOf(DeepDelta.class);
      double[] direction = vector(run, route("k"), 4);
      double target = vector(run, route("v"), 4)[0];
      double[] x = vector(run, new HookPoint.ResidMid(2), 4);
      double[] next = vector(run, new HookPoint.ResidPost(2), 4);
      assertThat(before.numbers())
          .containsExactly(new double[] {dot(direction, x) - target}, within(1e-4));
      assertThat(after.numbers())
          .containsExactly(new double[] {dot(direction, next) - target}, within(1e-4));
      assertThat(beta.numbers()).containsExactly(vector(run, route("beta"), 4), within(1e-7));
      assertThat(k.numbers()[1])
          .isCloseTo(
              dot(direction, x) / Math.sqrt(dot(direction, direction) * dot(x, x)), within(1e-5));
      return true;
    });
  }

  private static HookPoint route(String value) {
    return new HookPoint.Route(Site.mlp(2), HookPoint.Moment.WRITE, value);
  }
}
