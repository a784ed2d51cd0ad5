package dev.weir.cli;

import dev.weir.model.LanguageModel;
import dev.weir.model.family.ModelFiles;
import dev.weir.page.AccessToken;
import dev.weir.page.PageServer;
import dev.weir.page.Settings;
import dev.weir.page.run.Models;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
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
  /// WEIR on the keys of a telephone.
  private static final int USUAL_PORT = 9347;

  private static final int PORTS_TRIED = 20;
  private static final int LAST_PORT = 65_535;
  private static final long GIGABYTE = 1L << 30;

  private final Terminal terminal;
  private final Interruption interruption;

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
      names = "--data",
      paramLabel = "FOLDER",
      description =
          "Where the library and the token of links are kept. Default: weir/page in the user's data folder.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "GB",
      defaultValue = "1",
      description =
          "How much memory runs may hold; older ones are run again when asked for. Default: ${DEFAULT-VALUE}.")
  private double memory = 1;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      defaultValue = "127.0.0.1",
      description = "The address to listen on. Default: ${DEFAULT-VALUE}, this machine alone.")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "The port to listen on; 0 for any. Default: 9347, or the next one that is free.")
  private Optional<Integer> port = Optional.empty();

  @Option(names = "--no-browser", description = "Print the link and open nothing.")
  private boolean noBrowser;

  ViewCommand(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Override
  public Integer call() throws InterruptedException {
    boolean alone = address().isLoopbackAddress();
    List<Models.Source> sources = sources();
    try (Interruption.Work _ = interruption.begin();
        PageServer server = PageServer.start(settings(), sources)) {
      terminal.out().println(server.link());
      terminal.out().flush();
      if (!alone) {
        terminal.note(
            "others can reach %s: whoever does sees models and prompts, whoever has the link changes what is kept, and nothing is encrypted"
                .formatted(host));
      }
      if (!noBrowser && !window().open(server.link())) {
        terminal.note("no browser was found; open the link above");
      }
      terminal.note("the page is open until Ctrl-C");
      interruption.await();
    }
    return 0;
  }

  private Settings settings() {
    Path folder = data.orElseGet(() -> terminal.library().resolveSibling("page"));
    return new Settings(
        host,
        port.map(ViewCommand::requirePort).orElseGet(this::freePort),
        AccessToken.in(folder, new SecureRandom()),
        folder,
        corpus(),
        bytes(),
        failure -> Main.tell(failure, terminal));
  }

  private BrowserWindow window() {
    return new BrowserWindow(System.getProperty("os.name", ""), terminal.environment());
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException _) {
      throw CliException.notHere(
          "This machine has no address '%s'".formatted(host),
          "leave --host out, or use 127.0.0.1 for this machine alone and 0.0.0.0 for all who reach it");
    }
  }

  private static int requirePort(int port) {
    if (port < 0 || port > LAST_PORT) {
      throw CliException.notHere(
          "--port %d is not possible".formatted(port), "use a number from 0 to " + LAST_PORT);
    }
    return port;
  }

  /// Links hold the port, so it should be the same one each time.
  private int freePort() {
    return IntStream.range(USUAL_PORT, USUAL_PORT + PORTS_TRIED)
        .filter(this::isFree)
        .findFirst()
        .orElse(0);
  }

  private boolean isFree(int candidate) {
    try (ServerSocket _ = new ServerSocket(candidate, 1, address())) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private Path corpus() {
    Path file = text.orElseGet(terminal::bundledText);
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw CliException.notHere(
          "There is no text to read at '%s'".formatted(file), "give --text a UTF-8 text file");
    }
    return file;
  }

  private long bytes() {
    if (!(memory > 0 && memory < Integer.MAX_VALUE)) {
      throw CliException.notHere(
          "--memory %s is not possible".formatted(memory), "use a number of gigabytes above 0");
    }
    return (long) (memory * GIGABYTE);
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
}
