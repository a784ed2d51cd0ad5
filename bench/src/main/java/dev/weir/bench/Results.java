package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.ObjectMapper;

/// What a run of the bench found, and how it compares with the targets.
final class Results {
  private final int threads;
  private final Map<Workload, Map<Library, List<Double>>> times = new EnumMap<>(Workload.class);
  private final Map<Workload, Map<Library, ProcessMemory>> memory = new EnumMap<>(Workload.class);
  private final Map<Library, List<Double>> starts = new EnumMap<>(Library.class);
  private final Map<Library, ProcessMemory> opened = new EnumMap<>(Library.class);
  private final List<Double> bandwidths = new ArrayList<>();

  Results(int threads) {
    this.threads = threads;
  }

  void times(Workload workload, Library library, double[] ms) {
    List<Double> all =
        times
            .computeIfAbsent(workload, _ -> new EnumMap<>(Library.class))
            .computeIfAbsent(library, _ -> new ArrayList<>());
    Arrays.stream(ms).forEach(all::add);
  }

  void memory(Workload workload, Library library, ProcessMemory used) {
    memory.computeIfAbsent(workload, _ -> new EnumMap<>(Library.class)).put(library, used);
  }

  void start(Library library, double ms, ProcessMemory used) {
    starts.computeIfAbsent(library, _ -> new ArrayList<>()).add(ms);
    opened.put(library, used);
  }

  /// Takes down how fast memory was read, in GB/s.
  void bandwidth(double measured) {
    bandwidths.add(measured);
  }

  // ---------------------------------------------------------------- numbers

  private OptionalDouble ms(Workload workload, Library library) {
    return median(times.getOrDefault(workload, Map.of()).getOrDefault(library, List.of()));
  }

  private static OptionalDouble median(List<Double> values) {
    if (values.isEmpty()) {
      return OptionalDouble.empty();
    }
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return OptionalDouble.of(
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2);
  }

  private double bandwidth() {
    return median(bandwidths).orElse(Double.NaN);
  }

  /// Milliseconds that one token takes at least: every weight read once.
  private double floorMs() {
    return Gpt2Checkpoint.bytesReadForOneToken() / (bandwidth() * 1e6);
  }

  private double weir(Workload workload) {
    return ms(workload, Library.WEIR).orElse(Double.NaN);
  }

  private List<Target> targets() {
    List<Target> targets = new ArrayList<>();
    targets.add(
        atMost("forward / PyTorch, T=128", overPeer(Workload.FORWARD_128, Library.TORCH), 1));
    targets.add(
        atMost("forward / PyTorch, T=1024", overPeer(Workload.FORWARD_1024, Library.TORCH), 1));
    targets.add(
        atMost(
            "capture / forward, T=128",
            weir(Workload.CAPTURE_128) / weir(Workload.FORWARD_128),
            1.05));
    targets.add(
        atMost(
            "capture / forward, T=1024",
            weir(Workload.CAPTURE_1024) / weir(Workload.FORWARD_1024),
            1.05));
    targets.add(
        atMost("decode / transformers", overPeer(Workload.DECODE, Library.TRANSFORMERS), 1 / 1.5));
    targets.add(
        atMost("decode / reading the weights once", weir(Workload.DECODE) / floorMs(), 1.25));
    targets.add(atMost("training step / PyTorch", overPeer(Workload.TRAIN, Library.TORCH), 1));
    targets.add(
        atMost(
            "open to first logits, s",
            median(starts.getOrDefault(Library.WEIR, List.of())).orElse(Double.NaN) / 1000,
            1.5));
    for (Workload analysis : Workload.ANALYSES) {
      targets.add(
          atMost(
              analysis.title() + " / TransformerLens, time",
              overPeer(analysis, Library.TRANSFORMER_LENS),
              0.5));
      targets.add(
          atMost(
              analysis.title() + " / TransformerLens, peak memory", memoryOverPeer(analysis), 0.5));
    }
    return targets;
  }

  private double memoryOverPeer(Workload workload) {
    Map<Library, ProcessMemory> used = memory.getOrDefault(workload, Map.of());
    return used.containsKey(Library.WEIR) && used.containsKey(Library.TRANSFORMER_LENS)
        ? used.get(Library.WEIR).peakMb() / used.get(Library.TRANSFORMER_LENS).peakMb()
        : Double.NaN;
  }

  private double overPeer(Workload workload, Library peer) {
    return weir(workload) / ms(workload, peer).orElse(Double.NaN);
  }

  private static Target atMost(String what, double value, double limit) {
    return new Target(what, value, limit);
  }

  /// One of the targets.
  ///
  /// @param what what is compared
  /// @param value what was found; NaN where a peer is missing
  /// @param limit at most this
  private record Target(String what, double value, double limit) {
    String verdict() {
      return Double.isNaN(value) ? "not measured" : value <= limit ? "met" : "missed";
    }
  }

  // ---------------------------------------------------------------- writing

  /// Writes what is known so far to `bench.md` and `bench.json`.
  ///
  /// @param folder where to
  void write(Path folder) throws IOException {
    Files.writeString(folder.resolve("bench.md"), asMarkdown());
    Files.writeString(folder.resolve("bench.json"), asJson());
  }

  /// The table as people read it.
  String asMarkdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        "GPT-2 small's shape (12 layers, d_model 768, vocabulary 50,257), random weights, float32, %d threads.%n"
            .formatted(threads));
    text.append("Medians in ms; in brackets how many times as long Weir takes.%n%n".formatted());
    appendTimes(text);
    appendMemory(text);
    text.append("%n| target | found | limit | |%n|---|---|---|---|%n".formatted());
    for (Target target : targets()) {
      text.append(
          "| %s | %s | %s | %s |%n"
              .formatted(
                  target.what(), number(target.value()), number(target.limit()), target.verdict()));
    }
    text.append(
        "%nMemory is read at %.1f GB/s, so one token takes at least %.1f ms.%n"
            .formatted(bandwidth(), floorMs()));
    return text.toString();
  }

  private void appendTimes(StringBuilder text) {
    appendHeader(text, "time, ms");
    for (Workload workload : Workload.values()) {
      text.append("| ").append(workload.title());
      for (Library library : Library.values()) {
        text.append(" | ").append(cell(ms(workload, library), weir(workload), library));
      }
      text.append(" |\n");
    }
    text.append("| process start to first logits");
    double own = median(starts.getOrDefault(Library.WEIR, List.of())).orElse(Double.NaN);
    for (Library library : Library.values()) {
      text.append(" | ")
          .append(cell(median(starts.getOrDefault(library, List.of())), own, library));
    }
    text.append(" |\n");
  }

  private static String cell(OptionalDouble ms, double own, Library library) {
    if (ms.isEmpty()) {
      return "–";
    }
    return library == Library.WEIR
        ? number(ms.getAsDouble())
        : "%s (%s)".formatted(number(ms.getAsDouble()), number(own / ms.getAsDouble()));
  }

  private void appendMemory(StringBuilder text) {
    text.append("\n");
    appendHeader(text, "peak memory, MB");
    for (Workload workload : Workload.values()) {
      Map<Library, ProcessMemory> row = memory.getOrDefault(workload, Map.of());
      text.append("| ").append(workload.title());
      for (Library library : Library.values()) {
        text.append(" | ")
            .append(row.containsKey(library) ? "%.0f".formatted(row.get(library).peakMb()) : "–");
      }
      text.append(" |\n");
    }
    text.append("| open, beyond mapped files");
    for (Library library : Library.values()) {
      text.append(" | ")
          .append(
              opened.containsKey(library)
                  ? "%.0f".formatted(opened.get(library).anonymousMb())
                  : "–");
    }
    text.append(" |\n");
  }

  private static void appendHeader(StringBuilder text, String corner) {
    text.append("| ").append(corner);
    for (Library library : Library.values()) {
      text.append(" | ").append(library.title());
    }
    text.append(" |\n").append("|---".repeat(1 + Library.values().length)).append("|\n");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.2f" : "%.0f", value);
  }

  /// Everything, for programs.
  String asJson() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("threads", threads);
    all.put("bandwidth_gb_per_s", bandwidths);
    all.put("floor_ms", floorMs());
    all.put("ms", times);
    all.put("start_ms", starts);
    all.put("memory", memory);
    all.put("memory_after_open", opened);
    all.put("targets", targets());
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all);
  }
}
