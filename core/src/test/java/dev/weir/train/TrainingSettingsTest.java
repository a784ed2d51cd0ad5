package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class TrainingSettingsTest {
  private static final TrainingSettings USUAL =
      TrainingSettings.usual(12, 16, new Schedule.Cosine(100, 10, 1e-2, 0));
  private static final AdamW.Settings ADAM = new AdamW.Settings(0.9, 0.95, 1e-8);

  @Test
  void aMicroBatchIsAProcessesShareInParts() {
    TrainingSettings shared =
        USUAL
            .with(new TrainingSettings.Batching(12, 16, 3))
            .with(
                new TrainingSettings.Execution(
                    DType.FLOAT32, TrainingSettings.Activations.KEPT, 2));
    assertThat(shared.microBatch()).isEqualTo(2);
    assertThat(shared.tokensPerStep()).isEqualTo(12 * 16);
  }

  @Test
  void saysWhichSizesCannotBe() {
    refused(() -> USUAL.with(new TrainingSettings.Batching(0, 16, 1)))
        .hasMessage(
            "batch 0, window 16 and looks at 65536 predictions every 5 steps cannot be trained with."
                + " Where: training settings. To fix: use at least 1 for each.");
    refused(() -> USUAL.with(new TrainingSettings.Looks(1, 0)));
    refused(() -> USUAL.withLookEvery(0)).hasMessageContaining("every 0 steps");
  }

  @Test
  void saysThatABatchCannotBePartedEvenly() {
    refused(() -> USUAL.with(new TrainingSettings.Batching(12, 16, 5)))
        .hasMessage(
            "A batch of 12 windows cannot be parted evenly among 1 processes with 5 micro-batches"
                + " each. Where: training settings. To fix: use a batch that is a multiple of 5.");
    refused(() -> USUAL.with(new TrainingSettings.Batching(12, 16, 0)));
  }

  @Test
  void saysWhichRatesCannotBe() {
    refused(() -> USUAL.withDropout(1))
        .hasMessageStartingWith("weight decay 0.1, clip 1.0 and dropout 1.0 cannot be trained");
    refused(() -> USUAL.with(new TrainingSettings.Optimizer(ADAM, -0.1, 1)))
        .hasMessageStartingWith("weight decay -0.1,");
    refused(() -> USUAL.with(new TrainingSettings.Optimizer(ADAM, 0, Double.NaN)))
        .hasMessageContaining("clip NaN");
    refused(() ->
            USUAL.with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 1, 1e-8), 0.1, 1)))
        .hasMessageStartingWith("AdamW cannot average with betas 0.9 and 1.0 and epsilon 1.0E-8.");
  }

  @Test
  void saysThatADTypeIsNotTrainedIn() {
    refused(() ->
            USUAL.with(
                new TrainingSettings.Execution(
                    DType.FLOAT16, TrainingSettings.Activations.KEPT, 1)))
        .hasMessageStartingWith("A forward pass in float16 cannot be trained on.");
  }

  private static AbstractThrowableAssert<?, ?> refused(ThrowingCallable settings) {
    return assertThatThrownBy(settings).isInstanceOf(TrainException.class);
  }
}
