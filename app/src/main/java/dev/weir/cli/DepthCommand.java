package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.depth.AngularDistance;
import dev.weir.readout.depth.BlockRanking;
import dev.weir.readout.depth.ContributionGraph;
import dev.weir.readout.depth.DepthEffects;
import dev.weir.readout.depth.DepthExperiment;
import dev.weir.readout.depth.DepthProfile;
import dev.weir.readout.depth.LinearPredictability;
import dev.weir.stream.StreamTrace;
import dev.weir.text.Tokenizer;
import dev.weir.view.DepthReport;
import dev.weir.view.GraphReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir depth`: what each block is worth.
@Command(
    name = "depth",
    description =
        "Say what each block of a model is worth: how far it turns the stream, what the loss is without it or with it and the next exchanged, whether a linear map could stand for it, and by which block answers are settled. With --graph: what one answer came through.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir depth --text bundled --limit 16",
      "  weir depth --text story.txt --skip 2,3 --repeat 1x3 --parallel 1-3 --out depth.html",
      "  weir depth --graph --out graph.svg \"Once upon a time, there was a little\""
    })
final class DepthCommand implements Callable<Integer> {
  /// In units of the mean variance of a feature: enough to make every system solvable.
  private static final double RIDGE = 1e-4;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--skip",
      paramLabel = "BLOCKS",
      description = "Also leave these out together: 3, 3,4 or 2-5. May be given again.")
  private List<String> skip = List.of();

  @Option(
      names = "--repeat",
      paramLabel = "BLOCKxN",
      description = "Also run a block N times in a row, for instance 2x3. May be given again.")
  private List<String> repeat = List.of();

  @Option(
      names = "--parallel",
      paramLabel = "FIRST-LAST",
      description =
          "Also run a group of blocks side by side and go on with the mean of what they leave. May be given again.")
  private List<String> parallel = List.of();

  @Option(
      names = "--reverse",
      paramLabel = "FIRST-LAST",
      description = "Also run a group of blocks from last to first. May be given again.")
  private List<String> reverse = List.of();

  @Option(
      names = "--all-positions",
      description =
          "Take angles at all positions. Default: at the last of each text, as the paper does.")
  private boolean allPositions;

  @Option(names = "--graph", description = "Show what the answer to one text came through instead.")
  private boolean graph;

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      defaultValue = "-1",
      description =
          "With --graph: after which position; negative counts from the end. Default: the last.")
  private int position = -1;

  @Option(
      names = "--threshold",
      paramLabel = "SHARE",
      defaultValue = "0.04",
      description = "With --graph: the least share to follow. Default: ${DEFAULT-VALUE}.")
  private double threshold = 0.04;

  DepthCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    if (!graph) {
      analysis.orBundledText(terminal);
    }
    try (Transformer model = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      AnalysisOptions.Texts texts = analysis.texts(tokenizer, model, terminal);
      if (graph) {
        traceBack(model, tokenizer, texts.only());
      } else {
        measure(model, texts);
      }
    }
    return 0;
  }

  private void traceBack(Transformer model, Tokenizer tokenizer, AnalysisOptions.Text text) {
    try (StreamTrace trace = model.trace(text.ids(), ContributionGraph.capture())) {
      ContributionGraph found = ContributionGraph.of(model, trace, position, threshold);
      List<String> tokens = Arrays.stream(text.ids()).mapToObj(tokenizer::token).toList();
      List<String> notes = List.of(text.bos(), about(model));
      analysis.emit(
          new GraphReport(analysis.name(terminal), tokens, found, threshold, notes).report(),
          terminal);
    }
  }

  private static String about(Transformer model) {
    return model.spec().family() + ", run in " + model.dtype();
  }

  // ---------------------------------------------------------------- every block

  private void measure(Transformer model, AnalysisOptions.Texts texts) {
    Experiments experiments = experiments(model.spec());
    BlockRanking ranking =
        BlockRanking.over(
            model, allPositions ? AngularDistance.Positions.ALL : AngularDistance.Positions.LAST);
    DepthProfile profile = DepthProfile.over(model);
    Set<String> notes = new LinkedHashSet<>();
    try (DepthEffects.Reader effects = DepthEffects.over(model, experiments.all);
        LinearPredictability.Fit fit = LinearPredictability.over(model, 1, RIDGE)) {
      texts.forEach(text -> {
        notes.add(text.bos());
        effects.add(text.ids());
        try (StreamTrace trace = model.trace(text.ids(), DepthProfile.capture())) {
          ranking.add(trace);
          profile.add(trace);
          fit.add(trace);
        }
      });
      notes.add(about(model));
      notes.addAll(experiments.notes);
      if (!fit.enough()) {
        notes.add("R² needs at least four texts: a map is fitted on some and tried on others");
      }
      DepthReport report =
          new DepthReport(
              analysis.name(terminal),
              ranking,
              profile,
              effects.effects(),
              experiments.swaps,
              fit.enough() ? Optional.of(fit.fitted()) : Optional.empty(),
              List.copyOf(notes));
      analysis.emit(report.report(), terminal);
    }
  }

  /// What is done to the model: every block skipped first, then swaps, then what was asked for.
  ///
  /// @param all the experiments
  /// @param swaps which of them are swaps with the next block
  /// @param notes what could not be done, and what was done instead
  private record Experiments(List<DepthExperiment> all, List<Integer> swaps, List<String> notes) {}

  private Experiments experiments(TransformerSpec spec) {
    Experiments found = new Experiments(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int block = 0; block < spec.nLayers(); block++) {
      found.all.add(DepthExperiment.skip(spec, block));
    }
    if (found.all.stream().anyMatch(DepthExperiment.Silenced.class::isInstance)) {
      found.notes.add(
          "skipping is silencing where a block cannot go: it runs, but writes zero, and the pathway goes on");
    }
    for (int block = 0; block + 1 < spec.nLayers(); block++) {
      DepthExperiment swap = DepthExperiment.swap(spec, block);
      Optional<String> problem = swap.problem(spec);
      if (problem.isPresent()) {
        found.notes.add("no swaps: " + problem.get());
        break;
      }
      found.swaps.add(found.all.size());
      found.all.add(swap);
    }
    found.all.addAll(asked(spec));
    return found;
  }

  private List<DepthExperiment> asked(TransformerSpec spec) {
    List<DepthExperiment> asked = new ArrayList<>();
    for (String blocks : skip) {
      asked.add(DepthExperiment.skip(spec, BlockLists.parse("--skip", blocks)));
    }
    for (String block : repeat) {
      String[] parts = block.split("x", -1);
      if (parts.length != 2) {
        throw CliException.notHere(
            "--repeat %s says no block and number".formatted(block), "write it as 2x3");
      }
      asked.add(
          DepthExperiment.repeat(
              spec,
              BlockLists.number("--repeat", parts[0], block),
              BlockLists.number("--repeat", parts[1], block)));
    }
    for (String group : parallel) {
      BlockLists.Range range = BlockLists.range("--parallel", group);
      asked.add(new DepthExperiment.Parallel(range.first(), range.last()));
    }
    for (String group : reverse) {
      BlockLists.Range range = BlockLists.range("--reverse", group);
      asked.add(DepthExperiment.reverse(spec, range.first(), range.last()));
    }
    return asked;
  }
}
