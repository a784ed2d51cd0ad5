package dev.weir.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;

/// Writes a [Report] as what the end of the file's name asks for: `.html`, `.md` and `.json` hold
/// all of it, `.csv` and `.parquet` its tables, `.png` and `.svg` its pictures.
public final class ReportFiles {

  private enum Format {
    HTML,
    MD,
    JSON,
    CSV,
    PARQUET,
    PNG,
    SVG;

    String extension() {
      return "." + name().toLowerCase(Locale.ROOT);
    }
  }

  private ReportFiles() {}

  /// The ends of names that are understood, each with its dot.
  public static List<String> extensions() {
    return Arrays.stream(Format.values()).map(Format::extension).toList();
  }

  /// Checks that a report can be written under this name, before the work is done.
  ///
  /// @param file the name to check
  /// @throws ViewException if its end is unknown, with a list of the known ones
  public static void requireKnown(Path file) {
    format(file);
  }

  /// Writes a report. A format that holds one table (`.csv`, `.parquet`) puts the first into `file`
  /// and each other one beside it, its name added: `lens.csv`, `lens-parts.csv`. So do the pictures
  /// that Markdown shows.
  ///
  /// @param report what to write
  /// @param file where to; replaced if it exists
  /// @return the files written, the first one first
  /// @throws ViewException if the name is not understood, the report holds nothing of that kind, or
  ///   a file cannot be written; no part of a file is left behind then
  public static List<Path> write(Report report, Path file) {
    switch (format(file)) {
      case HTML -> HtmlReport.write(report, file);
      case MD -> {
        return MarkdownReport.write(report, file);
      }
      case JSON -> JsonFile.write(report, file);
      case CSV -> {
        return writeTables(report, file, CsvFile::write);
      }
      case PARQUET -> {
        return writeTables(report, file, ParquetFile::write);
      }
      case PNG -> {
        requirePicture(report, file);
        AtomicFile.write(file, out -> ReportPicture.png(report, Theme.LIGHT, out));
      }
      case SVG -> {
        requirePicture(report, file);
        AtomicFile.write(file, out -> ReportPicture.svg(report, Theme.LIGHT, out));
      }
    }
    return List.of(file);
  }

  private static Format format(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return Arrays.stream(Format.values())
        .filter(format -> name.endsWith(format.extension()))
        .findFirst()
        .orElseThrow(() -> ViewException.unknownExtension(file, extensions()));
  }

  private static List<Path> writeTables(Report report, Path file, BiConsumer<Table, Path> writer) {
    List<Table> tables = report.tables();
    if (tables.isEmpty()) {
      throw ViewException.nothingToWrite(file, "table");
    }
    List<Path> written = new ArrayList<>();
    for (Table table : tables) {
      Path place = written.isEmpty() ? file : beside(file, table.name());
      writer.accept(table, place);
      written.add(place);
    }
    return List.copyOf(written);
  }

  private static Path beside(Path file, String tableName) {
    String name = String.valueOf(file.getFileName());
    return beside(file, tableName, name.substring(name.lastIndexOf('.')));
  }

  /// The place beside a file for a part of it.
  ///
  /// @param file the file
  /// @param part the part's name
  /// @param end with its dot
  static Path beside(Path file, String part, String end) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(
        "%s-%s%s".formatted(name.substring(0, name.lastIndexOf('.')), part, end));
  }

  /// Whether a name stands for a folder: one is there, or it has no end that could name a format.
  ///
  /// @param place the name
  public static boolean isFolder(Path place) {
    return Files.isDirectory(place)
        || (!Files.exists(place) && !String.valueOf(place.getFileName()).contains("."));
  }

  /// Writes a report into a folder: `report.html`, `report.md`, and each picture as
  /// `figures/NAME.png`.
  ///
  /// @param report what to write
  /// @param folder where to; made if it is not there, other files in it stay
  /// @return the files written, the page first
  /// @throws ViewException if a file cannot be written
  public static List<Path> writeFolder(Report report, Path folder) {
    Path page = folder.resolve("report.html");
    Path words = folder.resolve("report.md");
    Path figures = folder.resolve("figures");
    try {
      Files.createDirectories(figures);
    } catch (IOException e) {
      throw ViewException.cannotWrite(figures, e);
    }
    HtmlReport.write(report, page);
    List<Path> written = new ArrayList<>(List.of(page));
    written.addAll(
        MarkdownReport.write(report, words, figure -> figures.resolve(figure.name() + ".png")));
    return List.copyOf(written);
  }

  private static void requirePicture(Report report, Path file) {
    if (report.figures().isEmpty()) {
      throw ViewException.nothingToWrite(file, "picture");
    }
  }
}
