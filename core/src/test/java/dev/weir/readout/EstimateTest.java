package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class EstimateTest {

  @Test
  void theIntervalIsThatOfATableOfStudentsT() {
    // t(0.975, 4 degrees of freedom) = 2.776445, by any printed table.
    Estimate estimate = Estimate.of(1, 2, 3, 4, 5);
    double error = Math.sqrt(2.5 / 5);
    assertThat(estimate.mean()).isEqualTo(3);
    assertThat(estimate.high()).isCloseTo(3 + 2.776445 * error, within(1e-6));
    assertThat(estimate.low()).isCloseTo(3 - 2.776445 * error, within(1e-6));
  }

  @Test
  void oneValueHasNoInterval() {
    assertThat(Estimate.of(7).low()).isNaN();
    assertThat(Estimate.bootstrap(new double[] {7}, 10, new Random(0)).high()).isNaN();
  }

  @Test
  void intervalsHoldTheTruthAboutAsOftenAsTheySay() {
    Random random = new Random(3);
    int studentsT = 0;
    int bootstrap = 0;
    int trials = 400;
    for (int trial = 0; trial < trials; trial++) {
      double[] values = random.doubles(40, 0, 1).toArray();
      studentsT += holds(Estimate.of(values)) ? 1 : 0;
      bootstrap += holds(Estimate.bootstrap(values, 300, random)) ? 1 : 0;
    }
    // 95 % of 400 with a standard deviation of 4.4 trials; the bootstrap is a little narrow.
    assertThat(studentsT).isBetween(362, 398);
    assertThat(bootstrap).isBetween(354, 398);
  }

  private static boolean holds(Estimate estimate) {
    return estimate.low() <= 0.5 && 0.5 <= estimate.high();
  }

  @Test
  void aRunningEstimateIsThatOfTheWholeSampleWithoutItsHoles() {
    double[] values = new Random(4).doubles(1000, 5, 9).toArray();
    Estimate.Running running = new Estimate.Running();
    for (double value : values) {
      running.add(value);
      running.add(Double.NaN);
    }
    Estimate whole = Estimate.of(values);
    // A thousand sums of numbers below 10.
    assertThat(running.estimate().mean()).isCloseTo(whole.mean(), within(1e-12));
    assertThat(running.estimate().low()).isCloseTo(whole.low(), within(1e-12));
    assertThat(running.estimate().high()).isCloseTo(whole.high(), within(1e-12));
    assertThat(running.estimate().count()).isEqualTo(1000);
    assertThat(new Estimate.Running().estimate().mean()).isNaN();
  }
}
