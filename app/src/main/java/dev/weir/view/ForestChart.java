package dev.weir.view;

import java.util.List;

/// Differences with their intervals, one below the other, about a line at zero: who is better than
/// what it is compared with, by how much, and how sure that is.
///
/// @param name short, for file names and programs
/// @param title one line for a reader
/// @param valueLabel what the differences measure, with its unit
/// @param better which side of zero is good
/// @param groups top to bottom
/// @param notes sentences a reader needs
public record ForestChart(
    String name,
    String title,
    String valueLabel,
    Better better,
    List<Group> groups,
    List<String> notes)
    implements Figure {

  /// Which side of zero is good.
  public enum Better {
    /// Below zero: a loss.
    LEFT,
    /// Above zero: a share of right answers.
    RIGHT
  }

  /// Rows that belong together.
  ///
  /// @param title what they share
  /// @param rows top to bottom
  public record Group(String title, List<Row> rows) {
    public Group {
      rows = List.copyOf(rows);
    }
  }

  /// A difference.
  ///
  /// @param label who differs
  /// @param mean by how much; NaN where it is not known
  /// @param wide an interval, drawn as a thin line with ends
  /// @param narrow another, drawn as a thick line over it
  /// @param verdict what follows, in a word or two
  /// @param decided whether zero is left out
  /// @param count how many seeds it is the mean of
  public record Row(
      String label,
      double mean,
      LineChart.Spread wide,
      LineChart.Spread narrow,
      String verdict,
      boolean decided,
      int count) {}

  public ForestChart {
    groups = List.copyOf(groups);
    notes = List.copyOf(notes);
    if (groups.stream().allMatch(group -> group.rows().isEmpty())) {
      throw ViewException.badFigure(name, List.of("it has no rows"));
    }
  }

  @Override
  public Table table() {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("group", "what rows share")
            .text("label", "who differs")
            .real("difference", "", valueLabel)
            .real("wide low", "", "lower end of the thin interval")
            .real("wide high", "", "upper end of the thin interval")
            .real("narrow low", "", "lower end of the thick interval")
            .real("narrow high", "", "upper end of the thick interval")
            .text("verdict", "what follows")
            .integer("count", "", "pairs");
    for (Group group : groups) {
      for (Row row : group.rows()) {
        table.row(
            group.title(),
            row.label(),
            row.mean(),
            row.wide().low(),
            row.wide().high(),
            row.narrow().low(),
            row.narrow().high(),
            row.verdict(),
            row.count());
      }
    }
    notes.forEach(table::note);
    return table.build();
  }
}
