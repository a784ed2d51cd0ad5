package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  private static final Schedule SCHEDULE = new Schedule(111, 10, 1.0, 0.2);

  /// Half-way down is the mean of peak and floor, a third of the way three quarters up: cos 60° =
  /// ½.
  @ParameterizedTest
  @CsvSource({"0, 0.1", "4, 0.5", "9, 1.0", "10, 1.0", "60, 0.6", "110, 0.2", "500, 0.2"})
  void goesUpALineAndDownACosine(int step, double expected) {
    assertThat(SCHEDULE.at(step)).isCloseTo(expected, within(1e-12));
    assertThat(new Schedule(301, 0, 1.0, 0).at(100)).isCloseTo(0.75, within(1e-12));
  }

  @Test
  void aScheduleOfOneStepIsItsPeak() {
    assertThat(new Schedule(1, 0, 0.5, 0).at(0)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1, 0", "10, 10, 1, 0", "10, -1, 1, 0", "10, 1, 1, 2", "10, 1, NaN, 0"})
  void refusesWhatCannotBe(int steps, int warmup, double peak, double floor) {
    assertThatThrownBy(() -> new Schedule(steps, warmup, peak, floor))
        .isInstanceOf(TrainException.class)
        .hasMessageContaining("make no schedule")
        .hasMessageContaining("To fix: use at least 1 step");
  }
}
