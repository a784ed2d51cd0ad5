package dev.weir.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Measures Weir and, where Python has them, PyTorch, transformers and TransformerLens: the
/// libraries take turns within each workload, so that whatever else the machine does meets them
/// alike. Prints one table and writes it to `bench/target/bench.md` and `bench/target/bench.json`.
public final class Bench {
  private static final int THREADS = 2;
  // A library runs these one right after the other, since their ratio is a target.
  private static final List<List<Workload>> COMPARED =
      List.of(
          List.of(Workload.FORWARD_128, Workload.CAPTURE_128),
          List.of(Workload.FORWARD_1024, Workload.CAPTURE_1024),
          List.of(Workload.LENS_128),
          List.of(Workload.DECODE),
          List.of(Workload.TRAIN),
          List.of(Workload.LENS_8X15),
          List.of(Workload.LENS_1024),
          List.of(Workload.DLA_8X15),
          List.of(Workload.DLA_1024),
          List.of(Workload.PATCH_8X15),
          List.of(Workload.COMPOSITION),
          List.of(Workload.KURTOSIS_8X15),
          List.of(Workload.KURTOSIS_1024));
  private final Library.Settings settings;
  private final int turns;

  private Bench(Library.Settings settings, int turns) {
    this.settings = settings;
    this.turns = turns;
  }

  /// Runs everything.
  ///
  /// @param args the folder `bench`, and how many turns each library takes (7 if left out), and the
  ///   key of the only line to measure, or `analyses` for those beside TransformerLens (all if left
  ///   out); memory is measured where there are several lines
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]).toAbsolutePath();
    Path target = Files.createDirectories(folder.resolve("target"));
    File log = target.resolve("bench.log").toFile();
    Files.deleteIfExists(log.toPath());
    Path model = target.resolve("gpt2-random");
    Path cache = target.resolve("bench.aot");
    var settings =
        new Library.Settings(
            model,
            folder.resolve("peers.py"),
            pythons(),
            THREADS,
            Files.exists(cache) ? Optional.of(cache) : Optional.empty(),
            log);
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 7;
    Results results = new Results(THREADS);
    Bench bench = new Bench(settings, turns);
    Set<Workload> wanted = Workload.named(args.length > 2 ? args[2] : "");
    Set<Library> present = bench.measureTimes(wanted, results, target);
    if (wanted.size() > 1) {
      bench.measureFresh(wanted, present, results, target);
    }
    System.out.println(results.asMarkdown());
  }

  /// `WEIR_BENCH_PYTHON` may name several interpreters; each library is taken from the first that
  /// has it.
  private static List<String> pythons() {
    String named = System.getenv("WEIR_BENCH_PYTHON");
    return named == null || named.isBlank()
        ? List.of("python3")
        : List.of(named.split(File.pathSeparator));
  }

  /// Measures the times and says which libraries are there.
  private Set<Library> measureTimes(Set<Workload> wanted, Results results, Path target)
      throws IOException {
    Map<Library, Worker> workers = startAll();
    if (!workers.containsKey(Library.WEIR)) {
      throw new IllegalStateException("Weir does not start; see " + settings.log());
    }
    try {
      for (List<Workload> compared : COMPARED) {
        if (Collections.disjoint(compared, wanted)) {
          continue;
        }
        say(compared.getLast().title());
        measure(compared, workers, results);
        results.write(target);
      }
    } finally {
      workers.values().forEach(Worker::close);
    }
    return workers.keySet();
  }

  private Map<Library, Worker> startAll() throws IOException {
    Map<Library, Worker> workers = new EnumMap<>(Library.class);
    for (Library library : Library.values()) {
      library.start(settings).ifPresent(worker -> workers.put(library, worker));
    }
    return workers;
  }

  private void measure(List<Workload> compared, Map<Library, Worker> workers, Results results) {
    for (int turn = -1; turn < turns; turn++) {
      for (var worker : workers.entrySet()) {
        if (!takesPart(worker.getKey(), compared.getFirst())) {
          continue;
        }
        for (Workload workload : compared) {
          double[] ms = worker.getValue().measure(workload, workload.perTurn());
          if (turn >= 0) { // The first turn warms up.
            results.times(workload, worker.getKey(), ms);
          }
        }
        if (worker.getKey() == Library.WEIR && compared.contains(Workload.DECODE)) {
          results.bandwidth(worker.getValue().bandwidth());
        }
      }
    }
  }

  /// Only Weir and TransformerLens have analyses ready-made.
  private static boolean takesPart(Library library, Workload workload) {
    return !Workload.ANALYSES.contains(workload)
        || library == Library.WEIR
        || library == Library.TRANSFORMER_LENS;
  }

  /// What needs a process of its own: the time to the first scores, and the memory of each
  /// workload.
  private void measureFresh(
      Set<Workload> wanted, Set<Library> present, Results results, Path target) throws IOException {
    for (Workload workload : wanted) {
      say("memory and first scores, " + workload.title());
      for (Library library : present) {
        if (!takesPart(library, workload)) {
          continue;
        }
        try (Worker worker = library.start(settings).orElseThrow()) {
          results.start(library, worker.startMs(), worker.memory());
          double[] unused = worker.measure(workload, 1);
          results.memory(workload, library, worker.memory());
          results.write(target);
        }
      }
    }
  }

  private static void say(String what) {
    System.err.println("bench: " + what);
  }
}
