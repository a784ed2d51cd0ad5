package dev.weir.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A process that measures one library: it gets `KEY COUNT` lines and answers each with numbers.
final class Worker implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final double startMs;

  private Worker(Process process, BufferedReader answers, double startMs) {
    this.process = process;
    this.answers = answers;
    this.startMs = startMs;
  }

  /// Starts a process and waits until it has opened the model and computed its first scores.
  ///
  /// @param command its program and arguments
  /// @param environment variables to set
  /// @param log where its error output goes
  /// @return empty if it ended before that: the library is not there
  static Optional<Worker> start(List<String> command, Map<String, String> environment, File log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log));
    builder.environment().putAll(environment);
    long start = System.nanoTime();
    Process process = builder.start();
    BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
    String first = answers.readLine();
    double startMs = (System.nanoTime() - start) / 1e6;
    Worker worker = new Worker(process, answers, startMs);
    if (!"ready".equals(first)) {
      worker.close();
      return Optional.empty();
    }
    return Optional.of(worker);
  }

  /// Milliseconds from the start of the process to the first scores.
  double startMs() {
    return startMs;
  }

  /// What each run took, in milliseconds; nothing if the library cannot do it.
  ///
  /// @param workload what to run
  /// @param count how often
  double[] measure(Workload workload, int count) {
    return Arrays.stream(ask(workload.key() + " " + count).split(" "))
        .filter(word -> !word.isEmpty())
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  /// GB/s at which this process reads memory, the best of some tries.
  double bandwidth() {
    return Arrays.stream(ask("bandwidth 7").split(" "))
        .mapToDouble(Double::parseDouble)
        .max()
        .orElseThrow();
  }

  /// What the process occupies.
  ProcessMemory memory() {
    return ProcessMemory.parse(ask("memory 1"));
  }

  private String ask(String line) {
    try {
      var input = process.outputWriter(StandardCharsets.UTF_8);
      input.write(line + "\n");
      input.flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new IllegalStateException("a worker ended at '" + line + "'; see the log");
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      process.outputWriter(StandardCharsets.UTF_8).close();
      process.waitFor();
    } catch (IOException e) {
      process.destroy();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }
}
