package dev.weir.bench;

import dev.weir.model.KvCache;
import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PathwayCost;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.tensor.Engine;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What pathways and local mixers cost beside the plain stream at the same size, in one process: a
/// step of each in turn, so that whatever else the machine does slows both. 12 layers, d_model 256,
/// 16 windows of 256 tokens, float32.
///
/// Arguments: the folder for the table, how many turns, names of pathways and mixers (all that the
/// papers give an overhead for).
public final class PathwayBench {
  private static final int THREADS = 2;
  private static final int DECODED = 48;

  /// What the papers report and what Weir aims at, both as a multiple of the plain training step.
  private record Expected(String reported, String target) {}

  private static final Map<String, Expected> EXPECTED =
      Map.of(
          "ddl", new Expected("1.13", "1.05"),
          "ddl-cc", new Expected("1.30", "1.15"),
          "denseformer-4x5", new Expected("1.04", "1.03"),
          "denseformer", new Expected("1.28", "1.12"),
          "mudd", new Expected("1.11-1.19", "1.10"),
          "dca-2", new Expected("1.51", "1.20"),
          "attnres-block", new Expected("1.04", "1.04"));

  private static final List<String> USUAL =
      List.of("ddl", "ddl-cc", "denseformer-4x5", "denseformer", "mudd", "dca-2", "attnres-block");

  private PathwayBench() {}

  public static void main(String[] args) throws IOException {
    Engine.useThreads(THREADS);
    Path out = Path.of(args[0]);
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 7;
    List<String> names = args.length > 2 ? Arrays.asList(args).subList(2, args.length) : USUAL;
    double bandwidth = Arrays.stream(WeirWorker.bandwidth(7)).max().orElseThrow();
    List<String> lines = new ArrayList<>();
    lines.add(
        "%.1f GB/s of memory bandwidth; medians of %d turns, plain and pathway in turn."
            .formatted(bandwidth, turns));
    lines.add("");
    lines.add("| pathway | training step | paper | target | limit in bytes | decode |");
    lines.add("|---|---|---|---|---|---|");
    for (String name : names) {
      String line = line(name, turns, bandwidth);
      System.err.println(line);
      lines.add(line);
      Files.createDirectories(out);
      Files.write(out.resolve("pathways.md"), lines);
    }
    lines.forEach(System.out::println);
  }

  private static String line(String name, int turns, double bandwidth) {
    try (SmallGpt plain = new SmallGpt();
        SmallGpt other = new SmallGpt(spec(name))) {
      Turns steps = Turns.of(turns, plain::step, other::step);
      Turns decode = Turns.of(turns, () -> decode(plain.model()), () -> decode(other.model()));
      Expected expected = EXPECTED.getOrDefault(name, new Expected("–", "–"));
      return "| %s | %.3f | %s | %s | %s | %.2f |"
          .formatted(
              name,
              steps.ratio(),
              expected.reported,
              expected.target,
              limit(name, steps.first(), bandwidth),
              decode.ratio());
    }
  }

  /// The least a pathway can cost if each of its steps reads its inputs from memory once and writes
  /// its result there, forward, and twice that backward: the bytes by the bandwidth, beside the
  /// plain step.
  private static String limit(String name, double plainMillis, double bandwidth) {
    Optional<PathwaySpec> pathway = Pathways.find(name);
    if (pathway.isEmpty()) {
      return "–";
    }
    PathwayCost cost = pathway.get().cost(SmallGpt.spec().depth());
    double bytes = 3 * cost.moved() * SmallGpt.TOKENS * Float.BYTES;
    return "%.3f".formatted(1 + bytes / (bandwidth * 1e6) / plainMillis);
  }

  private static TransformerSpec spec(String name) {
    TransformerSpec plain = SmallGpt.spec();
    Optional<PathwaySpec> pathway = Pathways.find(name);
    if (pathway.isPresent()) {
      return plain.withPathway(pathway.get());
    }
    return plain.mapBlocks(block -> block.withLocal(mixing(name, block.ln1(), block)));
  }

  private static LocalMixing mixing(String name, NormSpec norm, dev.weir.model.BlockSpec block) {
    LocalMixing none = LocalMixing.none();
    return switch (name) {
      case "shortswa" ->
          none.withSublayer(
              new LocalMixing.Sublayer.ShortSwa(block.attention().withWindow(64)), norm);
      case "shortconv" -> none.withSublayer(new LocalMixing.Sublayer.ShortConv(4), norm);
      case "shortswa-branch" -> none.withBranch(new LocalMixing.Branch.ShortSwa(64));
      case "canon" -> none.withCanon(LocalMixing.Canon.of("ABCD"));
      default -> throw new IllegalArgumentException("no pathway or mixer is called " + name);
    };
  }

  /// A short text grown token by token.
  private static void decode(Transformer model) {
    try (KvCache cache = new KvCache(model.spec().nLayers());
        Scope _ = Scope.open()) {
      Gradients.untracked(() -> {
        Tensor logits = model.logits(new int[] {1, 2, 3, 4}, cache);
        for (int i = 0; i < DECODED; i++) {
          try (Scope _ = Scope.open()) {
            logits = model.logits(new int[] {5 + i}, cache);
          }
        }
        return logits;
      });
    }
  }

  /// Two things done in turn.
  ///
  /// @param first how long the first takes, in milliseconds, the median
  /// @param ratio the median of the second's time over the first's, turn by turn
  private record Turns(double first, double ratio) {
    static Turns of(int turns, Runnable one, Runnable other) {
      double[] ones = new double[turns];
      double[] ratios = new double[turns];
      one.run();
      other.run();
      for (int i = 0; i < turns; i++) {
        // Each begins half of the turns: what one leaves in the caches the other finds.
        double otherFirst = i % 2 == 1 ? millis(other) : 0;
        ones[i] = millis(one);
        double second = i % 2 == 1 ? otherFirst : millis(other);
        ratios[i] = second / ones[i];
      }
      return new Turns(median(ones), median(ratios));
    }

    private static double millis(Runnable action) {
      long start = System.nanoTime();
      action.run();
      return (System.nanoTime() - start) / 1e6;
    }

    private static double median(double[] values) {
      double[] sorted = values.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }
}
