package dev.weir.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;
import org.bytedeco.pytorch.global.torch;

/// Starts libtorch, once, the way it runs well inside a JVM. The settings are read by the native
/// libraries while they load, so they have to be in place before the first call.
public final class Engine {

  private Engine() {}

  /// Loads the engine if that has not happened yet. Called by whatever makes the first tensor.
  static void start() {
    Started.once();
  }

  /// How many threads one operation may use.
  ///
  /// @param threads at least 1
  public static void useThreads(int threads) {
    start();
    torch.set_num_threads(threads);
    MatrixLibrary.useThreads(threads);
  }

  /// How many threads one operation may use.
  public static int threads() {
    start();
    return torch.get_num_threads();
  }

  /// Runs an operation whose threads each call the matrix library themselves: it gets one thread
  /// meanwhile, or the threads of both would wait for each other (twice as slow).
  ///
  /// @param operation what to run
  static <T> T withThreadsOutside(Supplier<T> operation) {
    MatrixLibrary.useThreads(1);
    try {
      return operation.get();
    } finally {
      MatrixLibrary.useThreads(torch.get_num_threads());
    }
  }

  /// Ends the process at once. The engine's threads may be at work; an ordinary exit would destroy
  /// what they work with under their hands and crash.
  ///
  /// @param code the exit code
  @SuppressWarnings("restricted") // A C call with the signature that POSIX gives it.
  public static void leave(int code) {
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("_exit")
        .ifPresent(exit -> {
          try {
            linker
                .downcallHandle(exit, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                .invokeExact(code);
          } catch (Throwable e) {
            throw new IllegalStateException(e);
          }
        });
    Runtime.getRuntime().halt(code);
  }

  /// Initialised by the JVM exactly once, on first use.
  private static final class Started {
    static {
      // Idle OpenMP threads look for work for some 0.3 ms before they sleep: waking takes as long
      // as a small operation does, and spinning for longer would take cores from others.
      environment("GOMP_SPINCOUNT", "10000");
      // The binding warns on stderr that its OpenBLAS is of another line, as intended.
      System.setProperty("org.bytedeco.javacpp.logger", "slf4j");
      torch.set_num_threads(Runtime.getRuntime().availableProcessors());
      MatrixLibrary.shareThreads();
    }

    static void once() {}

    @SuppressWarnings("restricted") // A C call with the signature that POSIX gives it.
    private static void environment(String name, String value) {
      Linker linker = Linker.nativeLinker();
      var setenv = linker.defaultLookup().find("setenv");
      if (setenv.isEmpty()) {
        return; // Windows: its OpenMP does not read the variable either.
      }
      try (Arena arena = Arena.ofConfined()) {
        int _ =
            (int)
                linker
                    .downcallHandle(
                        setenv.get(),
                        FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT))
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
      } catch (Throwable e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }
}
