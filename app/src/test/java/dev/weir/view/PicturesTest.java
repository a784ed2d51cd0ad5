package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PicturesTest {
  @TempDir Path folder;

  @Test
  void aPngHasTwoPixelsForEachUnitAndTheColoursOfItsCells() throws Exception {
    Path file = folder.resolve("r.png");
    ReportFiles.write(report(Samples.heatmap()), file);

    BufferedImage image = ImageIO.read(file.toFile());
    Drawing sheet = Drawings.sheet(report(Samples.heatmap()));
    assertThat(image.getWidth()).isEqualTo(2 * (int) Math.ceil(sheet.width()));
    assertThat(image.getHeight()).isEqualTo(2 * (int) Math.ceil(sheet.height()));
    assertThat(image.getRGB(1, 1) & 0xFFFFFF).isEqualTo(0xFFFFFF);
    for (Mark mark : sheet.marks()) {
      if (mark instanceof Mark.Box(var x, var y, _, _, Rgb fill, var hover) && !hover.isEmpty()) {
        assertThat(image.getRGB((int) (2 * x) + 3, (int) (2 * y) + 3) & 0xFFFFFF)
            .isEqualTo(Integer.parseInt(fill.hex().substring(1), 16));
      }
    }
  }

  @Test
  void aPictureThatWouldNotFitIntoMemoryIsRefusedBeforeItIsDrawn() {
    List<String> labels = Collections.nCopies(100_000, "x");
    Heatmap wide =
        Heatmap.named("wide", Legend.sequential("p", 0, 1))
            .columns("position", labels)
            .row("0", Collections.nCopies(100_000, new Heatmap.Cell(0.5, "some token")))
            .build();

    assertThatThrownBy(() -> ReportFiles.write(report(wide), folder.resolve("r.png")))
        .isInstanceOf(ViewException.class)
        .hasMessageContaining("show fewer positions or layers");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anSvgIsXmlWithTheNumbersUnderThePointer() throws Exception {
    Path file = folder.resolve("r.svg");
    ReportFiles.write(Samples.report(), file);

    Document svg = xml(Files.readAllBytes(file));

    assertThat(texts(svg, "title"))
        .anySatisfy(t -> assertThat(t).contains("probability of the top"));
    assertThat(texts(svg, "text")).contains("The residual stream at “Once upon a time, there”");
    assertThat(svg.getElementsByTagName("script").getLength()).isZero();
  }

  @Test
  void aCellSaysItsTextInAColourThatCanBeRead() {
    List<Mark.Label> labels =
        Drawings.of(Samples.heatmap()).marks().stream()
            .filter(mark -> mark instanceof Mark.Label)
            .map(mark -> (Mark.Label) mark)
            .toList();

    assertThat(labels)
        .filteredOn(label -> label.text().equals("·time") && label.fill() instanceof Rgb)
        .hasSize(12)
        .extracting(Mark.Label::fill)
        .contains(Rgb.WHITE, Rgb.BLACK);
    assertThat(labels)
        .anySatisfy(label -> assertThat(label.text()).startsWith("<script").endsWith("…"));
  }

  @Test
  void aLinePassesThroughItsPoints() {
    LineChart chart =
        new LineChart("c", "c", "x", "y", List.of(LineChart.Series.of("s", 0, 10, 5)), List.of());
    List<Point> drawn =
        Drawings.of(chart).strokes().stream()
            .filter(mark -> mark instanceof Mark.Line line && line.stroke() == Ink.SERIES_1)
            .map(mark -> ((Mark.Line) mark).points())
            .findFirst()
            .orElseThrow();

    double rise = drawn.get(0).y() - drawn.get(1).y();
    assertThat(rise).isPositive();
    assertThat(drawn.get(0).y() - drawn.get(2).y()).isCloseTo(rise / 2, within(1e-9));
    assertThat(drawn.get(2).x() - drawn.get(1).x())
        .isCloseTo(drawn.get(1).x() - drawn.get(0).x(), within(1e-9));
  }

  @Test
  void aPointThatIsNotANumberLeavesAGap() {
    LineChart chart =
        new LineChart(
            "c",
            "c",
            "x",
            "y",
            List.of(LineChart.Series.of("s", 1, 2, Double.NaN, 3, 4, Double.POSITIVE_INFINITY)),
            List.of());

    assertThat(Drawings.of(chart).strokes())
        .filteredOn(mark -> mark instanceof Mark.Line line && line.stroke() == Ink.SERIES_1)
        .hasSize(2);
  }

  @Test
  void aChartOfNothingButGapsStillDraws() {
    LineChart chart =
        new LineChart("c", "c", "x", "y", List.of(LineChart.Series.of("s", Double.NaN)), List.of());
    BarChart bars = new BarChart("b", "b", "v", List.of(new BarChart.Bar("x", 0)), List.of());

    assertThat(Svg.inline(Drawings.of(chart), "c")).doesNotContain("NaN\"", "Infinity");
    assertThat(Svg.inline(Drawings.of(bars), "b")).doesNotContain("NaN\"", "Infinity");
  }

  @Test
  void aLongLineKeepsItsPeaks() {
    double[] y = new double[50_000];
    y[31_234] = 9;
    LineChart chart =
        new LineChart("c", "c", "x", "y", List.of(LineChart.Series.of("s", y)), List.of());

    List<Point> drawn =
        Drawings.of(chart).strokes().stream()
            .filter(mark -> mark instanceof Mark.Line line && line.points().size() > 2)
            .flatMap(mark -> ((Mark.Line) mark).points().stream())
            .toList();

    double bottom = drawn.getFirst().y();
    assertThat(drawn).hasSizeLessThanOrEqualTo(1200);
    assertThat(drawn).anySatisfy(point -> assertThat(bottom - point.y()).isGreaterThan(200));
  }

  @Test
  void namesOfLinesThatEndTogetherDoNotTouch() {
    List<LineChart.Series> series =
        IntStream.range(0, 30).mapToObj(i -> LineChart.Series.of("line" + i, 1, 2)).toList();
    LineChart chart = new LineChart("c", "c", "x", "y", series, List.of());

    double[] places =
        Drawings.of(chart).strokes().stream()
            .filter(mark -> mark instanceof Mark.Label label && label.text().startsWith("line"))
            .mapToDouble(mark -> ((Mark.Label) mark).y())
            .sorted()
            .toArray();

    for (int i = 1; i < places.length; i++) {
      assertThat(places[i] - places[i - 1]).isGreaterThanOrEqualTo(14.9);
    }
  }

  @Test
  void ticksAreRoundNumbersThatEncloseTheData() {
    Ticks ticks = Ticks.around(0.013, 0.087, 5);

    assertThat(ticks.low()).isLessThanOrEqualTo(0.013);
    assertThat(ticks.high()).isGreaterThanOrEqualTo(0.087);
    assertThat(ticks.places().stream().map(ticks::label))
        .containsExactly("0.00", "0.02", "0.04", "0.06", "0.08", "0.10");
    assertThat(Ticks.around(-3, 5, 4).places().stream().map(Ticks.around(-3, 5, 4)::label))
        .containsExactly("−4", "−2", "0", "2", "4", "6");
    assertThat(Ticks.around(7, 7, 5).high()).isGreaterThan(7);
  }

  @Test
  void figuresThatDoNotFitTogetherAreRefused() {
    assertThatThrownBy(() ->
            Heatmap.named("h", Legend.sequential("p", 0, 1))
                .columns("x", List.of("a", "b"))
                .row("0", List.of(new Heatmap.Cell(0, "")))
                .build())
        .hasMessageContaining("a row does not have 2 cells");
    assertThatThrownBy(() -> new BarChart("b", "", "", List.of(), List.of()))
        .hasMessageContaining("it has no bars");
  }

  private static Report report(Heatmap heatmap) {
    return new Report("T", "S", List.of(new Report.HeatmapSection(heatmap)), List.of());
  }

  private static Document xml(byte[] bytes) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(bytes));
  }

  private static List<String> texts(Document document, String tag) {
    NodeList nodes = document.getElementsByTagName(tag);
    return IntStream.range(0, nodes.getLength())
        .mapToObj(i -> ((Element) nodes.item(i)).getTextContent())
        .toList();
  }
}
