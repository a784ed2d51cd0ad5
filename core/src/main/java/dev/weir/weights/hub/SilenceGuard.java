package dev.weir.weights.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// Closes a stream that gives nothing for too long, which ends the read that waits for it: the HTTP
/// client's own limit ends with the headers.
final class SilenceGuard implements AutoCloseable {
  private final InputStream stream;
  private final long limitNanos;
  private final Thread watcher;
  private volatile long lastNanos = System.nanoTime();

  SilenceGuard(InputStream stream, Duration limit) {
    this.stream = stream;
    this.limitNanos = limit.toNanos();
    this.watcher = Thread.ofVirtual().start(this::watch);
  }

  /// Reads what has come, as [InputStream#read(byte[])] does.
  int read(byte[] piece) throws IOException {
    try {
      int n = stream.read(piece);
      lastNanos = System.nanoTime();
      return n;
    } catch (IOException e) {
      if (System.nanoTime() - lastNanos >= limitNanos) {
        throw new IOException("nothing came for too long", e);
      }
      throw e;
    }
  }

  private void watch() {
    try {
      while (System.nanoTime() - lastNanos < limitNanos) {
        Thread.sleep(Duration.ofNanos(Math.max(limitNanos / 4, 1_000_000)));
      }
      stream.close();
    } catch (InterruptedException | IOException _) {
      return;
    }
  }

  @Override
  public void close() {
    watcher.interrupt();
  }
}
