package dev.weir.page.export;

import dev.weir.page.run.PageException;
import dev.weir.page.run.Plane;
import dev.weir.page.run.Window;
import dev.weir.view.CsvFile;
import dev.weir.view.Heatmap;
import dev.weir.view.HtmlReport;
import dev.weir.view.Legend;
import dev.weir.view.Report;
import dev.weir.view.ReportPicture;
import dev.weir.view.Table;
import dev.weir.view.Theme;
import dev.weir.view.TokenText;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.stream.IntStream;

/// What is on somebody's screen: a part of the plane, and what a reader elsewhere needs to know of
/// it.
///
/// @param caption of which run
/// @param plane the part of the plane
/// @param places the labels of its places
/// @param tokens the texts of its tokens, as the tokenizer gives them
/// @param legend which colour stands for which number
/// @param layout which way round it is shown
/// @param theme the page that pictures are for; an HTML file is light or dark as its reader's
///   system
public record Screen(
    Caption caption,
    Plane plane,
    List<String> places,
    List<String> tokens,
    Legend legend,
    Layout layout,
    Theme theme) {
  /// Cells of a picture; 2,000 tokens at 100 places.
  private static final int MOST_CELLS = 200_000;

  /// Words in the cells of more columns would make a picture of nothing but words.
  private static final int MOST_COLUMNS_OF_WORDS = 120;

  /// What stands around a picture.
  ///
  /// @param model the name of the model
  /// @param prompt the text of the run, changes not counted
  /// @param notes sentences that hold for all numbers: which norm, which coordinates, what is
  ///   changed
  public record Caption(String model, String prompt, List<String> notes) {
    private static final int LONGEST_PROMPT = 600;

    public Caption {
      notes = List.copyOf(notes);
    }

    private String shortPrompt() {
      String shown = TokenText.harmless(prompt);
      int end = shown.offsetByCodePoints(0, Math.min(LONGEST_PROMPT, codePoints(shown)));
      return end < shown.length() ? shown.substring(0, end) + "…" : shown;
    }

    private static int codePoints(String text) {
      return text.codePointCount(0, text.length());
    }
  }

  /// Which way round the plane is shown.
  public enum Layout {
    /// Places run down, tokens across.
    PLACES_DOWN,
    /// Tokens run down, places across.
    TOKENS_DOWN
  }

  public Screen {
    places = List.copyOf(places);
    tokens = List.copyOf(tokens);
    int cells = plane.window().places() * plane.window().positions();
    if (cells > MOST_CELLS) {
      throw new PageException(
          PageException.Kind.TOO_LARGE,
          "%d cells are more than the %d of a picture".formatted(cells, MOST_CELLS),
          "window",
          "zoom in");
    }
  }

  /// Writes it to a stream, which stays open.
  ///
  /// @param format as what
  /// @param out where to
  /// @throws IOException if the stream takes no more
  public void write(Format format, OutputStream out) throws IOException {
    switch (format) {
      case PNG -> ReportPicture.png(report(), theme, out);
      case SVG -> ReportPicture.svg(report(), theme, out);
      case HTML -> HtmlReport.write(report(), out);
      case CSV -> CsvFile.write(table(), out);
    }
  }

  /// One row for each cell, place by place.
  Table table() {
    Table.Builder table =
        Table.named("plane")
            .title(legend.label())
            .integer("place", "", "row of the run's plane, 0 the first")
            .text("place_label", "where along depth")
            .integer("position", "", "position in the text, 0 the first")
            .token("token", "the token there")
            .real("value", "", legend.label())
            .token("text", "what the cell says");
    Window window = plane.window();
    for (int p = 0; p < window.places(); p++) {
      for (int t = 0; t < window.positions(); t++) {
        table.row(
            window.fromPlace() + p,
            places.get(p),
            window.fromPosition() + t,
            tokens.get(t),
            plane.values().get(p)[t],
            text(p, t));
      }
    }
    return table.build();
  }

  /// The picture and what stands around it.
  Report report() {
    return new Report(
        "The residual stream of " + caption.model(),
        caption.shortPrompt(),
        List.of(new Report.HeatmapSection(heatmap())),
        caption.notes());
  }

  private Heatmap heatmap() {
    List<String> words = tokens.stream().map(TokenText::visible).toList();
    return switch (layout) {
      case PLACES_DOWN -> grid("place", places, "token", words, this::cell);
      case TOKENS_DOWN -> grid("token", words, "place", places, (t, p) -> cell(p, t));
    };
  }

  private interface Field {
    Heatmap.Cell at(int row, int column);
  }

  private Heatmap grid(
      String rowAxis, List<String> rows, String columnAxis, List<String> columns, Field field) {
    Heatmap.Builder map =
        Heatmap.named("plane", legend)
            .title(legend.label())
            .rows(rowAxis)
            .columns(columnAxis, columns);
    for (int r = 0; r < rows.size(); r++) {
      int row = r;
      map.row(
          rows.get(r),
          IntStream.range(0, columns.size()).mapToObj(column -> field.at(row, column)).toList());
    }
    return map.build();
  }

  private Heatmap.Cell cell(int place, int token) {
    int columns =
        switch (layout) {
          case PLACES_DOWN -> tokens.size();
          case TOKENS_DOWN -> places.size();
        };
    boolean words = columns <= MOST_COLUMNS_OF_WORDS;
    return new Heatmap.Cell(
        plane.values().get(place)[token], words ? TokenText.visible(text(place, token)) : "");
  }

  /// What a cell says; empty where the reading has no words.
  private String text(int place, int token) {
    return plane.texts().isEmpty() ? "" : plane.texts().get(place).get(token);
  }
}
