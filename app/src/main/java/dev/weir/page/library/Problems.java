package dev.weir.page.library;

import dev.weir.page.run.PageException;
import dev.weir.page.run.PageException.Kind;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.TokenStreamLocation;

/// What can be wrong with the library and with what is asked of it.
final class Problems {
  private static final String LIBRARY = "the library";

  private Problems() {}

  // ---------------------------------------------------------------- the file

  static PageException newer(Path file, int found, int known) {
    return unavailable(
        "The library was written by a newer Weir: schema %d, this one knows %d"
            .formatted(found, known),
        file,
        "start the newer Weir; nothing was changed");
  }

  static PageException foreign(Path file) {
    return unavailable(
        "This database is not a library of Weir", file, "move it away; nothing was changed");
  }

  static PageException damaged(Path file, String how) {
    return unavailable(
        "The library is damaged (%s)".formatted(how),
        file,
        "move the file away and import an export of it; nothing was changed");
  }

  static PageException unwritable(Path file, String how) {
    return unavailable(
        "The library cannot be opened or written (%s)".formatted(how),
        file,
        "check the rights of its folder and the disk; the rest of the page works without it");
  }

  static PageException full(Path file) {
    return unavailable(
        "There is no room for more in the library", file, "delete something, or free disk space");
  }

  static PageException busy(Path file) {
    return unavailable(
        "Another program has kept the library locked for seconds", file, "try again");
  }

  private static PageException unavailable(String what, Path file, String fix) {
    return new PageException(Kind.UNAVAILABLE, what, file.toString(), fix);
  }

  // ---------------------------------------------------------------- what is asked of it

  static PageException notThere(String what, long id) {
    return new PageException(
        Kind.NOT_FOUND,
        "There is no %s %d in the library; it may have been deleted".formatted(what, id),
        LIBRARY,
        "look at the list again");
  }

  static PageException changedMeanwhile(String what, long id, int revision, int now) {
    return new PageException(
        Kind.CONFLICT,
        "Somebody else changed the %s %d meanwhile: revision %d, yours was %d"
            .formatted(what, id, now, revision),
        LIBRARY,
        "look at it again, then repeat your change");
  }

  static PageException notInBin(String what, long id) {
    return new PageException(
        Kind.NOT_FOUND,
        "There is no deleted %s %d; what was deleted can be brought back for a month"
            .formatted(what, id),
        LIBRARY,
        "look at the list again");
  }

  static PageException nameTaken() {
    return new PageException(
        Kind.CONFLICT, "The library has one of that name already", "name", "choose another name");
  }

  // ---------------------------------------------------------------- imports

  static PageException notAnExport(String how, Optional<TokenStreamLocation> at) {
    return bad(
        "This is not an export of a library (%s)".formatted(how),
        at.map(place -> "line %d, column %d".formatted(place.getLineNr(), place.getColumnNr()))
            .orElse("the file"),
        "choose a file that was exported; nothing was imported");
  }

  static PageException otherFormat(String format, String wanted) {
    return bad(
        "This is not an export of a library: its format is '%s', not '%s'"
            .formatted(format, wanted),
        "format",
        "choose a file that was exported; nothing was imported");
  }

  static PageException otherVersion(int version, int known) {
    return bad(
        "This export is of version %d, and this Weir knows up to %d".formatted(version, known),
        "version",
        "import it with a newer Weir; nothing was imported");
  }

  static PageException tooManyCopies(int most) {
    return bad("There are %d things of this name already".formatted(most), "name", "rename it");
  }

  static PageException inImport(PageException problem, String entry) {
    return new PageException(
        problem.kind(), problem.what(), entry, "mend that in the file; nothing was imported");
  }

  // ---------------------------------------------------------------- values

  static PageException bad(String what, String field, String fix) {
    return new PageException(Kind.BAD_REQUEST, what, field, fix);
  }

  static PageException tooLong(String field, long length, long most, String unit) {
    return new PageException(
        Kind.TOO_LARGE,
        "It has %,d %s, and at most %,d are kept".formatted(length, unit, most),
        field,
        "shorten it");
  }
}
