package dev.weir.view;

import dev.weir.geometry.StreamShape;
import dev.weir.readout.Estimate;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.bandwidth.Bandwidth;
import dev.weir.readout.bandwidth.DimensionUse;
import dev.weir.readout.bandwidth.Spectrum;
import dev.weir.readout.bandwidth.SubspaceOverlap;
import dev.weir.readout.bandwidth.Traffic;
import dev.weir.readout.bandwidth.VocabularySpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What `weir bandwidth` found, as tables and pictures.
public final class BandwidthReport {
  private static final int PAIRS_SHOWN = 12;
  private static final int LARGEST_GRID = 64;
  private static final double NEARLY_ALL = 0.9;

  private BandwidthReport() {}

  /// Everything that was found.
  ///
  /// @param model what it is called
  /// @param bandwidth its ratios
  /// @param use of dimensions, after all texts
  /// @param overlap of its weights
  /// @param traffic of its runs, after all texts
  /// @param subspace whose subspace is followed along depth, a reader of the traffic
  /// @param vocabulary of embedding and unembedding
  /// @param shape of the stream as a cloud of points
  /// @param detail whether every writer and reader is listed
  /// @param notes sentences that hold for all of it
  public static Report of(
      String model,
      Bandwidth bandwidth,
      DimensionUse use,
      SubspaceOverlap overlap,
      Traffic traffic,
      String subspace,
      VocabularySpace vocabulary,
      StreamShape shape,
      Detail detail,
      List<String> notes) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(ratios(bandwidth)));
    sections.add(new Report.TableSection(values(bandwidth)));
    sections.add(new Report.TableSection(spectra(use, FirstPosition.LEFT_OUT)));
    sections.add(new Report.TableSection(spectra(use, FirstPosition.KEPT)));
    sections.add(new Report.LineSection(lines(use)));
    sections.add(new Report.TableSection(vocabulary(vocabulary)));
    List<StreamShape.Layer> clouds = shape.layers();
    sections.add(new Report.TableSection(intrinsic(clouds)));
    sections.add(
        new Report.HeatmapSection(
            similarity(shape, clouds.stream().map(StreamShape.Layer::place).toList())));
    sections.add(new Report.TableSection(pairs(overlap)));
    if (detail == Detail.EVERYTHING) {
      sections.add(new Report.TableSection(every(overlap)));
    }
    if (overlap.writers().size() <= LARGEST_GRID && overlap.readers().size() <= LARGEST_GRID) {
      sections.add(new Report.HeatmapSection(compositions(overlap)));
    }
    sections.add(
        new Report.TableSection(
            switch (detail) {
              case SUMMARY -> flows(traffic, List.of(traffic.indexOf(subspace)));
              case EVERYTHING ->
                  flows(traffic, IntStream.range(0, traffic.readers().size()).boxed().toList());
            }));
    sections.add(new Report.HeatmapSection(inside(traffic)));
    sections.add(new Report.TableSection(depth(traffic, subspace)));
    return new Report("How the width of the stream of " + model + " is used", "", sections, notes);
  }

  /// How much is listed.
  public enum Detail {
    /// What stands out.
    SUMMARY,
    /// Every pair.
    EVERYTHING
  }

  // ---------------------------------------------------------------- the model

  private static Table ratios(Bandwidth bandwidth) {
    Table.Builder table =
        Table.named("bottleneck")
            .title(
                "Dimensions of computation for each of the stream's %d"
                    .formatted(bandwidth.dModel()))
            .text("place", "where along depth")
            .real("neurons_before", "", "MLP neurons before, for each dimension")
            .real("neurons_after", "", "MLP neurons after")
            .real("before", "", "neurons and dimensions of heads before")
            .real("after", "", "neurons and dimensions of heads after");
    for (Bandwidth.Place place : bandwidth.places()) {
      table.row(
          place.place(),
          place.neuronsBefore(),
          place.neuronsAfter(),
          place.before(),
          place.after());
    }
    return table.build();
  }

  private static Table values(Bandwidth bandwidth) {
    Table.Builder table =
        Table.named("value_bottleneck")
            .title("What attention can move from one position to another")
            .integer("layer", "", "block")
            .integer("head_dims", "", "dimensions that one head passes")
            .integer("layer_dims", "", "dimensions that all heads pass, at most")
            .real("head_share", "", "of the stream")
            .real("layer_share", "", "of the stream");
    for (Bandwidth.Values values : bandwidth.values()) {
      table.row(
          values.layer(),
          values.ofHead(),
          values.ofLayer(),
          values.shareOfHead(),
          values.shareOfLayer());
    }
    return table.build();
  }

  private static Table vocabulary(VocabularySpace vocabulary) {
    Table.Builder table =
        spectrumColumns(
            Table.named("vocabulary")
                .title("Dimensions that the vocabulary takes")
                .text("matrix", "whose rows, centred"));
    addSpectrum(table, vocabulary.embedding(), "embedding");
    addSpectrum(table, vocabulary.unembedding(), "unembedding");
    addSpectrum(table, vocabulary.joint(), "both, rows of length 1");
    return table
        .note(
            String.format(
                Locale.ROOT,
                "In %d of %d joint directions one side has %.0f %% of the energy. The unembedding has the final norm's gain in it.",
                vocabulary.exclusive(NEARLY_ALL),
                vocabulary.embeddingShares().size(),
                100 * NEARLY_ALL))
        .build();
  }

  // ---------------------------------------------------------------- the stream

  private static Table.Builder spectrumColumns(Table.Builder table) {
    return table
        .real("participation", "", "participation ratio (Σλ)²/Σλ²")
        .real("effective_rank", "", "exp of the entropy of eigenvalues")
        .real("stable_rank", "", "Σλ/λmax")
        .real("pc1_share", "", "variance along the first direction")
        .integer("d90", "", "directions for 90 % of the variance")
        .integer("d95", "", "for 95 %")
        .integer("d99", "", "for 99 %");
  }

  private static void addSpectrum(Table.Builder table, Spectrum spectrum, Object... before) {
    List<Object> row = new ArrayList<>(List.of(before));
    row.add(spectrum.participationRatio());
    row.add(spectrum.effectiveRank());
    row.add(spectrum.stableRank());
    row.add(spectrum.firstShare());
    row.add(spectrum.dimensionsFor(0.9));
    row.add(spectrum.dimensionsFor(0.95));
    row.add(spectrum.dimensionsFor(0.99));
    table.row(row.toArray());
  }

  private static Table spectra(DimensionUse use, FirstPosition first) {
    Table.Builder table =
        Table.named(first == FirstPosition.KEPT ? "dimensions_all" : "dimensions")
            .title("Dimensions of the stream in use, " + first)
            .text("place", "where along depth")
            .text("coordinates", "all, or without those that vary most")
            .text("participation_95", "95 % interval of the next column");
    spectrumColumns(table);
    List<DimensionUse.Layer> layers = use.layers(first);
    for (DimensionUse.Layer layer : layers) {
      addSpectrum(
          table,
          layer.spectrum(),
          layer.place(),
          "all",
          Intervals.text(layer.participationRatio()));
      if (!layer.outliers().isEmpty()) {
        addSpectrum(
            table,
            layer.withoutOutliers(),
            layer.place(),
            "without "
                + layer.outliers().stream().map(String::valueOf).collect(Collectors.joining(" ")),
            "");
      }
    }
    long tokens = layers.getFirst().tokens();
    int dModel = layers.getFirst().spectrum().eigenvalues().length;
    table.note(
        String.format(
            Locale.ROOT,
            "Eigenvalues of the centred covariance of %,d tokens; intervals by leaving out groups of texts.",
            tokens));
    if (tokens < 10L * dModel) {
      table.note(
          "So few tokens for %d dimensions make the stream look narrower than it is; read more text."
              .formatted(dModel));
    }
    return table.build();
  }

  private static LineChart lines(DimensionUse use) {
    List<DimensionUse.Layer> layers = use.layers(FirstPosition.LEFT_OUT);
    return new LineChart(
        "dimension_lines",
        "Dimensions of the stream in use, without the first position",
        "place, from the embedding to the end",
        "dimensions",
        List.of(
            line("participation ratio", layers, layer -> layer.spectrum().participationRatio()),
            line("effective rank", layers, layer -> layer.spectrum().effectiveRank()),
            line("for 90 %", layers, layer -> layer.spectrum().dimensionsFor(0.9)),
            line(
                "participation ratio without outliers",
                layers,
                layer -> layer.withoutOutliers().participationRatio())),
        List.of());
  }

  private static LineChart.Series line(
      String name,
      List<DimensionUse.Layer> layers,
      java.util.function.ToDoubleFunction<DimensionUse.Layer> measure) {
    return LineChart.Series.of(name, layers.stream().mapToDouble(measure).toArray());
  }

  // ---------------------------------------------------------------- weights

  private record Named(String writer, String reader, SubspaceOverlap.Pair pair) {}

  private static List<Named> reaching(SubspaceOverlap overlap) {
    List<Named> all = new ArrayList<>();
    for (int w = 0; w < overlap.writers().size(); w++) {
      for (int r = 0; r < overlap.readers().size(); r++) {
        if (overlap.pair(w, r).reaches()) {
          all.add(
              new Named(overlap.writers().get(w), overlap.readers().get(r), overlap.pair(w, r)));
        }
      }
    }
    return all;
  }

  private static Table.Builder pairColumns(String name, String title) {
    return Table.named(name)
        .title(title)
        .text("writer", "who writes")
        .text("reader", "who reads")
        .real("composition", "", "norm of the product over the product of norms")
        .real("overlap", "", "share of the smaller subspace inside the larger")
        .real("chance", "", "the overlap of random subspaces of these sizes")
        .real("cosine", "", "of the smallest principal angle")
        .integer("writer_dims", "", "directions of the writer's subspace")
        .integer("reader_dims", "", "directions of the reader's subspace");
  }

  private static Table filled(Table.Builder table, List<Named> pairs, SubspaceOverlap overlap) {
    for (Named named : pairs) {
      SubspaceOverlap.Pair pair = named.pair;
      table.row(
          named.writer,
          named.reader,
          pair.composition(),
          pair.overlap(),
          pair.chance(),
          pair.cosines().length == 0 ? Cell.missing() : pair.cosines()[0],
          pair.writerRank(),
          pair.readerRank());
    }
    table.note(
        String.format(
            Locale.ROOT,
            "Raw weights with the norms' gains multiplied in. Unrelated matrices compose by %.3f on average.",
            overlap.chanceComposition()));
    if (!overlap.caution().isEmpty()) {
      table.note(overlap.caution());
    }
    return table.build();
  }

  private static Table pairs(SubspaceOverlap overlap) {
    List<Named> strongest =
        reaching(overlap).stream()
            .sorted(
                Comparator.comparingDouble((Named named) -> named.pair.composition()).reversed())
            .limit(PAIRS_SHOWN)
            .toList();
    return filled(
        pairColumns("composition", "Writers and readers whose weights fit best"),
        strongest,
        overlap);
  }

  private static Table every(SubspaceOverlap overlap) {
    return filled(
        pairColumns("overlap", "Every writer and the readers that it reaches"),
        reaching(overlap),
        overlap);
  }

  private static Heatmap compositions(SubspaceOverlap overlap) {
    double largest =
        reaching(overlap).stream()
            .mapToDouble(named -> named.pair.composition())
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    Heatmap.Builder map =
        Heatmap.named("composition_grid", Legend.sequential("composition", 0, largest))
            .title("Composition of writers and readers, by weights")
            .rows("writer")
            .columns("reader", overlap.readers());
    for (int w = 0; w < overlap.writers().size(); w++) {
      int writer = w;
      map.row(
          overlap.writers().get(w),
          IntStream.range(0, overlap.readers().size())
              .mapToObj(r -> overlap.pair(writer, r))
              .map(pair -> new Heatmap.Cell(pair.reaches() ? pair.composition() : Double.NaN, ""))
              .toList());
    }
    return map.note("empty: the write comes after the reading").build();
  }

  // ---------------------------------------------------------------- runs

  private static Table flows(Traffic traffic, List<Integer> readers) {
    Table.Builder table =
        Table.named("traffic")
            .title("What arrives of each write where others read")
            .text("writer", "who wrote")
            .text("reader", "who reads")
            .real("size", "", "energy of the write beside that of all that is read")
            .real("inside", "", "share of it in the reader's subspace, mean over texts")
            .text("inside_95", "its 95 % interval over texts")
            .real("chance", "", "the share of a random vector");
    for (int r : readers) {
      for (int w = 0; w < traffic.writers().size(); w++) {
        Traffic.Flow flow = traffic.flow(w, r);
        if (flow.inside().count() > 0) {
          table.row(
              traffic.writers().get(w),
              traffic.readers().get(r),
              flow.size().mean(),
              flow.inside().mean(),
              Intervals.text(flow.inside()),
              traffic.chance(r));
        }
      }
    }
    return table
        .note(
            "Writes are carried by the pathway with its routing frozen; subspaces are those of the reading weights with their norm's gain; without the first position; before the norm.")
        .build();
  }

  private static Heatmap inside(Traffic traffic) {
    Heatmap.Builder map =
        Heatmap.named("traffic_grid", Legend.sequential("share in the reader's subspace", 0, 1))
            .title("Which share of each write lies where others read")
            .rows("writer")
            .columns("reader", traffic.readers());
    for (int w = 0; w < traffic.writers().size(); w++) {
      int writer = w;
      map.row(
          traffic.writers().get(w),
          IntStream.range(0, traffic.readers().size())
              .mapToObj(r -> new Heatmap.Cell(traffic.flow(writer, r).inside().mean(), ""))
              .toList());
    }
    return map.build();
  }

  private static Table depth(Traffic traffic, String subspace) {
    int reader = traffic.indexOf(subspace);
    Table.Builder table =
        Table.named("subspace")
            .title("How much of the stream lies where %s reads".formatted(subspace))
            .text("place", "where along depth")
            .real("inside", "", "share of the energy, mean over texts")
            .text("inside_95", "its 95 % interval over texts")
            .real("chance", "", "the share of a random vector");
    for (int p = 0; p < traffic.places().size(); p++) {
      Estimate inside = traffic.insideAlongDepth(p, reader);
      table.row(
          traffic.places().get(p), inside.mean(), Intervals.text(inside), traffic.chance(reader));
    }
    return table.build();
  }

  // ---------------------------------------------------------------- shape

  private static Table intrinsic(List<StreamShape.Layer> layers) {
    Table.Builder table =
        Table.named("intrinsic_dimension")
            .title("How many dimensions the points of the stream have where they are")
            .text("place", "where along depth")
            .integer("points", "", "different ones")
            .real("two_nn", "", "TwoNN, maximum likelihood")
            .real("two_nn_line", "", "TwoNN, a line without the largest tenth")
            .real("levina_bickel", "", "mean of the local estimates")
            .real("mackay", "", "inverse mean of their inverses");
    for (StreamShape.Layer layer : layers) {
      table.row(
          layer.place(),
          layer.different(),
          layer.twoNn(),
          layer.twoNnLine(),
          layer.levinaBickel(),
          layer.mackayGhahramani());
    }
    return table
        .note(
            "One sample of tokens without the first position, points at the same place taken once; estimates grow with the number of points, and a few hundred say little.")
        .build();
  }

  private static Heatmap similarity(StreamShape shape, List<String> labels) {
    Heatmap.Builder map =
        Heatmap.named("cka", Legend.sequential("CKA", 0, 1))
            .title("How alike the stream is at two places (linear CKA, unbiased)")
            .rows("place")
            .columns("place", labels);
    for (int i = 0; i < labels.size(); i++) {
      int row = i;
      map.row(
          labels.get(i),
          IntStream.range(0, labels.size())
              .mapToDouble(column -> shape.similarity(row, column))
              .mapToObj(value -> new Heatmap.Cell(value, NumberText.fixed(value, 2)))
              .toList());
    }
    return map.build();
  }
}
