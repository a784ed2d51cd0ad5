package dev.weir.study;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.Optional;

/// Who works on a run.
///
/// @param pid the process
/// @param host the machine
/// @param since when the process began, where the system tells: numbers of processes come again
public record RunWorker(long pid, String host, String since) {
  private static final String HOST = hostName();

  /// This process.
  static RunWorker here() {
    ProcessHandle here = ProcessHandle.current();
    return new RunWorker(here.pid(), HOST, since(here));
  }

  private static String since(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toString).orElse("unknown");
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName().replace(' ', '_');
    } catch (UnknownHostException _) {
      return "localhost";
    }
  }

  /// As it is written.
  String line() {
    return "%d %s %s".formatted(pid, host, since);
  }

  /// As it was written; empty if it was not.
  static Optional<RunWorker> parse(String line) {
    String[] parts = line.strip().split(" ", -1);
    return parts.length == 3 && parts[0].matches("\\d{1,18}")
        ? Optional.of(new RunWorker(Long.parseLong(parts[0]), parts[1], parts[2]))
        : Optional.empty();
  }

  /// Whether it is still there. Of another machine nobody knows, and its word is taken.
  public boolean isAlive() {
    return !host.equals(HOST)
        || ProcessHandle.of(pid).filter(process -> since(process).equals(since)).isPresent();
  }
}
