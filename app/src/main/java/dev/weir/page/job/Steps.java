package dev.weir.page.job;

import dev.weir.page.run.EngineThread;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/// How work computes, and how it tells what it has done and found.
///
/// @param <T> what it finds
public interface Steps<T> {

  /// Computes something short on the engine's thread; questions that came meanwhile go before the
  /// next step.
  ///
  /// @param step what to compute; its result must hold no tensor
  /// @throws CancellationException if nobody wants the work any more
  <S> S step(Supplier<S> step);

  /// Tells how far the work is.
  ///
  /// @param done how much is done
  /// @param total of how much
  void reached(long done, long total);

  /// Tells what is found so far; it replaces what was told before.
  ///
  /// @param found must not change any more
  void found(T found);

  /// Steps for somebody who waits for the end and asks for nothing in between.
  ///
  /// @param engine who computes
  static <T> Steps<T> alone(EngineThread engine) {
    return new Steps<>() {
      @Override
      public <S> S step(Supplier<S> step) {
        return engine.call(step);
      }

      @Override
      public void reached(long done, long total) {}

      @Override
      public void found(T found) {}
    };
  }
}
