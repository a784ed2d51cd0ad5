package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What `weir view` says before there is a page. That there is one, tests of the page see.
class ViewCommandTest {
  @TempDir Path data;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--port 70000 | --port 70000 is not possible",
        "--port -1 | --port -1 is not possible",
        "--memory 0 | --memory 0.0 is not possible",
        "--memory NaN | --memory NaN is not possible",
        "--text nowhere.txt | There is no text to read at 'nowhere.txt'",
        "--host nowhere.invalid | This machine has no address 'nowhere.invalid'",
        "--host 192.0.2.1 | Nothing can listen at 192.0.2.1",
        "--model nowhere | There is no model at 'nowhere'",
        "--beside nowhere | There is no model at 'nowhere'"
      })
  void whatCannotBeIsSaidInOneLine(String options, String problem) {
    String[] args = ("view --no-browser --data " + data + " " + options).split(" ");

    Shell.Result result = Shell.here().run(args);

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith("weir: " + problem).contains(". To fix: ").hasLineCount(1);
  }

  @Test
  void linksAreOpenedByWhatTheSystemOpensThemWith() {
    assertThat(new BrowserWindow("Linux", Map.of()).command("http://x/"))
        .containsExactly("xdg-open", "http://x/");
    assertThat(new BrowserWindow("Mac OS X", Map.of()).command("http://x/"))
        .containsExactly("open", "http://x/");
    assertThat(new BrowserWindow("Windows 11", Map.of()).command("http://x/"))
        .containsExactly("rundll32", "url.dll,FileProtocolHandler", "http://x/");
  }

  @Test
  void withoutAScreenNoBrowserIsLookedFor() {
    assertThat(new BrowserWindow("Linux", Map.of()).open("http://127.0.0.1:1/")).isFalse();
  }
}
