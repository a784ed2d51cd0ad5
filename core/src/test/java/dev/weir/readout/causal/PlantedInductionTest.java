package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.causal.ActivationPatching.Cell;
import dev.weir.readout.causal.ActivationPatching.Columns;
import dev.weir.readout.causal.ActivationPatching.Options;
import dev.weir.readout.causal.PathPatching.Frozen;
import dev.weir.readout.causal.PathPatching.Input;
import dev.weir.readout.causal.PathPatching.Path;
import dev.weir.readout.causal.PathPatching.Receiver;
import dev.weir.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What was planted is found, and nothing else.
class PlantedInductionTest {

  /// The planted softmax leaves e^-40 for what is not looked for.
  private static final double ROUNDING = 1e-12;

  private static final Map<ActivationSite, Set<String>> HEADS =
      Map.of(
          ActivationSite.Z, Set.of("L0H0", "L1H0"),
          ActivationSite.Q, Set.of(),
          ActivationSite.K, Set.of("L1H0"),
          ActivationSite.V, Set.of("L0H0"),
          ActivationSite.PATTERN, Set.of("L1H0"));

  @Test
  void gridsOfHeadsFindTheTwoHeadsAndHowTheyWork() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedInduction.model()) {
      HEADS.forEach((site, expected) -> {
        ActivationPatching patching = new ActivationPatching(model, Options.usual(site));
        patching.add(List.of(PlantedInduction.pair()));
        for (Cell cell : patching.cells()) {
          String head = "L%dH%d".formatted(cell.place().layer(), cell.place().head().getAsInt());
          assertThat(cell.score().mean())
              .as("%s %s", site, head)
              .isCloseTo(expected.contains(head) ? 1 : 0, within(ROUNDING));
        }
      });
    }
  }

  @Test
  void theStreamHoldsTheAnswerWhereItWasPutAndWhenceItIsTaken() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedInduction.model()) {
      Options options =
          new Options(
              ActivationSite.RESID_POST,
              Columns.POSITIONS,
              Metric.LOGIT_DIFFERENCE,
              Direction.DENOISE);
      ActivationPatching patching = new ActivationPatching(model, options);
      patching.add(List.of(PlantedInduction.pair()));
      for (Cell cell : patching.cells()) {
        int position = cell.place().position().getAsInt();
        if (cell.place().layer() == 1) {
          assertThat(cell.score().mean()).isCloseTo(position == 7 ? 1 : 0, within(ROUNDING));
        } else {
          // Either of the two keys alone ties with the other: half the answer.
          boolean key = position == 2 || position == 5;
          assertThat(cell.score().mean()).isCloseTo(key ? 0.5 : 0, within(ROUNDING));
        }
      }
    }
  }

  private static Map<String, Double> paths(Transformer model, Frozen frozen, Receiver receiver) {
    PathPatching patching =
        new PathPatching(
            model,
            new PathPatching.Options(
                List.of(receiver), frozen, Metric.LOGIT_DIFFERENCE, Direction.NOISE));
    patching.add(List.of(PlantedInduction.pair()));
    return patching.paths().stream()
        .collect(
            Collectors.toMap(
                path -> path.sender().label(),
                (Path path) -> path.score().mean(),
                (a, _) -> a,
                LinkedHashMap::new));
  }

  @Test
  void pathsAreFoundFromTheFirstHeadToTheKeysOfTheSecondAndFromThereToTheAnswer() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedInduction.model()) {
      for (Frozen frozen : Frozen.values()) {
        for (Input input : Input.values()) {
          for (int head = 0; head < 2; head++) {
            double expected = input == Input.K && head == 0 ? 1 : 0;
            Map<String, Double> found = paths(model, frozen, new Receiver.Head(input, 1, head));
            assertThat(found).containsOnlyKeys("L0H0", "L0H1");
            assertThat(found.get("L0H0")).isCloseTo(expected, within(ROUNDING));
            assertThat(found.get("L0H1")).isCloseTo(0, within(ROUNDING));
          }
        }
        Map<String, Double> found = paths(model, frozen, new Receiver.Logits());
        assertThat(found).containsOnlyKeys("L0H0", "L0H1", "L1H0", "L1H1");
        found.forEach((sender, score) ->
            assertThat(score)
                .as(sender)
                .isCloseTo(sender.equals("L1H0") ? 1 : 0, within(ROUNDING)));
      }
    }
  }

  @Test
  void ablationNoticesTheTwoHeadsAndNoOther() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedInduction.model()) {
      AblationSweep sweep =
          new AblationSweep(model, Component.all(model), AblationSweep.Replacement.ZERO);
      sweep.add(new int[] {5, 1, 2, 0, 3, 4, 1, 2});
      for (AblationSweep.Cell cell : sweep.cells()) {
        boolean planted = Set.of("L0H0", "L1H0").contains(cell.component().label());
        if (planted) {
          assertThat(Math.abs(cell.change().mean())).isGreaterThan(0.01);
        } else {
          assertThat(cell.change().mean()).as(cell.component().label()).isZero();
        }
      }
    }
  }

  @Test
  void attributionIsExactWhereTheRestIsLinear() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedInduction.model()) {
      for (ActivationSite site :
          List.of(ActivationSite.Z, ActivationSite.ATTN_OUT, ActivationSite.RESID_POST)) {
        Options options =
            new Options(
                site,
                site.hasHeads() ? Columns.HEADS_AND_POSITIONS : Columns.POSITIONS,
                Metric.LOGIT_DIFFERENCE,
                Direction.DENOISE);
        ActivationPatching patching = new ActivationPatching(model, options);
        patching.add(List.of(PlantedInduction.pair()));
        AttributionPatching attribution =
            new AttributionPatching(model, AttributionPatching.Options.usual(site));
        attribution.add(List.of(PlantedInduction.pair()));
        assertThat(attribution.cells()).hasSameSizeAs(patching.cells());
        for (int i = 0; i < patching.cells().size(); i++) {
          if (patching.cells().get(i).place().layer() == 1) {
            assertThat(attribution.cells().get(i).score().mean())
                .as("%s", attribution.cells().get(i))
                .isCloseTo(patching.cells().get(i).score().mean(), within(ROUNDING));
          }
        }
      }
    }
  }
}
