package dev.weir.page.run;

import dev.weir.tensor.Scope;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// The one thread that computes. Requests come on many virtual threads; the engine is quickest when
/// one thread at a time has all cores, and what only this thread touches needs no lock. Work is
/// done in the order in which it came, so long work is handed over in short steps: others get their
/// turn between them.
public final class EngineThread implements AutoCloseable {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("weir-engine").factory());

  /// Computes something and waits for it. Tensors made meanwhile are freed.
  ///
  /// @param work what to compute; its result must hold no tensor of the scope
  /// @throws CancellationException if the waiting thread is interrupted; work that has not begun is
  ///   then never done
  public <T> T call(Supplier<T> work) {
    CompletableFuture<T> result = submit(work);
    try {
      return result.get();
    } catch (InterruptedException e) {
      result.cancel(false);
      Thread.currentThread().interrupt();
      throw (CancellationException) new CancellationException("Nobody waits").initCause(e);
    } catch (ExecutionException e) {
      throw cause(e);
    }
  }

  /// Computes something when its turn has come.
  ///
  /// @param work what to compute; its result must hold no tensor of the scope
  public <T> CompletableFuture<T> submit(Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    executor.execute(() -> {
      if (!result.isDone()) {
        complete(result, work);
      }
    });
    return result;
  }

  private static <T> void complete(CompletableFuture<T> result, Supplier<T> work) {
    try (Scope _ = Scope.open()) {
      result.complete(work.get());
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
    }
  }

  private static RuntimeException cause(ExecutionException e) {
    return e.getCause() instanceof RuntimeException cause ? cause : new CompletionException(e);
  }

  /// Lets what has begun end, and does nothing more.
  @Override
  public void close() {
    executor.close();
  }
}
