package dev.weir.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/// Ctrl-C, for commands that have something to save first.
final class Interruption {
  /// What a command exits with that was interrupted.
  static final int EXIT_CODE = 130;

  private final CountDownLatch asked = new CountDownLatch(1);
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
    return asked.getCount() == 0;
  }

  /// Waits until the user wants the work to end.
  void await() throws InterruptedException {
    asked.await();
  }

  /// Asks the work to end and waits until it has; comes back at once where there is none.
  void askAndWait() {
    asked.countDown();
    begin().close();
  }
}
