package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTest {

  static Stream<Arguments> tokens() {
    return Stream.of(
        Arguments.of(" the", "·the"),
        Arguments.of("a\n\tb", "a⏎⇥b"),
        Arguments.of("\u0007\u001b[31m\u007f", "\\x07\\x1b[31m\\x7f"),
        Arguments.of("\u202Eevil\u200f", "\\u202eevil\\u200f"),
        Arguments.of("x\u00a0y\u2028", "x\\xa0y\\u2028"),
        Arguments.of("\ud83d", "\ufffd"),
        Arguments.of("👩‍🚀", "👩‍🚀"),
        Arguments.of("\u0301", "◌\u0301"),
        Arguments.of("\udb40\udc41", "\\u{e0041}"),
        Arguments.of("日本", "日本"),
        Arguments.of("", ""));
  }

  @ParameterizedTest
  @MethodSource("tokens")
  void everyCharacterOfATokenIsVisible(String token, String shown) {
    assertThat(TokenText.visible(token)).isEqualTo(shown);
  }

  static Stream<Arguments> widths() {
    return Stream.of(
        Arguments.of("abc", 3),
        Arguments.of("日本", 4),
        Arguments.of("e\u0301", 1),
        Arguments.of("👩‍🚀", 2),
        Arguments.of("❤️", 2),
        Arguments.of("ｆｕ", 4),
        Arguments.of("한글", 4),
        Arguments.of("שלום", 4),
        Arguments.of("·⏎⇥", 3));
  }

  @ParameterizedTest
  @MethodSource("widths")
  void aTextTakesAsManyColumnsAsATerminalGivesIt(String text, int columns) {
    assertThat(TextWidth.columns(text)).isEqualTo(columns);
  }

  @Test
  void aCutNeverSplitsAWideCharacter() {
    assertThat(TextWidth.cut("日本語", 4)).isEqualTo("日…");
    assertThat(TextWidth.cut("日本語", 6)).isEqualTo("日本語");
  }

  @ParameterizedTest
  @ValueSource(ints = {30, 40, 60, 80, 200})
  void aTableKeepsToItsWidth(int width) {
    Table table = Samples.table();

    String lines = TextTable.render(table, Style.PLAIN, width);

    assertThat(lines.lines().limit(1 + table.rows().size()))
        .hasSize(17)
        .allSatisfy(line -> assertThat(TextWidth.columns(line)).isLessThanOrEqualTo(width));
    assertThat(lines).doesNotContain("\u001b");
  }

  @Test
  void columnsStandBelowEachOther() {
    Table table =
        Table.named("t")
            .token("token", "")
            .real("logit", "nats", "")
            .integer("rank", "", "")
            .row("日本", -1.25, 10)
            .row(" a", 12.5, 2)
            .note("Folded coordinates.")
            .build();

    assertThat(TextTable.render(table, Style.PLAIN, 80))
        .isEqualTo(
            """
            token  logit (nats)  rank
            日本          -1.25    10
            ·a            12.50     2
            Folded coordinates.
            """);
  }

  @Test
  void aTableThatIsTooWideSaysWhatItLeftOut() {
    assertThat(TextTable.render(Samples.table(), Style.PLAIN, 40))
        .contains("3 columns are left out; set COLUMNS to how wide the terminal is, or use --out");
  }

  @Test
  void namesAreNeverCutAndBothEndsOfAnIntervalGoTogether() {
    Table table =
        Table.named("t")
            .name("variant", "")
            .name("result", "")
            .real("difference", "", "")
            .real("t low", "", "")
            .real("t high", "", "")
            .name("against", "")
            .row("depth-own-4", "no difference found", 0.5, -0.25, 0.75, "plain, 277 neurons")
            .row("depth-own-8", "no difference found", 0.25, -0.5, 0.5, "plain, 278 neurons")
            .build();

    assertThat(TextTable.render(table, Style.PLAIN, 52))
        .isEqualTo(
            """
            variant      result               difference
            depth-own-4  no difference found      0.5000
            depth-own-8  no difference found      0.2500
            3 columns are left out; set COLUMNS to how wide the terminal is, or use --out
            """);
    assertThat(TextTable.render(table, Style.PLAIN, 20))
        .contains("depth-own-4  no difference found\n", "4 columns are left out");
    assertThat(TextTable.render(table, Style.PLAIN, Integer.MAX_VALUE))
        .contains(
            "depth-own-8  no difference found      0.2500  -0.5000  0.5000  plain, 278 neurons")
        .doesNotContain("left out");
  }

  @Test
  void barsGrowToTheRightForWhatAddsAndToTheLeftForWhatTakesAway() {
    SignedBar bar = new SignedBar(4, 4);

    assertThat(bar.of(4, Style.PLAIN)).isEqualTo("    │████");
    assertThat(bar.of(-1.5, Style.PLAIN)).isEqualTo("  ▐█│    ");
    assertThat(bar.of(0.5, Style.PLAIN)).isEqualTo("    │▌   ");
    assertThat(bar.of(Double.NaN, Style.PLAIN)).isEqualTo("    │    ");
    assertThat(bar.of(99, Style.COLOUR)).isEqualTo("    │\u001b[38;5;208m████\u001b[0m");
  }

  @Test
  void barsScaleToTheLargestOfTheirColumn() {
    String lines = TextTable.renderWithBars(Samples.bars().table(), "value", Style.PLAIN, 80);

    assertThat(lines.lines().toList().get(1)).endsWith("│██████████");
    assertThat(lines.lines().toList().get(3)).contains("-1.934").endsWith("▐████│");
  }

  @Test
  void progressOnATerminalWaitsASecondThenRewritesOneLine() {
    Screen screen = new Screen();
    try (Progress progress = screen.progress(200, Progress.Place.TERMINAL)) {
      screen.wait(Duration.ofMillis(500));
      progress.reached(10);
      assertThat(screen.text()).isEmpty();
      screen.wait(Duration.ofMillis(1500));
      progress.reached(50, "loss 2.31");
      progress.reached(51);
    }

    assertThat(screen.text())
        .isEqualTo(
            "\r\u001b[2Ktraining   25 %  50/200 steps  25.00 steps/s  0:06 left  loss 2.31"
                + "\r\u001b[2K");
  }

  /// The work begins after a minute, at step 40, and goes at a step a second.
  @Test
  void progressTellsTheTimeLeftOnceItsSpeedIsKnown() {
    Screen screen = new Screen();
    try (Progress progress = screen.progress(200, Progress.Place.TERMINAL).after(50)) {
      screen.wait(Duration.ofSeconds(60));
      progress.reached(40);
      for (int step = 41; step <= 50; step++) {
        screen.wait(Duration.ofSeconds(1));
        assertThat(screen.text()).doesNotContain("left");
        progress.reached(step);
      }
    }
    assertThat(screen.text()).contains("50/200 steps  1.000 steps/s  2:30 left");
  }

  @Test
  void progressInALogIsALineEveryTenSeconds() {
    Screen screen = new Screen();
    try (Progress progress = screen.progress(0, Progress.Place.LOG)) {
      for (int second = 1; second <= 25; second++) {
        screen.wait(Duration.ofSeconds(1));
        progress.reached(second * 100L);
      }
    }

    assertThat(screen.text().lines())
        .containsExactly(
            "training  1,000 steps  100.0 steps/s", "training  2,000 steps  100.0 steps/s");
  }

  /// A stream and a clock that stand still until told.
  private static final class Screen {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private Instant now = Instant.EPOCH;

    Progress progress(long total, Progress.Place place) {
      PrintStream out = new PrintStream(bytes, true, UTF_8);
      return new Progress("training", total, "steps", out, place, () -> now);
    }

    void wait(Duration time) {
      now = now.plus(time);
    }

    String text() {
      return bytes.toString(UTF_8);
    }
  }
}
