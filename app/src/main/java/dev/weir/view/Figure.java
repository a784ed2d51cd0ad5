package dev.weir.view;

import java.util.List;

/// Something to look at, with the numbers it was drawn from.
public sealed interface Figure permits Heatmap, LineChart, BarChart, ForestChart {

  /// Short, for file names and programs: letters, digits, `-` and `_`.
  String name();

  /// One line for a reader.
  String title();

  /// Sentences a reader needs.
  List<String> notes();

  /// The numbers behind the picture, one row each.
  Table table();
}
