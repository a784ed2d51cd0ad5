package dev.weir.cli;

import dev.weir.geometry.StreamShape;
import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.readout.bandwidth.Bandwidth;
import dev.weir.readout.bandwidth.DimensionUse;
import dev.weir.readout.bandwidth.SubspaceOverlap;
import dev.weir.readout.bandwidth.Traffic;
import dev.weir.readout.bandwidth.VocabularySpace;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.text.Tokenizer;
import dev.weir.view.BandwidthReport;
import dev.weir.view.Report;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir bandwidth`: how the width of the stream is used.
@Command(
    name = "bandwidth",
    description =
        "Show how the width of the stream is used: bottlenecks, dimensions in use, and how far what is written lies where others read.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir bandwidth --text bundled --limit 32",
      "  weir bandwidth --subspace 3_mlp_in --text bundled",
      "  weir bandwidth --prompts prompts.jsonl --out bandwidth.html"
    })
final class BandwidthCommand implements Callable<Integer> {
  private static final int NEIGHBOURS = 10;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--energy",
      paramLabel = "SHARE",
      defaultValue = "0.9",
      description =
          "Which share of the energy of a component's weights its subspace holds. Default: ${DEFAULT-VALUE}.")
  private double energy = 0.9;

  @Option(
      names = "--outliers",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "How many of the coordinates that vary most are left out once. Default: ${DEFAULT-VALUE}.")
  private int outliers = 3;

  @Option(
      names = "--subspace",
      paramLabel = "READER",
      defaultValue = "unembed",
      description =
          "Whose subspace to follow along depth: unembed, 2_mlp_in, 0_attn_in. Default: ${DEFAULT-VALUE}.")
  private String subspace = "unembed";

  @Option(
      names = "--points",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "How many tokens intrinsic dimension and CKA are of at most. Default: ${DEFAULT-VALUE}.")
  private int points = 1000;

  @Option(
      names = "--places",
      paramLabel = "WHERE",
      description =
          "layers, sublayers, or readings: what sublayers read, where a pathway lets them read something else than a stream. Default: layers on the plain pathway, else readings.")
  private Optional<Places> places = Optional.empty();

  BandwidthCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    analysis.orBundledText(terminal);
    if (outliers < 0 || points < 1) {
      throw CliException.notHere(
          "--outliers %d and --points %d are not possible".formatted(outliers, points),
          "use at least 0 coordinates and 1 point");
    }
    try (Transformer transformer = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      analysis.emit(report(transformer, tokenizer), terminal);
    }
    return 0;
  }

  private Report report(Transformer transformer, Tokenizer tokenizer) {
    Places where = places.orElseGet(() -> BasisCommand.usualPlaces(transformer));
    Traffic traffic = new Traffic(transformer, energy);
    int _ = traffic.indexOf(subspace); // Complains before anything runs.
    DimensionUse use = new DimensionUse(transformer.spec(), where, outliers);
    StreamShape shape =
        new StreamShape(transformer.spec(), where, points, NEIGHBOURS, analysis.random());
    Capture capture =
        Traffic.capture().and(where.capture().globs().toArray(String[]::new)).withoutLogits();
    String[] bos = {""};
    analysis
        .texts(tokenizer, transformer, terminal)
        .forEach(text -> {
          bos[0] = text.bos();
          try (StreamTrace trace = transformer.trace(text.ids(), capture)) {
            use.read(trace);
            shape.read(trace);
            traffic.read(transformer, trace);
          }
        });
    return BandwidthReport.of(
        analysis.name(terminal),
        Bandwidth.of(transformer.spec()),
        use,
        SubspaceOverlap.of(transformer, energy),
        traffic,
        subspace,
        VocabularySpace.of(transformer),
        shape,
        analysis.whole() ? BandwidthReport.Detail.EVERYTHING : BandwidthReport.Detail.SUMMARY,
        List.of(bos[0], "Streams are in raw coordinates, before any norm."));
  }
}
