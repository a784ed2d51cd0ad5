package dev.weir.view;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/// A result that cannot be shown or written.
public final class ViewException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private ViewException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private ViewException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  static ViewException badTable(String name, List<String> problems) {
    return new ViewException(
        String.join("; ", problems), "table '%s'".formatted(name), "give what the columns ask for");
  }

  static ViewException badFigure(String name, List<String> problems) {
    return new ViewException(
        String.join("; ", problems), "figure '%s'".formatted(name), "give numbers that fit");
  }

  static ViewException notACell(Object value) {
    return new ViewException(
        "A cell holds text, a whole number or a real number, not a %s"
            .formatted(value.getClass().getSimpleName()),
        "value " + value,
        "pass a String, an int, a long, a float, a double or Cell.missing()");
  }

  static ViewException noSuchColumn(String column, Table table) {
    return new ViewException(
        "There is no column '%s'".formatted(column),
        "table '%s'".formatted(table.name()),
        "use one of " + table.columns().stream().map(Column::name).toList());
  }

  static ViewException unknownExtension(Path file, List<String> known) {
    return new ViewException(
        "The name does not say what kind of file to write",
        file.toString(),
        "end it in one of " + String.join(" ", known));
  }

  static ViewException noParent(Path file) {
    return new ViewException(
        "The folder to write into does not exist",
        file.toString(),
        "make it first, or name a file in a folder that is there");
  }

  static ViewException notAFile(Path file) {
    return new ViewException(
        "Something other than a file stands where the result should go",
        file.toString(),
        "name a file; folders and devices are never replaced");
  }

  static ViewException cannotWrite(Path file, IOException cause) {
    return switch (cause) {
      case AccessDeniedException denied ->
          new ViewException(
              "The place to write to is not open to you",
              file.toString(),
              "choose another folder or change its permissions",
              denied);
      default ->
          new ViewException(
              "Writing failed: " + reason(cause),
              file.toString(),
              "make room on the disk or choose another place; nothing was left behind",
              cause);
    };
  }

  static ViewException nothingToWrite(Path file, String what) {
    return new ViewException(
        "This result holds no " + what,
        file.toString(),
        "choose .html or .json, which hold it all");
  }

  static ViewException pictureTooLarge(long width, long height) {
    return new ViewException(
        "The picture would be %,d by %,d pixels".formatted(width, height),
        ".png",
        "show fewer positions or layers, or write .svg or .html");
  }

  static ViewException noFonts(Throwable cause) {
    return new ViewException(
        "This machine has no fonts that Java can draw with",
        ".png",
        "install fontconfig and a font (for instance fonts-dejavu-core), or write .svg or .html",
        cause);
  }

  static ViewException badArray(String name, String problem) {
    return new ViewException(
        problem, "array '%s'".formatted(name), "give as many numbers as the shape says");
  }

  static ViewException repeatedArray(String name, Path file) {
    return new ViewException(
        "Two arrays have the name '%s'".formatted(name),
        file.toString(),
        "give each array a name of its own");
  }

  private static String reason(IOException cause) {
    if (cause instanceof FileSystemException failed && failed.getReason() != null) {
      return failed.getReason();
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
