package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.Places;
import dev.weir.readout.basis.BasisExperiment;
import dev.weir.readout.basis.Kurtosis;
import dev.weir.readout.basis.Outliers;
import dev.weir.readout.basis.RotationSuite;
import dev.weir.readout.basis.RotationSurvival;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.text.Tokenizer;
import dev.weir.view.BasisReport;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir basis`: whether the stream has a basis of its own.
@Command(
    name = "basis",
    description =
        "Test whether the stream has a basis of its own: rotate it, measure the kurtosis of its coordinates, find dimensions that stand out.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir basis --text bundled --limit 8",
      "  weir basis --control \"Once upon a time, there was a little\"",
      "  weir basis --prompts prompts.jsonl --out basis.html",
      "  weir basis --pathways",
      "  weir basis --experiment --steps 600 --seeds 3"
    })
final class BasisCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--control",
      description =
          "Also run what a rotation may not do, to show the test's power: rotate without folding the norms' gains first.")
  private boolean control;

  @Option(
      names = "--precision",
      paramLabel = "DTYPE",
      split = ",",
      defaultValue = "float64,float32,bfloat16",
      description = "In which precisions to rotate. Default: ${DEFAULT-VALUE}.")
  private List<String> precisions = List.of("float64");

  @Option(
      names = "--places",
      paramLabel = "WHERE",
      description =
          "layers, sublayers, or readings: what sublayers read, where a pathway lets them read something else than a stream. Default: layers on the plain pathway, else readings.")
  private Optional<Places> places = Optional.empty();

  @Option(
      names = "--pathways",
      description = "Say which pathways survive a rotation, and why; needs no model.")
  private boolean pathways;

  @Option(
      names = "--experiment",
      description =
          "Train small models on the bytes of a text with Adam, with plain gradient descent, and with an Adam that sees a rotated stream, and compare their kurtosis; needs no model.")
  private boolean experiment;

  @Mixin private BasisTraining training = new BasisTraining();

  BasisCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    if (pathways) {
      analysis.emit(BasisReport.pathways(survivals()), terminal);
      return 0;
    }
    if (experiment) {
      analysis.emit(experimented(), terminal);
      return 0;
    }
    analysis.orBundledText(terminal);
    List<DType> dtypes = precisions.stream().map(DType::parse).toList();
    try (Transformer transformer = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal);
        RotationSuite suite =
            RotationSuite.of(
                transformer,
                dtypes,
                control ? RotationSuite.Controls.RUN : RotationSuite.Controls.NONE,
                analysis.random())) {
      analysis.emit(report(transformer, tokenizer, suite), terminal);
    }
    return 0;
  }

  private Report report(Transformer transformer, Tokenizer tokenizer, RotationSuite suite) {
    Places where = places.orElseGet(() -> usualPlaces(transformer));
    Outliers.Rules rules = Outliers.Rules.usual();
    Kurtosis kurtosis = new Kurtosis(transformer.spec(), where, analysis.random());
    Outliers outliers = new Outliers(transformer.spec(), where, rules, analysis.random());
    String[] bos = {""};
    analysis
        .texts(tokenizer, transformer, terminal)
        .forEach(text -> {
          bos[0] = text.bos();
          try (StreamTrace trace = transformer.trace(text.ids(), Kurtosis.capture(where))) {
            kurtosis.read(trace);
            outliers.read(trace);
          }
          suite.read(text.ids());
        });
    Report report =
        BasisReport.of(
            analysis.name(terminal),
            suite,
            kurtosis,
            outliers,
            rules,
            transformer.spec().dModel(),
            List.of(
                bos[0],
                "Kurtosis and dimensions are those of the stream as it runs: raw coordinates, before any norm."));
    return analysis.whole() ? BasisReport.whole(report, outliers) : report;
  }

  private Report experimented() {
    BasisExperiment.Settings settings = training.settings(analysis.seed());
    Path file = training.file(terminal);
    try (Progress progress = terminal.progress("training", settings.allSteps(), "steps")) {
      List<BasisExperiment> arms =
          BasisExperiment.run(
              BasisExperiment.bytes(training.text(file)),
              settings,
              (done, arm, loss) ->
                  progress.reached(
                      done,
                      String.format(
                          Locale.ROOT,
                          "%s, loss %.3f",
                          arm.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                          loss)));
      return BasisReport.experiment(arms, settings, String.valueOf(file.getFileName()));
    }
  }

  static Places usualPlaces(Transformer transformer) {
    return transformer.spec().pathway() instanceof PreNorm ? Places.LAYERS : Places.READINGS;
  }

  private Map<String, RotationSurvival> survivals() {
    Map<String, RotationSurvival> found = new LinkedHashMap<>();
    var kinds = RotationSurvival.kinds();
    try (Progress progress = terminal.progress("rotating", kinds.size(), "models")) {
      kinds.forEach((name, spec) -> {
        found.put(name, RotationSurvival.of(spec, analysis.random()));
        progress.reached(found.size());
      });
    }
    return found;
  }
}
