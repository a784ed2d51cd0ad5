package dev.weir.cli;

import dev.weir.view.Progress;
import dev.weir.view.Style;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/// What a command knows of the world: where its result goes, where everything else goes, and where
/// models are. Results go to `out` alone, so that scripts can read them.
///
/// @param out for the result
/// @param err for everything else
/// @param style whether the result may be coloured
/// @param width how many columns there are; [#ENDLESS] where nobody sees them all at once
/// @param place whether `err` is a terminal
/// @param environment the environment variables
/// @param home the folder that Weir lives in
record Terminal(
    PrintStream out,
    PrintStream err,
    Style style,
    int width,
    Progress.Place place,
    Map<String, String> environment,
    Path home) {
  private static final int USUAL_WIDTH = 100;

  /// As many columns as there are in a file, or in what another program reads.
  static final int ENDLESS = Integer.MAX_VALUE;

  /// The real one.
  @SuppressWarnings("SystemConsoleNull") // Null again where there is no terminal, since JDK 25.
  static Terminal real() {
    Map<String, String> environment = System.getenv();
    var console = System.console();
    boolean terminal = console != null && console.isTerminal();
    boolean colour = terminal && environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Terminal(
        utf8(FileDescriptor.out),
        utf8(FileDescriptor.err),
        colour ? Style.COLOUR : Style.PLAIN,
        columns(environment, terminal ? USUAL_WIDTH : ENDLESS),
        terminal ? Progress.Place.TERMINAL : Progress.Place.LOG,
        environment,
        Path.of(System.getProperty("weir.home", ".")));
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
  }

  /// How many columns there are: what `COLUMNS` says, if it says anything.
  ///
  /// @param environment the environment variables
  /// @param otherwise where it does not
  static int columns(Map<String, String> environment, int otherwise) {
    try {
      return Math.clamp(
          Integer.parseInt(environment.getOrDefault("COLUMNS", "")), USUAL_WIDTH / 2, 1000);
    } catch (NumberFormatException _) {
      return otherwise;
    }
  }

  /// How many columns what is drawn or set line by line may take, which nothing fills unasked.
  int line() {
    return width == ENDLESS ? USUAL_WIDTH : width;
  }

  /// A remark that is not part of the result.
  void note(String sentence) {
    err.println("weir: " + sentence);
    err.flush();
  }

  Progress progress(String what, long total, String unit) {
    return new Progress(what, total, unit, err, place, InstantSource.system());
  }

  /// Where pulled models are kept.
  Path library() {
    String data = environment.getOrDefault("XDG_DATA_HOME", "");
    Path root =
        data.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", "."), ".local", "share")
            : Path.of(data);
    return root.resolve("weir").resolve("models");
  }

  /// The model that ships with Weir.
  Path bundled() {
    return home.resolve("models").resolve("weir-stories");
  }

  /// The text that ships with Weir.
  Path bundledText() {
    return home.resolve("models").resolve("texts").resolve("stories.txt");
  }
}
