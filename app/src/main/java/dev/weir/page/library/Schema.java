package dev.weir.page.library;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// The tables of the library. Script `n` takes schema `n - 1` to schema `n`; the file itself says
/// which it has (`PRAGMA user_version`), and whose it is (`PRAGMA application_id`). Scripts that
/// were once released are never changed.
///
/// @param scripts SQL, oldest first
record Schema(List<String> scripts) {

  /// "Weir", in ASCII.
  private static final int APPLICATION = 0x57656972;

  private static final int VERSION = 1;

  /// The schema that this Weir knows.
  static Schema current() {
    return new Schema(
        java.util.stream.IntStream.rangeClosed(1, VERSION).mapToObj(Schema::script).toList());
  }

  private static String script(int version) {
    String name = version + ".sql";
    try (InputStream script = Schema.class.getResourceAsStream(name)) {
      if (script == null) {
        throw new IllegalStateException("Weir's own file " + name + " is missing");
      }
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Brings a file to this schema, all of it or nothing.
  ///
  /// @throws dev.weir.page.run.PageException if the file is damaged, another program's, or newer
  void prepare(Handle handle, Path file) {
    requireSound(handle, file);
    handle.useTransaction(_ -> migrate(handle, file));
  }

  private static void requireSound(Handle handle, Path file) {
    String verdict = handle.createQuery("PRAGMA quick_check(1)").mapTo(String.class).first();
    if (!verdict.equals("ok")) {
      throw Problems.damaged(file, verdict);
    }
  }

  private void migrate(Handle handle, Path file) {
    int found = number(handle, "PRAGMA user_version");
    boolean empty = number(handle, "SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && number(handle, "PRAGMA application_id") != APPLICATION) {
      throw Problems.foreign(file);
    }
    if (found > scripts.size()) {
      throw Problems.newer(file, found, scripts.size());
    }
    if (found < scripts.size()) {
      scripts
          .subList(found, scripts.size())
          .forEach(script -> handle.createScript(script).execute());
      handle.execute("PRAGMA application_id = " + APPLICATION);
      handle.execute("PRAGMA user_version = " + scripts.size());
    }
  }

  private static int number(Handle handle, String sql) {
    return handle.createQuery(sql).mapTo(Integer.class).one();
  }
}
