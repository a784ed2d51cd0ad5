package dev.weir.bench;

import static dev.weir.readout.causal.ActivationSite.RESID_PRE;

import dev.weir.model.Folded;
import dev.weir.model.Folding;
import dev.weir.model.KvCache;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.readout.basis.Kurtosis;
import dev.weir.readout.causal.ActivationPatching;
import dev.weir.readout.causal.PromptPair;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.Composition;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Engine;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/// The process that measures Weir. It opens the model, says so, and then answers each `KEY COUNT`
/// on its standard input with the milliseconds that each run took.
final class WeirWorker {
  private static final int CONTEXT = 128;
  private final Transformer model;

  private WeirWorker(Transformer model) {
    this.model = model;
  }

  /// Runs until its input ends.
  ///
  /// @param args the model's folder and the number of threads
  public static void main(String[] args) throws IOException {
    Engine.useThreads(Integer.parseInt(args[1]));
    try (Transformer model = ModelFiles.open(Path.of(args[0]), ModelFiles.Options.usual());
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      WeirWorker worker = new WeirWorker(model);
      worker.firstLogits();
      System.out.println("ready");
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] words = line.split(" ");
        System.out.println(worker.answer(words[0], Integer.parseInt(words[1])));
      }
    }
  }

  private String answer(String key, int count) {
    return switch (key) {
      case "bandwidth" -> joined(bandwidth(count));
      case "memory" -> ProcessMemory.own().toString();
      default -> joined(measure(Workload.of(key), count));
    };
  }

  private void firstLogits() {
    try (Scope _ = Scope.open()) {
      float[] unused = model.logits(tokens(1)).toFloats();
    }
  }

  private double[] measure(Workload workload, int count) {
    return switch (workload) {
      case FORWARD_128 -> timed(count, () -> forward(128));
      case FORWARD_1024 -> timed(count, () -> forward(1024));
      case CAPTURE_128 -> timed(count, () -> capture(128));
      case CAPTURE_1024 -> timed(count, () -> capture(1024));
      case LENS_128 -> timed(count, () -> lens(texts(1, 128)));
      case LENS_8X15 -> timed(count, () -> lens(texts(8, 15)));
      case LENS_1024 -> timed(count, () -> lens(texts(1, 1024)));
      case DLA_8X15 -> timed(count, () -> attribution(texts(8, 15)));
      case DLA_1024 -> timed(count, () -> attribution(texts(1, 1024)));
      case PATCH_8X15 -> timed(count, () -> patching(texts(8, 15)));
      case COMPOSITION -> {
        // TransformerLens folds while it opens a model, so folding is no part of the time.
        try (Folded folded = Folding.fold(model, Folding.possible(model))) {
          yield timed(count, () -> composition(Circuits.of(folded)));
        }
      }
      case KURTOSIS_8X15 -> timed(count, () -> kurtosis(texts(8, 15)));
      case KURTOSIS_1024 -> timed(count, () -> kurtosis(texts(1, 1024)));
      case DECODE -> decode(count);
      case TRAIN -> {
        try (SmallGpt gpt = new SmallGpt()) {
          gpt.step();
          yield timed(count, gpt::step);
        }
      }
    };
  }

  private void forward(int length) {
    try (Scope _ = Scope.open()) {
      Tensor unused = model.logits(tokens(length));
    }
  }

  private void capture(int length) {
    model.trace(tokens(length), Capture.matching("blocks.*.hook_resid_*")).close();
  }

  private void lens(List<int[]> texts) {
    Capture stream = Capture.matching("blocks.*.hook_resid_post").withoutLogits();
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(texts, stream, Hooks.none())) {
      Norm norm = Norm.of(new NormSpec.LayerNorm(1e-5), model.parameters(), "ln_final");
      for (HookPoint point : trace.points()) {
        try (Scope _ = Scope.open()) {
          Tensor normed = norm.forward(trace.get(point), new NormSite.LnFinal(), Hooks.none());
          long[] unused = model.unembed(normed).argmax("d_vocab").toLongs();
        }
      }
    }
  }

  private void attribution(List<int[]> texts) {
    Capture kept = DirectLogitAttribution.capture().at(-1);
    try (StreamTrace trace = model.trace(texts, kept, Hooks.none())) {
      for (int text = 0; text < texts.size(); text++) {
        try (StreamTrace own = trace.text(text)) {
          var unused = DirectLogitAttribution.of(model, own, new Question.Difference(1, 2));
        }
      }
    }
  }

  private void patching(List<int[]> texts) {
    var grid = new ActivationPatching(model, ActivationPatching.Options.usual(RESID_PRE));
    grid.add(texts.stream().map(WeirWorker::corrupted).toList());
    var unused = grid.cells();
  }

  private static PromptPair corrupted(int[] clean) {
    int[] corrupt = clean.clone();
    corrupt[5] = 17;
    return new PromptPair(clean, corrupt, 1, 2, "the bench");
  }

  private static void composition(Circuits circuits) {
    for (Composition.Kind kind : Composition.Kind.values()) {
      var unused = Composition.of(circuits, kind, new Circuits.Positions.Ignored(), new Random(1));
    }
  }

  private void kurtosis(List<int[]> texts) {
    var kurtosis = new Kurtosis(model.spec(), Places.SUBLAYERS, new Random(1));
    try (StreamTrace trace = model.trace(texts, Kurtosis.capture(Places.SUBLAYERS), Hooks.none())) {
      for (int text = 0; text < texts.size(); text++) {
        try (StreamTrace own = trace.text(text)) {
          kurtosis.read(own);
        }
      }
    }
    var unused = kurtosis.layers(FirstPosition.KEPT);
  }

  private double[] decode(int count) {
    try (KvCache cache = new KvCache(model.spec().nLayers());
        Scope _ = Scope.open()) {
      Tensor unused = model.logits(tokens(CONTEXT), cache);
      return timed(
          count,
          () -> {
            try (Scope _ = Scope.open()) {
              Tensor one = model.logits(tokens(1), cache);
            }
          });
    }
  }

  /// GB/s of reading 600 MB with all threads.
  static double[] bandwidth(int count) {
    try (Scope _ = Scope.open()) {
      // Untouched zeros would all be one page.
      Tensor numbers = Tensor.zeros(Shape.of("n", 150_000_000), DType.FLOAT32).plus(1);
      double[] ms =
          timed(
              count,
              () -> {
                try (Scope _ = Scope.open()) {
                  double unused = numbers.sum().item();
                }
              });
      return Arrays.stream(ms).map(m -> 0.6 / (m / 1000)).toArray();
    }
  }

  private static int[] tokens(int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = (int) (7919L * (i + 1) % Gpt2Checkpoint.D_VOCAB);
    }
    return tokens;
  }

  /// Texts of one length, one after the other in the same row of tokens.
  private static List<int[]> texts(int count, int length) {
    int[] row = tokens(count * length);
    return IntStream.range(0, count)
        .mapToObj(i -> Arrays.copyOfRange(row, i * length, (i + 1) * length))
        .toList();
  }

  private static double[] timed(int count, Runnable work) {
    double[] ms = new double[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      work.run();
      ms[i] = (System.nanoTime() - start) / 1e6;
    }
    return ms;
  }

  private static String joined(double[] values) {
    StringJoiner joined = new StringJoiner(" ");
    for (double value : values) {
      joined.add("%.4f".formatted(value));
    }
    return joined.toString();
  }
}
