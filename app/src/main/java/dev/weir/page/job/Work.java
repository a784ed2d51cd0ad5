package dev.weir.page.job;

/// Work that takes longer than anybody likes to wait for.
///
/// @param <T> what it finds; a part of it while it goes on, all of it at the end
@FunctionalInterface
public interface Work<T> {

  /// Does it.
  ///
  /// @param steps how it computes, and how it tells what it has done and found
  /// @return all that was found
  T run(Steps<T> steps);
}
