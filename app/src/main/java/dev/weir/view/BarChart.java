package dev.weir.view;

import java.util.List;

/// Signed contributions, one bar each, longest to the eye: what adds to the right, what takes away
/// to the left.
///
/// @param name short, for file names and programs
/// @param title one line for a reader
/// @param valueLabel what the bars measure, with its unit
/// @param bars top to bottom
/// @param notes sentences a reader needs
public record BarChart(
    String name, String title, String valueLabel, List<Bar> bars, List<String> notes)
    implements Figure {

  /// One bar.
  ///
  /// @param label what contributes
  /// @param value how much; zero is drawn for what is not finite, with its name beside it
  public record Bar(String label, double value) {}

  public BarChart {
    bars = List.copyOf(bars);
    notes = List.copyOf(notes);
    if (bars.isEmpty()) {
      throw ViewException.badFigure(name, List.of("it has no bars"));
    }
  }

  @Override
  public Table table() {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("label", "what contributes")
            .real("value", "", valueLabel);
    bars.forEach(bar -> table.row(bar.label(), bar.value()));
    notes.forEach(table::note);
    return table.build();
  }
}
