package dev.weir.cli;

import dev.weir.view.Progress;
import dev.weir.weights.hub.HubAccess;
import dev.weir.weights.hub.HubDownload;
import dev.weir.weights.hub.HubFile;
import dev.weir.weights.hub.HubPatience;
import dev.weir.weights.hub.HubProgress;
import dev.weir.weights.hub.HubRepository;
import dev.weir.weights.hub.HubSelection;
import dev.weir.weights.hub.HubSnapshot;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `weir pull`: fetches a model from a Hugging Face hub.
@Command(
    name = "pull",
    description =
        "Fetch a model from a Hugging Face hub: resumed where it broke off, checked by its hashes. HF_TOKEN opens private and gated models, HF_ENDPOINT names another hub.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir pull openai-community/gpt2",
      "  weir pull EleutherAI/pythia-70m --revision step1000 --into pythia"
    })
final class PullCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(paramLabel = "OWNER/NAME", description = "The repository.")
  private String repository = "";

  @Option(
      names = "--revision",
      paramLabel = "REV",
      defaultValue = "main",
      description = "A branch, tag or commit. Default: ${DEFAULT-VALUE}.")
  private String revision = "main";

  @Option(
      names = "--into",
      paramLabel = "FOLDER",
      description = "Where to. Default: the library of pulled models.")
  private Optional<Path> into = Optional.empty();

  @Option(
      names = "--files",
      paramLabel = "GLOB",
      split = ",",
      description = "Only files that match. Default: config, tokenizer and weights.")
  private List<String> files = List.of();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  PullCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    HubRepository from = new HubRepository(repository, revision);
    Path folder = into.orElseGet(() -> terminal.library().resolve(from.id()));
    HubSnapshot snapshot =
        new HubDownload(
                endpoint(),
                access(),
                files.isEmpty() ? new HubSelection.Usual() : new HubSelection.Matching(files),
                HubPatience.usual(Thread::sleep, InstantSource.system()),
                progress())
            .fetch(from, folder);
    report(snapshot);
    return 0;
  }

  private URI endpoint() {
    String endpoint = terminal.environment().getOrDefault("HF_ENDPOINT", "");
    try {
      return endpoint.isEmpty() ? HubDownload.HUGGING_FACE : URI.create(endpoint);
    } catch (IllegalArgumentException _) {
      throw CliException.notHere(
          "HF_ENDPOINT '%s' is no address".formatted(endpoint), "use one like https://host");
    }
  }

  private HubAccess access() {
    String token = terminal.environment().getOrDefault("HF_TOKEN", "");
    return token.isEmpty() ? new HubAccess.Anonymous() : new HubAccess.Token(token);
  }

  private HubProgress progress() {
    return new Bars(terminal);
  }

  /// One progress line for each file.
  private static final class Bars implements HubProgress {
    private final Terminal terminal;
    private String file = "";
    private Optional<Progress> line = Optional.empty();

    Bars(Terminal terminal) {
      this.terminal = terminal;
    }

    @Override
    public void advanced(HubFile arriving, long done) {
      if (!arriving.path().equals(file)) {
        line.ifPresent(Progress::close);
        file = arriving.path();
        line = Optional.of(terminal.progress(file, arriving.size(), "bytes"));
      }
      line.ifPresent(progress -> progress.reached(done));
    }

    @Override
    public void finished(HubFile whole) {
      line.ifPresent(Progress::close);
      line = Optional.empty();
      terminal.note("%s is here (%,d bytes)".formatted(whole.path(), whole.size()));
    }

    @Override
    public void waiting(String reason, Duration pause) {
      terminal.note("%s; trying again in %d s".formatted(reason, pause.toSeconds()));
    }
  }

  private void report(HubSnapshot snapshot) {
    if (json) {
      Json result = new Json();
      result.begin();
      result.put("folder", snapshot.folder().toString());
      result.put("commit", snapshot.commit());
      result.put("files", snapshot.files().stream().map(file -> file.path()).toList());
      result.put("fetched", snapshot.fetched());
      result.end();
      terminal.out().println(result);
      return;
    }
    terminal.note(
        "fetched %d of %d files, commit %s"
            .formatted(snapshot.fetched(), snapshot.files().size(), snapshot.commit()));
    terminal.out().println(snapshot.folder());
  }
}
