package dev.weir.study;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// How fast the variants of a study are on this machine and how much memory they take. It is
/// measured once for a study and kept, so that a study that goes on later compares by the same
/// clock. Not everything is there for every variant and task: what was not measured is absent.
///
/// @param circumstances under which it was measured; absent where nothing was
/// @param training how long steps take, for every variant and task
/// @param decoding how fast texts grow, for every variant at one task
/// @param memory what training needs, for every variant at the same task, where the system tells
public record Pace(
    Optional<Circumstances> circumstances,
    List<Training> training,
    List<Decoding> decoding,
    List<Memory> memory) {

  public Pace {
    training = List.copyOf(training);
    decoding = List.copyOf(decoding);
    memory = List.copyOf(memory);
  }

  /// What a clock's readings depend on beside the models.
  ///
  /// @param when the measurement began
  /// @param processors how many the process may use
  /// @param load how many tasks ran or waited to run when it began, mean over a minute; absent
  ///   where the system does not tell
  public record Circumstances(Instant when, int processors, OptionalDouble load) {}

  /// A variant in training.
  ///
  /// @param variant its name
  /// @param task what it learns
  /// @param secondsPerStep over the rounds
  /// @param tokensPerStep how many predictions a step makes
  public record Training(String variant, String task, Spread secondsPerStep, long tokensPerStep) {

    /// Tokens trained on in a second.
    public Spread tokensPerSecond() {
      return secondsPerStep.rateOf((double) tokensPerStep);
    }
  }

  /// A variant that writes one text, token by token, each after the other.
  ///
  /// @param variant its name
  /// @param task whose model it is
  /// @param prompt how many tokens were there already
  /// @param tokens how many came after them
  /// @param secondsPerToken over the rounds
  /// @param stateBytes what it kept from token to token when the last had come: keys and values of
  ///   all tokens, and what mixers remember; counted from what is held
  public record Decoding(
      String variant,
      String task,
      int prompt,
      int tokens,
      Spread secondsPerToken,
      long stateBytes) {

    /// Tokens written in a second.
    public Spread tokensPerSecond() {
      return secondsPerToken.rateOf(1);
    }
  }

  /// A variant's need of memory.
  ///
  /// @param variant its name
  /// @param task what it learns
  /// @param peakBytes by how much the resident memory of a process that trains it, and does nothing
  ///   else, grew at most: weights, gradients, the optimizer's state, activations
  public record Memory(String variant, String task, long peakBytes) {
    /// A weight, its gradient and two moments, float32.
    private static final int BYTES_OF_A_WEIGHT = 16;

    /// Whether this can be what training took: no less than the weights alone need, with their
    /// gradients and the optimizer's state. The memory of a tiny model comes out of what the
    /// process held before, and then nothing grows.
    ///
    /// @param parameters how many weights were trained
    public boolean isEnough(long parameters) {
      return peakBytes >= BYTES_OF_A_WEIGHT * parameters;
    }
  }

  /// Nothing was measured.
  public static Pace none() {
    return new Pace(Optional.empty(), List.of(), List.of(), List.of());
  }

  /// Seconds for a step.
  ///
  /// @param variant who is trained
  /// @param task what it learns
  /// @throws java.util.NoSuchElementException if that was not measured
  double of(Variant variant, StudyTask task) {
    return training(variant, task).orElseThrow().secondsPerStep().median();
  }

  /// How fast a variant trains.
  ///
  /// @param variant who
  /// @param task what it learns
  public Optional<Training> training(Variant variant, StudyTask task) {
    return training.stream()
        .filter(t -> t.variant().equals(variant.name()) && t.task().equals(task.name()))
        .findFirst();
  }

  /// How fast a variant writes.
  ///
  /// @param variant who
  public Optional<Decoding> decoding(Variant variant) {
    return decoding.stream().filter(d -> d.variant().equals(variant.name())).findFirst();
  }

  /// How much memory a variant needs in training.
  ///
  /// @param variant who
  public Optional<Memory> memory(Variant variant) {
    return memory.stream().filter(m -> m.variant().equals(variant.name())).findFirst();
  }
}
