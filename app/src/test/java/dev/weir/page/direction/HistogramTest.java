package dev.weir.page.direction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistogramTest {

  @ParameterizedTest
  @ValueSource(doubles = {1e-30, 1e-3, 1, 5e7, 1e200})
  void everyValueIsCountedInItsBinHoweverFarValuesReach(double size) {
    SplittableRandom random = new SplittableRandom(3);
    Histogram.Running running = new Histogram.Running();
    List<Double> values = new ArrayList<>();
    for (int block = 0; block < 50; block++) {
      double[] some = new double[20];
      for (int i = 0; i < some.length; i++) {
        some[i] = size * random.nextGaussian() * (1 + block);
        values.add(some[i]);
      }
      running.add(some);
    }
    Histogram histogram = running.histogram();

    assertThat(histogram.counts()).hasSizeBetween(32, 64);
    for (int bin = 0; bin < histogram.counts().size(); bin++) {
      double low = histogram.low() + bin * histogram.width();
      long count = values.stream().filter(x -> low <= x && x < low + histogram.width()).count();
      assertThat(histogram.counts().get(bin)).isEqualTo(count);
    }
  }

  @Test
  void valuesThatAreAllTheSameFillOneBin() {
    Histogram.Running running = new Histogram.Running();
    running.add(0, 0, 0);
    running.add(0);
    assertThat(running.histogram().counts()).containsExactly(4L);
    assertThat(running.histogram().low()).isZero();

    Histogram.Running others = new Histogram.Running();
    others.add(-3, -3);
    assertThat(others.histogram().counts()).containsExactly(2L);
    assertThat(others.histogram().low()).isEqualTo(-3);
  }
}
