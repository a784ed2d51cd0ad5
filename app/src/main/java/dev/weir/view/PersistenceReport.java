package dev.weir.view;

import dev.weir.readout.Estimate;
import dev.weir.readout.memory.CopySuppression;
import dev.weir.readout.memory.DeltaAudit;
import dev.weir.readout.memory.ErasureCandidates;
import dev.weir.readout.memory.NormGrowth;
import dev.weir.readout.memory.Persistence;
import dev.weir.readout.memory.ProjectionRatios;
import dev.weir.readout.memory.Quartiles;
import dev.weir.readout.memory.Rows;
import dev.weir.readout.memory.SelfRepair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The stream as a memory, as tables and pictures.
///
/// @param title one line: the model and what was asked
/// @param texts how many texts were read, in words
/// @param coordinates which coordinates and which pathway
public record PersistenceReport(String title, String texts, String coordinates) {
  private static final String INTERVALS =
      "Intervals hold 95 %: over the positions of one text, which depend on each other, or over the means of several texts.";

  private Report report(String subtitle, List<Report.Section> sections, String... notes) {
    List<String> all = new ArrayList<>(List.of(notes));
    all.add(INTERVALS);
    all.add(coordinates);
    return new Report(title, subtitle, sections, all);
  }

  private static Cell real(double value) {
    return Double.isNaN(value) ? Cell.missing() : new Cell.Real(value);
  }

  private static Cell real(OptionalDouble value) {
    return value.isPresent() ? new Cell.Real(value.getAsDouble()) : Cell.missing();
  }

  /// `0.12 … 0.34`.
  private static String interval(Estimate estimate) {
    return Double.isNaN(estimate.low())
        ? ""
        : "%s … %s".formatted(short3(estimate.low()), short3(estimate.high()));
  }

  private static String short3(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  // ---------------------------------------------------------------- curves

  /// What becomes of writes, or of what lies along a direction.
  ///
  /// @param found one curve for each
  public Report curves(List<Persistence> found) {
    List<Report.Section> sections = new ArrayList<>();
    if (found.size() == 1) {
      Persistence one = found.getFirst();
      sections.add(new Report.TableSection(curve(one)));
      sections.add(new Report.TableSection(writers(one)));
      sections.add(new Report.LineSection(lines(one)));
    } else {
      sections.add(new Report.TableSection(summary(found)));
      // On the plain pathway all of a write is kept, and a picture of 1 would show rounding.
      if (found.stream().anyMatch(PersistenceReport::changes)) {
        sections.add(
            new Report.LineSection(
                lines("kept", "What is left of each write", found, p -> p.kept().mean())));
      }
      sections.add(
          new Report.LineSection(
              lines("grown", "The stream along each write", found, p -> p.grown().mean())));
      sections.add(
          new Report.LineSection(
              lines(
                  "share",
                  "What is left of each write as a share of the stream's length",
                  found,
                  p -> p.share().mean())));
    }
    return report(
        "%s, %s".formatted(texts, found.getFirst().rows().words()),
        sections,
        "kept is the write itself, carried by the pathway with its routing frozen; grown = kept + others is the whole stream along it, less what was there before.");
  }

  private static boolean changes(Persistence one) {
    return one.curve().stream().anyMatch(point -> Math.abs(point.kept().mean() - 1) > 1e-3);
  }

  private static Table curve(Persistence one) {
    Table.Builder table =
        Table.named("curve")
            .title("%s along depth".formatted(one.subject()))
            .text("place", "where along depth")
            .integer("writes", "", "how many sublayers have written since it arrived")
            .real("along", "", "x·w/‖w‖² of the whole stream")
            .real("grown", "", "the same less its value just before the write")
            .text("grown_95", "its interval")
            .real("kept", "", "the write itself")
            .text("kept_95", "its interval")
            .real("others", "", "what all others put along it")
            .real("share", "", "of the stream's length; of a direction the cosine");
    for (Persistence.Point point : one.curve()) {
      table.row(
          point.place(),
          point.writes(),
          point.along().mean(),
          point.grown().mean(),
          interval(point.grown()),
          real(point.kept().mean()),
          interval(point.kept()),
          real(point.others().mean()),
          real(point.share().mean()));
    }
    one.halfLife()
        .ifPresent(
            half -> table.note("Half of it is gone after %s writes.".formatted(short3(half))));
    one.halfLifeOfShare()
        .ifPresent(half ->
            table.note(
                "Its share of the stream is halved after %s writes.".formatted(short3(half))));
    return table.build();
  }

  private static Table writers(Persistence one) {
    Table.Builder table =
        Table.named("writers")
            .title("Who put what along %s, at the end".formatted(one.subject()))
            .text("writer", "who wrote")
            .real("along", "", "what it put there, carried to the end")
            .text("interval", "95 %");
    one.writers().forEach((label, along) -> table.row(label, along.mean(), interval(along)));
    return table
        .note(
            "They add up to the stream along it at the end: %s."
                .formatted(short3(one.curve().getLast().along().mean())))
        .build();
  }

  private static LineChart lines(Persistence one) {
    return new LineChart(
        "persistence",
        "%s along depth".formatted(one.subject()),
        "sublayers that wrote since",
        "x·w/‖w‖²",
        List.of(
            series("grown", one, p -> p.grown().mean()),
            series("kept", one, p -> p.kept().mean()),
            series("share", one, p -> p.share().mean())),
        List.of());
  }

  private static LineChart.Series series(
      String name, Persistence one, ToDoubleFunction<Persistence.Point> height) {
    return new LineChart.Series(
        name,
        one.curve().stream()
            .map(point -> new Point(point.writes(), height.applyAsDouble(point)))
            .toList());
  }

  private static LineChart lines(
      String name,
      String title,
      List<Persistence> found,
      ToDoubleFunction<Persistence.Point> height) {
    return new LineChart(
        name,
        title,
        "sublayers that wrote since",
        name,
        found.stream().map(one -> series(one.subject(), one, height)).toList(),
        List.of());
  }

  private static Table summary(List<Persistence> found) {
    Table.Builder table =
        Table.named("persistence")
            .title("What is left of each write at the end")
            .text("write", "who wrote")
            .real("kept", "", "the write itself; 1 where nothing was taken from it")
            .text("kept_95", "its interval")
            .real("others", "", "what all others put along it")
            .real("grown", "", "kept + others")
            .real("share_first", "", "of the stream's length, where it arrives")
            .real("share_last", "", "the same at the end")
            .real("half_life", "", "writes until half of it is gone; empty if never")
            .real("share_half", "", "writes until its share is halved; empty if never");
    for (Persistence one : found) {
      Persistence.Point last = one.curve().getLast();
      table.row(
          one.subject(),
          last.kept().mean(),
          interval(last.kept()),
          last.others().mean(),
          last.grown().mean(),
          one.curve().getFirst().share().mean(),
          last.share().mean(),
          real(one.halfLife()),
          real(one.halfLifeOfShare()));
    }
    return table.build();
  }

  // ---------------------------------------------------------------- projection ratios

  /// Who takes away what others wrote.
  ///
  /// @param ratios every pair
  /// @param rows at which positions
  /// @param top how many pairs of each kind to show
  /// @param all whether to list every pair
  public Report ratios(ProjectionRatios ratios, Rows rows, int top, boolean all) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(erased(ratios, ProjectionRatios.Part.WHOLE, top));
    sections.add(erased(ratios, ProjectionRatios.Part.FROM_FIRST, top));
    sections.add(erased(ratios, ProjectionRatios.Part.FROM_OTHERS, top));
    if (!ratios.plain()) {
      sections.add(erased(ratios, ProjectionRatios.Part.PATHWAY, top));
    }
    sections.add(new Report.HeatmapSection(heatmap(ratios)));
    if (all) {
      sections.add(new Report.TableSection(table("ratios", "Every pair", ratios.ratios())));
    }
    return report(
        "%s, %s".formatted(texts, rows.words()),
        sections,
        "PR = c·w/‖w‖² at the same position, w as it stands before c is written: -1 erases it, +1 doubles it.");
  }

  private static Report.Section erased(
      ProjectionRatios ratios, ProjectionRatios.Part part, int top) {
    String what =
        switch (part) {
          case WHOLE -> "Most erased by what others write";
          case FROM_FIRST -> "Most erased by what heads write of the first position";
          case FROM_OTHERS -> "Most erased by what heads write of the other positions";
          case PATHWAY -> "Most erased by the pathway itself";
        };
    return new Report.TableSection(
        table(
            "erased_" + part.name().toLowerCase(Locale.ROOT), what, ratios.mostErased(top, part)));
  }

  private static Table table(String name, String title, List<ProjectionRatios.Ratio> ratios) {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("writer", "whose write")
            .text("cleaner", "who writes later")
            .text("part", "what of it")
            .real("median", "", "projection ratio")
            .real("quarter", "", "a quarter of the positions lie below")
            .real("three_quarters", "", "three quarters lie below")
            .real("cosine", "", "mean of the angle's cosine")
            .integer("positions", "", "how many there were");
    for (ProjectionRatios.Ratio ratio : ratios) {
      Quartiles q = ratio.ratio();
      table.row(
          ratio.writer(),
          ratio.cleaner(),
          ratio.part().name().toLowerCase(Locale.ROOT).replace('_', ' '),
          real(q.median()),
          real(q.low()),
          real(q.high()),
          real(ratio.cosine()),
          q.count());
    }
    return table.build();
  }

  /// Whole components against each other.
  private static Heatmap heatmap(ProjectionRatios ratios) {
    List<ProjectionRatios.Ratio> whole =
        ratios.ratios().stream().filter(r -> r.part() == ProjectionRatios.Part.WHOLE).toList();
    List<String> writers = whole.stream().map(ProjectionRatios.Ratio::writer).distinct().toList();
    List<String> cleaners = whole.stream().map(ProjectionRatios.Ratio::cleaner).distinct().toList();
    var medians =
        whole.stream()
            .collect(
                Collectors.toMap(r -> r.writer() + " " + r.cleaner(), r -> r.ratio().median()));
    Heatmap.Builder map =
        Heatmap.named("ratio_map", Legend.diverging("median projection ratio", 1))
            .title("How much of each write (rows) later components take away (columns)")
            .rows("writer")
            .columns("cleaner", cleaners);
    for (String writer : writers) {
      map.row(
          writer,
          cleaners.stream()
              .map(cleaner ->
                  new Heatmap.Cell(medians.getOrDefault(writer + " " + cleaner, Double.NaN), ""))
              .toList());
    }
    return map.build();
  }

  // ---------------------------------------------------------------- candidates

  /// Who is made to erase.
  ///
  /// @param weights by weights
  /// @param data by what they do in texts, if any were read
  /// @param top how many rows of each kind
  public Report candidates(ErasureCandidates weights, Optional<ProjectionRatios> data, int top) {
    List<Report.Section> sections = new ArrayList<>();
    if (!weights.layers().isEmpty()) {
      sections.add(new Report.TableSection(layers(weights)));
      sections.add(new Report.TableSection(neurons(weights, top)));
    }
    sections.add(new Report.TableSection(heads(weights, top)));
    data.ifPresent(ratios -> sections.add(erased(ratios, ProjectionRatios.Part.WHOLE, top)));
    return report(
        texts,
        sections,
        "Weights are read with the norms' gains folded in and, where a norm subtracts the mean, centred.");
  }

  private static Table layers(ErasureCandidates weights) {
    Table.Builder table =
        Table.named("cosines")
            .title("cos(read, write) of neurons")
            .integer("layer", "", "block")
            .real("mean", "", "over neurons, of the ungated half where there is a gate")
            .real("least", "", "the smallest")
            .real("greatest", "", "the largest")
            .real("chance_mean", "", "with reads and writes paired at random")
            .real("chance_least", "", "the smallest of those")
            .real("below", "", "share below one in a hundred of those; 0.01 by chance")
            .real("gate_mean", "", "of the gate's reads")
            .real("gate_least", "", "the smallest of those");
    for (ErasureCandidates.Layer layer : weights.layers()) {
      table.row(
          layer.layer(),
          layer.inOut().mean(),
          layer.inOut().least(),
          layer.inOut().greatest(),
          layer.shuffled().mean(),
          layer.shuffled().least(),
          layer.below(),
          real(layer.gateOut().mean()),
          real(layer.gateOut().least()));
    }
    return table.build();
  }

  private static Table neurons(ErasureCandidates weights, int top) {
    Table.Builder table =
        Table.named("neurons")
            .title("Neurons that write most against what they read")
            .text("neuron", "which one")
            .real("in_out", "", "cosine of read and write")
            .real("gate_out", "", "cosine of the gate's read and the write")
            .real("gate_in", "", "cosine of the two reads");
    for (ErasureCandidates.Neuron neuron : weights.erasingNeurons(top)) {
      table.row(neuron.label(), neuron.inOut(), real(neuron.gateOut()), real(neuron.gateIn()));
    }
    return table.build();
  }

  private static Table heads(ErasureCandidates weights, int top) {
    Table.Builder table =
        Table.named("heads")
            .title("Heads that turn what they read to its opposite")
            .text("head", "which one")
            .real("copying", "", "Σ Re λ / Σ |λ| of the OV circuit: 1 copies, -1 turns")
            .real("to_itself", "", "mean attention to the current token")
            .text("to_itself_95", "its interval")
            .text("candidate", "copying below 0 and mostly the current token");
    weights.heads().stream()
        .filter(head -> head.copying() < 0)
        .sorted(Comparator.comparingDouble(ErasureCandidates.Head::copying))
        .limit(top)
        .forEach(head ->
            table.row(
                head.label(),
                head.copying(),
                real(head.toItself().mean()),
                interval(head.toItself()),
                head.erases() ? "yes" : ""));
    return table.build();
  }

  // ---------------------------------------------------------------- self-repair

  /// Who makes up for a component.
  ///
  /// @param found what was found
  /// @param reach where it was taken away
  /// @param top how many parts to show
  public Report repair(SelfRepair found, SelfRepair.Reach reach, int top) {
    SelfRepair.Totals totals = found.totals();
    Table.Builder sums =
        Table.named("totals")
            .title("Where the logit's change comes from")
            .text("what", "part of the change")
            .real("logit", "", "in units of the logit")
            .text("interval", "95 %");
    row(sums, "clean logit", totals.clean());
    row(sums, "direct effect that went", totals.direct());
    row(sums, "others, at the old scale", totals.others());
    row(sums, "scale of the final norm", totals.scale());
    row(sums, "rest", totals.rest());
    row(sums, "logit without it", totals.ablated());
    row(sums, "repair = others + scale + rest", totals.repair());
    sums.note(
        "Of the direct effect, %s is made up for."
            .formatted(String.format(Locale.ROOT, "%.1f %%", 100 * totals.repaired())));
    Table.Builder parts =
        Table.named("parts")
            .title("Who changed most")
            .text("part", "who writes")
            .real("clean", "", "what it added to the logit")
            .real("change", "", "by how much more it adds, at the old scale")
            .text("interval", "95 %");
    for (SelfRepair.Change change : found.mostChanged(top)) {
      parts.row(
          change.label(), change.clean().mean(), change.change().mean(), interval(change.change()));
    }
    List<SelfRepair.Change> drawn = found.mostChanged(Math.max(1, top));
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(sums.build()));
    sections.add(new Report.TableSection(parts.build()));
    if (!drawn.isEmpty()) {
      sections.add(
          new Report.BarSection(
              new BarChart(
                  "repair",
                  "Who makes up for " + found.component(),
                  "change of the logit at the old scale",
                  drawn.stream().map(c -> new BarChart.Bar(c.label(), c.change().mean())).toList(),
                  List.of())));
    }
    return report(
        texts + ", read at the last position",
        sections,
        reach == SelfRepair.Reach.EVERYWHERE
            ? "The component is set to zero at every position."
            : "The component is set to zero at the last position.");
  }

  private static void row(Table.Builder table, String what, Estimate estimate) {
    table.row(what, estimate.mean(), interval(estimate));
  }

  // ---------------------------------------------------------------- copy suppression

  /// Who lowers the logits of what it looks at.
  ///
  /// @param found what was found
  /// @param options what was read
  /// @param top how many heads to show
  public Report suppression(CopySuppression found, CopySuppression.Options options, int top) {
    Table.Builder table =
        Table.named("suppression")
            .title("Heads whose values lower the logit of their own token")
            .text("head", "which one")
            .real(
                "lowest",
                "",
                "share of tokens whose own logit is among the %d lowest"
                    .formatted(options.lowest()))
            .text("lowest_95", "its interval")
            .real("rank", "", "mean place of the own logit, 0 lowest, 1 highest")
            .real("effect", "", "on the logits of the tokens it looks at, less the mean logit")
            .text("effect_95", "its interval")
            .real("attention", "", "to all but the first position");
    for (CopySuppression.Head head : found.most(top)) {
      table.row(
          head.label(),
          real(head.lowest().mean()),
          interval(head.lowest()),
          real(head.rank().mean()),
          real(head.effect().mean()),
          interval(head.effect()),
          real(head.attention().mean()));
    }
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(table.build()));
    found.mechanism().ifPresent(m -> sections.add(new Report.TableSection(mechanism(m))));
    return report(
        texts,
        sections,
        switch (found.source()) {
          case EMBEDDING -> "A token in the OV circuit is its row of the embedding.";
          case AFTER_FIRST_MLP ->
              "A token in the OV circuit is its row of the embedding and what the first MLP adds, without attention; for the first block the row.";
        });
  }

  private static Table mechanism(CopySuppression.Mechanism mechanism) {
    Table.Builder table =
        Table.named("mechanism")
            .title("What is left of %s".formatted(mechanism.head()))
            .text("kept", "what of the head is kept")
            .real("kl", "nats", "KL(clean ‖ changed)")
            .text("interval", "95 %");
    row(table, "nothing", mechanism.zeroed());
    row(table, "copy suppression alone", mechanism.kept());
    return table
        .note(
            String.format(
                Locale.ROOT,
                "Copy suppression alone keeps %.1f %% of the head's effect.",
                100 * mechanism.share()))
        .build();
  }

  // ---------------------------------------------------------------- norms

  /// How fast the stream grows.
  ///
  /// @param found what was found
  public Report norms(NormGrowth found) {
    Table.Builder table =
        Table.named("norms")
            .title("Length of the stream")
            .text("place", "where along depth")
            .real("length", "", "mean, the first position left out")
            .text("interval", "95 %")
            .real("first", "", "at the first position alone");
    for (int place = 0; place < found.places().size(); place++) {
      table.row(
          found.places().get(place),
          found.length(place).mean(),
          interval(found.length(place)),
          found.firstLength(place).mean());
    }
    table.note(
        String.format(
            Locale.ROOT,
            "From block %d to %d it grows by a factor of %.4f a block (%.4f to %.4f).",
            found.range().from(),
            found.range().to(),
            found.factor().mean(),
            found.factor().low(),
            found.factor().high()));
    LineChart chart =
        new LineChart(
            "growth",
            "Length of the stream",
            "blocks passed",
            "length",
            List.of(
                LineChart.Series.of(
                    "all but the first position",
                    IntStream.range(0, found.places().size())
                        .mapToDouble(i -> found.length(i).mean())
                        .toArray()),
                LineChart.Series.of(
                    "first position",
                    IntStream.range(0, found.places().size())
                        .mapToDouble(i -> found.firstLength(i).mean())
                        .toArray())),
            List.of());
    return report(
        texts,
        List.of(new Report.TableSection(table.build()), new Report.LineSection(chart)),
        "On a pathway that routes, the stream at a place is what the unembedding would read there.");
  }

  // ---------------------------------------------------------------- delta audit

  /// What gate, target and direction of Deep Delta Learning do.
  ///
  /// @param found what was found
  /// @param word a token's text
  public Report delta(DeltaAudit found, IntFunction<String> word) {
    return report(
        texts,
        List.of(
            new Report.TableSection(sites(found)),
            new Report.TableSection(gates(found)),
            new Report.TableSection(overwritten(found, word)),
            new Report.HeatmapSection(histogram(found))),
        "β is the gate; e_pre and e_post are the lengths over the channels of kᵀX − v before and after the write; erased and written are projection ratios with the state before the write, -1 for all of it.");
  }

  private static Table sites(DeltaAudit found) {
    Table.Builder table =
        Table.named("sites")
            .title("Each write")
            .text("site", "who writes")
            .real("beta", "", "mean gate")
            .text("beta_95", "its interval")
            .real("reflected", "", "share of positions with β > 1")
            .real("e_pre", "", "discrepancy before the write")
            .real("e_post", "", "discrepancy after it")
            .real("v", "", "length of the target")
            .real("erased", "", "of the state, as a projection ratio")
            .real("written", "", "along the state, as a projection ratio");
    for (DeltaAudit.SiteAudit site : found.sites()) {
      table.row(
          site.label(),
          site.gate().beta().mean(),
          interval(site.gate().beta()),
          site.gate().reflected().mean(),
          site.before().mean(),
          site.after().mean(),
          site.target().mean(),
          site.erased().mean(),
          site.written().mean());
    }
    return table.build();
  }

  private static Table gates(DeltaAudit found) {
    Table.Builder table =
        Table.named("gates")
            .title("The gate by class of token")
            .text("site", "who writes")
            .text("class", "of the token at the position")
            .integer("positions", "", "how many there were")
            .real("beta", "", "mean")
            .real("quarter", "", "a quarter of the positions lie below")
            .real("median", "", "half of them lie below")
            .real("three_quarters", "", "three quarters lie below")
            .real("reflected", "", "share with β > 1");
    for (DeltaAudit.SiteAudit site : found.sites()) {
      addGate(table, site.label(), "all", site.gate());
      site.classes().forEach((kind, gate) -> addGate(table, site.label(), kind.words(), gate));
    }
    return table.build();
  }

  private static void addGate(Table.Builder table, String site, String kind, DeltaAudit.Gate gate) {
    table.row(
        site,
        kind,
        gate.spread().count(),
        gate.beta().mean(),
        gate.spread().low(),
        gate.spread().median(),
        gate.spread().high(),
        gate.reflected().mean());
  }

  private static Table overwritten(DeltaAudit found, IntFunction<String> word) {
    Table.Builder table =
        Table.named("overwritten")
            .title("The largest directions that are overwritten")
            .text("site", "who writes")
            .integer("direction", "", "0 is the largest")
            .real("share", "", "of all k, weighted by β")
            .token("along", "tokens it raises most")
            .token("against", "tokens its opposite raises most");
    for (DeltaAudit.SiteAudit site : found.sites()) {
      for (int i = 0; i < site.overwritten().size(); i++) {
        DeltaAudit.Overwritten direction = site.overwritten().get(i);
        table.row(
            site.label(),
            i,
            direction.share(),
            words(direction.along(), word),
            words(direction.against(), word));
      }
    }
    return table.note("The sign of a direction is arbitrary.").build();
  }

  private static String words(List<DeltaAudit.Token> tokens, IntFunction<String> word) {
    return tokens.stream()
        .limit(4)
        .map(token -> word.apply(token.token()))
        .collect(Collectors.joining("|"));
  }

  private static double largestShare(DeltaAudit found) {
    return found.sites().stream()
        .mapToDouble(site ->
            (double) Collections.max(site.histogram())
                / site.histogram().stream().mapToLong(n -> n).sum())
        .max()
        .orElse(1);
  }

  private static Heatmap histogram(DeltaAudit found) {
    int bins = found.sites().getFirst().histogram().size();
    Heatmap.Builder map =
        Heatmap.named("beta", Legend.sequential("share of positions", 0, largestShare(found)))
            .title("Where the gate lies")
            .rows("site")
            .columns(
                "β from",
                IntStream.range(0, bins)
                    .mapToObj(i -> String.format(Locale.ROOT, "%.1f", 2.0 * i / bins))
                    .toList());
    for (DeltaAudit.SiteAudit site : found.sites()) {
      double total = site.histogram().stream().mapToLong(n -> n).sum();
      map.row(
          site.label(),
          site.histogram().stream().map(n -> new Heatmap.Cell(n / total, "")).toList());
    }
    return map.build();
  }
}
