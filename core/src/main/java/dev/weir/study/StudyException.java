package dev.weir.study;

import dev.weir.WeirException;
import java.io.Serial;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A study that cannot be done, or not any more.
public final class StudyException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private StudyException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private StudyException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  /// All problems at once: a study is long, and should not stop at its second run.
  static StudyException problems(String where, List<String> problems) {
    return new StudyException(
        problems.size() == 1
            ? problems.getFirst()
            : "%d problems: %s".formatted(problems.size(), numbered(problems)),
        where,
        "mend the study file; 'weir study show' prints a whole one");
  }

  private static String numbered(List<String> problems) {
    return IntStream.range(0, problems.size())
        .mapToObj(i -> "(%d) %s".formatted(i + 1, problems.get(i)))
        .collect(Collectors.joining("; "));
  }

  static StudyException notYaml(String where, String why, Throwable cause) {
    return new StudyException(
        "The file is no YAML: " + why, where, "mend it; a study is one YAML mapping", cause);
  }

  static StudyException unreadable(String where, Throwable cause) {
    return new StudyException("The file cannot be read", where, "check the path", cause);
  }

  static StudyException otherStudy(String folder) {
    return new StudyException(
        "The folder holds the runs of another study",
        folder,
        "name another folder with --out, or take back the change of the study file");
  }

  static StudyException noStudy(String folder) {
    return new StudyException(
        "There is no study in the folder",
        folder,
        "name the folder that 'weir study run' told, or begin one: weir study run FILE --out FOLDER");
  }

  static StudyException foreignFolder(String folder) {
    return new StudyException(
        "The folder holds other files, and no study",
        folder,
        "name a new or an empty folder with --out");
  }

  static StudyException notBegun(String folder) {
    return new StudyException(
        "Nothing is known of the study yet", folder, "train first: weir study run " + folder);
  }

  static StudyException damaged(String file, String why, Throwable cause) {
    return new StudyException(
        "The file is damaged: " + why,
        file,
        "remove it; the same 'weir study run' makes it again, study.json from the study file",
        cause);
  }

  static StudyException unwritable(String where, Throwable cause) {
    return new StudyException(
        "The folder cannot be written (%s)".formatted(reason(cause)),
        where,
        "make room or choose another with --out; what is done is kept",
        cause);
  }

  private static String reason(Throwable cause) {
    String system =
        cause instanceof FileSystemException file ? file.getReason() : cause.getMessage();
    return system == null ? cause.getClass().getSimpleName() : system;
  }

  static StudyException noPreset(String name, List<String> known) {
    return new StudyException(
        "There is no preset '%s'".formatted(name), "--preset", "use " + String.join(", ", known));
  }

  static StudyException badConstraints(List<String> problems) {
    return new StudyException(
        "These constraints cannot be met: " + String.join("; ", problems),
        "the constraints",
        "give numbers from 1");
  }

  static StudyException noCluster() {
    return new StudyException(
        "What trains on a cluster is not on the class path",
        "--spark",
        "start Weir with its launcher, 'weir', or add the jars of the module spark");
  }
}
