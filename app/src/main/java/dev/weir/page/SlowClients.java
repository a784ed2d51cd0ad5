package dev.weir.page;

import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Hangs up on clients that begin a request and do not end it, whether they are silent or send a
/// byte now and then: each connection costs memory, and there are only so many. The server itself
/// only ends connections that wait for a request to begin.
final class SlowClients implements Http1ConnectionListener, AutoCloseable {
  private final long patience;
  private final Map<Thread, Long> deadlines = new HashMap<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weir-slow-clients").factory());

  /// @param patience how long the head of a request may take, and how long its body
  SlowClients(Duration patience) {
    this.patience = patience.toNanos();
    long step = Math.max(1, patience.toMillis() / 10);
    var _ = clock.scheduleWithFixedDelay(this::hangUp, step, step, TimeUnit.MILLISECONDS);
  }

  /// The first line of a request is there: the rest of its head must follow.
  @Override
  public void prologue(ConnectionContext connection, HttpPrologue prologue) {
    watch();
  }

  /// The head is there.
  @Override
  public void headers(ConnectionContext connection, Headers headers) {
    unwatch();
  }

  /// Reads something from a client.
  ///
  /// @param reading what blocks until the client has sent it
  <T> T watched(Supplier<T> reading) {
    watch();
    try {
      return reading.get();
    } finally {
      unwatch();
    }
  }

  private synchronized void watch() {
    deadlines.put(Thread.currentThread(), System.nanoTime() + patience);
  }

  private synchronized void unwatch() {
    if (deadlines.remove(Thread.currentThread()) == null) {
      // The interruption came when the last byte did; the connection is closed all the same.
      boolean _ = Thread.interrupted();
    }
  }

  private synchronized void hangUp() {
    long now = System.nanoTime();
    deadlines
        .entrySet()
        .removeIf(client -> {
          boolean late = client.getValue() - now < 0;
          if (late) {
            client.getKey().interrupt();
          }
          return late;
        });
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
