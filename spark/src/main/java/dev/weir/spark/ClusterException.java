package dev.weir.spark;

import dev.weir.WeirException;
import java.io.Serial;

/// A cluster that does not do what a study needs.
final class ClusterException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private ClusterException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private ClusterException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  static ClusterException noMaster(String master, String why, Throwable cause) {
    return new ClusterException(
        "Spark cannot be started on '%s': %s".formatted(master, why),
        "--spark",
        "give local[N] for N runs at a time on this machine, or spark://HOST:PORT",
        cause);
  }

  static ClusterException lost(String master) {
    return new ClusterException(
        "The cluster does not answer, or ended the work",
        "--spark " + master,
        "check its address and its own log; the same command goes on with what is missing");
  }

  static ClusterException notSeen(String folder, String host) {
    return new ClusterException(
        "The study's folder is not on '%s'".formatted(host),
        folder,
        "name with --out a folder that every machine of the cluster has under the same path, on a shared disk");
  }

  static ClusterException otherStudy(String folder, String host) {
    return new ClusterException(
        "The folder on '%s' is another study's".formatted(host),
        folder,
        "name with --out a folder that every machine of the cluster has under the same path, on a shared disk");
  }

  static ClusterException notTrained(int missing, int asked, String folder) {
    return new ClusterException(
        "%d of %d runs were not trained; the reasons are above".formatted(missing, asked),
        folder,
        "mend what they name; the same command tries these runs again");
  }
}
