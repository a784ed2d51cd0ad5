package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ForestTest {

  @Test
  void differencesStandWhereTheAxisSays() {
    // The sample reaches to 3 by its thick intervals and to 101 by a thin one, so the axis runs to
    // 2.5 times 3, rounded up to the next tick at 10.
    Drawing drawing = Drawings.of(Samples.forest("x"));
    double zero = label(drawing, "0").x();
    double unit = (label(drawing, "10").x() - zero) / 10;

    List<Mark.Dot> dots = all(drawing, Mark.Dot.class);
    assertThat(dots).hasSize(2);
    assertThat(dots.get(0).x()).isCloseTo(zero - 2 * unit, within(1e-9));
    assertThat(dots.get(1).x()).isCloseTo(zero + unit, within(1e-9));

    Mark.Line thin = line(drawing, dots.get(0).y(), 1.2);
    assertThat(thin.points().get(0).x()).isCloseTo(zero - 3 * unit, within(1e-9));
    assertThat(thin.points().get(1).x()).isCloseTo(zero - unit, within(1e-9));
    Mark.Line thick = line(drawing, dots.get(0).y(), 3.6);
    assertThat(thick.points().get(0).x()).isCloseTo(zero - 2.5 * unit, within(1e-9));
  }

  @Test
  void anIntervalBeyondTheAxisGoesToItsEndAndHasNone() {
    Drawing drawing = Drawings.of(Samples.forest("x"));
    double row = all(drawing, Mark.Dot.class).get(1).y();
    double end = label(drawing, "10").x();

    assertThat(line(drawing, row, 1.2).points().get(1).x()).isCloseTo(end, within(1e-9));
    assertThat(all(drawing, Mark.Line.class))
        .noneMatch(
            line -> line.points().getFirst().y() == row - 4 && line.points().getFirst().x() >= end);
  }

  @Test
  void onlyWhatLeavesOutZeroHasAColour() {
    List<Mark.Dot> dots = all(Drawings.of(Samples.forest("x")), Mark.Dot.class);

    assertThat(dots.get(0).fill()).isEqualTo(Ink.SERIES_3);
    assertThat(dots.get(1).fill()).isEqualTo(Ink.MUTED);
  }

  @Test
  void aRowWithoutANumberSaysWhyAndDrawsNothing() {
    Drawing drawing = Drawings.of(Samples.forest("x"));

    assertThat(all(drawing, Mark.Label.class)).anyMatch(l -> l.text().equals("undecided"));
    assertThat(Svg.inline(drawing, "x")).doesNotContain("NaN");
  }

  @Test
  void aPlotWithoutRowsIsRefused() {
    assertThatThrownBy(
            () -> new ForestChart("f", "", "", ForestChart.Better.LEFT, List.of(), List.of()))
        .hasMessageContaining("it has no rows");
  }

  @Test
  void aBandRunsAlongTheEndsOfItsSpreads() {
    List<Point> points = List.of(1, 2, 3, 4, 5, 6, 7).stream().map(i -> new Point(i, i)).toList();
    List<LineChart.Spread> spreads =
        points.stream().map(p -> new LineChart.Spread(p.y() - 1, p.y() + 1)).toList();
    Drawing drawing = Drawings.of(chart(points, spreads));

    Mark.Area band = all(drawing, Mark.Area.class).getFirst();
    List<Mark.Dot> dots = all(drawing, Mark.Dot.class);
    double unit = (dots.get(0).y() - dots.get(6).y()) / 6;
    assertThat(band.outline()).hasSize(14);
    assertThat(band.outline().get(0).y()).isCloseTo(dots.get(0).y() - unit, within(1e-9));
    assertThat(band.outline().get(13).y()).isCloseTo(dots.get(0).y() + unit, within(1e-9));
    assertThat(band.outline().get(7).x()).isCloseTo(dots.get(6).x(), within(1e-9));
  }

  @Test
  void fewPointsHaveBarsInPlaceOfABand() {
    Drawing drawing =
        Drawings.of(
            chart(
                List.of(new Point(1, 1), new Point(2, 2)),
                List.of(new LineChart.Spread(0, 2), new LineChart.Spread(Double.NaN, 3))));
    double at = all(drawing, Mark.Dot.class).getFirst().x();

    assertThat(all(drawing, Mark.Area.class)).isEmpty();
    assertThat(all(drawing, Mark.Line.class))
        .filteredOn(line -> line.stroke() == Ink.SERIES_1 && line.width() == 1)
        .hasSize(3)
        .anyMatch(line -> line.points().stream().allMatch(p -> p.x() == at));
  }

  private static LineChart chart(List<Point> points, List<LineChart.Spread> spreads) {
    return new LineChart(
        "c", "c", "x", "y", List.of(new LineChart.Series("s", points, spreads)), List.of());
  }

  private static <M extends Mark> List<M> all(Drawing drawing, Class<M> kind) {
    return drawing.strokes().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private static Mark.Label label(Drawing drawing, String text) {
    return all(drawing, Mark.Label.class).stream()
        .filter(label -> label.text().equals(text))
        .findFirst()
        .orElseThrow();
  }

  private static Mark.Line line(Drawing drawing, double y, double width) {
    return all(drawing, Mark.Line.class).stream()
        .filter(line -> line.width() == width && line.points().stream().allMatch(p -> p.y() == y))
        .findFirst()
        .orElseThrow();
  }
}
