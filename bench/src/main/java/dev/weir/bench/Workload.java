package dev.weir.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/// One line of the table.
enum Workload {
  /// Scores at all of 128 positions.
  FORWARD_128("forward-128", "forward, T=128"),
  /// Scores at all of 1024 positions.
  FORWARD_1024("forward-1024", "forward, T=1024"),
  /// The same, keeping the stream before, inside and after every block.
  CAPTURE_128("capture-128", "forward + capture, T=128"),
  /// The same, keeping the stream before, inside and after every block.
  CAPTURE_1024("capture-1024", "forward + capture, T=1024"),
  /// The best token that each layer would say, at every position.
  LENS_128("lens-128", "logit lens, all layers, T=128"),
  /// One more token after 128.
  DECODE("decode", "one token, context 128"),
  /// Forward, backward, clip and AdamW of a small GPT.
  TRAIN("train", "training step, 12 layers of 256, 16×256"),
  /// The best token that each layer would say, at every position of eight texts of 15 tokens.
  LENS_8X15("lens-8x15", "logit lens, all layers, 8×15"),
  /// The same for one of 1024.
  LENS_1024("lens-1024", "logit lens, all layers, T=1024"),
  /// What each head writes for one token and against another, at the last position.
  DLA_8X15("dla-8x15", "attribution to heads, 8×15"),
  /// The same for one text of 1024.
  DLA_1024("dla-1024", "attribution to heads, T=1024"),
  /// `resid_pre` of one run put into another, at every layer and position.
  PATCH_8X15("patch-8x15", "residual patching grid, 8×15"),
  /// Queries, keys and values of every pair of heads.
  COMPOSITION("composition", "all composition scores"),
  /// The kurtosis of the stream before, inside and after every block.
  KURTOSIS_8X15("kurtosis-8x15", "kurtosis, all layers, 8×15"),
  /// The same for one text of 1024.
  KURTOSIS_1024("kurtosis-1024", "kurtosis, all layers, T=1024");

  /// What both Weir and TransformerLens have as a ready-made analysis.
  static final Set<Workload> ANALYSES =
      Collections.unmodifiableSet(EnumSet.range(LENS_8X15, KURTOSIS_1024));

  private final String key;
  private final String title;

  Workload(String key, String title) {
    this.key = key;
    this.title = title;
  }

  /// What the processes that measure it call it.
  String key() {
    return key;
  }

  /// What the table calls it.
  String title() {
    return title;
  }

  /// How often it runs between two turns of the others.
  int perTurn() {
    return switch (this) {
      case FORWARD_128, CAPTURE_128, LENS_128, LENS_8X15, DLA_8X15, KURTOSIS_8X15 -> 3;
      case FORWARD_1024,
          CAPTURE_1024,
          TRAIN,
          LENS_1024,
          DLA_1024,
          PATCH_8X15,
          COMPOSITION,
          KURTOSIS_1024 ->
          1;
      case DECODE -> 10;
    };
  }

  /// All of them for an empty name, the analyses for `analyses`, else those whose key holds it.
  static Set<Workload> named(String name) {
    return name.equals("analyses")
        ? ANALYSES
        : Arrays.stream(values())
            .filter(workload -> workload.key.contains(name))
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Workload.class)));
  }

  static Workload of(String key) {
    return Arrays.stream(values()).filter(w -> w.key.equals(key)).findFirst().orElseThrow();
  }
}
