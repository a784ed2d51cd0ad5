package dev.weir.page;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.page.change.Continuation;
import dev.weir.page.change.During;
import dev.weir.page.direction.DirectionRecipe;
import dev.weir.page.direction.Directions;
import dev.weir.page.direction.Survey;
import dev.weir.page.job.Job;
import dev.weir.page.job.JobStatus;
import dev.weir.page.job.Jobs;
import dev.weir.page.run.EngineThread;
import dev.weir.page.run.Runs;
import io.helidon.http.Status;
import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.sse.SseSink;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Long work: begun, watched as server-sent events, and cancelled.
final class JobsApi implements HttpService {
  /// Without news a comment goes out this often, so that a client that went away is noticed.
  private static final Duration PULSE = Duration.ofSeconds(5);

  /// News that come more quickly are sent together.
  private static final Duration REST = Duration.ofMillis(40);

  private final EngineThread engine;
  private final Jobs jobs;
  private final Runs runs;
  private final Directions directions;

  JobsApi(EngineThread engine, Jobs jobs, Runs runs, Directions directions) {
    this.engine = engine;
    this.jobs = jobs;
    this.runs = runs;
    this.directions = directions;
  }

  /// What to do.
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Request.Pca.class, name = "pca"),
    @JsonSubTypes.Type(value = Request.Histogram.class, name = "histogram"),
    @JsonSubTypes.Type(value = Request.Generate.class, name = "generate"),
  })
  sealed interface Request {

    /// Principal components of the stream over the corpus.
    ///
    /// @param of of what
    record Pca(DirectionRecipe.Pca of) implements Request {}

    /// How the corpus lies along a direction.
    ///
    /// @param of what to look at
    record Histogram(Survey.Question of) implements Request {}

    /// What the models of some runs go on to say, each with the changes of its run.
    ///
    /// @param runs the ids of the runs
    /// @param tokens how many tokens to add at most
    /// @param temperature 0, the default, takes the likeliest token
    /// @param topK how many of the likeliest tokens to choose among; all where it is left out
    /// @param topP of the probability to choose among; all where it is left out
    /// @param seed the same seed gives the same text
    /// @param during where changes act while the text grows; everywhere where it is left out
    record Generate(
        List<String> runs,
        Optional<Integer> tokens,
        Optional<Double> temperature,
        Optional<Integer> topK,
        Optional<Double> topP,
        Optional<Long> seed,
        Optional<During> during)
        implements Request {
      private static final int TOKENS = 30;

      private Continuation.Manner manner() {
        return new Continuation.Manner(
            tokens.orElse(TOKENS),
            temperature.orElse(0.0),
            topK.orElse(0),
            topP.orElse(1.0),
            seed.orElse(0L),
            during.orElse(During.ALL));
      }
    }
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/", this::start)
        .get("/{id}", this::status)
        .get("/{id}/events", this::events)
        .delete("/{id}", this::cancel);
  }

  private void start(ServerRequest request, ServerResponse response) {
    Job<?> job =
        switch (Wire.body(request, Request.class)) {
          case Request.Pca(DirectionRecipe.Pca of) -> jobs.start("pca", directions.components(of));
          case Request.Histogram(Survey.Question of) ->
              jobs.start("histogram", directions.survey(of));
          case Request.Generate asked ->
              jobs.start("generate", new Continuation(engine, runs, asked.runs(), asked.manner()));
        };
    response.status(Status.ACCEPTED_202);
    Wire.answer(response, job.status());
  }

  private void status(ServerRequest request, ServerResponse response) {
    Wire.answer(response, jobs.get(Wire.segment(request, "id")).status());
  }

  private void cancel(ServerRequest request, ServerResponse response) {
    Job<?> job = jobs.get(Wire.segment(request, "id"));
    job.cancel();
    Wire.answer(response, job.status());
  }

  private void events(ServerRequest request, ServerResponse response) {
    Job<?> job = jobs.get(Wire.segment(request, "id"));
    try (SseSink sink = response.sink(SseSink.TYPE)) {
      tell(job, sink);
    } catch (UncheckedIOException _) {
      // Whoever watched went away.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> void tell(Job<T> job, SseSink sink) throws InterruptedException {
    try (Job<T>.Watch watch = job.watch()) {
      boolean ended = false;
      while (!ended) {
        Optional<JobStatus<T>> news = watch.next(PULSE);
        sink.emit(
            news.map(status -> SseEvent.builder().name("status").data(Wire.json(status)).build())
                .orElseGet(() -> SseEvent.builder().comment("still at work").build()));
        ended = news.map(status -> status.state().ended()).orElse(false);
        Thread.sleep(ended ? Duration.ZERO : REST);
      }
    }
  }
}
