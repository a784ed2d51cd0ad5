package dev.weir.page;

import dev.weir.WeirException;
import dev.weir.page.direction.Corpus;
import dev.weir.page.direction.Directions;
import dev.weir.page.job.Jobs;
import dev.weir.page.library.Library;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Models;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Vectors;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.List;

/// The server of the stream page: static files, the JSON interface, and the models behind it. Each
/// request has a virtual thread; what computes waits for the engine's thread.
public final class PageServer implements AutoCloseable {
  private final Settings settings;
  private final EngineThread engine = new EngineThread();
  private final Models models;
  private final Runs runs;
  private final Vectors vectors;
  private final Library library;
  private final Jobs jobs = new Jobs(engine, InstantSource.system());
  private final Directions directions;
  private final WebServer server;

  private PageServer(Settings settings, List<Models.Source> sources) {
    this.settings = settings;
    this.models = Models.open(sources, engine);
    this.library = new Library(settings.data());
    this.vectors = new Vectors(library::projection);
    this.runs = new Runs(engine, models, vectors, settings.memory());
    this.directions = new Directions(engine, models, runs, vectors, new Corpus(settings.corpus()));
    this.server =
        WebServer.builder()
            .address(address(settings.host()))
            .port(settings.port())
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .maxPayloadSize(-1)
            .routing(this::routing)
            .build();
  }

  /// Starts a server; models are opened meanwhile.
  ///
  /// @param settings how it runs
  /// @param sources the models that it may be asked about
  public static PageServer start(Settings settings, List<Models.Source> sources) {
    PageServer page = new PageServer(settings, sources);
    page.server.start();
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
    RunsApi runsApi = new RunsApi(runs, models, vectors);
    routing
        .addFilter(new Guard(settings, Assets.importMapHash()))
        .error(PageException.class, (_, response, e) -> problem(response, e))
        .error(
            WeirException.class,
            (_, response, e) -> Wire.problem(response, Status.BAD_REQUEST_400, e.getMessage()))
        .error(RuntimeException.class, this::fault)
        .register("/api", new ServerApi(models))
        .register("/api/runs", runsApi)
        .register("/api/library", new LibraryApi(library, vectors))
        .register("/api/directions", new DirectionsApi(directions, models))
        .register("/api/jobs", new JobsApi(engine, jobs, runs, directions))
        .register("/api", new ChangesApi(runs, runsApi::reading))
        .register("/", new Assets());
  }

  private static void problem(ServerResponse response, PageException e) {
    Status status =
        switch (e.kind()) {
          case BAD_REQUEST -> Status.BAD_REQUEST_400;
          case NOT_FOUND -> Status.NOT_FOUND_404;
          case FORBIDDEN -> Status.FORBIDDEN_403;
          case CONFLICT -> Status.CONFLICT_409;
          case TOO_LARGE -> Status.REQUEST_ENTITY_TOO_LARGE_413;
          case UNAVAILABLE -> Status.SERVICE_UNAVAILABLE_503;
        };
    Wire.problem(response, status, e.getMessage());
  }

  private void fault(ServerRequest request, ServerResponse response, RuntimeException e) {
    settings.faults().accept(e);
    Wire.problem(
        response,
        Status.INTERNAL_SERVER_ERROR_500,
        "This is a fault of Weir. Where: %s. To fix: look at what weir view printed."
            .formatted(request.path().path()));
  }

  /// The port that it listens on.
  public int port() {
    return server.port();
  }

  /// The address of the page, with the token.
  public String link() {
    return "http://%s:%d/?token=%s".formatted(settings.host(), port(), settings.token());
  }

  /// Stops it and frees the models.
  @Override
  public void close() {
    jobs.close();
    server.stop();
    var _ =
        engine.submit(() -> {
          runs.close();
          models.close();
          return true;
        });
    engine.close();
  }
}
