package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Check;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Dialog;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.ColorScheme;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A tab of a browser without history, and what goes wrong in it: errors on the console, in scripts
/// and on the way, and requests to anybody but the server of its first page.
final class Tab {
  /// What Chromium writes to the console when it is answered with an error.
  private static final Pattern REFUSED =
      Pattern.compile("Failed to load resource: the server responded with a status of (\\d+).*");

  private static final Set<String> LOCAL = Set.of("about", "blob", "data", "file");
  private static final List<String> BARRIERS =
      List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice");

  private static final double PATIENCE = 30_000;

  private final BrowserContext context;
  private final Page page;
  private final List<String> complaints = new ArrayList<>();
  private final Set<Integer> expected = new HashSet<>();
  private final Set<Integer> refused = new HashSet<>();
  private final Set<String> left = new HashSet<>();
  private String origin = "";

  Tab(com.microsoft.playwright.Browser browser) {
    context = browser.newContext(options());
    context.setDefaultTimeout(PATIENCE);
    context.onConsoleMessage(this::console);
    context.onWebError(error -> complaints.add("script: " + error.error()));
    context.onRequest(this::request);
    context.onRequestFailed(this::failed);
    context.onResponse(this::response);
    context.onDialog(this::dialog);
    page = context.newPage();
  }

  private static com.microsoft.playwright.Browser.NewContextOptions options() {
    return new com.microsoft.playwright.Browser.NewContextOptions()
        .setViewportSize(1440, 900)
        .setLocale("en-GB")
        .setPermissions(List.of("clipboard-read", "clipboard-write"));
  }

  /// Opens the page of a server; from then on every other origin is a complaint. What the browser
  /// still wants of a page before, such as its icon, is none.
  ///
  /// @param url of its first page
  Page open(URI url) {
    left.add(origin);
    origin = origin(url);
    left.remove(origin);
    page.navigate(url.toString());
    return page;
  }

  /// The page that it shows.
  Page page() {
    return page;
  }

  /// Shows it as somebody sees it who chose dark or light.
  void theme(ColorScheme scheme) {
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
  }

  /// What stands in somebody's way who cannot see well or has no mouse, as axe-core finds it in
  /// what is shown now: WCAG 2.2, levels A and AA, and its best practices.
  List<String> barriers() {
    return new AxeBuilder(page)
        .setLegacyMode(true).withTags(BARRIERS).analyze().getViolations().stream()
            .map(Tab::barrier)
            .toList();
  }

  private static String barrier(Rule rule) {
    return rule.getId()
        + ": "
        + rule.getHelp()
        + rule.getNodes().stream()
            .map(node ->
                "\n  "
                    + node.getHtml()
                    + " "
                    + node.getAny().stream().map(Check::getMessage).toList())
            .collect(Collectors.joining());
  }

  /// The server is going to refuse something with this status, and that is right.
  ///
  /// @param status for example 413
  void expectRefusal(int status) {
    expected.add(status);
  }

  /// What went wrong so far; says it once. What was expected and did not go wrong is a complaint
  /// too.
  List<String> complaints() {
    List<String> all = new ArrayList<>(complaints);
    for (int status : expected) {
      if (!refused.contains(status)) {
        all.add("nothing was refused with " + status);
      }
    }
    complaints.clear();
    expected.clear();
    return all;
  }

  /// Closes it; whoever has complaints must have asked for them.
  void finish() {
    context.close();
    assertThat(complaints()).as("complaints of the browser").isEmpty();
  }

  private void console(ConsoleMessage message) {
    boolean bad = message.type().equals("error") || message.type().equals("warning");
    if (bad && !REFUSED.matcher(message.text()).matches() && !isLeft(message.location())) {
      complaints.add("console: %s (%s)".formatted(message.text(), message.location()));
    }
  }

  private static URI address(String url) {
    return URI.create(url.split("[?#]", 2)[0]);
  }

  private static String origin(URI url) {
    return url.getScheme() + "://" + url.getAuthority();
  }

  /// Whether this is of a server whose page was left.
  private boolean isLeft(String url) {
    return left.stream().anyMatch(before -> !before.isEmpty() && url.startsWith(before + "/"));
  }

  private void request(Request request) {
    URI url = address(request.url());
    boolean local = LOCAL.contains(url.getScheme()) || origin(url).equals(origin);
    if (!local && !isLeft(request.url())) {
      complaints.add("request to another host: " + request.url());
    }
  }

  private void failed(Request request) {
    String why = Objects.requireNonNull(request.failure());
    // The page itself gives up a request whose answer nobody waits for.
    if (!why.equals("net::ERR_ABORTED") && !isLeft(request.url())) {
      complaints.add("request failed: %s (%s)".formatted(request.url(), why));
    }
  }

  private void response(Response response) {
    int status = response.status();
    if (status >= 400) {
      refused.add(status);
    }
    if (status >= 400 && !expected.contains(status)) {
      complaints.add("refused with %d: %s".formatted(status, response.url()));
    }
  }

  private void dialog(Dialog dialog) {
    complaints.add("dialog: " + dialog.message());
    dialog.dismiss();
  }
}
