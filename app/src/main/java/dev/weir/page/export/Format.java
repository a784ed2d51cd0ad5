package dev.weir.page.export;

import dev.weir.page.run.PageException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a screen may be exported as.
public enum Format {
  /// Pixels, two for each unit of the page.
  PNG("image/png"),
  /// A drawing that stays sharp at any size.
  SVG("image/svg+xml"),
  /// The numbers, with all their digits.
  CSV("text/csv; charset=utf-8"),
  /// A page that works from disk: numbers under the pointer and under the arrow keys.
  HTML("text/html; charset=utf-8");

  private final String mediaType;

  Format(String mediaType) {
    this.mediaType = mediaType;
  }

  /// The format of this name.
  ///
  /// @param name how links and programs call it
  /// @throws PageException if there is none
  public static Format named(String name) {
    return Arrays.stream(values())
        .filter(format -> format.ending().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(name));
  }

  private static PageException unknown(String name) {
    return new PageException(
        PageException.Kind.NOT_FOUND,
        "Nothing is exported as '%s'".formatted(name),
        "format",
        "use one of "
            + Arrays.stream(values()).map(Format::ending).collect(Collectors.joining(", ")));
  }

  /// How links, programs and the ends of file names call it.
  public String ending() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// What HTTP calls it.
  public String mediaType() {
    return mediaType;
  }
}
