package dev.weir.train;

/// Everything that a run in a folder was asked for: `run.json`, and all that going on with it
/// needs.
///
/// @param model what the model is made of
/// @param data where the texts are
/// @param training its numbers
/// @param saving how often it is saved
/// @param threads how many threads compute, over all processes; the last bits of its numbers depend
///   on it
public record RunPlan(
    ModelSettings model, DataSettings data, TrainingSettings training, Saving saving, int threads) {

  /// How often a run is saved.
  ///
  /// @param every how many steps lie between two checkpoints
  /// @param keep how many checkpoints are kept
  public record Saving(int every, int keep) {
    public Saving {
      if (every < 1 || keep < 1) {
        throw TrainException.badSaving(every, keep);
      }
    }
  }

  /// How many threads each of its processes uses, one at least.
  public int threadsEach() {
    return Math.max(1, threads / training.execution().worldSize());
  }
}
