package dev.weir.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/// What somebody waits for who uses the stream page: `weir view` is started as a user does and
/// asked over HTTP, on the model that ships with Weir.
///
/// Arguments: the launcher, the folder for the table, how many turns.
public final class ViewBench {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int TOKENS = 128;
  private static final int VOCABULARY = 1500;
  private static final int CLIENTS = 50;
  private static final int VISITS = 4;

  private final HttpClient client = HttpClient.newHttpClient();
  private final SplittableRandom random = new SplittableRandom(20_261_126);
  private final URI server;
  private final String token;

  private ViewBench(URI link) {
    this.server = link.resolve("/");
    this.token = link.getQuery().substring("token=".length());
  }

  /// A server that runs, and how long it took.
  private record Started(Process process, URI link, double linkMs, double pageMs, double planeMs) {}

  /// Measures, prints the table and writes it.
  public static void main(String[] args) throws Exception {
    Path launcher = Path.of(args[0]);
    Path target = Path.of(args[1]);
    int turns = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    List<String> rows = new ArrayList<>(List.of("| what | median | slowest |", "|---|---|---|"));
    List<Started> starts = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      Started started = start(launcher, target);
      starts.add(started);
      if (turn + 1 < turns) {
        stop(started.process());
      }
    }
    rows.add(row("start to the link", starts.stream().mapToDouble(Started::linkMs).toArray()));
    rows.add(row("start to the page", starts.stream().mapToDouble(Started::pageMs).toArray()));
    rows.add(
        row("start to the first plane", starts.stream().mapToDouble(Started::planeMs).toArray()));
    Started last = starts.getLast();
    ViewBench bench = new ViewBench(last.link());
    bench.measure(rows, turns);
    rows.add(
        "| memory of the server after that | %.0f MB | |".formatted(residentMb(last.process())));
    stop(last.process());
    Files.write(target.resolve("view.md"), rows);
    rows.forEach(System.out::println);
  }

  private static Started start(Path launcher, Path target) throws Exception {
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(
                launcher.toString(),
                "view",
                "--no-browser",
                "--port",
                "0",
                "--data",
                target.resolve("view").toString())
            .redirectError(Redirect.DISCARD)
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    BufferedReader out = process.inputReader();
    URI link = URI.create(out.readLine());
    double linkMs = since(begin);
    ViewBench bench = new ViewBench(link);
    bench.get("");
    double pageMs = since(begin);
    bench.plane(bench.run(bench.prompt(20)), "norm");
    return new Started(process, link, linkMs, pageMs, since(begin));
  }

  private static void stop(Process process) throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  private void measure(List<String> rows, int turns) throws Exception {
    for (String reading : List.of("norm", "top")) {
      rows.add(
          row(
              "a new prompt of %d tokens to the whole plane, %s".formatted(TOKENS, reading),
              times(2 + 4 * turns, () -> plane(run(prompt(TOKENS)), reading))));
    }
    String run = run(prompt(TOKENS));
    rows.add(
        row(
            "a glance at a cell",
            times(
                2 + 10 * turns,
                () ->
                    get(
                        "api/runs/%s/cells?places=6:7&positions=%d:%d"
                            .formatted(run, random.nextInt(1, 60), 64)))));
    rows.add(
        row(
            "50 clients, each a new prompt of 20 tokens and its plane",
            together(() -> prompt(20))));
    String shared = prompt(TOKENS);
    rows.add(row("50 clients, one prompt of 128 tokens and its plane", together(() -> shared)));
  }

  private interface Work {
    void run() throws Exception;
  }

  private interface Prompts {
    String next();
  }

  /// The first two are not counted: they warm up.
  private static double[] times(int turns, Work work) throws Exception {
    double[] ms = new double[turns];
    for (int turn = 0; turn < turns; turn++) {
      long begin = System.nanoTime();
      work.run();
      ms[turn] = since(begin);
    }
    return Arrays.copyOfRange(ms, 2, turns);
  }

  private double[] together(Prompts prompts) throws InterruptedException, ExecutionException {
    List<String> asked =
        IntStream.range(0, CLIENTS * VISITS).mapToObj(_ -> prompts.next()).toList();
    List<Future<double[]>> visits = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int c = 0; c < CLIENTS; c++) {
        List<String> own = asked.subList(c * VISITS, (c + 1) * VISITS);
        visits.add(clients.submit(() -> visit(own)));
      }
    }
    List<Double> ms = new ArrayList<>();
    for (Future<double[]> visit : visits) {
      Arrays.stream(visit.get()).forEach(ms::add);
    }
    return ms.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private double[] visit(List<String> prompts) throws Exception {
    double[] ms = new double[prompts.size()];
    for (int i = 0; i < ms.length; i++) {
      long begin = System.nanoTime();
      plane(run(prompts.get(i)), "norm");
      ms[i] = since(begin);
    }
    return ms;
  }

  /// Tokens at random, as JSON.
  private String prompt(int tokens) {
    return IntStream.range(0, tokens)
        .mapToObj(_ -> Integer.toString(random.nextInt(1, VOCABULARY)))
        .collect(Collectors.joining(",", "[", "]"));
  }

  private String run(String tokens) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve("api/runs"))
            .header("X-Weir-Token", token)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"model\": \"m0\", \"tokens\": %s}".formatted(tokens)))
            .build();
    return JSON.readTree(send(request)).get("run").asString();
  }

  private void plane(String run, String reading) throws IOException, InterruptedException {
    get("api/runs/%s/plane?reading=%s".formatted(run, reading));
  }

  private void get(String path) throws IOException, InterruptedException {
    send(HttpRequest.newBuilder(server.resolve(path)).build());
  }

  private String send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    if (response.statusCode() >= 300) {
      throw new IllegalStateException(response.body());
    }
    return response.body();
  }

  private static double since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin).toNanos() / 1e6;
  }

  private static double residentMb(Process process) throws IOException {
    try (var lines = Files.lines(Path.of("/proc/%d/status".formatted(process.pid())))) {
      return lines
              .filter(line -> line.startsWith("VmHWM:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          * 1024
          / 1e6;
    }
  }

  private static String row(String what, double[] ms) {
    double[] sorted = ms.clone();
    Arrays.sort(sorted);
    return String.format(
        Locale.ROOT,
        "| %s | %.0f ms | %.0f ms |",
        what,
        sorted[sorted.length / 2],
        sorted[sorted.length - 1]);
  }
}
