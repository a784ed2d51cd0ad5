package dev.weir.cli;

import dev.weir.model.family.ModelFiles;
import dev.weir.page.PageServer;
import dev.weir.page.Settings;
import dev.weir.page.run.Models;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Does once what most users do first, so that the JVM can keep what is loaded for it: reads a
/// text, and opens a page and asks it what a browser would.
@Command(
    name = "warm-up",
    hidden = true,
    description = "Load what most commands load. The launcher calls this after a build.",
    mixinStandardHelpOptions = true)
final class WarmUpCommand implements Callable<Integer> {
  private static final String TEXT = "Once upon a time";
  private static final String TOKEN = "warm-up";
  private static final long MEMORY = 1L << 28;
  private static final Pattern RUN = Pattern.compile("\"run\":\"(?<id>[^\"]+)\"");

  private final Terminal terminal;

  @Parameters(paramLabel = "FOLDER", description = "Where what it makes may lie.")
  private Path folder = Path.of("");

  WarmUpCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    String report = folder.resolve("read.html").toString();
    int code = Main.commandLine(terminal).execute("read", "--out", report, TEXT);
    Settings settings =
        new Settings(
            "127.0.0.1", 0, TOKEN, folder, terminal.bundledText(), MEMORY, WarmUpCommand::rethrow);
    Models.Source model = new Models.Source("warm-up", () -> ModelFiles.open(terminal.bundled()));
    try (PageServer server = PageServer.start(settings, List.of(model))) {
      visit(URI.create(server.link()));
    }
    return code;
  }

  private static void rethrow(Throwable failure) {
    throw new IllegalStateException(failure);
  }

  private static void visit(URI page) throws IOException {
    for (String path :
        List.of("/", "/js/main.js", "/css/base.css", "/lib/lit/index.js", "/api/server")) {
      var _ = answer(page.resolve(path), "");
    }
    String run =
        answer(page.resolve("/api/runs"), "{\"model\": \"m0\", \"text\": \"%s\"}".formatted(TEXT));
    Matcher id = RUN.matcher(run);
    if (id.find()) {
      var _ = answer(page.resolve("/api/runs/%s/plane".formatted(id.group("id"))), "");
    }
  }

  private static String answer(URI address, String body) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
    if (!body.isEmpty()) {
      connection.setRequestProperty("X-Weir-Token", TOKEN);
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setDoOutput(true);
      connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
