package dev.weir.weights;

import dev.weir.WeirException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serial;
import java.math.BigInteger;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A weight file that cannot be read as what it says it is, or cannot be written.
public final class WeightException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private static final String AGAIN =
      "download or export the file again and compare its size with the one on the model's page";
  private static final String CONVERT =
      "convert it to safetensors where PyTorch is installed, for instance with"
          + " safetensors.torch.save_file(torch.load(path, weights_only=True),"
          + " 'model.safetensors'), or pull a repository that has .safetensors or .gguf files";

  private final String what;
  private final String where;
  private final String fix;

  private WeightException(String what, String where, String fix) {
    super(what, where, fix);
    this.what = what;
    this.where = where;
    this.fix = fix;
  }

  private WeightException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
    this.what = what;
    this.where = where;
    this.fix = fix;
  }

  /// The same error, said of a tensor in this file.
  WeightException in(Path file) {
    return new WeightException(what, file + ", " + where, fix, this);
  }

  // Finding and reading files

  static WeightException noSuchFile(Path file) {
    return new WeightException(
        "There is no such file", file.toString(), "check the path for typing errors");
  }

  static WeightException notAFile(Path file) {
    return new WeightException(
        "This is neither a file nor a folder", file.toString(), "give the path of a weight file");
  }

  static WeightException directoryInsteadOfFile(Path file) {
    return new WeightException(
        "A file belongs here, but this is a folder",
        file.toString(),
        "give the path of the file, or move the folder away");
  }

  static WeightException emptyFile(Path file) {
    return new WeightException("The file is empty (0 bytes)", file.toString(), AGAIN);
  }

  static WeightException cannotRead(Path file, IOException e) {
    return new WeightException(
        "The file cannot be read (%s)".formatted(reason(e)),
        file.toString(),
        "check that it exists and that you may read it",
        e);
  }

  static WeightException cannotWrite(Path file, IOException e) {
    return new WeightException(
        "The file cannot be written (%s)".formatted(reason(e)),
        file.toString(),
        "check that its folder exists, that you may write there, and that the disk has room",
        e);
  }

  static WeightException noWeightsInFolder(Path folder) {
    return new WeightException(
        "The folder holds no weight file",
        folder.toString(),
        "expected model.safetensors, model.safetensors.index.json, or one .safetensors, .gguf or"
            + " llama2.c .bin file; give the folder that has one");
  }

  static WeightException severalWeightFiles(Path folder, List<Path> files) {
    return new WeightException(
        "The folder holds %d weight files and none is called model.safetensors"
            .formatted(files.size()),
        folder
            + ": "
            + files.stream()
                .limit(8)
                .map(file -> file.getFileName().toString())
                .collect(Collectors.joining(", ")),
        "give the path of one of them");
  }

  static WeightException onlyPickles(Path folder) {
    return new WeightException(
        "The folder has its weights as Python pickles only, which can run code and are not opened",
        folder.toString(),
        CONVERT);
  }

  static WeightException pickle(Path file) {
    return new WeightException(
        "This is a Python pickle or an archive (.pt, .pth, .bin), which can run code and is not"
            + " opened",
        file.toString(),
        CONVERT);
  }

  static WeightException oldGgml(Path file) {
    return new WeightException(
        "This is a GGML file from before GGUF",
        file.toString(),
        "convert it with llama.cpp's convert_llama_ggml_to_gguf.py or download a .gguf file");
  }

  static WeightException unknownFormat(Path file) {
    return new WeightException(
        "The content is none of the weight formats known here",
        file.toString(),
        "give a safetensors file or index, a GGUF file, or a llama2.c .bin file");
  }

  // What every format has

  static WeightException cutShort(Path file, String what, long position, long needs, long has) {
    return new WeightException(
        "The file ends at byte %d, but %s at byte %d needs %s bytes"
            .formatted(has, shorten(what), position, Long.toUnsignedString(needs)),
        file.toString(),
        AGAIN);
  }

  static WeightException impossibleCount(
      Path file, String what, long position, long count, long remaining) {
    return new WeightException(
        "%s is %s, more than the %d bytes behind it can hold"
            .formatted(capital(shorten(what)), Long.toUnsignedString(count), remaining),
        "%s, byte %d".formatted(file, position),
        AGAIN);
  }

  static WeightException textTooLong(
      Path file, String what, long position, long length, long longest) {
    return new WeightException(
        "%s has %d bytes, expected at most %d".formatted(capital(shorten(what)), length, longest),
        "%s, byte %d".formatted(file, position),
        AGAIN);
  }

  static WeightException invalidUtf8(Path file, String what, long position) {
    return new WeightException(
        "%s is not valid UTF-8".formatted(capital(shorten(what))),
        "%s, byte %d".formatted(file, position),
        AGAIN);
  }

  static WeightException noSuchTensor(Path file, String name, Collection<String> names) {
    return new WeightException(
        "There is no tensor '%s' among the %d of this file".formatted(shorten(name), names.size()),
        file.toString(),
        "check that the file belongs to the model; its first tensors are "
            + names.stream().limit(3).map(WeightException::shorten).toList());
  }

  static WeightException repeatedTensor(Path file, String name) {
    return new WeightException(
        "Two tensors have the same name",
        tensor(file, name),
        "give every tensor a name of its own");
  }

  static WeightException tooManyTensors(Path file, int most) {
    return new WeightException(
        "The header lists more than %d tensors or values".formatted(most),
        file.toString(),
        "no known model has so many; " + AGAIN);
  }

  static WeightException overlap(Path file, String before, long end, String name, long begin) {
    return new WeightException(
        "The tensor starts at byte %d of the data, but '%s' reaches to byte %d"
            .formatted(begin, shorten(before), end),
        tensor(file, name),
        AGAIN);
  }

  static WeightException badOffsets(Path file, String name, long begin, long end, long has) {
    return new WeightException(
        "The tensor claims bytes %d to %d of the data, which has %d".formatted(begin, end, has),
        tensor(file, name),
        AGAIN);
  }

  static WeightException wrongLength(
      String name, Encoding encoding, List<Long> sizes, long expected, long found) {
    return new WeightException(
        "%s %s needs %d bytes, but %d are given".formatted(encoding, sizes, expected, found),
        tensor(name),
        AGAIN);
  }

  static WeightException negativeSize(String name, List<Long> sizes) {
    return new WeightException("A size is negative: " + sizes, tensor(name), AGAIN);
  }

  static WeightException tooManyElements(String name, List<Long> sizes) {
    return new WeightException(
        "The sizes %s multiply to more than any file can hold".formatted(sizes),
        tensor(name),
        AGAIN);
  }

  static WeightException brokenBlocks(String name, Encoding encoding, List<Long> sizes) {
    return new WeightException(
        "%s stores blocks of %d numbers, but the innermost of the sizes %s is no multiple of it"
            .formatted(encoding, encoding.blockElements(), sizes),
        tensor(name),
        AGAIN);
  }

  static WeightException tooLongForArray(String name, List<Long> sizes) {
    return new WeightException(
        "The sizes %s hold more numbers than one array can".formatted(sizes),
        tensor(name),
        "read it in rows with dequantizeRowsTo");
  }

  // JSON

  static WeightException badJson(String where, String problem) {
    return new WeightException(
        "This is not the JSON it should be: " + shorten(problem), where, AGAIN);
  }

  static WeightException jsonTooLong(Path file, long size, long longest) {
    return new WeightException(
        "The JSON file has %d bytes, expected at most %d".formatted(size, longest),
        file.toString(),
        "check that this is the right file");
  }

  // Safetensors

  static WeightException badHeaderLength(Path file, long length, long has) {
    return new WeightException(
        "The header claims %s bytes, but the file has %d and a header at most %d"
            .formatted(Long.toUnsignedString(length), has, SafetensorsHeader.LONGEST_HEADER),
        file.toString(),
        "check that this is a safetensors file; if it is, " + AGAIN);
  }

  static WeightException badHeaderField(Path file, String what, String expected) {
    return new WeightException(
        "The header is wrong at %s: expected %s".formatted(shorten(what), expected),
        file.toString(),
        AGAIN);
  }

  static WeightException unknownField(Path file, String name, String field) {
    return new WeightException(
        "The header has '%s', expected only dtype, shape and data_offsets"
            .formatted(shorten(field)),
        tensor(file, name),
        AGAIN);
  }

  static WeightException unknownDType(Path file, String name, String dtype) {
    return new WeightException(
        "The tensor has dtype '%s', which is not read here".formatted(shorten(dtype)),
        tensor(file, name),
        "convert it to F32, F16 or BF16 and save the file again");
  }

  static WeightException gap(Path file, long from, long to) {
    return new WeightException(
        "Bytes %d to %d of the data belong to no tensor".formatted(from, to),
        file.toString(),
        AGAIN);
  }

  static WeightException notAnIndex(Path file) {
    return new WeightException(
        "This JSON file has no 'weight_map' that says which shard holds which tensor",
        file.toString(),
        "give a model.safetensors.index.json, or a .safetensors file itself");
  }

  static WeightException badShardName(Path index, String name, String shard) {
    return new WeightException(
        "The index puts the tensor into %s, which is not the name of a file beside it"
            .formatted(shorten(shard)),
        tensor(index, name),
        "put the shards beside the index and name them without folders");
  }

  static WeightException missingShard(Path index, String shard) {
    return new WeightException(
        "The shard '%s' that the index names is not there".formatted(shorten(shard)),
        index.toString(),
        "download the missing shard into the same folder");
  }

  static WeightException tensorNotInShard(Path index, String shard, String name) {
    return new WeightException(
        "The index puts the tensor into '%s', which does not have it".formatted(shorten(shard)),
        tensor(index, name),
        "download index and shards again, from one revision");
  }

  static WeightException tensorNotInIndex(Path index, String shard, String name) {
    return new WeightException(
        "The shard '%s' has a tensor that the index does not put there".formatted(shorten(shard)),
        tensor(index, name),
        "download index and shards again, from one revision");
  }

  static WeightException wrongItemLength(Path file, String name, long expected, long found) {
    return new WeightException(
        "Its sizes ask for %d bytes, but %d were given".formatted(expected, found),
        tensor(file, name),
        "write exactly the bytes of the tensor");
  }

  static WeightException blocksInSafetensors(Path file, String name, Encoding encoding) {
    return new WeightException(
        "Safetensors files cannot hold %s blocks".formatted(encoding),
        tensor(file, name),
        "dequantise the tensor and write it as F32, F16 or BF16");
  }

  // NumPy

  static WeightException badNpy(Path file, String why) {
    return new WeightException(
        "This .npy file cannot be read: " + shorten(why),
        file.toString(),
        "save plain numbers row by row, for instance with numpy.save(file, numpy.ascontiguousarray(x, '<f4'))");
  }

  // GGUF

  static WeightException notGguf(Path file) {
    return new WeightException(
        "The file does not start with 'GGUF'", file.toString(), "check the path; " + AGAIN);
  }

  static WeightException bigEndianGguf(Path file) {
    return new WeightException(
        "This GGUF file is big-endian",
        file.toString(),
        "convert it with gguf_convert_endian.py of llama.cpp");
  }

  static WeightException unsupportedGgufVersion(Path file, int version) {
    return new WeightException(
        "This is GGUF version %s, expected 2 or 3".formatted(Integer.toUnsignedString(version)),
        file.toString(),
        "convert the model again with a current llama.cpp");
  }

  static WeightException unsupportedGgufType(Path file, String name, String type) {
    return new WeightException(
        "The tensor has type %s; read are F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K and Q6_K"
            .formatted(type),
        tensor(file, name),
        "choose another quantisation of the model, for instance Q8_0 or Q4_K_M, or convert it with"
            + " llama-quantize");
  }

  static WeightException tooManyAxes(Path file, String name, int axes, int most) {
    return new WeightException(
        "The tensor has %s axes, expected at most %d"
            .formatted(Integer.toUnsignedString(axes), most),
        tensor(file, name),
        AGAIN);
  }

  static WeightException badAlignment(Path file, long alignment) {
    return new WeightException(
        "general.alignment is %d, expected a power of two up to 1048576".formatted(alignment),
        file.toString(),
        AGAIN);
  }

  static WeightException misalignedOffset(Path file, String name, long offset, long alignment) {
    return new WeightException(
        "The tensor starts at byte %s of the data, expected a multiple of %d"
            .formatted(Long.toUnsignedString(offset), alignment),
        tensor(file, name),
        AGAIN);
  }

  static WeightException repeatedKey(Path file, String key) {
    return new WeightException(
        "The metadata has the key '%s' twice".formatted(shorten(key)), file.toString(), AGAIN);
  }

  static WeightException unknownMetadataType(Path file, String key, int type) {
    return new WeightException(
        "The metadata key '%s' has a value of type %s, expected 0 to 12"
            .formatted(shorten(key), Integer.toUnsignedString(type)),
        file.toString(),
        AGAIN);
  }

  static WeightException badTruthValue(Path file, String key, int stored) {
    return new WeightException(
        "The metadata key '%s' is the truth value %d, expected 0 or 1"
            .formatted(shorten(key), stored),
        file.toString(),
        AGAIN);
  }

  static WeightException nestedTooDeep(Path file, String key, int deepest) {
    return new WeightException(
        "The metadata key '%s' nests arrays more than %d deep".formatted(shorten(key), deepest),
        file.toString(),
        AGAIN);
  }

  static WeightException wrongMetadataKind(Path file, String key, String expected, String found) {
    return new WeightException(
        "The metadata key '%s' is %s, expected %s".formatted(shorten(key), found, expected),
        file.toString(),
        "convert the model again with a current llama.cpp");
  }

  static WeightException numberTooLarge(Path file, String key, String number) {
    return new WeightException(
        "The metadata key '%s' is %s, which does not fit in 63 bits"
            .formatted(shorten(key), number),
        file.toString(),
        AGAIN);
  }

  static WeightException arrayTooLong(Path file, String key, long count, int most) {
    return new WeightException(
        "The metadata key '%s' has %d elements, expected at most %d"
            .formatted(shorten(key), count, most),
        file.toString(),
        AGAIN);
  }

  // llama2.c

  static WeightException unsupportedLlama2cVersion(Path file, int version) {
    return new WeightException(
        "This is a llama2.c file of version %d%s, expected 0 or 1"
            .formatted(version, version == 2 ? " (quantised)" : ""),
        file.toString(),
        "export the model again with export.py --version 1");
  }

  static WeightException implausibleConfig(Path file, Llama2cConfig config) {
    return new WeightException(
        "The first numbers are not the hyper-parameters of a model: dim %d, hidden %d, layers %d,"
                .formatted(config.dModel(), config.dMlp(), config.nLayers())
            + " heads %d, kv heads %d, vocabulary %d, context %d"
                .formatted(config.nHeads(), config.nKvHeads(), config.dVocab(), config.nCtx()),
        file.toString(),
        "check that this is a llama2.c model file; a pickle has to be converted to safetensors");
  }

  static WeightException wrongFileLength(Path file, BigInteger expected, long found) {
    return new WeightException(
        "The hyper-parameters ask for %d bytes, but the file has %d".formatted(expected, found),
        file.toString(),
        "check that this is a llama2.c model file; if it is, " + AGAIN);
  }

  // Words

  private static String tensor(String name) {
    return "tensor '%s'".formatted(shorten(name));
  }

  private static String tensor(Path file, String name) {
    return file + ", " + tensor(name);
  }

  /// Names come from files and may be of any length.
  private static String shorten(String text) {
    return text.length() <= 160 ? text : text.substring(0, 157) + "...";
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is no such file or folder";
      case FileNotFoundException _ -> "there is no such file";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException system when system.getReason() != null -> system.getReason();
      case IOException other ->
          other.getMessage() == null ? other.getClass().getSimpleName() : other.getMessage();
    };
  }
}
