package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A batch gives the same gradient whether it is read at once, in parts, or by several processes.
class SharedBatchTest {
  private static final int STEPS = 12;

  /// The order of summation differs: the last bits of float32 (6e-8) of losses near 3, grown over
  /// the steps by training.
  private static final double TOLERANCE = 2e-5;

  private static final TrainingSettings WHOLE = TinyRuns.settings(STEPS);

  @Test
  void accumulatedMicroBatchesLearnAsTheWholeBatchDoes() {
    List<Double> whole = TinyRuns.losses(TinyRuns.steps(WHOLE, TrainingParts.usual()));
    List<Double> parted =
        TinyRuns.losses(
            TinyRuns.steps(
                WHOLE.with(new TrainingSettings.Batching(8, TinyRuns.WINDOW, 4)),
                TrainingParts.usual()));
    assertClose(parted, whole);
    assertThat(parted).as("the parts were read apart").isNotEqualTo(whole);
  }

  @Test
  void processesThatShareABatchLearnAsOneDoes() throws Exception {
    List<Double> alone = TinyRuns.losses(TinyRuns.steps(WHOLE, TrainingParts.usual()));
    TrainingSettings shared =
        WHOLE.with(
            new TrainingSettings.Execution(DType.FLOAT32, TrainingSettings.Activations.KEPT, 2));
    Meeting meeting = new Meeting(2);
    List<List<Double>> both =
        together(rank ->
            TinyRuns.losses(
                TinyRuns.steps(
                    shared, TrainingParts.usual().withExchange(new Member(rank, meeting)))));
    assertThat(both.get(0)).isEqualTo(both.get(1));
    assertClose(both.get(0), alone);
  }

  @Test
  void saysThatProcessesAreMissing() {
    TrainingSettings shared =
        WHOLE.with(
            new TrainingSettings.Execution(DType.FLOAT32, TrainingSettings.Activations.KEPT, 2));
    assertThatThrownBy(() -> TinyRuns.steps(shared, TrainingParts.usual()))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "The run is for 2 processes, and 1 take part. Where: training settings. To fix: start"
                + " as many processes as the run is for.");
  }

  private static void assertClose(List<Double> found, List<Double> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i)).isCloseTo(expected.get(i), within(TOLERANCE));
    }
  }

  private interface Role {
    List<Double> run(int rank);
  }

  private static List<List<Double>> together(Role role)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Callable<List<Double>>> tasks =
          IntStream.range(0, 2)
              .<Callable<List<Double>>>mapToObj(rank -> () -> role.run(rank))
              .toList();
      List<List<Double>> results = new ArrayList<>();
      for (Future<List<Double>> result : threads.invokeAll(tasks)) {
        results.add(result.get());
      }
      return results;
    }
  }

  /// Where threads that play processes meet.
  private static final class Meeting {
    private final float[][] brought;
    private final CyclicBarrier barrier;

    Meeting(int size) {
      brought = new float[size][];
      barrier = new CyclicBarrier(size);
    }

    float[] mean(int rank, float[] own) {
      brought[rank] = own;
      await();
      float[] mean = new float[own.length];
      for (float[] one : brought) {
        for (int i = 0; i < mean.length; i++) {
          mean[i] += one[i] / brought.length;
        }
      }
      await();
      return mean;
    }

    private void await() {
      try {
        barrier.await();
      } catch (InterruptedException | BrokenBarrierException e) {
        throw new AssertionError(e);
      }
    }
  }

  private record Member(int rank, Meeting meeting) implements GradientExchange {
    @Override
    public int size() {
      return meeting.brought.length;
    }

    @Override
    public List<Tensor> mean(List<Tensor> own) {
      return own.stream()
          .map(one -> Tensor.of(meeting.mean(rank, one.copy().toFloats()), one.shape()))
          .toList();
    }

    @Override
    public double mean(double own) {
      return meeting.mean(rank, new float[] {(float) own})[0];
    }
  }
}
