package dev.weir.train.task;

import dev.weir.train.Batch;
import dev.weir.train.Example;
import dev.weir.train.TrainException;
import dev.weir.train.TrainingData;
import java.util.AbstractList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/// A task as something to learn from. Training draws new examples for each seed; validation always
/// looks at the same ones, whatever the run's seed, so that runs can be compared.
///
/// @param task the task
/// @param validationExamples how many examples are looked at, fewer if there are no more
public record TaskData(Task task, int validationExamples) implements TrainingData {
  private static final int USUAL_VALIDATION = 1024;
  private static final long VALIDATION_SEED = 0;

  public TaskData {
    if (validationExamples < 1) {
      throw TaskException.badSettings(
          task.name(), List.of("%d validation examples".formatted(validationExamples)));
    }
  }

  /// With as many validation examples as usual, 1,024.
  ///
  /// @param task the task
  public static TaskData of(Task task) {
    return new TaskData(task, USUAL_VALIDATION);
  }

  @Override
  public int dVocab() {
    return task.dVocab();
  }

  @Override
  public OptionalInt window() {
    return OptionalInt.of(task.length());
  }

  @Override
  public Batches training(int batch, int window, long seed) {
    requireWindow(window);
    return new Batches() {
      @Override
      public Batch at(long step) {
        return drawn(Split.TRAINING, seed, step * batch, (step + 1) * batch);
      }

      @Override
      public OptionalLong examplesPerEpoch() {
        return task.examples(Split.TRAINING);
      }
    };
  }

  @Override
  public List<Batch> validation(int batch, int window) {
    requireWindow(window);
    int count =
        (int) Math.min(validationExamples, task.examples(Split.VALIDATION).orElse(Long.MAX_VALUE));
    return new AbstractList<>() {
      @Override
      public Batch get(int index) {
        long from = (long) index * batch;
        return drawn(Split.VALIDATION, VALIDATION_SEED, from, Math.min(count, from + batch));
      }

      @Override
      public int size() {
        return Math.ceilDiv(count, batch);
      }
    };
  }

  /// The least loss on just these validation examples, nats per counted prediction. To see how far
  /// a model is from the best, take the difference to this and not to [Task#optimum()]: that a text
  /// happened to be surprising then drops out.
  public double validationOptimum() {
    double sum = 0;
    double weight = 0;
    for (Batch batch : validation(1, task.length())) {
      Example example = batch.examples().getFirst();
      double[] least = task.leastLosses(example);
      for (int pos = 0; pos < example.length(); pos++) {
        if (example.weights()[pos] > 0) {
          sum += example.weights()[pos] * least[pos];
          weight += example.weights()[pos];
        }
      }
    }
    return sum / weight;
  }

  private void requireWindow(int window) {
    if (window != task.length()) {
      throw TrainException.wrongWindow(task.name(), task.length(), window);
    }
  }

  private Batch drawn(Split split, long seed, long from, long to) {
    List<Example> examples =
        LongStream.range(from, to).mapToObj(index -> task.example(split, seed, index)).toList();
    return new Batch(examples);
  }
}
