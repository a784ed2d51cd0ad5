package dev.weir.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.model.Transformer;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.GoldenModels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What a run keeps, and what it does not even compute.
class CaptureTest {
  private static final String MODEL = "models/gpt2";
  private static final int[] TEXT = {1, 2, 3, 4, 5};

  private static Transformer model;

  @BeforeAll
  static void open() {
    model = GoldenModels.open(MODEL, DType.FLOAT64);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static int lastLayer() {
    return model.spec().nLayers() - 1;
  }

  // ---------------------------------------------------------------- which places

  @Test
  void aStarStandsForAnything() {
    try (StreamTrace trace = model.trace(TEXT, Capture.matching("blocks.*.hook_resid_post"))) {
      assertThat(trace.points())
          .containsExactlyElementsOf(
              IntStream.rangeClosed(0, lastLayer())
                  .<HookPoint>mapToObj(HookPoint.ResidPost::new)
                  .toList());
    }
  }

  @Test
  void nothingElseInAGlobIsSpecial() {
    List<HookPoint> all = model.hookPoints();
    for (String glob :
        List.of("blocks.0.hook.resid.pre", "blocks.[0].*", "block", "hook_embe.", "(")) {
      assertThatThrownBy(() -> Capture.matching(glob).resolve(all))
          .isInstanceOf(StreamException.class)
          .hasMessageStartingWith("No hook point of this model matches '" + glob + "'")
          .hasMessageContaining("the nearest are ");
    }
    assertThat(Capture.matching("*").resolve(all)).containsExactlyElementsOf(all);
  }

  @Test
  void aQuestionMarkAtTheEndAllowsAPlaceToBeMissing() {
    try (Transformer rotary = GoldenModels.open("models/llama", DType.FLOAT32)) {
      assertThat(Capture.stream().resolve(rotary.hookPoints()))
          .contains(new HookPoint.Embed())
          .doesNotContain(new HookPoint.PosEmbed());
      assertThatThrownBy(() -> rotary.trace(TEXT, Capture.matching("hook_pos_embed")))
          .isInstanceOf(StreamException.class);
    }
    assertThat(Capture.stream().resolve(model.hookPoints())).contains(new HookPoint.PosEmbed());
  }

  @Test
  void capturesAreJoined() {
    Capture both = Capture.of(new HookPoint.Embed()).and("blocks.1.hook_mlp_out");
    assertThat(both.resolve(model.hookPoints()))
        .containsExactly(new HookPoint.Embed(), new HookPoint.MlpOut(1));
  }

  @Test
  void whatWasNotAskedForIsNotThere() {
    try (StreamTrace trace = model.trace(TEXT, Capture.logitsOnly())) {
      assertThat(trace.points()).isEmpty();
      assertThat(trace.has(new HookPoint.Embed())).isFalse();
      assertThat(trace.logits().shape().names()).containsExactly("pos", "d_vocab");
      assertThatThrownBy(() -> trace.get(new HookPoint.ResidMid(1)))
          .isInstanceOf(StreamException.class)
          .hasMessageStartingWith(
              "'blocks.1.hook_resid_mid' is not in this trace, which holds 0 hook points");
    }
  }

  // ---------------------------------------------------------------- which positions

  @Test
  void onePositionIsWhatEveryPositionHoldsThere() {
    try (StreamTrace all = model.trace(TEXT, Capture.matching("*"));
        StreamTrace third = model.trace(TEXT, Capture.matching("*").at(2));
        StreamTrace last = model.trace(TEXT, Capture.matching("*").at(-1));
        Scope _ = Scope.open()) {
      for (HookPoint point : all.points()) {
        assertPosition(third.get(point), all.get(point), 2);
        assertPosition(last.get(point), all.get(point), 4);
      }
      assertPosition(third.logits(), all.logits(), 2);
      assertPosition(last.logits(), all.logits(), 4);
      assertThat(third.positions()).containsExactly(2);
      assertThat(last.positions()).containsExactly(4);
      assertThat(all.positions()).containsExactly(0, 1, 2, 3, 4);
    }
  }

  private static void assertPosition(Tensor kept, Tensor all, int position) {
    String axis = all.shape().has("query_pos") ? "query_pos" : "pos";
    assertThat(kept.size(axis)).isEqualTo(1);
    assertThat(kept.toDoubles())
        // Float64; the logits of one row are summed in another order than those of many.
        .usingComparatorWithPrecision(1e-12)
        .containsExactly(all.slice(axis, position, 1).toDoubles());
  }

  @Test
  void aPositionOutsideTheTextIsNamed() {
    for (int position : new int[] {5, -6, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> model.trace(TEXT, Capture.stream().at(position)))
          .isInstanceOf(StreamException.class)
          .hasMessage(
              "Position %d does not exist in a text of 5 tokens. Where: positions. To fix: use 0 to 4, or -1 for the last."
                  .formatted(position));
    }
  }

  // ---------------------------------------------------------------- how far

  /// Fails the run where it passes certain places.
  private record Tripwire(Predicate<HookPoint> where) implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return where.test(point);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      throw new IllegalStateException("computed " + point.name());
    }
  }

  private static boolean after(HookPoint point, int layer) {
    return switch (point) {
      case HookPoint.InBlock place -> place.layer() > layer;
      case HookPoint.AtNorm place -> isAfter(place.norm(), layer);
      case HookPoint.Route(Site site, _, _) ->
          site.sublayer() == Site.Sublayer.UNEMBED || site.layer() > layer;
      case HookPoint.Embed _, HookPoint.PosEmbed _ -> false;
    };
  }

  private static boolean isAfter(NormSite norm, int layer) {
    return switch (norm) {
      case NormSite.Ln0(int at) -> at > layer;
      case NormSite.Ln1(int at) -> at > layer;
      case NormSite.Ln1Post(int at) -> at > layer;
      case NormSite.Ln2(int at) -> at > layer;
      case NormSite.Ln2Post(int at) -> at > layer;
      case NormSite.LnFinal() -> true;
    };
  }

  @Test
  void blocksPastTheLastOneNeededAreNotComputed() {
    Hooks tripwire = new Tripwire(point -> after(point, 0));
    Capture first = Capture.of(new HookPoint.ResidPost(0));
    try (StreamTrace trace = model.trace(List.of(TEXT), first.withoutLogits(), tripwire);
        StreamTrace whole = model.trace(TEXT, first)) {
      assertThat(trace.points()).containsExactly(new HookPoint.ResidPost(0));
      assertThat(trace.hasLogits()).isFalse();
      assertThat(trace.get(new HookPoint.ResidPost(0)).toDoubles())
          .containsExactly(whole.get(new HookPoint.ResidPost(0)).toDoubles());
    }
    // With the logits the whole model runs, so the tripwire is one.
    assertThatThrownBy(() -> model.trace(List.of(TEXT), first, tripwire))
        .hasMessageStartingWith("computed blocks.1.");
  }

  @Test
  void theEmbeddingAloneNeedsNoBlock() {
    Hooks tripwire = new Tripwire(point -> after(point, -1));
    Capture embed = Capture.of(new HookPoint.Embed()).withoutLogits();
    try (StreamTrace trace = model.trace(List.of(TEXT), embed, tripwire)) {
      assertThat(trace.points()).containsExactly(new HookPoint.Embed());
    }
  }

  @Test
  void aNormOfABlockOrTheLastOneRunsAsFarAsItStands() {
    for (String glob : List.of("blocks.1.ln1.hook_scale", "ln_final.hook_normalized")) {
      try (StreamTrace stopped = model.trace(TEXT, Capture.matching(glob).withoutLogits());
          StreamTrace whole = model.trace(TEXT, Capture.matching(glob))) {
        HookPoint point = HookPoint.parse(glob);
        assertThat(stopped.get(point).toDoubles()).containsExactly(whole.get(point).toDoubles());
        assertThatThrownBy(stopped::logits)
            .isInstanceOf(StreamException.class)
            .hasMessageStartingWith(
                "This trace has no logits, since the run stopped before the unembedding");
      }
    }
  }

  // ---------------------------------------------------------------- batches and hooks

  @Test
  void severalTextsHaveABatchAxisAndOneHasNone() {
    int[] other = {5, 4, 3, 2, 1};
    try (StreamTrace both = model.trace(List.of(TEXT, other), Capture.matching("*"), Hooks.none());
        StreamTrace one = model.trace(other, Capture.matching("*"));
        Scope _ = Scope.open()) {
      assertThat(both.tokens()).containsExactly(TEXT, other);
      for (HookPoint point : both.points()) {
        Tensor second = both.get(point).at("batch", 1);
        assertThat(one.get(point).shape()).as(point.name()).isEqualTo(second.shape());
        assertThat(second.toDoubles())
            .as(point.name())
            // Float64; a batch may sum in another order.
            .usingComparatorWithPrecision(1e-12)
            .containsExactly(one.get(point).toDoubles());
      }
      assertThat(both.logits().shape().names()).containsExactly("batch", "pos", "d_vocab");
    }
  }

  @Test
  void theRecordIsOfValuesAsHooksLeftThem() {
    Hooks doubled =
        new Hooks() {
          @Override
          public boolean touches(HookPoint point) {
            return point.equals(new HookPoint.AttnOut(0));
          }

          @Override
          public Tensor apply(HookPoint point, Tensor value) {
            return value.times(2);
          }
        };
    try (StreamTrace plain = model.trace(TEXT, Capture.matching("blocks.0.*"));
        StreamTrace edited = model.trace(List.of(TEXT), Capture.matching("blocks.0.*"), doubled);
        Scope _ = Scope.open()) {
      HookPoint out = new HookPoint.AttnOut(0);
      assertThat(edited.get(out).toDoubles()).containsExactly(plain.get(out).times(2).toDoubles());
      assertThat(edited.get(new HookPoint.ResidMid(0)).toDoubles())
          .usingComparatorWithPrecision(1e-12)
          .containsExactly(plain.get(new HookPoint.ResidMid(0)).plus(plain.get(out)).toDoubles());
      assertThat(edited.get(new HookPoint.ResidPre(0)).toDoubles())
          .containsExactly(plain.get(new HookPoint.ResidPre(0)).toDoubles());
    }
  }

  @Test
  void hooksActInTheOrderTheyWereAdded() {
    List<String> order = new ArrayList<>();
    Hooks hooks = new Named("first", order).then(new Named("second", order)).then(Hooks.none());
    try (StreamTrace _ = model.trace(List.of(TEXT), Capture.logitsOnly(), hooks)) {
      assertThat(order).containsExactly("first", "second");
    }
  }

  private record Named(String name, List<String> order) implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return point.equals(new HookPoint.Embed());
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      order.add(name);
      return value;
    }
  }

  @Test
  void aTraceOutlivesTheModelsScopesAndTheTokensItWasMadeFrom() {
    int[] text = TEXT.clone();
    try (StreamTrace trace = model.trace(text, Capture.stream())) {
      text[0] = 99;
      assertThat(trace.tokens().getFirst()).containsExactly(TEXT);
      trace.tokens().getFirst()[1] = 99;
      assertThat(trace.tokens().getFirst()).containsExactly(TEXT);
      assertThat(trace.get(new HookPoint.Embed()).toDoubles()).doesNotContain(Double.NaN);
    }
  }

  @Test
  void oneQueryKeepsItsPatternAloneAndEveryPositionOfTheRest() {
    Capture both = Capture.matching("blocks.1.attn.hook_pattern", "blocks.1.attn.hook_v");
    HookPoint pattern = new HookPoint.Pattern(1);
    HookPoint value = new HookPoint.Value(1);
    try (StreamTrace all = model.trace(TEXT, both);
        StreamTrace one = model.trace(TEXT, both.atQuery(-2));
        Scope _ = Scope.open()) {
      assertThat(one.get(pattern).toDoubles())
          .isEqualTo(all.get(pattern).slice("query_pos", 3, 1).copy().toDoubles());
      assertThat(one.get(value).toDoubles()).isEqualTo(all.get(value).toDoubles());
      assertThat(one.positions()).isEqualTo(all.positions());
    }
  }

  @Test
  void aRecordAtOnePositionIsThatOfARunThatKeptItAlone() {
    Capture capture = Capture.matching("blocks.*.hook_resid_post", "blocks.*.attn.hook_pattern");
    try (StreamTrace all = model.trace(TEXT, capture);
        StreamTrace view = all.between(2, 3);
        StreamTrace alone = model.trace(TEXT, capture.at(2));
        Scope _ = Scope.open()) {
      assertThat(view.positions()).isEqualTo(alone.positions()).containsExactly(2);
      assertThat(view.points()).isEqualTo(alone.points());
      for (HookPoint point : view.points()) {
        assertThat(view.get(point).copy().toDoubles()).isEqualTo(alone.get(point).toDoubles());
      }
      assertThat(view.logits().copy().toDoubles())
          .isEqualTo(all.logits().slice("pos", 2, 1).copy().toDoubles());
    }
  }
}
