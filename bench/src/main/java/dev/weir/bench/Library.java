package dev.weir.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A library that the workloads run in.
enum Library {
  /// This project.
  WEIR("Weir", "weir"),
  /// The model written down in plain PyTorch, eager.
  TORCH("PyTorch", "torch"),
  /// Hugging Face's.
  TRANSFORMERS("transformers", "transformers"),
  /// TransformerLens's `HookedTransformer`.
  TRANSFORMER_LENS("TransformerLens", "transformer_lens");

  /// Idle threads of a library that waits for its turn must not take the cores of another.
  private static final Map<String, String> WAITING = Map.of("GOMP_SPINCOUNT", "10000");

  private final String title;
  private final String key;

  Library(String title, String key) {
    this.title = title;
    this.key = key;
  }

  /// What the table calls it.
  String title() {
    return title;
  }

  /// Starts a process with the model open.
  ///
  /// @param run how
  /// @return empty where the library is not installed
  Optional<Worker> start(Settings run) throws IOException {
    if (this == WEIR) {
      return Worker.start(weir(run), WAITING, run.log());
    }
    for (String python : run.pythons()) {
      Optional<Worker> worker = Worker.start(python(run, python), WAITING, run.log());
      if (worker.isPresent()) {
        return worker;
      }
    }
    return Optional.empty();
  }

  private List<String> python(Settings run, String python) {
    return List.of(python, run.peers().toString(), key, run.model().toString(), "" + run.threads());
  }

  /// With the flags of the launcher.
  private static List<String> weir(Settings run) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.nopointergc=true"));
    run.aotCache().ifPresent(cache -> command.add("-XX:AOTCache=" + cache));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "dev.weir.bench.WeirWorker"));
    command.addAll(List.of(run.model().toString(), "" + run.threads()));
    return command;
  }

  /// How a run of the bench is set up.
  ///
  /// @param model the model's folder
  /// @param peers the script that measures the other libraries
  /// @param pythons interpreters to look for them in
  /// @param threads how many threads each may use
  /// @param aotCache what the JVM may load instead of starting cold
  /// @param log where the error output of all processes goes
  record Settings(
      Path model,
      Path peers,
      List<String> pythons,
      int threads,
      Optional<Path> aotCache,
      File log) {
    Settings {
      pythons = List.copyOf(pythons);
    }
  }
}
