package dev.weir.bench;

import java.util.Arrays;

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
  TRAIN("train", "training step, 12 layers of 256, 16×256");

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
      case FORWARD_128, CAPTURE_128, LENS_128 -> 3;
      case FORWARD_1024, CAPTURE_1024, TRAIN -> 1;
      case DECODE -> 10;
    };
  }

  static Workload of(String key) {
    return Arrays.stream(values()).filter(w -> w.key.equals(key)).findFirst().orElseThrow();
  }
}
