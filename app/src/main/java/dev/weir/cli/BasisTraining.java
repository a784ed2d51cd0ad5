package dev.weir.cli;

import dev.weir.readout.basis.BasisExperiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.LongStream;
import picocli.CommandLine.Option;

/// What `weir basis --experiment` trains.
final class BasisTraining {

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "With --experiment: the text to learn from. Default: the one that ships.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "400",
      description = "With --experiment: steps of each model. Default: ${DEFAULT-VALUE}.")
  private int steps = 400;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description = "With --experiment: models of each kind. Default: ${DEFAULT-VALUE}.")
  private int seeds = 3;

  @Option(
      names = "--d-model",
      paramLabel = "N",
      defaultValue = "64",
      description = "With --experiment: width of the stream. Default: ${DEFAULT-VALUE}.")
  private int dModel = 64;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "3",
      description = "With --experiment: blocks. Default: ${DEFAULT-VALUE}.")
  private int layers = 3;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description = "With --experiment: windows a step reads. Default: ${DEFAULT-VALUE}.")
  private int batch = 16;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "64",
      description = "With --experiment: bytes of a window. Default: ${DEFAULT-VALUE}.")
  private int length = 64;

  @Option(
      names = "--adam-rate",
      paramLabel = "RATE",
      defaultValue = "0.003",
      description = "With --experiment: Adam's highest learning rate. Default: ${DEFAULT-VALUE}.")
  private double adamRate = 0.003;

  @Option(
      names = "--sgd-rate",
      paramLabel = "RATE",
      defaultValue = "0.3",
      description =
          "With --experiment: the highest learning rate of gradient descent. Default: ${DEFAULT-VALUE}.")
  private double sgdRate = 0.3;

  @Option(
      names = "--momentum",
      paramLabel = "SHARE",
      defaultValue = "0.9",
      description = "With --experiment: momentum of gradient descent. Default: ${DEFAULT-VALUE}.")
  private double momentum = 0.9;

  BasisExperiment.Settings settings(long seed) {
    return new BasisExperiment.Settings(
        dModel,
        layers,
        steps,
        batch,
        length,
        adamRate,
        sgdRate,
        momentum,
        LongStream.range(seed, seed + seeds).boxed().toList());
  }

  Path file(Terminal terminal) {
    return data.orElseGet(terminal::bundledText);
  }

  /// What a file says.
  String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw CliException.unreadable(file, e);
    }
  }
}
