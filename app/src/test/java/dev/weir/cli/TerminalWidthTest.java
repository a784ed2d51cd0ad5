package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.view.Progress;
import dev.weir.view.Style;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalWidthTest {

  @Test
  void whatIsWrittenToAFileIsNotCutUnlessColumnsSaysSo() {
    assertThat(Terminal.columns(Map.of(), Terminal.ENDLESS)).isEqualTo(Terminal.ENDLESS);
    assertThat(Terminal.columns(Map.of("COLUMNS", "80"), Terminal.ENDLESS)).isEqualTo(80);
    assertThat(Terminal.columns(Map.of("COLUMNS", "wide"), 100)).isEqualTo(100);
  }

  @Test
  void plotsAndHelpKeepToTheUsualWidthWhereThereIsNoEdge() {
    assertThat(terminal(Terminal.ENDLESS).line()).isEqualTo(100);
    assertThat(terminal(160).line()).isEqualTo(160);
  }

  private static Terminal terminal(int width) {
    return new Terminal(
        System.out, System.err, Style.PLAIN, width, Progress.Place.LOG, Map.of(), Path.of("."));
  }
}
