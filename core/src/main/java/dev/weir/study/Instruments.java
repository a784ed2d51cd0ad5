package dev.weir.study;

import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/// What measurements are read from: the machine, or what a test puts in its place.
interface Instruments {

  /// Nanoseconds since some moment.
  long nanos();

  /// How the machine is just now.
  Pace.Circumstances circumstances();

  /// By how many bytes the memory of a process grows at most that trains a variant alone.
  ///
  /// @param folder the study
  /// @param variant who is trained
  /// @param task what it learns
  OptionalLong trainingMemory(StudyFolder folder, Variant variant, StudyTask task);

  /// Those of this machine.
  ///
  /// @param nanos its clock
  static Instruments ofThisMachine(LongSupplier nanos) {
    return new Instruments() {
      @Override
      public long nanos() {
        return nanos.getAsLong();
      }

      @Override
      public Pace.Circumstances circumstances() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return new Pace.Circumstances(
            Instant.now(),
            Runtime.getRuntime().availableProcessors(),
            load < 0 ? OptionalDouble.empty() : OptionalDouble.of(load));
      }

      @Override
      public OptionalLong trainingMemory(StudyFolder folder, Variant variant, StudyTask task) {
        return MemoryProbe.measure(folder, variant, task);
      }
    };
  }
}
