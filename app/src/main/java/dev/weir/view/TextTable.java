package dev.weir.view;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A [Table] as lines for a terminal: numbers to the right, words to the left, wide characters and
/// invisible ones accounted for.
///
/// A table that is too wide first shortens its words, but no names; columns that still do not fit
/// are left out from the right, both ends of an interval together, and a line says how many. The
/// names that it begins with stay, so that rows can be told apart.
public final class TextTable {
  private static final String GAP = "  ";
  private static final int NARROWEST_TEXT = 8;
  private static final int BAR_HALF = 10;
  private static final String LOW = "low";
  private static final String HIGH = "high";

  private final Table table;
  private final Style style;
  private final int room;
  private final List<Strip> strips;

  /// A column as it will be printed: its head and cells, none coloured yet.
  private record Strip(Column column, String head, List<String> cells, int width) {
    static Strip of(Table table, int index) {
      Column column = table.columns().get(index);
      RealFormat format = RealFormat.of(table.rows(), index);
      List<String> cells =
          table.rows().stream().map(row -> format.format(row.get(index), column.kind())).toList();
      String head = TokenText.harmless(column.heading());
      int width = cells.stream().mapToInt(TextWidth::columns).max().orElse(0);
      return new Strip(column, head, cells, Math.max(width, TextWidth.columns(head)));
    }

    boolean isName() {
      return column.kind() == Column.Kind.NAME;
    }

    /// Whether it is the lower end of what another is the upper end of.
    boolean isBelow(Strip upper) {
      String high = upper.column.name();
      return high.equals("fastest")
          ? column.name().equals("slowest")
          : high.endsWith(HIGH)
              && column.name().equals(high.substring(0, high.length() - HIGH.length()) + LOW);
    }

    boolean isWords() {
      return !column.kind().isNumber();
    }

    Strip narrowed(int columns) {
      return new Strip(column, head, cells, columns);
    }

    String padded(String text) {
      String cut = TextWidth.cut(text, width);
      String space = " ".repeat(width - TextWidth.columns(cut));
      return isWords() ? cut + space : space + cut;
    }
  }

  private TextTable(Table table, Style style, int room) {
    this.table = table;
    this.style = style;
    this.room = room;
    this.strips =
        new ArrayList<>(
            IntStream.range(0, table.columns().size()).mapToObj(i -> Strip.of(table, i)).toList());
  }

  /// The lines of a table, each ended by a line break.
  ///
  /// @param table what to show
  /// @param style whether with colours
  /// @param width how many columns the terminal has
  public static String render(Table table, Style style, int width) {
    return new TextTable(table, style, width).lines(List.of());
  }

  /// The same with a bar at the end of each row.
  ///
  /// @param table what to show
  /// @param column the column of numbers whose size the bars show
  /// @param style whether with colours
  /// @param width how many columns the terminal has
  /// @throws ViewException if there is no such column
  public static String renderWithBars(Table table, String column, Style style, int width) {
    List<Double> values =
        table.rows().stream().map(row -> number(row.get(table.indexOf(column)))).toList();
    double reach = values.stream().filter(Double::isFinite).mapToDouble(Math::abs).max().orElse(0);
    SignedBar bar = new SignedBar(reach, BAR_HALF);
    int room = width - 2 * BAR_HALF - 1 - GAP.length();
    return new TextTable(table, style, room)
        .lines(values.stream().map(value -> bar.of(value, style)).toList());
  }

  private String lines(List<String> bars) {
    shortenWords();
    int leftOut = leaveColumnsOut();
    StringBuilder out = new StringBuilder();
    appendLine(out, style.strong(join(strips.stream().map(s -> s.padded(s.head())).toList())));
    for (int r = 0; r < table.rows().size(); r++) {
      int row = r;
      String line = join(strips.stream().map(s -> s.padded(s.cells().get(row))).toList());
      appendLine(out, bars.isEmpty() ? line : line + GAP + bars.get(r));
    }
    if (leftOut > 0) {
      String what = leftOut == 1 ? "1 column is" : leftOut + " columns are";
      appendLine(
          out,
          style.faint(what + " left out; set COLUMNS to how wide the terminal is, or use --out"));
    }
    table.notes().forEach(note -> appendLine(out, style.faint(TokenText.harmless(note))));
    return out.toString();
  }

  /// The widest column of words gives way first, a column at a time.
  private void shortenWords() {
    while (width() > room) {
      int widest = -1;
      for (int i = 0; i < strips.size(); i++) {
        Strip strip = strips.get(i);
        if (strip.isWords()
            && !strip.isName()
            && strip.width() > NARROWEST_TEXT
            && (widest < 0 || strip.width() > strips.get(widest).width())) {
          widest = i;
        }
      }
      if (widest < 0) {
        return;
      }
      strips.set(widest, strips.get(widest).narrowed(strips.get(widest).width() - 1));
    }
  }

  private int leaveColumnsOut() {
    int most = strips.size();
    long names = strips.stream().takeWhile(Strip::isName).count();
    while (width() > room && strips.size() > Math.max(1, names)) {
      Strip last = strips.removeLast();
      if (strips.size() > 1 && strips.getLast().isBelow(last)) {
        strips.removeLast();
      }
    }
    return most - strips.size();
  }

  private int width() {
    return strips.stream().mapToInt(Strip::width).sum() + GAP.length() * (strips.size() - 1);
  }

  private static String join(List<String> cells) {
    return String.join(GAP, cells);
  }

  private static void appendLine(StringBuilder out, String line) {
    out.append(line.stripTrailing()).append('\n');
  }

  private static double number(Cell cell) {
    return switch (cell) {
      case Cell.Whole(long value) -> value;
      case Cell.Real(double value) -> value;
      case Cell.Text(_), Cell.Missing() -> Double.NaN;
    };
  }
}
