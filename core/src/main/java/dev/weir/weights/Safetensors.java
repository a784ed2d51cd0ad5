package dev.weir.weights;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// Weights in the safetensors format, in one file or in shards with an index.
///
/// Everything the header claims is checked when it is opened; the numbers are not looked at. A name
/// in `__metadata__` whose value is a stored tensor is that tensor's other name (tied embeddings).
///
/// Format: the `format` section of huggingface/safetensors' README.
public final class Safetensors implements WeightSource {
  /// The index of a sharded model, as Hugging Face names it.
  static final String INDEX_NAME = "model.safetensors.index.json";

  private static final long LONGEST_INDEX = 100_000_000;

  private final Path path;
  private final MappedFile.Group files;
  private final EntryTable table;
  private final Map<String, String> metadata;

  private Safetensors(
      Path path,
      MappedFile.Group files,
      Map<String, WeightEntry> entries,
      Map<String, String> metadata) {
    this.path = path;
    this.files = files;
    this.table = new EntryTable(path, entries, metadata);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /// Opens a `.safetensors` file, the `.json` index of a sharded model, or a folder that contains
  /// `model.safetensors` or `model.safetensors.index.json`.
  ///
  /// @param path the file or folder
  /// @throws WeightException if it is missing, damaged, or not what its header says
  public static Safetensors open(Path path) {
    if (Files.isDirectory(path)) {
      return open(within(path));
    }
    return MappedFile.Group.opening(files ->
        path.toString().endsWith(".json")
            ? openIndex(path, files)
            : single(files.map(path), files));
  }

  /// Reads a `.safetensors` file whose bytes are in memory.
  ///
  /// @param bytes the file; they are not copied
  /// @param path what to call it
  /// @throws WeightException if it is damaged, or not what its header says
  public static Safetensors of(byte[] bytes, Path path) {
    MappedFile file = new MappedFile(path, MemorySegment.ofArray(bytes));
    return MappedFile.Group.opening(files -> single(file, files));
  }

  private static Path within(Path folder) {
    for (String name : List.of("model.safetensors", INDEX_NAME)) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    throw WeightException.noWeightsInFolder(folder);
  }

  private static Safetensors single(MappedFile file, MappedFile.Group files) {
    SafetensorsHeader header = SafetensorsHeader.parse(file);
    return new Safetensors(file.path(), files, header.entries(), header.metadata());
  }

  private static Safetensors openIndex(Path index, MappedFile.Group files) {
    Map<String, String> shardOf = readIndex(index);
    Map<String, WeightEntry> found = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (String shard : new LinkedHashSet<>(shardOf.values())) {
      Path file = index.resolveSibling(shard);
      if (!Files.exists(file)) {
        throw WeightException.missingShard(index, shard);
      }
      SafetensorsHeader header = SafetensorsHeader.parse(files.map(file));
      header.metadata().forEach(metadata::putIfAbsent);
      addShard(index, shard, shardOf, header.entries(), found);
    }
    requireAll(index, shardOf, found.keySet());
    return new Safetensors(index, files, found, metadata);
  }

  private static void addShard(
      Path index,
      String shard,
      Map<String, String> shardOf,
      Map<String, WeightEntry> entries,
      Map<String, WeightEntry> found) {
    entries.forEach((name, entry) -> {
      if (!shard.equals(shardOf.get(name))) {
        throw WeightException.tensorNotInIndex(index, shard, name);
      }
      found.put(name, entry);
    });
  }

  private static void requireAll(Path index, Map<String, String> shardOf, Set<String> found) {
    shardOf.forEach((name, shard) -> {
      if (!found.contains(name)) {
        throw WeightException.tensorNotInShard(index, shard, name);
      }
    });
  }

  /// Tensor name -> shard's file name.
  private static Map<String, String> readIndex(Path index) {
    JsonNode weightMap = StrictJson.read(index, LONGEST_INDEX).path("weight_map");
    if (!weightMap.isObject() || weightMap.isEmpty()) {
      throw WeightException.notAnIndex(index);
    }
    Map<String, String> shardOf = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
      String shard = entry.getValue().isString() ? entry.getValue().stringValue() : "";
      if (!isPlainFileName(shard)) {
        throw WeightException.badShardName(index, entry.getKey(), entry.getValue().toString());
      }
      shardOf.put(entry.getKey(), shard);
    }
    return shardOf;
  }

  /// Shards lie beside the index. Anything else could point outside the model's folder.
  private static boolean isPlainFileName(String name) {
    return !name.isBlank()
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
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

  @Override
  public Map<String, String> metadata() {
    return metadata;
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
