package dev.weir.text;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Opens tokenizers of every kind that Weir reads.
public final class Tokenizers {
  private static final String LOOKED_FOR =
      "tokenizer.json, vocab.json with merges.txt, encoder.json with vocab.bpe, tokenizer.bin"
          + " (llama2.c) and one single tok*.bin";

  private Tokenizers() {}

  /// The tokenizer in a folder, or in a file.
  ///
  /// @param path a folder with a tokenizer's files, or `tokenizer.json`, `vocab.json`,
  ///   `encoder.json`, `merges.txt`, `vocab.bpe` or a llama2.c tokenizer (`….bin`)
  /// @throws TextException if there is none, or it cannot be used
  public static Tokenizer open(Path path) {
    return Files.isDirectory(path) ? inFolder(path) : inFile(path);
  }

  /// The tokenizer that the text of a `tokenizer.json` describes.
  ///
  /// @param source where the text came from, for messages
  /// @param json the text
  /// @throws TextException if it cannot be used
  public static Tokenizer ofJson(String source, String json) {
    return ofJson(source, json, SideFiles.none());
  }

  /// The tokenizer that a GGUF file's metadata describes.
  ///
  /// @param vocabulary the metadata
  /// @throws TextException if it cannot be used, or names an unknown pre-tokenizer
  public static Tokenizer of(GgufVocabulary vocabulary) {
    return GgufTokenizers.of(vocabulary);
  }

  private static Tokenizer ofJson(String source, String json, SideFiles side) {
    TokenizerJson file = TokenizerJson.read(source, json);
    return new HuggingFaceTokenizer(file, SpecialTokenRoles.read(file, side));
  }

  private static Tokenizer inFolder(Path folder) {
    Path json = folder.resolve("tokenizer.json");
    if (Files.exists(json)) {
      return ofJson(json.toString(), SmallFile.text(json), SideFiles.read(folder));
    }
    if (both(folder, "vocab.json", "merges.txt")) {
      return Gpt2Files.read(folder.resolve("vocab.json"), folder.resolve("merges.txt"));
    }
    if (both(folder, "encoder.json", "vocab.bpe")) {
      return Gpt2Files.read(folder.resolve("encoder.json"), folder.resolve("vocab.bpe"));
    }
    Path llama2c = folder.resolve("tokenizer.bin");
    if (Files.exists(llama2c)) {
      return Llama2cTokenizerFile.read(llama2c);
    }
    List<Path> others = llama2cFiles(folder);
    if (others.size() == 1) {
      return Llama2cTokenizerFile.read(others.getFirst());
    }
    Path sentencePiece = folder.resolve("tokenizer.model");
    throw Files.exists(sentencePiece)
        ? TextException.sentencePieceOnly(sentencePiece)
        : TextException.noTokenizer(folder, LOOKED_FOR);
  }

  private static boolean both(Path folder, String one, String other) {
    return Files.exists(folder.resolve(one)) && Files.exists(folder.resolve(other));
  }

  private static List<Path> llama2cFiles(Path folder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "tok*.bin")) {
      files.forEach(found::add);
    } catch (IOException e) {
      throw TextException.unreadable(folder.toString(), e.getClass().getSimpleName(), e);
    }
    return found;
  }

  private static Tokenizer inFile(Path file) {
    String name = file.getFileName() == null ? "" : file.getFileName().toString();
    return switch (name) {
      case "vocab.json", "merges.txt" ->
          Gpt2Files.read(file.resolveSibling("vocab.json"), file.resolveSibling("merges.txt"));
      case "encoder.json", "vocab.bpe" ->
          Gpt2Files.read(file.resolveSibling("encoder.json"), file.resolveSibling("vocab.bpe"));
      default -> inFile(file, name);
    };
  }

  private static Tokenizer inFile(Path file, String name) {
    if (name.endsWith(".json")) {
      Path folder = file.toAbsolutePath().getParent();
      return ofJson(
          file.toString(),
          SmallFile.text(file),
          folder == null ? SideFiles.none() : SideFiles.read(folder));
    }
    if (name.endsWith(".bin")) {
      return Llama2cTokenizerFile.read(file);
    }
    throw name.endsWith(".model")
        ? TextException.sentencePieceOnly(file)
        : TextException.noTokenizer(file, "a file named .json or .bin");
  }
}
