package dev.weir.tensor;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// Lets OpenBLAS multiply on the OpenMP threads that the rest of the engine works on. By itself it
/// keeps threads of its own, and those wait for work at full speed on the cores where the engine's
/// other operations run: a training step spends a third of its processor time on that.
///
/// OpenBLAS cuts a product into jobs that wait for one another, so all of them have to run at once.
@SuppressWarnings("restricted") // C calls with the signatures that OpenBLAS and libgomp give them.
final class SharedThreads {
  private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /// One product, cut up.
  ///
  /// @param run what to call for a job
  /// @param count how many jobs there are
  /// @param first where the first job is described
  /// @param distance how many bytes lie between two descriptions
  /// @param extra handed through
  /// @param taken how many jobs have begun
  private record Jobs(
      MemorySegment run, int count, long first, long distance, int extra, AtomicInteger taken) {}

  private volatile Jobs current = new Jobs(MemorySegment.NULL, 0, 0, 0, 0, new AtomicInteger());
  private final ReentrantLock oneAtATime = new ReentrantLock();
  private final MethodHandle parallel;
  private final MethodHandle inParallel;
  private final MethodHandle teamSize;
  private final MethodHandle runJob;
  private final MemorySegment member;

  private SharedThreads(SymbolLookup openMp) throws ReflectiveOperationException {
    Linker linker = Linker.nativeLinker();
    this.parallel =
        linker.downcallHandle(
            openMp.findOrThrow("GOMP_parallel"),
            FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, INT, INT));
    this.inParallel =
        linker.downcallHandle(openMp.findOrThrow("omp_in_parallel"), FunctionDescriptor.of(INT));
    this.teamSize =
        linker.downcallHandle(
            openMp.findOrThrow("omp_get_num_threads"), FunctionDescriptor.of(INT));
    this.runJob = linker.downcallHandle(FunctionDescriptor.ofVoid(INT, LONG, INT));
    Member taking = _ -> takePart();
    this.member = stub(Member.class, taking, FunctionDescriptor.ofVoid(ADDRESS));
  }

  /// What a thread of a team runs.
  interface Member {
    void run(MemorySegment unused);
  }

  /// `openblas_threads_callback`.
  interface Multiplier {
    void run(int synchronously, MemorySegment run, int jobs, long distance, long first, int extra);
  }

  /// C code that calls a Java method.
  private static MemorySegment stub(Class<?> type, Object target, FunctionDescriptor function)
      throws ReflectiveOperationException {
    MethodHandle method =
        MethodHandles.lookup().findVirtual(type, "run", function.toMethodType()).bindTo(target);
    return Linker.nativeLinker().upcallStub(method, function, Arena.global());
  }

  /// Sets it up, where OpenBLAS and GNU OpenMP are what the engine loaded.
  ///
  /// @param openBlas the matrix library
  /// @param openMp the library of the engine's threads
  static void install(Optional<SymbolLookup> openBlas, Optional<SymbolLookup> openMp) {
    Optional<MemorySegment> setter =
        openBlas.flatMap(library -> library.find("openblas_set_threads_callback_function"));
    if (setter.isEmpty() || openMp.flatMap(library -> library.find("GOMP_parallel")).isEmpty()) {
      return;
    }
    try {
      SharedThreads threads = new SharedThreads(openMp.orElseThrow());
      Multiplier multiplier =
          (_, run, jobs, distance, first, extra) ->
              threads.multiply(run, jobs, distance, first, extra);
      MemorySegment callback =
          stub(
              Multiplier.class,
              multiplier,
              FunctionDescriptor.ofVoid(INT, ADDRESS, INT, LONG, LONG, INT));
      Linker.nativeLinker()
          .downcallHandle(setter.get(), FunctionDescriptor.ofVoid(ADDRESS))
          .invokeExact(callback);
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  /// What OpenBLAS calls (`openblas_threads_callback`): returns when all jobs are done. Each job
  /// works in the buffer of its number, so the jobs of one product are done before those of another
  /// begin.
  private void multiply(MemorySegment run, int jobs, long distance, long first, int extra) {
    oneAtATime.lock();
    try {
      current = new Jobs(run, jobs, first, distance, extra, new AtomicInteger());
      if (jobs == 1) {
        takeOne();
      } else {
        together(jobs);
      }
    } finally {
      oneAtATime.unlock();
    }
  }

  private void together(int jobs) {
    try {
      if ((int) inParallel.invokeExact() == 0) {
        parallel.invokeExact(member, MemorySegment.NULL, jobs, 0);
      }
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
    if (current.taken().get() == 0) {
      onThreadsOfTheirOwn(jobs);
    }
  }

  /// What each thread of the team does.
  private void takePart() {
    try {
      if ((int) teamSize.invokeExact() >= current.count()) {
        takeOne();
      }
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  private void takeOne() {
    Jobs jobs = current;
    int job = jobs.taken().getAndIncrement();
    if (job >= jobs.count()) {
      return;
    }
    try {
      runJob.invokeExact(jobs.run(), job, jobs.first() + job * jobs.distance(), jobs.extra());
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  /// Where the engine's threads are all at work already, or may be too few: slow, but it ends.
  private void onThreadsOfTheirOwn(int jobs) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      threads.add(Thread.ofPlatform().daemon().start(this::takeOne));
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      interrupted |= joined(thread);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for a thread's end, whatever happens, and says whether somebody interrupted.
  private static boolean joined(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }
}
