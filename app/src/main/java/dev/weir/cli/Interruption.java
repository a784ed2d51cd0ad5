package dev.weir.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// Ctrl-C, for commands that have something to save first.
final class Interruption {
  private final AtomicBoolean asked = new AtomicBoolean();
  private final ReentrantLock working = new ReentrantLock();

  /// Work that ends by itself soon after [#isAsked], and that nobody cuts off before.
  final class Work implements AutoCloseable {
    private Work() {
      working.lock();
    }

    @Override
    public void close() {
      working.unlock();
    }
  }

  /// Begins such work, on this thread.
  Work begin() {
    return new Work();
  }

  /// Whether the user wants the work to end.
  boolean isAsked() {
    return asked.get();
  }

  /// Asks the work to end and waits until it has; comes back at once where there is none.
  void askAndWait() {
    asked.set(true);
    begin().close();
  }
}
