package dev.weir.page.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Plane;
import dev.weir.page.run.Window;
import dev.weir.view.Theme;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScreenTest {
  private static final String SCRIPT = "<script>alert(1)</script>";
  private static final Plane PLANE =
      new Plane(
          "top",
          new Window(2, 4, 5, 8),
          List.of(new double[] {0.1, 1.0 / 3, Double.NaN}, new double[] {-2, 1e-7, 12345.678}),
          List.of(List.of("a", SCRIPT, "\u202Ec"), List.of("d", "e", "f")));

  @Test
  void aTableHoldsEveryDigitAndWhereItStands() throws IOException {
    assertThat(text(screen(Screen.Layout.PLACES_DOWN, Theme.LIGHT), Format.CSV))
        .isEqualTo(
            """
            place,place_label,position,token,value,text
            2,1_pre,5," x",0.1,a
            2,1_pre,6,"line
            break",0.3333333333333333,%s
            2,1_pre,7,%s,NaN,\u202Ec
            3,1_mid,5," x",-2.0,d
            3,1_mid,6,"line
            break",1.0E-7,e
            3,1_mid,7,%s,12345.678,f
            """
                .formatted(SCRIPT, SCRIPT, SCRIPT)
                .replaceAll("(?<!line)\n", "\r\n"));
  }

  @Test
  void theTableIsTheSameWhicheverWayRoundTheScreenIs() throws IOException {
    assertThat(text(screen(Screen.Layout.TOKENS_DOWN, Theme.DARK), Format.CSV))
        .isEqualTo(text(screen(Screen.Layout.PLACES_DOWN, Theme.LIGHT), Format.CSV));
  }

  @Test
  void aPageSaysWhoseStreamItIsAndHoldsNothingThatRuns() throws IOException {
    String page = text(screen(Screen.Layout.PLACES_DOWN, Theme.LIGHT), Format.HTML);

    assertThat(page)
        .contains("The residual stream of weir-stories", "Once upon a time", "Raw coordinates.")
        .contains("http://127.0.0.1:9347/#view")
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        .doesNotContain(SCRIPT, "\u202E", "src=", "href=", "url(");
    assertThat(page.split("<script", -1)).hasSize(2);
  }

  @Test
  void transposedTokensRunDown() throws Exception {
    assertThat(labels(Screen.Layout.PLACES_DOWN)).containsSubsequence("place", "1_pre", "1_mid");
    assertThat(labels(Screen.Layout.TOKENS_DOWN))
        .containsSubsequence("place", "token", "·x", "line⏎break", "1_pre", "1_mid");
  }

  private List<String> labels(Screen.Layout layout) throws Exception {
    String svg = text(screen(layout, Theme.LIGHT), Format.SVG);
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(UTF_8)));
    return Pattern.compile("<text[^>]*>([^<]*)</text>")
        .matcher(svg)
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  @ParameterizedTest
  @EnumSource(Theme.class)
  void aPictureIsForTheThemeOfTheScreen(Theme theme) throws IOException {
    BufferedImage image =
        ImageIO.read(
            new ByteArrayInputStream(bytes(screen(Screen.Layout.PLACES_DOWN, theme), Format.PNG)));
    int corner = image.getRGB(0, 0) & 0xFFFFFF;

    assertThat(corner).isEqualTo(theme == Theme.LIGHT ? 0xFFFFFF : 0x16181C);
    assertThat(text(screen(Screen.Layout.PLACES_DOWN, theme), Format.SVG))
        .contains("fill=\"#%06x\"".formatted(corner));
  }

  @Test
  void aLongPromptIsCut() {
    Screen.Caption caption = new Screen.Caption("m", "😀".repeat(2000), List.of());

    assertThat(screen(caption, PLANE, new Range(0, 1)).report().subtitle())
        .isEqualTo("😀".repeat(600) + "…");
  }

  @Test
  void aPlaneThatIsNoPictureIsRefused() {
    Plane large =
        new Plane(
            "norm",
            new Window(0, 201, 0, 1000),
            Collections.nCopies(201, new double[1000]),
            List.of());

    assertThatThrownBy(() -> screen(caption(), large, new Range(0, 1)))
        .isInstanceOf(PageException.class)
        .hasMessage(
            "201000 cells are more than the 200000 of a picture. Where: window. To fix: zoom in.");
  }

  @Test
  void aRangeIsFittedToWhatIsFinite() {
    assertThat(Range.of(PLANE)).isEqualTo(new Range(-2, 12345.678));
    assertThat(
            Range.of(
                new Plane("norm", PLANE.window(), List.of(new double[] {Double.NaN}), List.of())))
        .isEqualTo(new Range(0, 1));
  }

  @Test
  void aRangeOfOneNumberIsStillALegend() {
    assertThat(new Range(3, 3).legend("x", CellReading.Scale.SEQUENTIAL).high()).isEqualTo(4);
    assertThat(new Range(0, 0).legend("x", CellReading.Scale.DIVERGING).high()).isEqualTo(1);
    assertThat(new Range(-3, 2).legend("x", CellReading.Scale.DIVERGING).high()).isEqualTo(3);
  }

  private static Screen screen(Screen.Layout layout, Theme theme) {
    return new Screen(
        caption(),
        PLANE,
        List.of("1_pre", "1_mid"),
        List.of(" x", "line\nbreak", SCRIPT),
        new Range(0, 1).legend("probability", CellReading.Scale.SEQUENTIAL),
        layout,
        theme);
  }

  private static Screen screen(Screen.Caption caption, Plane plane, Range range) {
    return new Screen(
        caption,
        plane,
        List.of("1_pre", "1_mid"),
        List.of("x", "y", "z"),
        range.legend("x", CellReading.Scale.SEQUENTIAL),
        Screen.Layout.PLACES_DOWN,
        Theme.LIGHT);
  }

  private static Screen.Caption caption() {
    return new Screen.Caption(
        "weir-stories",
        "Once upon a time",
        List.of("Raw coordinates.", "Link: http://127.0.0.1:9347/#view"));
  }

  private static String text(Screen screen, Format format) throws IOException {
    return new String(bytes(screen, format), UTF_8);
  }

  private static byte[] bytes(Screen screen, Format format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    screen.write(format, out);
    return out.toByteArray();
  }
}
