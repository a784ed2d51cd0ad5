package dev.weir.cli;

import dev.weir.model.AttentionSpec;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/// What a model to be trained is made of.
final class ShapeOptions {
  private static final int USUAL_WINDOW = 128;

  @Option(
      names = "--pathway",
      paramLabel = "NAME",
      defaultValue = "pre_norm",
      description = "How sublayers meet the stream over depth. Default: ${DEFAULT-VALUE}.")
  private String pathway = "pre_norm";

  @Option(
      names = "--d-model",
      paramLabel = "N",
      defaultValue = "128",
      description = "Width of the residual stream. Default: ${DEFAULT-VALUE}.")
  private int dModel = 128;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "4",
      description = "How many blocks. Default: ${DEFAULT-VALUE}.")
  private int layers = 4;

  @Option(
      names = "--heads",
      paramLabel = "N",
      description = "Query heads. Default: of size 32, of size 64 for d_model above 256.")
  private Optional<Integer> heads = Optional.empty();

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      description = "Key/value heads. Default: as many as query heads.")
  private Optional<Integer> kvHeads = Optional.empty();

  @Option(
      names = "--d-mlp",
      paramLabel = "N",
      description = "Neurons of a block. Default: 4 d_model, or 8/3 d_model where they are gated.")
  private Optional<Integer> dMlp = Optional.empty();

  @Option(
      names = "--window",
      paramLabel = "TOKENS",
      description = "How long a text it trains on and reads. Default: 128, or what the task has.")
  private Optional<Integer> window = Optional.empty();

  @Option(
      names = "--norm",
      paramLabel = "KIND",
      defaultValue = "rms",
      description = "rms or layer. Default: ${DEFAULT-VALUE}.")
  private ModelSettings.NormKind norm = ModelSettings.NormKind.RMS;

  @Option(
      names = "--mlp",
      paramLabel = "KIND",
      defaultValue = "gated",
      description = "gated (SiLU) or plain (GELU). Default: ${DEFAULT-VALUE}.")
  private ModelSettings.MlpKind mlp = ModelSettings.MlpKind.GATED;

  @Option(
      names = "--position",
      paramLabel = "KIND",
      defaultValue = "rotary",
      description = "rotary, learned or none. Default: ${DEFAULT-VALUE}.")
  private ModelSettings.Positions positions = ModelSettings.Positions.ROTARY;

  @Option(
      names = "--head",
      paramLabel = "KIND",
      defaultValue = "tied",
      description =
          "The unembedding: tied to the embedding, or separate. Default: ${DEFAULT-VALUE}.")
  private ModelSettings.Head head = ModelSettings.Head.TIED;

  @Option(
      names = "--mixer",
      paramLabel = "MIXER",
      defaultValue = "none",
      description =
          "A sublayer before attention: shortswa:window=16, shortconv:taps=4 or none. Default: ${DEFAULT-VALUE}.")
  private String mixer = "none";

  @Option(
      names = "--branch",
      paramLabel = "MIXER",
      defaultValue = "none",
      description =
          "A mixer of attention's values: shortswa:window=16, shortconv:taps=4 or none. Default: ${DEFAULT-VALUE}.")
  private String branch = "none";

  @Option(
      names = "--canon",
      paramLabel = "LETTERS",
      defaultValue = "",
      description = "Where Canon layers stand: some of A, B, C, D. Default: nowhere.")
  private String canon = "";

  @Option(
      names = "--values",
      paramLabel = "FROM",
      defaultValue = "own",
      description =
          "Where attention's values come from: own, mixed (with the first block's: value residual) or first (the first block's alone). Default: ${DEFAULT-VALUE}.")
  private ValueSource values = ValueSource.OWN;

  /// Where attention's values come from, as a user says it.
  private enum ValueSource {
    OWN(AttentionSpec.Values.OWN),
    MIXED(AttentionSpec.Values.MIXED_WITH_FIRST),
    FIRST(AttentionSpec.Values.FIRST);

    private final AttentionSpec.Values meant;

    ValueSource(AttentionSpec.Values meant) {
      this.meant = meant;
    }
  }

  int dModel() {
    return dModel;
  }

  /// How many predictions a window holds.
  ///
  /// @param only the one length that fits the data, if only one does
  int window(OptionalInt only) {
    return window.orElse(only.orElse(USUAL_WINDOW));
  }

  ModelSettings settings(int dVocab, int length) {
    int queries = heads.orElseGet(() -> ModelSettings.usualHeads(dModel));
    return new ModelSettings(
        pathway,
        dModel,
        layers,
        queries,
        kvHeads.orElse(queries),
        dMlp.orElseGet(() -> ModelSettings.usualNeurons(dModel, mlp)),
        dVocab,
        length,
        norm,
        mlp,
        positions,
        head,
        new Mixers(Mixers.Local.parse(mixer), Mixers.Local.parse(branch), canon, values.meant));
  }
}
