package dev.weir.cli;

import dev.weir.model.LanguageModel;
import dev.weir.model.family.ModelFiles;
import dev.weir.page.PageServer;
import dev.weir.page.Settings;
import dev.weir.page.run.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir view`: the stream page.
@Command(
    name = "view",
    description =
        "Open a page in the browser in which one walks through the residual stream of a prompt: layers against tokens, coloured by what you ask; where each cell came from along both axes; directions, changes, and a library of what you found. Runs until Ctrl-C; nobody but this machine can reach it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir view",
      "  weir view --model path/to/model",
      "  weir view --model plain/ --beside ddl/"
    })
final class ViewCommand implements Callable<Integer> {
  private static final int TOKEN_BYTES = 16;
  private static final long GIGABYTE = 1L << 30;

  private final Terminal terminal;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--beside",
      paramLabel = "PATH",
      description = "Another model, to be seen beside the first. May be repeated.")
  private List<String> beside = new ArrayList<>();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description =
          "The text that directions are looked up in. Default: the stories that ship with Weir.")
  private Optional<Path> text = Optional.empty();

  @Option(
      names = "--host",
      paramLabel = "NAME",
      defaultValue = "127.0.0.1",
      description = "The address to listen on. Default: ${DEFAULT-VALUE}, this machine alone.")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "The port to listen on. Default: a free one.")
  private int port;

  @Option(names = "--no-browser", description = "Print the link and open nothing.")
  private boolean noBrowser;

  ViewCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    Logger quiet = Logger.getLogger("io.helidon");
    quiet.setLevel(Level.OFF);
    Settings settings =
        new Settings(
            host,
            port,
            token(),
            terminal.library().resolveSibling("page"),
            text.orElseGet(terminal::bundledText),
            GIGABYTE,
            this::fault);
    try (PageServer server = PageServer.start(settings, sources())) {
      terminal.out().println(server.link());
      terminal.out().flush();
      terminal.note("the page is open until Ctrl-C");
      if (!noBrowser) {
        openBrowser(server.link());
      }
      new CountDownLatch(1).await();
    }
    return 0;
  }

  private List<Models.Source> sources() {
    List<Models.Source> sources = new ArrayList<>();
    Path first = model.path(terminal);
    sources.add(
        new Models.Source(
            name(first),
            () -> new LanguageModel(model.open(terminal), model.openTokenizer(terminal))));
    for (String other : beside) {
      Path path = ModelOptions.locate(other, terminal);
      sources.add(new Models.Source(name(path), () -> ModelFiles.open(path)));
    }
    return sources;
  }

  private static String name(Path path) {
    Path file = path.toAbsolutePath().normalize().getFileName();
    return file == null ? "the model" : file.toString();
  }

  private void fault(RuntimeException e) {
    terminal.note("a fault of Weir, please report it:");
    e.printStackTrace(terminal.err());
  }

  private static String token() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private void openBrowser(String link) {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    List<String> command =
        system.contains("win")
            ? List.of("rundll32", "url.dll,FileProtocolHandler", link)
            : List.of(system.contains("mac") ? "open" : "xdg-open", link);
    try {
      new ProcessBuilder(command)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException _) {
      terminal.note("no browser could be opened; open the link above yourself");
    }
  }
}
