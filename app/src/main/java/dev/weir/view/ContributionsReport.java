package dev.weir.view;

import dev.weir.readout.Contributions;
import dev.weir.readout.Estimate;
import dev.weir.readout.Reader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Who talks to whom: writers by readers, as a matrix for a terminal, as a picture, and as one
/// number a row.
///
/// @param title one line
/// @param subtitle what it was asked of
/// @param mean the contributions
/// @param notes what a reader needs to know
public record ContributionsReport(
    String title, String subtitle, Contributions.Mean mean, List<String> notes) {
  private static final Pattern IN_BLOCK = Pattern.compile("(\\d+)_([a-z]).*");

  public ContributionsReport {
    notes = List.copyOf(notes);
  }

  /// The matrix, for a terminal.
  public Report matrix() {
    Table.Builder table =
        Table.named("matrix")
            .title("Share of what each reader (column) reads that each writer (row) wrote, in %")
            .text("writer", "who wrote");
    for (Reader reader : mean.readers()) {
      table.integer(initial(reader), "", "share of what is read at " + reader.label() + ", %");
    }
    for (int w = 0; w < mean.writers().size(); w++) {
      int writer = w;
      List<Object> row = new ArrayList<>();
      row.add(mean.writers().get(w).label());
      IntStream.range(0, mean.readers().size())
          .forEach(r ->
              row.add(
                  mean.precedes(writer, r) && Double.isFinite(mean.share(writer, r).mean())
                      ? Math.round(100 * mean.share(writer, r).mean())
                      : Cell.missing()));
      table.row(row.toArray());
    }
    table.note(
        "Columns: a attention, m MLP, q k v attention's views where they read apart, l local mixer, each with its block. Every column adds up to 100, but for rounding.");
    return new Report(title, subtitle, List.of(new Report.TableSection(table.build())), notes);
  }

  /// `3_mlp_in` as `m3`: many columns must fit.
  private static String initial(Reader reader) {
    Matcher in = IN_BLOCK.matcher(reader.label());
    return in.matches() ? in.group(2) + in.group(1) : reader.label();
  }

  /// Those that write most to the only reader, for a terminal.
  ///
  /// @param most how many
  public Report toOne(int most) {
    boolean several = mean.share(0, 0).count() > 1;
    Table.Builder table =
        Table.named("writers")
            .title("Who writes what is read at %s".formatted(mean.readers().getFirst().label()))
            .text("writer", "who wrote")
            .real("share", "", "c · x / ‖x‖²")
            .real("norm", "", "‖c‖")
            .real("cosine", "", "between c and x");
    if (several) {
      table.text("95 % of share", "interval over texts");
    }
    List<Integer> order =
        IntStream.range(0, mean.writers().size())
            .filter(w -> mean.precedes(w, 0))
            .boxed()
            .sorted(Comparator.comparingDouble(w -> -Math.abs(mean.share(w, 0).mean())))
            .toList();
    for (int w : order.subList(0, Math.min(most, order.size()))) {
      List<Object> row = new ArrayList<>();
      row.add(mean.writers().get(w).label());
      row.add(mean.share(w, 0).mean());
      row.add(mean.norm(w, 0).mean());
      row.add(mean.cosine(w, 0).mean());
      if (several) {
        row.add(Intervals.text(mean.share(w, 0)));
      }
      table.row(row.toArray());
    }
    double sum = order.stream().mapToDouble(w -> mean.share(w, 0).mean()).sum();
    table.note("All %d shares add up to %.6f.".formatted(order.size(), sum));
    return new Report(title, subtitle, List.of(new Report.TableSection(table.build())), notes);
  }

  /// The picture and every number.
  public Report whole() {
    return new Report(
        title,
        subtitle,
        List.of(new Report.HeatmapSection(heatmap()), new Report.TableSection(numbers())),
        notes);
  }

  private Heatmap heatmap() {
    double reach =
        IntStream.range(0, mean.writers().size())
            .boxed()
            .flatMapToDouble(w ->
                IntStream.range(0, mean.readers().size())
                    .mapToDouble(r -> Math.abs(mean.share(w, r).mean())))
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    Heatmap.Builder map =
        Heatmap.named("contributions", Legend.diverging("share of what is read", reach))
            .title("Who talks to whom: share of what each reader reads, by writer")
            .rows("writer")
            .columns(
                "reader: a attention, m MLP, l local mixer, each with its block",
                mean.readers().stream().map(ContributionsReport::initial).toList());
    for (int w = mean.writers().size() - 1; w >= 0; w--) {
      int writer = w;
      map.row(
          mean.writers().get(w).label(),
          IntStream.range(0, mean.readers().size()).mapToObj(r -> cell(writer, r)).toList());
    }
    return map.build();
  }

  private Heatmap.Cell cell(int writer, int reader) {
    double share = mean.precedes(writer, reader) ? mean.share(writer, reader).mean() : Double.NaN;
    return new Heatmap.Cell(
        share, Double.isNaN(share) ? "" : String.format(Locale.ROOT, "%.0f", 100 * share));
  }

  private Table numbers() {
    Table.Builder table =
        Table.named("contributions")
            .title("What each writer's part is to each reader")
            .text("writer", "who wrote")
            .text("kind", "what it is")
            .text("reader", "who reads")
            .text("point", "what it reads")
            .real("share", "", "c · x / ‖x‖²: over all writers they add up to 1")
            .real("share_low", "", "lower end of its 95 % interval over texts")
            .real("share_high", "", "upper end of its 95 % interval over texts")
            .real("norm", "", "‖c‖")
            .real("cosine", "", "between c and x");
    for (int w = 0; w < mean.writers().size(); w++) {
      for (int r = 0; r < mean.readers().size(); r++) {
        if (mean.precedes(w, r)) {
          Estimate share = mean.share(w, r);
          table.row(
              mean.writers().get(w).label(),
              mean.writers().get(w).kind().name().toLowerCase(Locale.ROOT),
              mean.readers().get(r).label(),
              mean.readers().get(r).point().name(),
              share.mean(),
              Intervals.low(share),
              Intervals.high(share),
              mean.norm(w, r).mean(),
              mean.cosine(w, r).mean());
        }
      }
    }
    return table.build();
  }
}
