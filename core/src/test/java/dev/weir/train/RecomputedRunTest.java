package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that computes its activations twice is the run that keeps them, in less memory.
class RecomputedRunTest {
  private static final int STEPS = 8;

  private final Tensor direction =
      Tensor.gaussian(Shape.of("d_model", 32), 1, new SplittableRandom(3));

  @AfterEach
  void free() {
    direction.close();
  }

  private static TrainingSettings settings(DType dtype, TrainingSettings.Activations activations) {
    return TinyRuns.settings(STEPS)
        .with(new TrainingSettings.Execution(dtype, activations, 1))
        .with(new TrainingSettings.Batching(8, TinyRuns.WINDOW, 2))
        .withDropout(0.2);
  }

  /// Whoever may take part does: dropout, micro-batches, an edit, losses within blocks, statistics.
  private TrainingParts everybody() {
    return TrainingParts.usual()
        .withEdits(model ->
            Edits.of(
                model,
                new Edit(
                    Target.at("blocks.1.hook_resid_pre"), new Intervention.Steer(direction, 0.5))))
        .withAuxiliaries(
            new DirectionPenalty("blocks.0.hook_mlp_out", direction, 0.1),
            new DirectionPenalty("blocks.1.hook_attn_out", direction, 0.1),
            new DirectionPenalty("blocks.1.hook_resid_post", direction, 0.1))
        .withStatistics(new PointStatistics(point -> point instanceof HookPoint.AttnOut));
  }

  @Test
  void isTheRunThatKeepsThemBitForBit() {
    List<TrainingStep> kept =
        TinyRuns.steps(settings(DType.FLOAT32, TrainingSettings.Activations.KEPT), everybody());
    List<TrainingStep> recomputed =
        TinyRuns.steps(
            settings(DType.FLOAT32, TrainingSettings.Activations.RECOMPUTED), everybody());
    assertThat(TinyRuns.losses(recomputed)).isEqualTo(TinyRuns.losses(kept));
    for (int i = 0; i < STEPS; i++) {
      assertThat(recomputed.get(i).auxiliaryLosses()).isEqualTo(kept.get(i).auxiliaryLosses());
      assertThat(recomputed.get(i).gradientNorm()).isEqualTo(kept.get(i).gradientNorm());
      assertThat(recomputed.get(i).statistics()).isEqualTo(kept.get(i).statistics());
    }
    assertThat(recomputed.getFirst().auxiliaryLosses()).hasSize(3);
    assertThat(recomputed.getLast().statistics()).hasSize(2);
  }

  /// The embedding and the unembedding are one matrix, whose two gradients are rounded to bfloat16
  /// (4e-3) before or after they are added; on losses near 3, over these steps.
  private static final double BFLOAT16 = 2e-2;

  @Test
  void learnsTheSameInHalfPrecision() {
    List<Double> kept =
        TinyRuns.losses(
            TinyRuns.steps(
                settings(DType.BFLOAT16, TrainingSettings.Activations.KEPT), everybody()));
    List<Double> recomputed =
        TinyRuns.losses(
            TinyRuns.steps(
                settings(DType.BFLOAT16, TrainingSettings.Activations.RECOMPUTED), everybody()));
    for (int i = 0; i < kept.size(); i++) {
      assertThat(recomputed.get(i)).isCloseTo(kept.get(i), within(BFLOAT16));
    }
  }

  @Test
  void goesOnToTheSameBits(@TempDir Path folder) {
    TrainingSettings settings = settings(DType.FLOAT32, TrainingSettings.Activations.RECOMPUTED);
    List<TrainingStep> whole = TinyRuns.steps(settings, everybody());
    List<TrainingStep> parted = new ArrayList<>();
    try (TrainingRun run =
        new TrainingRun(TinyRuns.spec(), TinyRuns.data(), settings, everybody())) {
      for (int i = 0; i < STEPS / 2; i++) {
        parted.add(run.step());
      }
      Path _ = Checkpoint.write(run, folder);
    }
    try (TrainingRun run =
        TrainingRun.resume(Checkpoint.latest(folder).orElseThrow(), TinyRuns.data(), everybody())) {
      run.run(parted::add);
    }
    assertThat(TinyRuns.losses(parted)).isEqualTo(TinyRuns.losses(whole));
  }

  @Test
  void needsLessMemoryInADeepModel() throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self/status")),
        "Skipped: resident memory is read from /proc/self/status, which only Linux has");
    long kept = peak(TrainingSettings.Activations.KEPT);
    long recomputed = peak(TrainingSettings.Activations.RECOMPUTED);
    // Of 24 blocks one is held at a time, beside the stream before each.
    assertThat(recomputed).as("of %d MiB", kept).isLessThan(kept / 3);
  }

  private static long peak(TrainingSettings.Activations activations)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.nopointergc=true",
                // A heap that is resident from the start cannot grow.
                "-Xms64m",
                "-Xmx64m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                PeakMemory.class.getName(),
                activations.name())
            .redirectErrorStream(true);
    // Freed tensors go back to the system at once, so that what is resident is what lives.
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "65536");
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    return Long.parseLong(output.lines().toList().getLast());
  }
}
