package dev.weir.train;

import java.util.Optional;

/// Something that a small model learns within a minute, and a bar that tells whether it did.
///
/// @param name for tables and files: `mess3`
/// @param data what is learned from and looked at; `digest` tells them from others
/// @param digest what the data are
/// @param model what the models are made of; the pathway is replaced
/// @param training how they learn, and for how long at most
/// @param bar when it is learned
public record Lesson(
    String name,
    TrainingData data,
    String digest,
    ModelSettings model,
    TrainingSettings training,
    Bar bar) {

  /// When something is learned.
  public sealed interface Bar {

    /// As good as the best predictor there is, or nearly.
    ///
    /// @param optimum the least loss on the validation examples, nats
    /// @param most how far from it the loss may be, nats
    record Excess(double optimum, double most) implements Bar {}

    /// Right more often than so.
    ///
    /// @param least a share, from 0 to 1
    record Right(double least) implements Bar {}

    /// A loss below the start by a margin.
    ///
    /// @param least nats
    record Drop(double least) implements Bar {}

    /// What the bar is held against: nats of excess, a share, nats of drop.
    ///
    /// @param start before the first step
    /// @param now at the moment
    default double measure(Look start, Look now) {
      return switch (this) {
        case Excess(double optimum, _) -> now.loss() - optimum;
        case Right _ -> now.accuracy();
        case Drop _ -> start.loss() - now.loss();
      };
    }

    /// Whether it is learned.
    ///
    /// @param start before the first step
    /// @param now at the moment
    default boolean isReached(Look start, Look now) {
      double measure = measure(start, now);
      return switch (this) {
        case Excess(_, double most) -> measure <= most;
        case Right(double least) -> measure > least;
        case Drop(double least) -> measure >= least;
      };
    }
  }

  /// Whose layers are too few for it by theory, and why. Recall of a pair takes two steps: each
  /// value learns which key stands before it, then the key that comes again finds that value. One
  /// layer of attention that does both needs a size that grows with the length of the text
  /// (Sanford, Hsu and Telgarsky 2024, arXiv:2408.14332); a mixer of neighbours is the first step
  /// (Arora et al. 2023, arXiv:2312.04927, section 4).
  ///
  /// @param settings the model
  public Optional<String> beyond(ModelSettings settings) {
    boolean oneStep = settings.nLayers() == 1 && !settings.mixers().mixNeighbours();
    return bar instanceof Bar.Right && oneStep
        ? Optional.of("one layer of attention cannot both bind a value to its key and find it")
        : Optional.empty();
  }
}
