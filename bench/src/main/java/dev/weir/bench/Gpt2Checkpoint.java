package dev.weir.bench;

import dev.weir.tensor.DType;
import dev.weir.weights.Encoding;
import dev.weir.weights.SafetensorsWriter;
import dev.weir.weights.SafetensorsWriter.Item;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// A checkpoint of GPT-2 small's shape with random numbers, as Hugging Face stores it: 498 MB.
final class Gpt2Checkpoint {
  static final int N_LAYERS = 12;
  static final int D_MODEL = 768;
  static final int D_VOCAB = 50_257;
  static final int N_CTX = 1024;
  private static final long SEED = 20_261_123;
  private static final int SLICE = 1 << 16;

  private Gpt2Checkpoint() {}

  /// Writes the checkpoint.
  ///
  /// @param args where to
  public static void main(String[] args) throws IOException {
    writeOnce(Path.of(args[0]));
  }

  /// Writes the checkpoint, unless it is there already.
  ///
  /// @param folder where to
  static void writeOnce(Path folder) throws IOException {
    if (Files.exists(folder.resolve("config.json"))) {
      return;
    }
    Files.createDirectories(folder);
    SafetensorsWriter.write(folder.resolve("model.safetensors"), items(), Map.of("format", "pt"));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": %d, "n_head": 12,
         "n_embd": %d, "n_positions": %d, "n_ctx": %d, "vocab_size": %d, "n_inner": null,
         "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05,
         "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
         "bos_token_id": 50256, "eos_token_id": 50256, "dtype": "float32"}
        """
            .formatted(N_LAYERS, D_MODEL, N_CTX, N_CTX, D_VOCAB));
  }

  /// How many bytes a decoded token has to read: every matrix once, of the positions one row.
  static long bytesReadForOneToken() {
    return items().stream()
        .filter(item -> !item.name().equals("wpe.weight"))
        .mapToLong(item -> 4 * item.sizes().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  private static List<Item> items() {
    List<Item> items = new ArrayList<>();
    items.add(matrix("wte.weight", D_VOCAB, D_MODEL));
    items.add(matrix("wpe.weight", N_CTX, D_MODEL));
    for (int layer = 0; layer < N_LAYERS; layer++) {
      String path = "h." + layer + ".";
      addNorm(items, path + "ln_1");
      addLinear(items, path + "attn.c_attn", D_MODEL, 3 * D_MODEL);
      addLinear(items, path + "attn.c_proj", D_MODEL, D_MODEL);
      addNorm(items, path + "ln_2");
      addLinear(items, path + "mlp.c_fc", D_MODEL, 4 * D_MODEL);
      addLinear(items, path + "mlp.c_proj", 4 * D_MODEL, D_MODEL);
    }
    addNorm(items, "ln_f");
    return items;
  }

  private static void addLinear(List<Item> items, String path, long in, long out) {
    items.add(matrix(path + ".weight", in, out));
    items.add(item(path + ".bias", 0, 0.02, out));
  }

  private static void addNorm(List<Item> items, String path) {
    items.add(item(path + ".weight", 1, 0.02, D_MODEL));
    items.add(item(path + ".bias", 0, 0.02, D_MODEL));
  }

  private static Item matrix(String name, long rows, long columns) {
    return item(name, 0, 0.02, rows, columns);
  }

  private static Item item(String name, double mean, double deviation, long... sizes) {
    List<Long> all = java.util.Arrays.stream(sizes).boxed().toList();
    long count = all.stream().reduce(1L, Math::multiplyExact);
    return new Item(
        name,
        Encoding.of(DType.FLOAT32),
        all,
        channel ->
            writeRandom(
                channel, count, mean, deviation, new SplittableRandom(SEED + name.hashCode())));
  }

  /// Uniform numbers of that mean and deviation: cheaper than normal ones, and as good for timing.
  private static void writeRandom(
      WritableByteChannel channel,
      long count,
      double mean,
      double deviation,
      SplittableRandom random)
      throws IOException {
    double halfWidth = deviation * Math.sqrt(3);
    ByteBuffer buffer = ByteBuffer.allocate(4 * SLICE).order(ByteOrder.LITTLE_ENDIAN);
    for (long written = 0; written < count; written += SLICE) {
      buffer.clear();
      for (long i = written; i < Math.min(count, written + SLICE); i++) {
        buffer.putFloat((float) (mean + halfWidth * (2 * random.nextDouble() - 1)));
      }
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }
  }
}
