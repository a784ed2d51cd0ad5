package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  private static final Schedule SCHEDULE = new Schedule.Cosine(111, 10, 1.0, 0.2);

  /// Half-way down is the mean of peak and floor, a third of the way three quarters up: cos 60° =
  /// ½.
  @ParameterizedTest
  @CsvSource({"0, 0.1", "4, 0.5", "9, 1.0", "10, 1.0", "60, 0.6", "110, 0.2", "500, 0.2"})
  void goesUpALineAndDownACosine(int step, double expected) {
    assertThat(SCHEDULE.at(step)).isCloseTo(expected, within(1e-12));
    assertThat(new Schedule.Cosine(301, 0, 1.0, 0).at(100)).isCloseTo(0.75, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.1",
    "9, 1.0",
    "10, 1.0",
    "78, 1.0",
    "79, 1.0",
    "89, 0.6",
    "99, 0.2",
    "500, 0.2"
  })
  void goesUpALineStaysAndGoesDownALine(int step, double expected) {
    Schedule schedule = new Schedule.WarmupStableDecay(100, 10, 20, 1.0, 0.2);
    assertThat(schedule.at(step)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void aLongerLevelChangesNothingBeforeIt() {
    Schedule early = new Schedule.WarmupStableDecay(100, 10, 20, 1.0, 0);
    Schedule late = new Schedule.WarmupStableDecay(200, 10, 20, 1.0, 0);
    for (int step = 0; step < 80; step++) {
      assertThat(late.at(step)).isEqualTo(early.at(step));
    }
    assertThat(new Schedule.WarmupStableDecay(100, 10, 0, 1.0, 0).at(99)).isEqualTo(1.0);
  }

  @Test
  void refusesMoreWarmupAndDecayThanSteps() {
    assertThatThrownBy(() -> new Schedule.WarmupStableDecay(100, 40, 60, 1, 0))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "100 steps, of which 40 warm up and 60 decay, between learning rates 0.0 and 1.0, make"
                + " no schedule. Where: schedule. To fix: use at least 1 step, warm-up and decay"
                + " together shorter than that, and 0 <= floor <= peak.");
  }

  @Test
  void aScheduleOfOneStepIsItsPeak() {
    assertThat(new Schedule.Cosine(1, 0, 0.5, 0).at(0)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1, 0", "10, 10, 1, 0", "10, -1, 1, 0", "10, 1, 1, 2", "10, 1, NaN, 0"})
  void refusesWhatCannotBe(int steps, int warmup, double peak, double floor) {
    assertThatThrownBy(() -> new Schedule.Cosine(steps, warmup, peak, floor))
        .isInstanceOf(TrainException.class)
        .hasMessageContaining("make no schedule")
        .hasMessageContaining("To fix: use at least 1 step");
  }
}
