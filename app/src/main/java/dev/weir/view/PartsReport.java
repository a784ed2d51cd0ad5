package dev.weir.view;

import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Mean;
import dev.weir.readout.DirectLogitAttribution.Mean.MeanPart;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the parts of the stream add to one number, the largest first: a logit, a difference of
/// logits, or a share of what somebody reads.
///
/// @param title what the parts add up to, one line
/// @param subtitle what it was asked of
/// @param unit what a part's score is, for instance `logit`
/// @param parts the parts
/// @param token what stands at a position of the text, for parts that are source tokens
/// @param notes what a reader needs to know
public record PartsReport(
    String title,
    String subtitle,
    String unit,
    Mean parts,
    IntFunction<String> token,
    List<String> notes) {
  private static final int BARS = 15;
  private static final Pattern HEAD = Pattern.compile("L(\\d+)H(\\d+)");
  private static final Pattern SOURCE = Pattern.compile("(L\\d+H\\d+)<-(\\d+)");

  public PartsReport {
    notes = List.copyOf(notes);
  }

  /// The largest parts, for a terminal.
  ///
  /// @param most how many
  public Report shown(int most) {
    return new Report(
        title,
        subtitle,
        List.of(
            new Report.TableSection(table(largest().subList(0, Math.min(most, largest().size()))))),
        notes);
  }

  /// Every part, and pictures.
  public Report whole() {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.BarSection(bars()));
    if (parts.parts().stream().anyMatch(part -> part.kind() == Kind.HEAD)) {
      sections.add(new Report.HeatmapSection(heads()));
    }
    sections.add(new Report.TableSection(table(largest())));
    return new Report(title, subtitle, sections, notes);
  }

  private List<MeanPart> largest() {
    return parts.parts().stream()
        .sorted(Comparator.comparingDouble(part -> -Math.abs(part.score().mean())))
        .toList();
  }

  private Table table(List<MeanPart> rows) {
    boolean several = parts.total().count() > 1;
    Table.Builder table =
        Table.named("parts")
            .title("What each part adds, the largest first")
            .text("part", "who wrote it")
            .text("kind", "what the part is")
            .real(unit, "", "what it adds");
    if (several) {
      table
          .real("low", "", "lower end of the 95 % interval over texts")
          .real("high", "", "upper end of the 95 % interval over texts");
    }
    for (MeanPart part : rows) {
      String kind = part.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      if (several) {
        table.row(
            name(part.label()),
            kind,
            part.score().mean(),
            Intervals.low(part.score()),
            Intervals.high(part.score()));
      } else {
        table.row(name(part.label()), kind, part.score().mean());
      }
    }
    int all = parts.parts().size();
    table.note(
        "All %d parts add up to %.4f%s."
            .formatted(
                all,
                parts.total().mean(),
                several
                    ? " (95 %% interval %s, %d texts)"
                        .formatted(Intervals.text(parts.total()), parts.total().count())
                    : ""));
    return table.build();
  }

  /// A source token with what stands there.
  private String name(String label) {
    Matcher source = SOURCE.matcher(label);
    return source.matches()
        ? "%s from %s '%s'"
            .formatted(
                source.group(1),
                source.group(2),
                TokenText.visible(token.apply(Integer.parseInt(source.group(2)))))
        : label;
  }

  private BarChart bars() {
    return new BarChart(
        "largest",
        "The parts that add most",
        unit,
        largest().stream()
            .limit(BARS)
            .map(part -> new BarChart.Bar(name(part.label()), part.score().mean()))
            .toList(),
        List.of());
  }

  private Heatmap heads() {
    List<List<Heatmap.Cell>> layers = new ArrayList<>();
    double reach = 0;
    for (MeanPart part : parts.parts()) {
      Matcher head = HEAD.matcher(part.label());
      if (head.matches()) {
        int layer = Integer.parseInt(head.group(1));
        while (layers.size() <= layer) {
          layers.add(new ArrayList<>());
        }
        layers.get(layer).add(new Heatmap.Cell(part.score().mean(), ""));
        reach = Math.max(reach, Math.abs(part.score().mean()));
      }
    }
    int heads = layers.stream().mapToInt(List::size).max().orElse(0);
    Heatmap.Builder map =
        Heatmap.named("heads", Legend.diverging(unit, reach > 0 ? reach : 1))
            .title("What each head adds")
            .rows("layer")
            .columns(
                "head",
                java.util.stream.IntStream.range(0, heads).mapToObj(Integer::toString).toList());
    for (int layer = 0; layer < layers.size(); layer++) {
      List<Heatmap.Cell> row = layers.get(layer);
      while (row.size() < heads) {
        row.add(new Heatmap.Cell(Double.NaN, ""));
      }
      map.row(Integer.toString(layer), row);
    }
    return map.build();
  }
}
