package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.family.ModelFiles;
import dev.weir.page.run.Models;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many pages at once share one model, and those with the same prompt share its run.
class ManyClientsTest {
  private static final int CLIENTS = 50;

  @TempDir Path data;

  @Test
  void fiftyClientsAreAnsweredByOneModel() throws Exception {
    serve(1, "norm");
  }

  @Test
  @Tag("long")
  void fiftyClientsAreAnsweredForLong() throws Exception {
    serve(40, "kl");
  }

  private void serve(int rounds, String reading) throws Exception {
    AtomicInteger opened = new AtomicInteger();
    Models.Source source =
        new Models.Source(
            "weir-stories",
            () -> {
              opened.incrementAndGet();
              return ModelFiles.open(Outsider.BUNDLED);
            });
    try (Outsider server = new Outsider(data, Duration.ofSeconds(60), source);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> answers = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        String prompt = prompt(client);
        answers.add(clients.submit(() -> visit(server, prompt, reading, rounds)));
      }
      List<String> planes = new ArrayList<>();
      for (Future<String> answer : answers) {
        planes.add(answer.get());
      }

      for (int client = 0; client < CLIENTS; client++) {
        assertThat(planes.get(client))
            .as("client %d sees its own prompt, alone or not", client)
            .isEqualTo(visit(server, prompt(client), reading, 1));
      }
      assertThat(opened).hasValue(1);
      assertThat(server.faults()).isEmpty();
    }
  }

  /// Every fifth client has a prompt of its own.
  private static String prompt(int client) {
    return client % 5 == 0
        ? "The %dth day was the best of all.".formatted(client)
        : "Once upon a time there was a cat.";
  }

  private static String visit(Outsider server, String prompt, String reading, int rounds)
      throws Exception {
    String plane = "";
    for (int round = 0; round < rounds; round++) {
      String run = server.run(prompt).get("run").asString();
      HttpResponse<String> answer =
          server.get("/api/runs/%s/plane?reading=%s".formatted(run, reading));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(plane).isIn("", answer.body());
      plane = answer.body();
    }
    return plane;
  }
}
