package dev.weir.page;

import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// Gives a test a [Tab] of the Chromium that is installed on this machine, headless. One browser
/// serves all tests of a run; every test has tabs of its own and must leave them without a
/// complaint. Where there is no Chromium, the test is skipped and says so.
///
/// ```java
/// @ExtendWith(Browser.class)
/// class ThingsPageTest {
///   @Test
///   void aThingIsShown(Tab tab) {
///     tab.open(server.url());
/// ```
final class Browser implements ExecutionCondition, ParameterResolver, AfterTestExecutionCallback {
  private static final double PATIENCE_MS = 30_000;
  private static final Namespace HERE = Namespace.create(Browser.class);

  /// Names under which Chromium and its kin are installed, the one asked for first.
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  /// No sandbox, because root has none; the rest keeps it from talking to anybody but the page's
  /// server.
  private static final List<String> FLAGS =
      List.of(
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost");

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext test) {
    return program()
        .map(found -> ConditionEvaluationResult.enabled("Runs in " + found))
        .orElseGet(() ->
            ConditionEvaluationResult.disabled(
                "Skipped: a browser is needed, and none of %s is on the PATH".formatted(NAMES)));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == Tab.class;
  }

  @Override
  public Tab resolveParameter(ParameterContext parameter, ExtensionContext test) {
    Running running =
        test.getRoot()
            .getStore(HERE)
            .computeIfAbsent(
                Running.class, _ -> Running.start(program().orElseThrow()), Running.class);
    Tab tab = new Tab(running.browser());
    tabs(test).add(tab);
    return tab;
  }

  @Override
  public void afterTestExecution(ExtensionContext test) {
    tabs(test).forEach(Tab::finish);
  }

  @SuppressWarnings("unchecked")
  private static List<Tab> tabs(ExtensionContext test) {
    return test.getStore(HERE).computeIfAbsent(Tab.class, _ -> new ArrayList<Tab>(), List.class);
  }

  private static Optional<Path> program() {
    Stream<Path> asked = Optional.ofNullable(System.getenv("CHROMIUM")).stream().map(Path::of);
    String[] folders = System.getenv("PATH").split(File.pathSeparator, -1);
    Stream<Path> installed =
        NAMES.stream().flatMap(name -> Stream.of(folders).map(folder -> Path.of(folder, name)));
    return Stream.concat(asked, installed).filter(Files::isExecutable).findFirst();
  }

  /// The browser and the driver that speaks to it; JUnit closes them after the last test.
  private record Running(Playwright driver, com.microsoft.playwright.Browser browser)
      implements AutoCloseable {

    static Running start(Path program) {
      // The driver must not fetch browsers of its own.
      Map<String, String> environment = Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
      Playwright driver = Playwright.create(new Playwright.CreateOptions().setEnv(environment));
      BrowserType.LaunchOptions options =
          new BrowserType.LaunchOptions().setExecutablePath(program).setArgs(FLAGS);
      // A machine that does much else at the same time is slow, not wrong.
      PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MS);
      return new Running(driver, driver.chromium().launch(options));
    }

    @Override
    public void close() {
      browser.close();
      driver.close();
    }
  }
}
