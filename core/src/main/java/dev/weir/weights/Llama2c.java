package dev.weir.weights;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model file of llama2.c: a few hyper-parameters, then float32 arrays. Versions 0 (`export.py`'s
/// legacy form, without a magic number) and 1.
///
/// Tensors have the names of a Hugging Face Llama (`model.layers.0.self_attn.q_proj.weight`), one
/// for each layer, all matrices `[out, in]`. The values are the file's: rotary positions pair
/// **adjacent** components `(2i, 2i+1)` of a head, where a Hugging Face file pairs `(i, i +
/// d_head/2)`. The rotary tables that version 0 stores are left out; they follow from the
/// positions.
///
/// Format: `export.py` and `run.c` of karpathy/llama2.c.
public final class Llama2c implements WeightSource {
  static final int MAGIC = 0x616b3432;
  private static final int HEADER_V0 = 28;
  private static final int HEADER_V1 = 256;

  private final Path path;
  private final MappedFile.Group files;
  private final Llama2cConfig config;
  private final EntryTable table;

  private Llama2c(
      Path path, MappedFile.Group files, Llama2cConfig config, Map<String, WeightEntry> entries) {
    this.path = path;
    this.files = files;
    this.config = config;
    this.table = new EntryTable(path, entries);
  }

  /// Opens a version 0 or version 1 file.
  ///
  /// @param path the file
  /// @throws WeightException if it is missing, of another version, or not as long as its header
  ///   says
  public static Llama2c open(Path path) {
    return MappedFile.Group.opening(files -> open(path, files));
  }

  private static Llama2c open(Path path, MappedFile.Group files) {
    MappedFile file = files.map(path);
    Llama2cConfig config = readConfig(file);
    List<Part> parts = config.version() == 0 ? partsV0(config) : partsV1(config);
    int header = config.version() == 0 ? HEADER_V0 : HEADER_V1;
    requireLength(file, header, parts);
    return new Llama2c(path, files, config, slice(file, header, parts));
  }

  /// Whether a file of this content could be a version 0 file: plausible hyper-parameters that ask
  /// for exactly as many bytes as there are.
  static boolean isVersion0(MappedFile file) {
    if (file.bytes().byteSize() < HEADER_V0) {
      return false;
    }
    Llama2cConfig config = readV0(new ByteCursor(file, 0));
    return config.isPlausible()
        && byteSize(HEADER_V0, partsV0(config)).equals(BigInteger.valueOf(file.bytes().byteSize()));
  }

  private static Llama2cConfig readConfig(MappedFile file) {
    ByteCursor cursor = new ByteCursor(file, 0);
    Llama2cConfig config;
    if (cursor.readInt("the magic number") == MAGIC) {
      int version = cursor.readInt("the version");
      if (version != 1) {
        throw WeightException.unsupportedLlama2cVersion(file.path(), version);
      }
      config = readV1(cursor);
    } else {
      config = readV0(new ByteCursor(file, 0));
    }
    if (!config.isPlausible()) {
      throw WeightException.implausibleConfig(file.path(), config);
    }
    return config;
  }

  private static Llama2cConfig readV0(ByteCursor cursor) {
    return readNumbers(0, cursor);
  }

  private static Llama2cConfig readV1(ByteCursor cursor) {
    Llama2cConfig c = readNumbers(1, cursor);
    boolean tied = cursor.readByte("the shared-unembedding flag") != 0;
    Llama2cConfig.Unembedding unembedding =
        tied ? Llama2cConfig.Unembedding.TIED : Llama2cConfig.Unembedding.SEPARATE;
    return new Llama2cConfig(
        1,
        c.dModel(),
        c.dMlp(),
        c.nLayers(),
        c.nHeads(),
        c.nKvHeads(),
        c.dVocab(),
        c.nCtx(),
        unembedding);
  }

  /// Seven numbers; in version 0 a negative vocabulary says that the unembedding is separate.
  private static Llama2cConfig readNumbers(int version, ByteCursor cursor) {
    int[] n = new int[7];
    for (int i = 0; i < n.length; i++) {
      n[i] = cursor.readInt("the hyper-parameters");
    }
    boolean separate = version == 0 && n[5] < 0;
    int dVocab = separate ? -n[5] : n[5];
    Llama2cConfig.Unembedding unembedding =
        separate ? Llama2cConfig.Unembedding.SEPARATE : Llama2cConfig.Unembedding.TIED;
    return new Llama2cConfig(version, n[0], n[1], n[2], n[3], n[4], dVocab, n[6], unembedding);
  }

  /// An array of the file: how many times a tensor of these sizes lies there in a row.
  ///
  /// @param name `%d` stands for the layer; empty for what is left out
  private record Part(String name, int times, List<Long> sizes) {
    static Part of(String name, int times, long... sizes) {
      return new Part(name, times, Arrays.stream(sizes).boxed().toList());
    }

    BigInteger byteSize() {
      BigInteger product = BigInteger.valueOf(times).multiply(BigInteger.valueOf(4));
      for (long size : sizes) {
        product = product.multiply(BigInteger.valueOf(size));
      }
      return product;
    }
  }

  private static List<Part> partsV0(Llama2cConfig c) {
    List<Part> parts = new ArrayList<>();
    parts.add(embedding(c));
    parts.add(norm(c, "input_layernorm"));
    parts.addAll(attention(c));
    parts.add(norm(c, "post_attention_layernorm"));
    parts.addAll(mlp(c));
    parts.add(finalNorm(c));
    parts.add(Part.of("", 2, c.nCtx(), c.dHead() / 2));
    parts.addAll(unembedding(c));
    return parts;
  }

  private static List<Part> partsV1(Llama2cConfig c) {
    List<Part> parts = new ArrayList<>();
    parts.add(norm(c, "input_layernorm"));
    parts.add(norm(c, "post_attention_layernorm"));
    parts.add(finalNorm(c));
    parts.add(embedding(c));
    parts.addAll(attention(c));
    parts.addAll(mlp(c));
    parts.addAll(unembedding(c));
    return parts;
  }

  private static Part embedding(Llama2cConfig c) {
    return Part.of("model.embed_tokens.weight", 1, c.dVocab(), c.dModel());
  }

  private static Part finalNorm(Llama2cConfig c) {
    return Part.of("model.norm.weight", 1, c.dModel());
  }

  private static Part norm(Llama2cConfig c, String name) {
    return Part.of("model.layers.%d." + name + ".weight", c.nLayers(), c.dModel());
  }

  private static List<Part> attention(Llama2cConfig c) {
    long kv = (long) c.nKvHeads() * c.dHead();
    return List.of(
        matrix(c, "self_attn.q_proj", c.dModel(), c.dModel()),
        matrix(c, "self_attn.k_proj", kv, c.dModel()),
        matrix(c, "self_attn.v_proj", kv, c.dModel()),
        matrix(c, "self_attn.o_proj", c.dModel(), c.dModel()));
  }

  private static List<Part> mlp(Llama2cConfig c) {
    return List.of(
        matrix(c, "mlp.gate_proj", c.dMlp(), c.dModel()),
        matrix(c, "mlp.down_proj", c.dModel(), c.dMlp()),
        matrix(c, "mlp.up_proj", c.dMlp(), c.dModel()));
  }

  private static Part matrix(Llama2cConfig c, String name, long out, long in) {
    return Part.of("model.layers.%d." + name + ".weight", c.nLayers(), out, in);
  }

  private static List<Part> unembedding(Llama2cConfig c) {
    return switch (c.unembedding()) {
      case TIED -> List.of();
      case SEPARATE -> List.of(Part.of("lm_head.weight", 1, c.dVocab(), c.dModel()));
    };
  }

  private static BigInteger byteSize(int header, List<Part> parts) {
    return parts.stream().map(Part::byteSize).reduce(BigInteger.valueOf(header), BigInteger::add);
  }

  private static void requireLength(MappedFile file, int header, List<Part> parts) {
    BigInteger expected = byteSize(header, parts);
    if (!expected.equals(BigInteger.valueOf(file.bytes().byteSize()))) {
      throw WeightException.wrongFileLength(file.path(), expected, file.bytes().byteSize());
    }
  }

  private static Map<String, WeightEntry> slice(MappedFile file, int header, List<Part> parts) {
    Map<String, WeightEntry> entries = new LinkedHashMap<>();
    long position = header;
    for (Part part : parts) {
      long length = part.byteSize().longValueExact() / part.times();
      for (int layer = 0; layer < part.times(); layer++) {
        if (!part.name().isEmpty()) {
          String name = part.name().replace("%d", Integer.toString(layer));
          entries.put(
              name,
              new WeightEntry(
                  name, Encoding.F32, part.sizes(), file.bytes().asSlice(position, length)));
        }
        position += length;
      }
    }
    return entries;
  }

  /// The hyper-parameters.
  public Llama2cConfig config() {
    return config;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<String> names() {
    return table.names();
  }

  @Override
  public Map<String, String> aliases() {
    return table.aliases();
  }

  /// Nothing: the format has no texts. See [#config()].
  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public boolean has(String name) {
    return table.has(name);
  }

  @Override
  public WeightEntry entry(String name) {
    return table.entry(name);
  }

  @Override
  public void close() {
    files.close();
  }
}
