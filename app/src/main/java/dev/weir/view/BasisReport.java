package dev.weir.view;

import dev.weir.readout.FirstPosition;
import dev.weir.readout.basis.BasisExperiment;
import dev.weir.readout.basis.Kurtosis;
import dev.weir.readout.basis.Outliers;
import dev.weir.readout.basis.RotationSuite;
import dev.weir.readout.basis.RotationSurvival;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What `weir basis` found, as tables and pictures.
public final class BasisReport {
  private static final int DIMENSIONS_NAMED = 5;
  private static final int DIMENSIONS_DRAWN = 48;

  private BasisReport() {}

  // ---------------------------------------------------------------- rotation

  /// What rotations changed.
  ///
  /// @param suite the tests and controls, after all texts
  public static Table rotation(RotationSuite suite) {
    Table.Builder table =
        Table.named("rotation")
            .title("What a rotation of the whole stream changes")
            .text("rotation", "the test, or a control that is meant to fail")
            .text("precision", "how numbers are stored")
            .real("max_logit_change", "", "largest change of any logit")
            .real("cross_entropy", "nats", "per token, before")
            .real("change", "nats", "what the rotation adds, mean over texts")
            .text("change_95", "its 95 % interval over texts");
    for (RotationSuite.Outcome outcome : suite.outcomes()) {
      table.row(
          switch (outcome.kind()) {
            case EXACT -> "test";
            case CONTROL -> "CONTROL folded";
            case UNFOLDED_CONTROL -> "CONTROL unfolded";
          },
          outcome.dtype().toString().toLowerCase(Locale.ROOT),
          outcome.largestLogitChange(),
          outcome.crossEntropy().mean(),
          outcome.crossEntropyChange().mean(),
          Intervals.text(outcome.crossEntropyChange()));
    }
    suite.refusal().ifPresent(why -> table.note("The test is refused. " + why + "."));
    return table
        .note(
            "The test is in coordinates: "
                + suite.coordinates()
                + ". Controls are meant to fail: weights that act on single coordinates stay as they are, and in the unfolded one the norms' gains too.")
        .build();
  }

  /// Which pathways survive a rotation.
  ///
  /// @param found by name
  public static Report pathways(Map<String, RotationSurvival> found) {
    Table.Builder table =
        Table.named("rotation_survival")
            .title("Which pathways compute the same after the stream is rotated")
            .text("pathway", "its name, or a local mixer's")
            .text("survives", "which rotations change nothing")
            .real("change", "", "largest change of a logit, as a share of the largest logit")
            .text("reason", "how its weights meet the stream");
    found.forEach((name, survival) ->
        table.row(
            name,
            switch (survival.verdict()) {
              case ANY -> "any rotation";
              case KEEPING_MEAN -> "keeping the mean";
              case NONE -> "no";
            },
            survival.change(),
            survival.reason()));
    return new Report(
        "Rotations and pathways",
        "random models of each pathway, float64, norms without gains",
        List.of(new Report.TableSection(table.build())),
        List.of(
            "Each was found by rotating a random model; a gain that stays one number for all coordinates, as at the start of training, survives."));
  }

  // ---------------------------------------------------------------- the experiment

  /// What became of models that were trained in different ways.
  ///
  /// @param arms one for each way
  /// @param settings what was trained
  /// @param text what they learned from
  public static Report experiment(
      List<BasisExperiment> arms, BasisExperiment.Settings settings, String text) {
    Table.Builder losses =
        Table.named("losses")
            .title("How well the models learned")
            .text("arm", "how they were trained")
            .real("loss", "nats", "per byte, on what they were not trained on, mean over seeds")
            .text("loss_95", "its 95 % interval over seeds");
    Table.Builder places =
        Table.named("experiment")
            .title("Kurtosis of the stream after training, without the first position")
            .text("arm", "how they were trained")
            .text("place", "where along depth")
            .real("kurtosis", "", "in the stream's coordinates, mean over seeds")
            .text("kurtosis_95", "its 95 % interval over seeds")
            .real("optimizers", "", "in the coordinates that the optimizer saw")
            .text("optimizers_95", "its 95 % interval over seeds")
            .real("rotated", "", "in coordinates that nobody saw");
    List<LineChart.Series> lines = new ArrayList<>();
    for (BasisExperiment arm : arms) {
      String name = armName(arm.arm());
      losses.row(name, arm.loss().mean(), Intervals.text(arm.loss()));
      for (BasisExperiment.Layer layer : arm.layers()) {
        places.row(
            name,
            layer.place(),
            layer.kurtosis().mean(),
            Intervals.text(layer.kurtosis()),
            layer.optimizers().mean(),
            Intervals.text(layer.optimizers()),
            layer.rotated().mean());
      }
      lines.add(
          LineChart.Series.of(
              name + ", stream",
              arm.layers().stream().mapToDouble(layer -> layer.kurtosis().mean()).toArray()));
      lines.add(
          LineChart.Series.of(
              name + ", optimizer's coordinates",
              arm.layers().stream().mapToDouble(layer -> layer.optimizers().mean()).toArray()));
    }
    LineChart chart =
        new LineChart(
            "experiment_lines",
            "Kurtosis of the stream after training",
            "place, from the embedding to the end",
            "kurtosis, mean over seeds",
            lines,
            List.of());
    return new Report(
        "Where a basis of the stream comes from",
        String.format(
            Locale.ROOT,
            "%d seeds, %d blocks, d_model %d, %,d steps of %d windows of %d bytes of %s",
            settings.seeds().size(),
            settings.layers(),
            settings.dModel(),
            settings.steps(),
            settings.batch(),
            settings.window(),
            text),
        List.of(
            new Report.TableSection(losses.build()),
            new Report.TableSection(places.build()),
            new Report.LineSection(chart)),
        List.of(
            String.format(
                Locale.ROOT,
                "Norms have no gains and weights do not decay. A random direction of %d coordinates gives %.4f. Compare kurtoses only where losses are alike: a model that has learned less is also nearer to its random start.",
                settings.dModel(),
                Kurtosis.expected(settings.dModel()))));
  }

  private static String armName(BasisExperiment.Arm arm) {
    return switch (arm) {
      case ADAM -> "Adam";
      case SGD -> "SGD";
      case ROTATED_ADAM -> "rotated Adam";
    };
  }

  // ---------------------------------------------------------------- coordinates

  /// Kurtosis at each place.
  ///
  /// @param kurtosis after all texts
  /// @param first whether the first position counts
  /// @param dModel width of the stream
  public static Table kurtosis(Kurtosis kurtosis, FirstPosition first, int dModel) {
    Table.Builder table =
        Table.named("kurtosis" + suffix(first))
            .title("Kurtosis over a token's coordinates, " + first)
            .text("place", "where along depth")
            .real("kurtosis", "", "mean over texts and tokens")
            .text("kurtosis_95", "its 95 % interval over texts")
            .real("rotated", "", "the same after a random rotation")
            .real("excess", "", "how much larger than rotated")
            .text("excess_95", "its 95 % interval over texts");
    for (Kurtosis.Layer layer : kurtosis.layers(first)) {
      table.row(
          layer.place(),
          layer.kurtosis().mean(),
          Intervals.text(layer.kurtosis()),
          layer.rotated().mean(),
          layer.excess().mean(),
          Intervals.text(layer.excess()));
    }
    return table
        .note(
            String.format(
                Locale.ROOT,
                "A random direction of %d coordinates gives 3(d-1)/(d+1) = %.4f; more speaks for a basis of its own, that much does not speak against one.",
                dModel,
                Kurtosis.expected(dModel)))
        .build();
  }

  /// What stands out at each place.
  ///
  /// @param outliers after all texts
  /// @param rules when something does
  /// @param first whether the first position counts
  public static Table outliers(Outliers outliers, Outliers.Rules rules, FirstPosition first) {
    Table.Builder table =
        Table.named("outliers" + suffix(first))
            .title("What stands out, " + first)
            .text("place", "where along depth")
            .integer("tokens", "", "how many were seen")
            .real("max", "", "largest size of any value")
            .real("second", "", "second largest")
            .real("third", "", "third largest")
            .real("median", "", "of the sizes")
            .real("max_over_median", "", "the first over it")
            .real("hill", "", "Hill index of the tail; small is heavy")
            .integer("outlier_dims", "", "how many outlier dimensions")
            .integer("massive_dims", "", "how many massive dimensions")
            .text("longest", "dimensions with most of the squared length, and their share");
    for (Outliers.Layer layer : outliers.layers(first)) {
      table.row(
          layer.place(),
          layer.tokens(),
          layer.largest().get(0),
          layer.largest().get(1),
          layer.largest().get(2),
          layer.median(),
          layer.largestOverMedian(),
          layer.hill(),
          layer.outliers().size(),
          layer.massive().size(),
          longest(layer));
    }
    return table
        .note(
            String.format(
                Locale.ROOT,
                "Outlier dimension: |x| > %s at %s %% of the tokens. Massive: |x| > %s and %s times the median. Hill index of the %d largest at most.",
                NumberText.brief(rules.outlier()),
                NumberText.brief(100 * rules.outlierShare()),
                NumberText.brief(rules.massive()),
                NumberText.brief(rules.massiveRatio()),
                rules.tail()))
        .build();
  }

  private static String longest(Outliers.Layer layer) {
    return layer.longest(DIMENSIONS_NAMED).stream()
        .map(d -> String.format(Locale.ROOT, "%d %.0f%%", d.index(), 100 * d.share()))
        .collect(Collectors.joining("  "));
  }

  /// Every coordinate at every place.
  private static Table dimensions(Outliers outliers, FirstPosition first) {
    Table.Builder table =
        Table.named("dimensions" + suffix(first))
            .title("Every dimension, " + first)
            .text("place", "where along depth")
            .integer("dimension", "", "which coordinate")
            .real("max", "", "largest size")
            .real("beyond", "", "share of tokens beyond the bound of outliers")
            .real("share", "", "of the squared length")
            .real("mean", "", "over tokens")
            .real("deviation", "", "over tokens")
            .real("kurtosis", "", "of this dimension's values over tokens");
    for (Outliers.Layer layer : outliers.layers(first)) {
      for (Outliers.Dimension d : layer.dimensions()) {
        table.row(
            layer.place(),
            d.index(),
            d.largest(),
            d.beyond(),
            d.share(),
            d.mean(),
            d.deviation(),
            d.kurtosis());
      }
    }
    return table.build();
  }

  private static LineChart lines(Kurtosis kurtosis, int dModel) {
    List<LineChart.Series> series = new ArrayList<>();
    for (FirstPosition first : FirstPosition.values()) {
      List<Kurtosis.Layer> layers = kurtosis.layers(first);
      series.add(
          LineChart.Series.of(
              "stream, " + first,
              layers.stream().mapToDouble(layer -> layer.kurtosis().mean()).toArray()));
      series.add(
          LineChart.Series.of(
              "rotated, " + first,
              layers.stream().mapToDouble(layer -> layer.rotated().mean()).toArray()));
    }
    int count = kurtosis.layers(FirstPosition.KEPT).size();
    series.add(
        LineChart.Series.of(
            "a random direction",
            IntStream.range(0, count).mapToDouble(_ -> Kurtosis.expected(dModel)).toArray()));
    return new LineChart(
        "kurtosis_lines",
        "Kurtosis over a token's coordinates along depth",
        "place, from the embedding to the end",
        "kurtosis",
        series,
        List.of());
  }

  private static Heatmap shares(Outliers outliers) {
    List<Outliers.Layer> layers = outliers.layers(FirstPosition.LEFT_OUT);
    int dModel = layers.getFirst().dimensions().size();
    List<Integer> shown =
        dModel <= DIMENSIONS_DRAWN
            ? IntStream.range(0, dModel).boxed().toList()
            : layers.stream()
                .flatMap(layer -> layer.longest(DIMENSIONS_DRAWN / layers.size() + 1).stream())
                .map(Outliers.Dimension::index)
                .distinct()
                .sorted()
                .toList();
    double largest =
        layers.stream()
            .flatMap(layer -> layer.dimensions().stream())
            .mapToDouble(Outliers.Dimension::share)
            .max()
            .orElse(1);
    Heatmap.Builder map =
        Heatmap.named("shares", Legend.sequential("share of the squared length", 0, largest))
            .title("Along which dimensions the stream is long, without the first position")
            .rows("place")
            .columns("dimension", shown.stream().map(String::valueOf).toList());
    for (Outliers.Layer layer : layers.reversed()) {
      map.row(
          layer.place(),
          shown.stream()
              .map(i -> new Heatmap.Cell(layer.dimensions().get(i).share(), ""))
              .toList());
    }
    return map.note(
            shown.size() == dModel
                ? "every dimension"
                : "only dimensions that are among the longest somewhere")
        .build();
  }

  private static String suffix(FirstPosition first) {
    return first == FirstPosition.KEPT ? "_all" : "";
  }

  /// Everything that was found of a model over texts.
  ///
  /// @param model what it is called
  /// @param suite the rotation test
  /// @param kurtosis of tokens
  /// @param outliers of the coordinates
  /// @param rules when something stands out
  /// @param dModel width of the stream
  /// @param notes sentences that hold for all of it
  public static Report of(
      String model,
      RotationSuite suite,
      Kurtosis kurtosis,
      Outliers outliers,
      Outliers.Rules rules,
      int dModel,
      List<String> notes) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(rotation(suite)));
    for (FirstPosition first : List.of(FirstPosition.LEFT_OUT, FirstPosition.KEPT)) {
      sections.add(new Report.TableSection(kurtosis(kurtosis, first, dModel)));
      sections.add(new Report.TableSection(outliers(outliers, rules, first)));
    }
    sections.add(new Report.LineSection(lines(kurtosis, dModel)));
    sections.add(new Report.HeatmapSection(shares(outliers)));
    return new Report("Has the stream of " + model + " a basis of its own?", "", sections, notes);
  }

  /// The same with a row for every dimension, for files.
  ///
  /// @param report what [#of] gave
  /// @param outliers of the coordinates
  public static Report whole(Report report, Outliers outliers) {
    List<Report.Section> sections = new ArrayList<>(report.sections());
    sections.add(new Report.TableSection(dimensions(outliers, FirstPosition.LEFT_OUT)));
    return new Report(report.title(), report.subtitle(), sections, report.notes());
  }
}
