package dev.weir.page.library;

import dev.weir.page.run.PageException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// One SQLite file. It is opened when it is first needed, so that the page works where it cannot
/// be. Every question has its own connection; those that write take the lock at once and wait for
/// others, so that many threads and many servers may use one file.
final class Database {
  private static final int PATIENCE_MS = 5_000;
  private static final int PAGE_BYTES = 4096;

  private interface Told {
    PageException of(Path file, String how);
  }

  /// What SQLite answers that a user can understand; all else is a fault of Weir.
  private static final Map<SQLiteErrorCode, Told> TOLD =
      Map.of(
          SQLiteErrorCode.SQLITE_CONSTRAINT, (_, _) -> Problems.nameTaken(),
          SQLiteErrorCode.SQLITE_FULL, (file, _) -> Problems.full(file),
          SQLiteErrorCode.SQLITE_BUSY, (file, _) -> Problems.busy(file),
          SQLiteErrorCode.SQLITE_CORRUPT, Problems::damaged,
          SQLiteErrorCode.SQLITE_NOTADB, Problems::damaged,
          SQLiteErrorCode.SQLITE_CANTOPEN, Problems::unwritable,
          SQLiteErrorCode.SQLITE_READONLY, Problems::unwritable,
          SQLiteErrorCode.SQLITE_PERM, Problems::unwritable,
          SQLiteErrorCode.SQLITE_IOERR, Problems::unwritable);

  private final Path file;
  private final Schema schema;
  private final Jdbi jdbi;
  private boolean ready;

  /// A file that need not exist.
  ///
  /// @param file where
  /// @param schema its tables
  /// @param most how many bytes it may grow to
  Database(Path file, Schema schema, long most) {
    this.file = file;
    this.schema = schema;
    SQLiteDataSource source = new SQLiteDataSource(config(most));
    source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
    this.jdbi = Jdbi.create(source);
  }

  private static SQLiteConfig config(long most) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    config.setBusyTimeout(PATIENCE_MS);
    config.enforceForeignKeys(true);
    config.setPageSize(PAGE_BYTES);
    config.setMaxPageCount((int) (most / PAGE_BYTES));
    return config;
  }

  /// Reads something.
  ///
  /// @throws PageException if the library cannot be read
  <T> T read(Function<Handle, T> work) {
    return told(() -> {
      prepare();
      return jdbi.withHandle(work::apply);
    });
  }

  /// Changes something, all of it or nothing.
  ///
  /// @throws PageException if the library cannot be written
  <T> T write(Function<Handle, T> work) {
    return told(() -> {
      prepare();
      return jdbi.inTransaction(work::apply);
    });
  }

  /// Also after somebody moved the file away.
  private synchronized void prepare() throws IOException {
    if (!ready || Files.notExists(file)) {
      ready = false;
      create();
      jdbi.useHandle(handle -> schema.prepare(handle, file));
      ready = true;
    }
  }

  /// Prompts and notes are the user's own: nobody else may read them.
  private void create() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try {
      OwnersAlone.file(file);
    } catch (FileAlreadyExistsException _) {
      // Usually so.
    }
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T told(Work<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      throw Problems.unwritable(file, String.valueOf(e.getMessage()));
    } catch (JdbiException e) {
      throw problem(e);
    }
  }

  private RuntimeException problem(JdbiException problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLiteException sqlite) {
        return problem(sqlite.getResultCode(), problem);
      }
    }
    return problem;
  }

  /// The last byte of an extended code is its primary one.
  private RuntimeException problem(SQLiteErrorCode code, JdbiException problem) {
    Told told = TOLD.get(SQLiteErrorCode.getErrorCode(code.code & 0xff));
    return told == null ? problem : told.of(file, code.message);
  }
}
