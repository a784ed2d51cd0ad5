package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.Look;
import dev.weir.train.ModelSettings;
import dev.weir.train.RunPlan;
import dev.weir.train.Schedule;
import dev.weir.train.StepStatistics;
import dev.weir.train.TrainingSettings;
import dev.weir.train.TrainingStep;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainingReportTest {
  private static final RunPlan PLAN =
      new RunPlan(
          new ModelSettings(
              "pre_norm",
              16,
              1,
              2,
              2,
              32,
              8,
              16,
              ModelSettings.NormKind.RMS,
              ModelSettings.MlpKind.GATED,
              ModelSettings.Positions.ROTARY,
              ModelSettings.Head.TIED),
          new DataSettings("text.txt", Optional.empty(), 0.1, CorpusFiles.usual(), ""),
          TrainingSettings.usual(2, 16, new Schedule.Cosine(900, 10, 1e-3, 0)),
          new RunPlan.Saving(10, 2),
          1);

  /// The loss falls by one from step to step.
  private static TrainingStep step(int step) {
    boolean look = step % 100 == 0;
    return new TrainingStep(
        step,
        step * 32L,
        1000.0 - step,
        Map.of(),
        look ? Optional.of(new Look(step == 800 ? 1 : 2, 0.5)) : Optional.empty(),
        1e-3,
        1,
        100 + step,
        step * 1e6,
        look
            ? Map.of(
                "blocks.0.attn_write.hook_beta",
                new StepStatistics.Summary(0.5, 0, 0, 1),
                "blocks.0.mlp_write.hook_beta",
                new StepStatistics.Summary(0.25, 0, 0, 1),
                "blocks.0.mlp_write.hook_k",
                new StepStatistics.Summary(0, 1, -1, 1))
            : Map.of());
  }

  private static final List<TrainingStep> STEPS =
      IntStream.rangeClosed(1, 900).mapToObj(TrainingReportTest::step).toList();

  @Test
  void manyStepsAreShownByTheirMeans() {
    LineChart loss = TrainingReport.loss(STEPS);
    List<Point> training = loss.series().getFirst().points();
    assertThat(training).hasSize(300);
    assertThat(training.getFirst().x()).isEqualTo(3);
    assertThat(training.getFirst().y()).isCloseTo(998, within(1e-9)); // of 999, 998 and 997
    assertThat(loss.series().getLast().points()).hasSize(9);
    assertThat(loss.notes())
        .containsExactly("Each point of the training line is the mean of 3 steps.");
  }

  @Test
  void fewStepsAreShownAsTheyAre() {
    LineChart loss = TrainingReport.loss(STEPS.subList(0, 5));
    assertThat(loss.series()).hasSize(1);
    assertThat(loss.series().getFirst().points()).hasSize(5);
    assertThat(loss.notes()).isEmpty();
  }

  @Test
  void saysHowItEndedAndWhatWasAsked() {
    Report report = TrainingReport.of("run", PLAN, 1234, STEPS);
    assertThat(report.title()).isEqualTo("Training run");
    assertThat(report.subtitle())
        .isEqualTo("pre_norm, 1 layers, d_model 16, 2 heads; batch 2 × 16 tokens");
    String outcome = TextTable.render(report.tables().getFirst(), Style.PLAIN, 100);
    assertThat(outcome)
        .containsPattern("parameters +1,234")
        .containsPattern("validation loss, step 900 +2\\.0000 nats")
        .containsPattern("lowest validation loss, step 800 +1\\.0000 nats")
        .containsPattern("tokens per second, median +551");
    assertThat(report.tables().get(1).name()).isEqualTo("settings");
  }

  @Test
  void valuesOfOneKindShareAChart() {
    List<Figure> figures = TrainingReport.of("run", PLAN, 1, STEPS).figures();
    assertThat(figures.stream().map(Figure::name))
        .containsExactlyInAnyOrder("loss", "gradient_norm", "learning_rate", "hook_beta", "hook_k");
  }
}
