package dev.weir.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The steps of a run in a file, one JSON object a line: `step`, `tokens`, `train_loss`, `val_loss`
/// where it was looked at, `learning_rate`, `gradient_norm`, `tokens_per_second`. Losses in nats
/// per token.
public final class TrainingLog {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private TrainingLog() {}

  /// Adds a step to the end of a file, which is made if it is not there.
  ///
  /// @param file the log
  /// @param step what to add
  public static void append(Path file, TrainingStep step) {
    try {
      Files.writeString(
          file, line(step) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw TrainException.unwritableLog(file.toString(), e);
    }
  }

  /// A step as one line of JSON, without its end.
  ///
  /// @param step the step
  public static String line(TrainingStep step) {
    ObjectNode line = MAPPER.createObjectNode();
    line.put("step", step.step());
    line.put("tokens", step.tokens());
    line.put("train_loss", rounded(step.trainLoss(), 1e5));
    step.validationLoss().ifPresent(loss -> line.put("val_loss", rounded(loss, 1e5)));
    line.put("learning_rate", rounded(step.learningRate(), 1e9));
    line.put("gradient_norm", rounded(step.gradientNorm(), 1e4));
    line.put("tokens_per_second", rounded(step.tokensPerSecond(), 1));
    return MAPPER.writeValueAsString(line);
  }

  private static double rounded(double number, double unit) {
    return Math.rint(number * unit) / unit;
  }

  /// The steps of a log, in the order of the file.
  ///
  /// @param file the log
  /// @throws TrainException if it cannot be read, or a line is not a step
  public static List<TrainingStep> read(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw TrainException.unreadableLog(file.toString(), e);
    }
    List<TrainingStep> steps = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      steps.add(step(lines.get(i), file, i + 1));
    }
    return steps;
  }

  private static TrainingStep step(String line, Path file, int number) {
    try {
      JsonNode node = MAPPER.readTree(line);
      return new TrainingStep(
          node.required("step").intValue(),
          node.required("tokens").longValue(),
          node.required("train_loss").doubleValue(),
          node.has("val_loss")
              ? OptionalDouble.of(node.required("val_loss").doubleValue())
              : OptionalDouble.empty(),
          node.required("learning_rate").doubleValue(),
          node.required("gradient_norm").doubleValue(),
          node.required("tokens_per_second").doubleValue());
    } catch (JacksonException | IllegalArgumentException e) {
      throw TrainException.badLogLine(file.toString(), number, reason(e), e);
    }
  }

  private static String reason(RuntimeException e) {
    return e instanceof JacksonException j
        ? j.getOriginalMessage()
        : String.valueOf(e.getMessage());
  }
}
