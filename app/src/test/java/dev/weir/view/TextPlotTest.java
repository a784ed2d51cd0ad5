package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextPlotTest {

  private static LineChart chart(LineChart.Series... lines) {
    return new LineChart("loss", "Loss", "step", "nats", List.of(lines), List.of());
  }

  private static List<String> lines(LineChart chart, int width, int height) {
    return TextPlot.render(chart, Style.PLAIN, width, height).lines().toList();
  }

  @Test
  void aFallingLineGoesFromTheUpperLeftToTheLowerRight() {
    List<String> lines = lines(chart(LineChart.Series.of("training", 4, 3, 2, 1, 0)), 30, 5);
    assertThat(lines)
        .containsExactly(
            "Loss",
            " 4┤⠉⠒⠤⢄⣀",
            "  │     ⠉⠒⠢⠤⣀",
            " 2┤          ⠉⠑⠒⠤⢄⣀",
            "  │                ⠉⠉⠒⠢⠤⣀",
            " 0┤                      ⠉⠑⠒⠤⣀",
            "  └───────────────────────────",
            "   0          step           4",
            "   ⠒⠒ training");
  }

  @Test
  void otherLinesAreMarks() {
    LineChart two =
        chart(
            LineChart.Series.of("training", 1, 1, 1),
            new LineChart.Series("validation", List.of(new Point(2, 0))));
    List<String> lines = lines(two, 24, 3);
    assertThat(lines.get(3)).endsWith("●");
    assertThat(lines.getLast()).contains("⠒⠒ training   ● validation");
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 40, 80, 200})
  void keepsToItsWidth(int width) {
    double[] values = new double[500];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1000 * Math.exp(-i / 100.0);
    }
    assertThat(lines(chart(LineChart.Series.of("loss", values)), width, 10))
        .allSatisfy(line -> assertThat(TextWidth.columns(line)).isLessThanOrEqualTo(width));
  }

  @Test
  void onePointAndPointsThatAreNoNumbersAreNoFault() {
    assertThat(lines(chart(LineChart.Series.of("loss", 3)), 30, 4)).hasSize(8);
    assertThat(lines(chart(LineChart.Series.of("loss", Double.NaN, 1, 2)), 30, 4)).hasSize(8);
    assertThat(lines(chart(LineChart.Series.of("loss", Double.NaN)), 30, 4)).hasSize(8);
  }

  @Test
  void coloursAreForTerminalsThatHaveThem() {
    LineChart chart = chart(LineChart.Series.of("loss", 2, 1));
    assertThat(TextPlot.render(chart, Style.COLOUR, 40, 5)).contains("\u001b[");
    assertThat(TextPlot.render(chart, Style.PLAIN, 40, 5)).doesNotContain("\u001b");
  }
}
