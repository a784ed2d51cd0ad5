package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.lens.LensSurvey;
import dev.weir.readout.lens.Translators;
import dev.weir.readout.lens.TunedLensTraining;
import dev.weir.readout.lens.TunedLensTraining.Method;
import dev.weir.readout.lens.TunedLensTraining.Settings;
import dev.weir.text.Tokenizer;
import dev.weir.view.LensReport;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How a lens is tuned.
final class LensTuning {
  /// One text in so many is kept apart, to say how good the lens is.
  private static final int KEPT_APART = 8;

  @Option(
      names = "--train",
      paramLabel = "FOLDER",
      description =
          "Tune a lens on the texts and write it here, in the files of the tuned-lens library. An eighth of the texts is kept apart.")
  private Optional<Path> folder = Optional.empty();

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "250",
      description = "How many updates tuning makes. Default: ${DEFAULT-VALUE}.")
  private int steps = 250;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "How many texts an update sees. Default: ${DEFAULT-VALUE}.")
  private int batch = 8;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "sgd",
      description = "sgd (with Nesterov's momentum) or adam. Default: ${DEFAULT-VALUE}.")
  private Method optimizer = Method.SGD;

  @Option(
      names = "--lr-scale",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "What the usual learning rate (0.1 for sgd, 0.001 for adam) is multiplied with. Default: ${DEFAULT-VALUE}.")
  private double scale = 1;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      defaultValue = "0.001",
      description =
          "How strongly the lens is drawn back to the logit lens. Default: ${DEFAULT-VALUE}.")
  private double decay = 1e-3;

  boolean wanted() {
    return folder.isPresent();
  }

  /// Tunes a lens, writes it, and says how good it is.
  Report run(AnalysisOptions analysis, Transformer model, Tokenizer tokenizer, Terminal terminal) {
    Path where = folder.orElseThrow();
    Translators.requireRoom(where);
    Settings settings = new Settings(steps, batch, optimizer, scale, decay, analysis.seed());
    List<int[]> learned = new ArrayList<>();
    List<int[]> apart = new ArrayList<>();
    analysis
        .texts(tokenizer, model, terminal)
        .forEach(text -> {
          boolean keptApart = (learned.size() + apart.size()) % KEPT_APART == 1;
          (keptApart ? apart : learned).add(text.ids());
        });
    if (apart.isEmpty()) {
      throw CliException.notHere(
          "A lens cannot be tuned on one text", "give two texts at least, or --text FILE");
    }
    try (Translators translators = Translators.identity(model, analysis.name(terminal))) {
      TunedLensTraining training = trained(model, translators, learned, settings, terminal);
      LogitLens.Target target = new LogitLens.Target.FinalTop();
      LensSurvey before =
          survey(model, LensReader.logit(LogitLens.Options.usual().with(Places.LAYERS)), apart);
      LensSurvey after = survey(model, LensReader.tuned(translators, 1, target), apart);
      translators.save(where);
      terminal.note("wrote " + where);
      return new LensReport(
              analysis.name(terminal),
              tokenizer::token,
              List.of(
                  "%d texts learned from, %d kept apart".formatted(learned.size(), apart.size())))
          .training(training, before, after);
    }
  }

  private static TunedLensTraining trained(
      Transformer model,
      Translators translators,
      List<int[]> texts,
      Settings settings,
      Terminal terminal) {
    try (Progress progress = terminal.progress("tuning", settings.steps(), "steps")) {
      return TunedLensTraining.run(
          model, translators, texts, settings, step -> progress.reached(step.step()));
    }
  }

  private static LensSurvey survey(Transformer model, LensReader reader, List<int[]> texts) {
    LensSurvey survey = LensSurvey.from(0);
    texts.forEach(text -> survey.add(reader.read(model, text)));
    return survey;
  }
}
