package dev.weir.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/// The threads of OpenBLAS, which the engine multiplies matrices with and leaves alone otherwise.
/// The binding's own call for this looks its function up again each time, which takes 0.4 ms.
@SuppressWarnings("restricted") // A C call with the signature that OpenBLAS gives it.
final class MatrixLibrary {
  private static final Optional<SymbolLookup> OPEN_BLAS =
      List.of("libopenblas.so.0", "libopenblas.0.dylib", "libopenblas.dll").stream()
          .flatMap(name -> library(name).stream())
          .findFirst();

  private static final Optional<MethodHandle> SET_NUM_THREADS =
      OPEN_BLAS
          .flatMap(library -> library.find("openblas_set_num_threads"))
          .map(function ->
              Linker.nativeLinker()
                  .downcallHandle(function, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT)));

  private MatrixLibrary() {}

  /// Makes products run on the threads of the engine's other operations.
  static void shareThreads() {
    SharedThreads.install(OPEN_BLAS, library("libgomp.so.1"));
  }

  /// Sets how many threads a product may use; nothing happens where OpenBLAS is not what the engine
  /// loaded.
  static void useThreads(int threads) {
    if (SET_NUM_THREADS.isEmpty()) {
      return;
    }
    try {
      SET_NUM_THREADS.get().invokeExact(threads);
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  /// The library of this name, if the engine has loaded it: the loader finds it by name then.
  private static Optional<SymbolLookup> library(String name) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
