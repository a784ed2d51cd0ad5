package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ColoursTest {

  /// Values of matplotlib 3's maps, away from our ten points. Straight lines between the points
  /// miss the curve by a few of 255 steps.
  @ParameterizedTest
  @CsvSource({
    "VIRIDIS, 0, 440154",
    "VIRIDIS, 0.25, 3b528b",
    "VIRIDIS, 0.5, 21918c",
    "VIRIDIS, 0.75, 5ec962",
    "VIRIDIS, 1, fde725",
    "CIVIDIS, 0, 00224e",
    "CIVIDIS, 0.25, 434e6c",
    "CIVIDIS, 0.5, 7d7c78",
    "CIVIDIS, 0.75, bcae6c",
    "CIVIDIS, 1, fee838",
  })
  void followsThePublishedMapBetweenItsPoints(ColourScale scale, double share, String hex) {
    Rgb published = Rgb.of(Integer.parseInt(hex, 16));

    assertThat(distance(scale.at(share), published)).isLessThanOrEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(
      value = ColourScale.class,
      names = {"VIRIDIS", "CIVIDIS"})
  void growsBrighterAllTheWay(ColourScale scale) {
    for (int i = 1; i <= 100; i++) {
      assertThat(scale.at(i / 100.0).luminance())
          .isGreaterThan(scale.at((i - 1) / 100.0).luminance());
    }
  }

  @ParameterizedTest
  @EnumSource(ColourScale.class)
  void carriesTextThatCanBeReadEverywhere(ColourScale scale) {
    for (int i = 0; i <= 200; i++) {
      Rgb colour = scale.at(i / 200.0);
      assertThat(colour.contrastWith(colour.textColour())).isGreaterThanOrEqualTo(4.5);
    }
  }

  @ParameterizedTest
  @EnumSource(Ink.class)
  void standsOutFromThePageInLightAndInDark(Ink ink) {
    double needed =
        switch (ink) {
          case TEXT, MUTED -> 4.5; // WCAG 2.2, 1.4.3
          case POSITIVE, NEGATIVE -> 3; // WCAG 2.2, 1.4.11
          case SERIES_1, SERIES_2, SERIES_3, SERIES_4, SERIES_5, SERIES_6 -> 3;
          case GRID, AXIS, PAGE, EMPTY -> 1;
        };

    assertThat(ink.on(Theme.LIGHT).contrastWith(Ink.PAGE.on(Theme.LIGHT)))
        .isGreaterThanOrEqualTo(needed);
    assertThat(ink.on(Theme.DARK).contrastWith(Ink.PAGE.on(Theme.DARK)))
        .isGreaterThanOrEqualTo(needed);
  }

  @Test
  void contrastIsWhatTheGuidelinesSay() {
    assertThat(Rgb.BLACK.contrastWith(Rgb.WHITE)).isEqualTo(21);
    assertThat(Rgb.of(0x777777).contrastWith(Rgb.WHITE)).isCloseTo(4.48, within(0.005));
  }

  @Test
  void aDivergingLegendIsPaleAtZero() {
    Legend legend = Legend.diverging("logits", 2);

    assertThat(legend.paint(0)).isEqualTo(Rgb.of(0xf7f7f7));
    assertThat(legend.paint(99)).isEqualTo(legend.paint(2));
    assertThat(legend.paint(Double.NaN)).isEqualTo(Ink.EMPTY);
  }

  @Test
  void aLogarithmicLegendGivesEachTenfoldTheSameRoom() {
    Legend legend = Legend.logarithmic("rank", 0, 9999);

    assertThat(legend.at(0.5)).isCloseTo(99, within(1e-9));
    assertThat(legend.paint(99)).isEqualTo(ColourScale.VIRIDIS.at(0.5));
    assertThat(legend.at(0)).isZero();
    assertThat(legend.at(1)).isCloseTo(9999, within(1e-6));
    assertThatThrownBy(() -> Legend.logarithmic("rank", -1, 2)).hasMessageContaining("not at -1.0");
  }

  @Test
  void aLegendWithoutARangeIsRefused() {
    assertThatThrownBy(() -> Legend.sequential("p", 1, 1)).hasMessageContaining("not 1.0 to 1.0");
    assertThatThrownBy(() -> Legend.sequential("p", 0, Double.NaN))
        .isInstanceOf(ViewException.class);
    assertThatThrownBy(
            () -> new Legend("x", ColourScale.PURPLE_ORANGE, Legend.Spacing.LINEAR, -1, 2))
        .hasMessageContaining("as far below zero as above");
  }

  private static int distance(Rgb a, Rgb b) {
    return Math.max(
        Math.abs(a.red() - b.red()),
        Math.max(Math.abs(a.green() - b.green()), Math.abs(a.blue() - b.blue())));
  }
}
