package dev.weir.train;

import dev.weir.weights.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The steps of a run in a file, one JSON object a line: `step`, `tokens`, `train_loss`, `val_loss`
/// and `val_accuracy` where it was looked at, `learning_rate`, `gradient_norm`,
/// `tokens_per_second`; where there are any, `flops` so far, `auxiliary` losses by name and
/// `statistics` by the name of the value. Losses in nats per token, with every digit: two runs are
/// the same if these are.
public final class TrainingLog {
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final int TAIL_BYTES = 4096;

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
    line.put("train_loss", step.trainLoss());
    step.validation()
        .ifPresent(look -> {
          line.put("val_loss", look.loss());
          line.put("val_accuracy", look.accuracy());
        });
    line.put("learning_rate", rounded(step.learningRate(), 1e9));
    line.put("gradient_norm", step.gradientNorm());
    line.put("tokens_per_second", rounded(step.tokensPerSecond(), 1));
    if (step.flops() > 0) {
      line.put("flops", step.flops());
    }
    if (!step.auxiliaryLosses().isEmpty()) {
      line.set("auxiliary", MAPPER.valueToTree(step.auxiliaryLosses()));
    }
    if (!step.statistics().isEmpty()) {
      step.statistics().forEach(line.putObject("statistics")::putPOJO);
    }
    return MAPPER.writeValueAsString(line);
  }

  private static double rounded(double number, double unit) {
    return Math.rint(number * unit) / unit;
  }

  /// Brings what was appended to the disk, so that a checkpoint that is written after it never
  /// knows of more steps than the log, even if the machine stops. Nothing happens where there is no
  /// log.
  ///
  /// @param file the log
  /// @throws TrainException if it cannot be written
  static void flush(Path file) {
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw TrainException.unwritableLog(file.toString(), e);
    }
  }

  /// The last whole step of a log that somebody may be writing, found from its end; 0 where there
  /// is none, or where the end is no step.
  ///
  /// @param file the log
  /// @throws TrainException if it cannot be read
  public static int lastStep(Path file) {
    if (!Files.exists(file)) {
      return 0;
    }
    try (FileChannel channel = FileChannel.open(file)) {
      return lastStep(channel, TAIL_BYTES);
    } catch (IOException e) {
      throw TrainException.unreadableLog(file.toString(), e);
    }
  }

  /// Reads more of the end until a whole line is in it.
  private static int lastStep(FileChannel channel, int bytes) throws IOException {
    long size = channel.size();
    long from = Math.max(0, size - bytes);
    ByteBuffer tail = ByteBuffer.allocate((int) (size - from));
    while (tail.hasRemaining() && channel.read(tail, from + tail.position()) >= 0) {}
    String text = new String(tail.array(), 0, tail.position(), StandardCharsets.UTF_8);
    int end = text.lastIndexOf('\n');
    int begin = text.lastIndexOf('\n', end - 1);
    if (end > 0 && (begin >= 0 || from == 0)) {
      return number(text.substring(begin + 1, end));
    }
    return from == 0 ? 0 : lastStep(channel, 2 * bytes);
  }

  private static int number(String line) {
    try {
      return MAPPER.readTree(line).path("step").asInt(0);
    } catch (JacksonException _) {
      return 0;
    }
  }

  /// Takes out what was written after a step: whole lines, and whatever was being written when its
  /// writer was killed or the machine stopped. Nothing happens where there is no log.
  ///
  /// @param file the log
  /// @param last the last step to keep
  /// @throws TrainException if it cannot be read, or a line before that step is not a step
  public static void truncate(Path file, int last) {
    if (!Files.exists(file)) {
      return;
    }
    String text = text(file);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    StringBuilder kept = new StringBuilder();
    int number = 0;
    for (String line : whole.lines().limit(last).toList()) {
      if (step(line, file, ++number).step() <= last) {
        kept.append(line).append('\n');
      }
    }
    byte[] bytes = kept.toString().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw TrainException.unreadableLog(file.toString(), e);
    }
  }

  /// The steps of a log, in the order of the file.
  ///
  /// @param file the log
  /// @throws TrainException if it cannot be read, or a line is not a step
  public static List<TrainingStep> read(Path file) {
    List<TrainingStep> steps = new ArrayList<>();
    for (String line : text(file).lines().toList()) {
      steps.add(step(line, file, steps.size() + 1));
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
          auxiliaries(node),
          look(node),
          node.required("learning_rate").doubleValue(),
          node.required("gradient_norm").doubleValue(),
          node.required("tokens_per_second").doubleValue(),
          node.path("flops").asDouble(0),
          statistics(node));
    } catch (JacksonException | IllegalArgumentException e) {
      throw TrainException.badLogLine(file.toString(), number, reason(e), e);
    }
  }

  /// Older logs have no accuracy.
  private static Optional<Look> look(JsonNode line) {
    return line.has("val_loss")
        ? Optional.of(
            new Look(
                line.required("val_loss").doubleValue(),
                line.path("val_accuracy").asDouble(Double.NaN)))
        : Optional.empty();
  }

  private static Map<String, Double> auxiliaries(JsonNode line) {
    Map<String, Double> losses = new LinkedHashMap<>();
    line.path("auxiliary").forEachEntry((name, loss) -> losses.put(name, loss.doubleValue()));
    return losses;
  }

  private static Map<String, StepStatistics.Summary> statistics(JsonNode line) {
    Map<String, StepStatistics.Summary> found = new LinkedHashMap<>();
    line.path("statistics")
        .forEachEntry((name, summary) ->
            found.put(name, MAPPER.treeToValue(summary, StepStatistics.Summary.class)));
    return found;
  }

  private static String reason(RuntimeException e) {
    return e instanceof JacksonException j
        ? j.getOriginalMessage()
        : String.valueOf(e.getMessage());
  }
}
