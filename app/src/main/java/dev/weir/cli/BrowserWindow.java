package dev.weir.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Opens links by whatever the system opens links with.
///
/// @param system the name of the operating system
/// @param environment the environment variables
record BrowserWindow(String system, Map<String, String> environment) {

  /// Opens a link, if there is a screen to open it on.
  ///
  /// @param link the link
  /// @return whether somebody was found to open it; what became of it is not known
  boolean open(String link) {
    if (!hasScreen()) {
      return false;
    }
    try {
      new ProcessBuilder(command(link))
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// Without one, some systems would open the link in a browser on the terminal.
  private boolean hasScreen() {
    return isWindows()
        || isMac()
        || environment.containsKey("DISPLAY")
        || environment.containsKey("WAYLAND_DISPLAY");
  }

  List<String> command(String link) {
    if (isWindows()) {
      return List.of("rundll32", "url.dll,FileProtocolHandler", link);
    }
    return List.of(isMac() ? "open" : "xdg-open", link);
  }

  private boolean isWindows() {
    return system.toLowerCase(Locale.ROOT).startsWith("windows");
  }

  private boolean isMac() {
    return system.toLowerCase(Locale.ROOT).startsWith("mac");
  }
}
