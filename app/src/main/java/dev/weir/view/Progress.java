package dev.weir.view;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;

/// How far a long piece of work is: share done, speed, time left. Silent for the first second;
/// tells the time left once it has watched the work for a while. What passes before anything is
/// done (processes start, data open) is not counted as slowness.
///
/// ```java
/// try (Progress progress = new Progress("training", 2000, "steps", err, Progress.Place.TERMINAL, clock)) {
///   progress.reached(step);
/// }
/// ```
public final class Progress implements AutoCloseable {

  /// What stands at the other end.
  public enum Place {
    /// A terminal: one line, written over and over, gone at the end.
    TERMINAL(Duration.ofMillis(100)),
    /// A file or a pipe: a line now and then.
    LOG(Duration.ofSeconds(10));

    private final Duration pause;

    Place(Duration pause) {
      this.pause = pause;
    }
  }

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /// How long a speed must have been watched before anything follows from it, and how much must
  /// have been done by then unless it was watched for long.
  private static final Duration WATCHED = Duration.ofSeconds(2);

  private static final Duration WATCHED_LONG = Duration.ofSeconds(10);
  private static final int MUCH = 10;
  private static final String ERASE_LINE = "\r\u001b[2K";

  private final String what;
  private final long total;
  private final String unit;
  private final PrintStream out;
  private final Place place;
  private final InstantSource clock;
  private Instant start;
  private Instant next;
  private boolean hasWritten;
  private long before;

  /// Starts the clock.
  ///
  /// @param what the work: `training`
  /// @param total how much there is to do; 0 if nobody knows
  /// @param unit what it is counted in: `steps`
  /// @param out where the line goes, usually the error stream
  /// @param place what stands at the other end
  /// @param clock tells the time
  public Progress(
      String what, long total, String unit, PrintStream out, Place place, InstantSource clock) {
    this.what = what;
    this.total = total;
    this.unit = unit;
    this.out = out;
    this.place = place;
    this.clock = clock;
    this.start = clock.instant();
    this.next = start.plus(place == Place.TERMINAL ? PATIENCE : place.pause);
  }

  /// Says how much was done before the clock started, so that it does not count as speed.
  ///
  /// @param done counted like the total
  public Progress after(long done) {
    before = done;
    return this;
  }

  /// Says how much is done so far.
  ///
  /// @param done counted like the total
  public void reached(long done) {
    reached(done, "");
  }

  /// Says how much is done so far, with a word about it.
  ///
  /// @param done counted like the total
  /// @param remark a few words: `loss 2.31`; may be empty
  public void reached(long done, String remark) {
    Instant now = clock.instant();
    if (done <= before) {
      before = done;
      start = now;
    }
    if (now.isBefore(next)) {
      return;
    }
    next = now.plus(place.pause);
    String line = line(done, remark, Duration.between(start, now));
    switch (place) {
      case TERMINAL -> out.print(ERASE_LINE + line);
      case LOG -> out.println(line);
    }
    out.flush();
    hasWritten = true;
  }

  /// Takes the line off a terminal.
  @Override
  public void close() {
    if (hasWritten && place == Place.TERMINAL) {
      out.print(ERASE_LINE);
      out.flush();
    }
  }

  private String line(long done, String remark, Duration elapsed) {
    double seconds = Math.max(1e-3, elapsed.toMillis() / 1000.0);
    double rate = (done - before) / seconds;
    StringBuilder line = new StringBuilder(TokenText.harmless(what)).append("  ");
    if (total > 0) {
      line.append(
          String.format(Locale.ROOT, "%3d %%  %,d/%,d %s", 100 * done / total, done, total, unit));
    } else {
      line.append(String.format(Locale.ROOT, "%,d %s", done, unit));
    }
    line.append("  ").append(NumberText.brief(rate)).append(" ").append(unit).append("/s");
    if (total > done && rate > 0 && isKnown(done, elapsed)) {
      line.append("  ").append(time(Math.round((total - done) / rate))).append(" left");
    }
    return remark.isEmpty() ? line.toString() : line + "  " + TokenText.harmless(remark);
  }

  private boolean isKnown(long done, Duration elapsed) {
    return elapsed.compareTo(done - before >= MUCH ? WATCHED : WATCHED_LONG) >= 0;
  }

  private static String time(long seconds) {
    return seconds < 3600
        ? "%d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
