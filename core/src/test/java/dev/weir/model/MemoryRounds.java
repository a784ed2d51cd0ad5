package dev.weir.model;

import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.testing.GoldenModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// The process that [MemoryTest] watches.
final class MemoryRounds {
  private static final int WARM_UP = 60;
  private static final int ROUNDS = 200;
  private static final int[] TEXT = IntStream.rangeClosed(1, 48).toArray();

  private MemoryRounds() {}

  public static void main(String[] args) throws IOException {
    boolean leaking = args[0].equals("leaking");
    long warm = 0;
    for (int round = 0; round < ROUNDS; round++) {
      if (round == WARM_UP) {
        warm = residentKib();
      }
      run(leaking);
    }
    System.out.println((residentKib() - warm) / 1024.0);
  }

  private static void run(boolean leaking) {
    try (Transformer model = GoldenModels.open("models/llama", DType.FLOAT32)) {
      try (StreamTrace _ = model.trace(TEXT, Capture.matching("*"))) {
        Generator generator = new Generator(model, Sampler.greedy(), Set.of(), Hooks.none());
        var _ = generator.generate(List.of(TEXT), 8, (_, _) -> {});
      }
      if (leaking) {
        Tensor _ = model.logits(TEXT); // No scope is open.
      }
    }
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
