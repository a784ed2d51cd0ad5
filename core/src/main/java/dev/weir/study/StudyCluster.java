package dev.weir.study;

import dev.weir.WeirException;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;

/// Machines that train the runs of a study. What does so is on the class path only where it is
/// asked for, and is found there.
public interface StudyCluster {

  /// The one on the class path.
  ///
  /// @throws WeirException if there is none
  static StudyCluster find() {
    return ServiceLoader.load(StudyCluster.class)
        .findFirst()
        .orElseThrow(StudyException::noCluster);
  }

  /// Works until every run is done or taken by another, or somebody says stop; runs that were begun
  /// are saved then.
  ///
  /// @param folder where the study is, under the same path on every machine
  /// @param plan the study's plan
  /// @param master where the cluster is, in its own words
  /// @param listener told how it goes on
  /// @param stop whether to stop
  /// @throws WeirException if the cluster is not there, or runs are missing at the end; what is
  ///   done stays done
  void work(
      StudyFolder folder, StudyPlan plan, String master, Listener listener, BooleanSupplier stop);

  /// Told how the study goes on.
  interface Listener {
    /// How far the whole study is.
    ///
    /// @param runs how many runs are done
    /// @param steps how many steps are done, those of unfinished runs included
    void reached(int runs, long steps);

    /// Something happened that the user should know.
    ///
    /// @param what one sentence
    void noted(String what);
  }
}
