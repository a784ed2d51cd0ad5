package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.AttentionSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.causal.ActivationPatching.Cell;
import dev.weir.readout.causal.ActivationPatching.Columns;
import dev.weir.readout.causal.ActivationPatching.Options;
import dev.weir.readout.causal.ActivationPatching.Place;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationPatchingTest {

  /// The runs are in float64; a score divides differences of 1e-15 by a distance of 1e-3 or more.
  private static final double ROUNDING = 1e-9;

  static Stream<String> models() {
    return EveryModel.names();
  }

  private static List<Cell> grid(Transformer model, Options options, PromptPair... pairs) {
    ActivationPatching patching = new ActivationPatching(model, options);
    patching.add(List.of(pairs));
    return patching.cells();
  }

  private static boolean looksAhead(Transformer model) {
    return model.spec().blocks().stream()
        .anyMatch(
            b -> b.attention().visibility() instanceof AttentionSpec.Visibility.Bidirectional);
  }

  /// Values of the first block's attention go round the stream.
  private static boolean allInTheStream(Transformer model) {
    return model.spec().blocks().getLast().attention().values() == AttentionSpec.Values.OWN;
  }

  @ParameterizedTest
  @MethodSource("models")
  void patchingTheWholeStreamGivesTheWholeAnswerAtEveryBlock(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      for (ActivationSite site : List.of(ActivationSite.RESID_PRE, ActivationSite.RESID_POST)) {
        for (Direction direction : Direction.values()) {
          var options = new Options(site, Columns.WHOLE, Metric.LOGIT_DIFFERENCE, direction);
          for (Cell cell : grid(model, options, Pairs.of(name))) {
            boolean everything =
                allInTheStream(model)
                    || (site == ActivationSite.RESID_PRE && cell.place().layer() == 0);
            if (everything) {
              assertThat(cell.score().mean()).as("%s", cell).isCloseTo(1, within(ROUNDING));
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theChangedTokenHoldsEverythingAtTheStartAndOthersNothing(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      List<Cell> cells = grid(model, Options.usual(ActivationSite.RESID_PRE), Pairs.of(name));
      for (int position = 0; position < EveryModel.tokens(name).length; position++) {
        double score = cells.get(position).score().mean();
        boolean mixes = model.pathway().mixesPositions();
        if (!mixes) {
          assertThat(score)
              .as("%s", cells.get(position))
              .isCloseTo(position == Pairs.changed(name) ? 1 : 0, within(ROUNDING));
        }
      }
      for (Cell cell : cells) {
        if (!looksAhead(model) && cell.place().position().getAsInt() < Pairs.changed(name)) {
          assertThat(cell.score().mean()).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyGridIsThatOfWholeRunsOneByOne(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      PromptPair pair = Pairs.of(name);
      List<ActivationSite> sites =
          Arrays.stream(ActivationSite.values())
              .filter(site -> !site.isStream() && !site.layers(model).isEmpty())
              .toList();
      Twin twin = new Twin(model, pair);
      try (StreamTrace source = model.trace(pair.corrupt(), places(model, sites))) {
        for (ActivationSite site : sites) {
          Columns columns = site.hasHeads() ? Columns.HEADS_AND_POSITIONS : Columns.POSITIONS;
          var options = new Options(site, columns, Metric.LOG_PROBABILITY, Direction.NOISE);
          for (Cell cell : grid(model, options, pair)) {
            // A twin for every cell would take minutes; these meet every layer and position.
            Place place = cell.place();
            int after = place.position().getAsInt() - Pairs.changed(name);
            if (after == place.layer() % 3 && place.head().orElse(0) <= after % 2) {
              assertThat(cell.score().mean())
                  .as("%s %s", site, place)
                  .isCloseTo(twin.score(source, site, place), within(ROUNDING));
            }
          }
        }
      }
    }
  }

  private static Capture places(Transformer model, List<ActivationSite> sites) {
    return Capture.of(
        sites.stream()
            .flatMap(site -> site.layers(model).stream().map(site::in))
            .toArray(HookPoint[]::new));
  }

  /// Whole runs of one prompt with one edit, and the definition of the score.
  private static final class Twin {
    private final Transformer model;
    private final PromptPair pair;
    private final double base;
    private final double distance;

    Twin(Transformer model, PromptPair pair) {
      this.model = model;
      this.pair = pair;
      this.base = metric(pair.clean(), Edits.of(model));
      this.distance = metric(pair.corrupt(), Edits.of(model)) - base;
    }

    double score(StreamTrace source, ActivationSite site, Place place) {
      Target target =
          Target.at(site.in(place.layer()).name()).positions(place.position().getAsInt());
      Target where = place.head().isPresent() ? target.heads(place.head().getAsInt()) : target;
      Edits edits = Edits.of(model, new Edit(where, new Intervention.Patch(source)));
      return (metric(pair.clean(), edits) - base) / distance;
    }

    private double metric(int[] tokens, Edits edits) {
      try (Scope _ = Scope.open()) {
        return logProbability(model.logits(List.of(tokens), edits), pair);
      }
    }
  }

  private static double logProbability(Tensor logits, PromptPair pair) {
    double[] all = logits.at("batch", 0).at("pos", pair.length() - 1).toDoubles();
    double sum = 0;
    for (double logit : all) {
      sum += Math.exp(logit);
    }
    return all[pair.answer()] - Math.log(sum);
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void theScoreIsTheRatioOfMeansOverPairs(Metric metric) {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      var options =
          new Options(ActivationSite.ATTN_OUT, Columns.POSITIONS, metric, Direction.DENOISE);
      ActivationPatching one = new ActivationPatching(model, options);
      one.add(List.of(Pairs.of(name)));
      ActivationPatching two = new ActivationPatching(model, options);
      two.add(List.of(Pairs.other(name)));
      ActivationPatching both = new ActivationPatching(model, options);
      both.add(List.of(Pairs.of(name)));
      both.add(List.of(Pairs.other(name)));
      double first = one.clean().mean() - one.corrupt().mean();
      double second = two.clean().mean() - two.corrupt().mean();
      for (int i = 0; i < both.cells().size(); i++) {
        double expected =
            (one.cells().get(i).score().mean() * first + two.cells().get(i).score().mean() * second)
                / (first + second);
        assertThat(both.cells().get(i).score().mean()).isCloseTo(expected, within(ROUNDING));
      }
    }
  }

  @Test
  void pairsThatDoNotFitAreRefusedInOneLine() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      int[] tokens = EveryModel.tokens(name);
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> new PromptPair(tokens, new int[] {1, 2}, 1, 2, "the pair"))
          .withMessageStartingWith(
              "The clean prompt has %d tokens and the corrupted one 2. Where: the pair."
                  .formatted(tokens.length));
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> new PromptPair(tokens, tokens, 1, 2, "the pair"))
          .withMessageStartingWith("The clean and the corrupted prompt are the same.");
      ActivationPatching patching =
          new ActivationPatching(model, Options.usual(ActivationSite.RESID_PRE));
      patching.add(List.of(Pairs.of(name)));
      PromptPair shorter = new PromptPair(new int[] {1, 2}, new int[] {1, 3}, 1, 2, "line 2");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> patching.add(List.of(shorter)))
          .withMessageStartingWith(
              "This pair has 2 tokens, and those before it %d. Where: line 2."
                  .formatted(tokens.length));
      PromptPair noEffect = new PromptPair(new int[] {1, 2}, new int[] {1, 3}, 4, 4, "line 3");
      ActivationPatching flat =
          new ActivationPatching(model, Options.usual(ActivationSite.RESID_PRE));
      flat.add(List.of(noEffect));
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(flat::cells)
          .withMessageStartingWith("The logit difference is the same in both runs");
      assertThatExceptionOfType(CausalException.class)
          .isThrownBy(() -> ActivationSite.parse("resid_prr"))
          .withMessageContaining("the nearest is resid_pre");
      assertThat(ActivationSite.parse("blocks.3.attn.hook_z")).isEqualTo(ActivationSite.Z);
      assertThat(ActivationSite.PATTERN.words().toUpperCase(Locale.ROOT)).isEqualTo("PATTERN");
      assertThat(new Place(0, OptionalInt.empty(), OptionalInt.of(1)).head()).isEmpty();
    }
  }
}
