package dev.weir.study;

import dev.weir.WeirException;
import java.io.Serial;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
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
        "mend the study file; 'weir study show --preset fork' prints a whole one");
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

  static StudyException noText(String where) {
    return new StudyException(
        "The file is no text", where, "give a study file: YAML in UTF-8, at most 1 MiB");
  }

  /// What says what is asked cannot be made again.
  static StudyException damagedStudy(Path folder, Path file, String why, Throwable cause) {
    return damaged(
        folder,
        file,
        why,
        "restore the file from a copy, or begin anew in another folder: weir study run FILE --out"
            + " FOLDER",
        cause);
  }

  static StudyException damagedRun(Path folder, Path file, String why, Throwable cause) {
    return damaged(
        folder,
        file,
        why,
        "remove the folder of this run, %s; 'weir study run %s' trains it again"
            .formatted(file.resolveSibling(""), folder),
        cause);
  }

  static StudyException damagedNote(Path folder, Path file, String why, Throwable cause) {
    return damaged(
        folder,
        file,
        why,
        "remove the file; 'weir study run %s' makes it again".formatted(folder),
        cause);
  }

  private static StudyException damaged(
      Path folder, Path file, String why, String fix, Throwable cause) {
    return new StudyException(
        "The file %s of the study in %s is damaged: %s"
            .formatted(folder.relativize(file), folder, why),
        file.toString(),
        fix,
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
