package dev.weir.train;

import dev.weir.tensor.AdamW;

/// Everything a run depends on besides the model's spec and the texts.
///
/// @param batch how many windows a step reads
/// @param window how many predictions a window holds
/// @param schedule how fast it learns, and for how long
/// @param adamW how gradients are averaged
/// @param weightDecay how strongly matrices are drawn to zero; gains and biases are not
/// @param clip the longest gradient; a longer one is scaled down to it
/// @param dropout which share of what enters the stream is left out while training
/// @param validateEvery how many steps lie between two looks at the validation texts
/// @param seed where all luck comes from
public record TrainingSettings(
    int batch,
    int window,
    Schedule schedule,
    AdamW.Settings adamW,
    double weightDecay,
    double clip,
    double dropout,
    int validateEvery,
    long seed) {

  public TrainingSettings {
    if (batch < 1 || window < 1 || validateEvery < 1) {
      throw TrainException.badSizes(batch, window, validateEvery);
    }
    if (!(weightDecay >= 0) || !(clip > 0) || !(dropout >= 0 && dropout < 1)) {
      throw TrainException.badRates(weightDecay, clip, dropout);
    }
  }

  /// How many tokens a step predicts.
  public long tokensPerStep() {
    return (long) batch * window;
  }
}
