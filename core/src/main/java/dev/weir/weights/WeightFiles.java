package dev.weir.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Opens weight files of every kind that Weir reads, told apart by their content.
public final class WeightFiles {

  private WeightFiles() {}

  /// What a file turned out to be.
  public enum Format {
    /// One safetensors file.
    SAFETENSORS,
    /// The index of a sharded safetensors model.
    SAFETENSORS_INDEX,
    /// A GGUF file.
    GGUF,
    /// A llama2.c model.
    LLAMA2C
  }

  /// Opens a weight file, or the one weight file of a folder.
  ///
  /// @param path a safetensors file or index, a GGUF or llama2.c file, or a folder with one of them
  /// @throws WeightException if nothing readable is there, a folder leaves a choice, or the file is
  ///   damaged
  public static WeightSource open(Path path) {
    Path file = locate(path);
    return switch (formatOf(file)) {
      case SAFETENSORS, SAFETENSORS_INDEX -> Safetensors.open(file);
      case GGUF -> Gguf.open(file);
      case LLAMA2C -> Llama2c.open(file);
    };
  }

  /// The weight file that [#open] opens: the path itself, or the file a folder holds.
  ///
  /// In a folder `model.safetensors` comes first, then its index, then the only `.safetensors`
  /// file, the only `.gguf` file, the only llama2.c `.bin` file.
  ///
  /// @param path a file or folder
  /// @throws WeightException if it is not there, or a folder holds none or leaves a choice
  public static Path locate(Path path) {
    if (!Files.isDirectory(path)) {
      return path;
    }
    for (String name : List.of("model.safetensors", Safetensors.INDEX_NAME)) {
      if (Files.isRegularFile(path.resolve(name))) {
        return path.resolve(name);
      }
    }
    for (String ending : List.of(".safetensors.index.json", ".safetensors", ".gguf", ".bin")) {
      List<Path> found = filesEndingIn(path, ending);
      if (found.size() > 1) {
        throw WeightException.severalWeightFiles(path, found);
      }
      if (found.size() == 1) {
        return found.getFirst();
      }
    }
    throw hasPickles(path)
        ? WeightException.onlyPickles(path)
        : WeightException.noWeightsInFolder(path);
  }

  /// What a file is, by its content.
  ///
  /// @param file the file
  /// @throws WeightException if it is nothing that Weir reads; for pickles and archives the message
  ///   says how to convert them
  public static Format formatOf(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MappedFile mapped = MappedFile.map(file, arena);
      return recognise(mapped);
    }
  }

  private static Format recognise(MappedFile file) {
    byte[] start =
        file.bytes().asSlice(0, Math.min(16, file.bytes().byteSize())).toArray(JAVA_BYTE);
    String ending = file.path().toString().toLowerCase(Locale.ROOT);
    if (startsWith(start, 'G', 'G', 'U', 'F')) {
      return Format.GGUF;
    }
    // Before the pickle check: a header of 640 bytes starts with the same two bytes as a pickle.
    if (looksLikeSafetensors(file)) {
      return Format.SAFETENSORS;
    }
    if (startsWith(start, '2', '4', 'k', 'a') || Llama2c.isVersion0(file)) {
      return Format.LLAMA2C;
    }
    if (startsWith(start, '{') || ending.endsWith(".json")) {
      return Format.SAFETENSORS_INDEX;
    }
    refuseForeign(file.path(), start);
    return byEnding(file.path(), ending);
  }

  private static boolean looksLikeSafetensors(MappedFile file) {
    if (file.bytes().byteSize() < 10) {
      return false;
    }
    ByteCursor cursor = new ByteCursor(file, 0);
    long header = cursor.readLong("the header length");
    return header >= 2 && header <= cursor.remaining() && cursor.readByte("the header") == '{';
  }

  private static void refuseForeign(Path file, byte[] start) {
    if (startsWith(start, 'P', 'K', 3, 4) || startsWith(start, 0x80, 2)) {
      throw WeightException.pickle(file);
    }
    if (startsWith(start, 't', 'j', 'g', 'g')
        || startsWith(start, 'l', 'm', 'g', 'g')
        || startsWith(start, 'f', 'm', 'g', 'g')) {
      throw WeightException.oldGgml(file);
    }
  }

  /// A damaged file of a known ending goes to its reader, which says what is wrong with it.
  private static Format byEnding(Path file, String ending) {
    if (ending.endsWith(".safetensors")) {
      return Format.SAFETENSORS;
    }
    if (ending.endsWith(".gguf")) {
      return Format.GGUF;
    }
    if (ending.endsWith(".bin")) {
      return Format.LLAMA2C;
    }
    if (ending.endsWith(".pt") || ending.endsWith(".pth") || ending.endsWith(".ckpt")) {
      throw WeightException.pickle(file);
    }
    throw WeightException.unknownFormat(file);
  }

  private static boolean startsWith(byte[] bytes, int... expected) {
    if (bytes.length < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((bytes[i] & 0xFF) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  /// The folder's files of this ending; of the `.bin` files only llama2.c models, since tokenizers
  /// and pickles end so too.
  private static List<Path> filesEndingIn(Path folder, String ending) {
    return list(folder).stream()
        .filter(file -> file.getFileName().toString().endsWith(ending))
        .filter(file -> !ending.equals(".bin") || isLlama2c(file))
        .toList();
  }

  private static boolean isLlama2c(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MappedFile mapped = MappedFile.map(file, arena);
      MemorySegment bytes = mapped.bytes();
      boolean magic =
          bytes.byteSize() >= 8
              && new ByteCursor(mapped, 0).readInt("the magic number") == Llama2c.MAGIC;
      return magic || Llama2c.isVersion0(mapped);
    } catch (WeightException _) {
      return false;
    }
  }

  private static boolean hasPickles(Path folder) {
    return list(folder).stream()
        .map(file -> file.getFileName().toString())
        .anyMatch(
            name -> name.endsWith(".pt") || name.endsWith(".pth") || name.endsWith("_model.bin"));
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw WeightException.cannotRead(folder, e);
    }
  }
}
