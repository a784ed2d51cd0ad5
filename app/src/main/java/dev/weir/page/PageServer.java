package dev.weir.page;

import dev.weir.page.direction.Corpus;
import dev.weir.page.direction.Directions;
import dev.weir.page.job.Jobs;
import dev.weir.page.library.Library;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Models;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http1.Http1Config;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// The server of the stream page: static files, the JSON interface, and the models behind it. Each
/// request has a virtual thread; what computes waits for the engine's thread.
public final class PageServer implements AutoCloseable {
  /// A link may be in it, and a link holds a prompt.
  private static final int LONGEST_ADDRESS = 16 << 10;

  private static final int LONGEST_HEAD = 16 << 10;

  /// An exported library; what takes a file of directions, or JSON, takes less.
  private static final int LONGEST_BODY = 64 << 20;

  private static final int MOST_REQUESTS = 256;

  /// Held, since settings of a logger that nobody holds are forgotten.
  private static final Logger SERVER_LOG = Logger.getLogger("io.helidon");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Settings settings;
  private final OwnNames names;
  private final Guard guard;
  private final Refusals refusals;
  private final Routes routes = new Routes();
  private final SlowClients slowClients;
  private final EngineThread engine = new EngineThread();
  private final Models models;
  private final Runs runs;
  private final Vectors vectors;
  private final Library library;
  private final Jobs jobs;
  private final Directions directions;
  private final WebServer server;

  private PageServer(Settings settings, Duration patience, List<Models.Source> sources) {
    this.settings = settings;
    this.names = new OwnNames(settings.host());
    this.guard = new Guard(names, settings.token(), Assets.importMapHash());
    this.refusals = new Refusals(settings.faults(), guard.protection());
    this.jobs = new Jobs(engine, InstantSource.system(), settings.faults());
    this.models = Models.open(sources, engine);
    this.library = new Library(settings.data());
    this.vectors = new Vectors(library::projection);
    this.runs = new Runs(engine, models, vectors, settings.memory());
    this.directions = new Directions(engine, models, runs, vectors, new Corpus(settings.corpus()));
    this.slowClients = new SlowClients(patience);
    this.server = server(patience);
  }

  private WebServer server(Duration patience) {
    Http1Config http =
        Http1Config.builder()
            .maxPrologueLength(LONGEST_ADDRESS)
            .maxHeadersSize(LONGEST_HEAD)
            .addReceiveListener(slowClients)
            .build();
    return WebServer.builder()
        .address(address(settings.host()))
        .port(settings.port())
        .shutdownHook(false)
        .featuresDiscoverServices(false)
        .addProtocol(http)
        .maxPayloadSize(LONGEST_BODY)
        .maxConcurrentRequests(MOST_REQUESTS)
        .idleConnectionTimeout(patience)
        .idleConnectionPeriod(patience.dividedBy(2))
        .directHandlers(refusals.early())
        .routing(this::routing)
        .build();
  }

  /// Starts a server; models are opened meanwhile.
  ///
  /// @param settings how it runs
  /// @param sources the models that it may be asked about
  /// @throws PageException if it cannot listen there
  public static PageServer start(Settings settings, List<Models.Source> sources) {
    return start(settings, PATIENCE, sources);
  }

  /// @param patience how long a client may take to end a request that it began
  static PageServer start(Settings settings, Duration patience, List<Models.Source> sources) {
    SERVER_LOG.setLevel(Level.OFF);
    PageServer page = new PageServer(settings, patience, sources);
    page.server.start();
    if (!page.server.isRunning()) {
      page.close();
      throw new PageException(
          PageException.Kind.CONFLICT,
          "Nothing can listen at %s, port %d".formatted(settings.host(), settings.port()),
          "--host, --port",
          "use another port, or leave both out");
    }
    return page;
  }

  private static InetAddress address(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException _) {
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "This machine has no address '%s'".formatted(host),
          "--host",
          "use 127.0.0.1, or leave it out");
    }
  }

  private void routing(HttpRouting.Builder routing) {
    PlaneQuestion question = new PlaneQuestion(runs, vectors);
    routing.addFilter(guard).addFilter(this::register);
    refusals.register(routing);
    routes
        .register(routing, "/api", new ServerApi(models))
        .register(routing, "/api/runs", new RunsApi(runs, models, question))
        .register(routing, "/api/runs", new OriginApi(runs))
        .register(routing, "/api/runs", new ExportApi(runs, question))
        .register(routing, "/api", new ChangesApi(runs, question::reading))
        .register(routing, "/api/directions", new DirectionsApi(directions, models))
        .register(routing, "/api/jobs", new JobsApi(engine, jobs, runs, directions))
        .register(routing, "/api/library", new LibraryApi(library, vectors))
        .register(routing, "/", new Assets())
        .answerTheRest(routing);
  }

  /// Lets [Wire] find who watches over bodies that do not come.
  private void register(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    request.context().register(slowClients);
    chain.proceed();
  }

  /// What can be asked.
  List<Routes.Route> routes() {
    return routes.all();
  }

  /// The port that it listens on.
  public int port() {
    return server.port();
  }

  /// The address of the page, with the token.
  public String link() {
    return names.link(port()) + "?token=" + settings.token();
  }

  /// Stops it and frees the models.
  @Override
  public void close() {
    jobs.close();
    server.stop();
    slowClients.close();
    var _ =
        engine.submit(() -> {
          runs.close();
          models.close();
          return true;
        });
    engine.close();
  }
}
