package dev.weir.train;

import dev.weir.text.BpeTrainer;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.weights.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The tokenizer of a run, whose files lie in the run's folder.
public sealed interface RunTokenizer {

  /// One token for each byte, and a boundary.
  record Bytes() implements RunTokenizer {}

  /// A byte-level BPE learned from the texts ([BpeTrainer]).
  ///
  /// @param vocabSize how many tokens at most
  record Trained(int vocabSize) implements RunTokenizer {}

  /// One that is there.
  ///
  /// @param path its folder or file
  record Given(Path path) implements RunTokenizer {}

  /// One whose `tokenizer.json` is at hand.
  ///
  /// @param json the file's text
  record Text(String json) implements RunTokenizer {}

  /// The token between texts of a tokenizer that Weir makes.
  String BOUNDARY = "<|endoftext|>";

  /// How many tokens a learned tokenizer has if nobody says.
  int USUAL_VOCABULARY = 1024;

  /// Puts the tokenizer's files into a folder.
  ///
  /// @param training the texts to learn it from, where it is learned
  /// @param folder where to; made if it is not there
  /// @throws dev.weir.WeirException if there is no such tokenizer or the folder cannot be written
  default void write(List<String> training, Path folder) {
    try {
      Files.createDirectories(folder);
      switch (this) {
        case Bytes() ->
            writeMade(new BpeTrainer(257, 2, List.of(BOUNDARY)).train(List.of()), folder);
        case Trained(int vocabSize) ->
            writeMade(new BpeTrainer(vocabSize, 2, List.of(BOUNDARY)).train(training), folder);
        case Given(Path path) -> copy(path, folder);
        case Text(String json) -> writeText(folder.resolve("tokenizer.json"), json);
      }
    } catch (IOException e) {
      throw TrainException.unwritableRun(folder.toString(), e);
    }
  }

  /// The token between texts: the one that begins them, or else the one that ends them.
  ///
  /// @param tokenizer the tokenizer
  /// @param where its folder, for the message
  /// @throws TrainException if it has neither
  static int boundary(Tokenizer tokenizer, Path where) {
    OptionalInt begin = tokenizer.bos();
    OptionalInt end = tokenizer.eos();
    return begin.orElseGet(
        () -> end.orElseThrow(() -> TrainException.noBoundary(where.toString())));
  }

  private static void writeMade(String json, Path folder) {
    ObjectNode config = JsonMapper.shared().createObjectNode();
    config.put("bos_token", BOUNDARY);
    config.put("eos_token", BOUNDARY);
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("clean_up_tokenization_spaces", false);
    writeText(folder.resolve("tokenizer_config.json"), config.toPrettyString() + "\n");
    writeText(folder.resolve("tokenizer.json"), withBoundaryInFront(json));
  }

  /// The model sees every text begin with the boundary; so should every prompt.
  private static String withBoundaryInFront(String json) {
    JsonMapper mapper = JsonMapper.shared();
    ObjectNode tokenizer = (ObjectNode) mapper.readTree(json);
    tokenizer.set(
        "post_processor",
        mapper.readTree(
            """
            {"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"%1$s","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
             "pair":[{"SpecialToken":{"id":"%1$s","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
                     {"Sequence":{"id":"B","type_id":1}}],
             "special_tokens":{"%1$s":{"id":"%1$s","ids":[0],"tokens":["%1$s"]}}}
            """
                .formatted(BOUNDARY)));
    return mapper.writeValueAsString(tokenizer);
  }

  private static void copy(Path path, Path folder) throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(path)) {
      boolean isFolder = Files.isDirectory(path);
      Path from = isFolder ? path : path.toAbsolutePath().getParent();
      for (String name :
          List.of(
              "tokenizer.json",
              "tokenizer_config.json",
              "special_tokens_map.json",
              "vocab.json",
              "merges.txt",
              "encoder.json",
              "vocab.bpe",
              "tokenizer.bin")) {
        if (from != null && Files.isRegularFile(from.resolve(name))) {
          copyFile(from.resolve(name), folder.resolve(name));
        }
      }
      copyOwnName(path, folder);
      writeRoles(tokenizer, folder);
    }
  }

  /// A file that is named otherwise gets the name that is looked for in a folder.
  private static void copyOwnName(Path path, Path folder) throws IOException {
    if (Files.isDirectory(path)) {
      try (var files = Files.newDirectoryStream(path, "tok*.bin")) {
        for (Path file : files) {
          copyFile(file, folder.resolve("tokenizer.bin"));
        }
      }
      return;
    }
    String name = String.valueOf(path.getFileName());
    boolean isPart =
        List.of("vocab.json", "encoder.json", "merges.txt", "vocab.bpe").contains(name);
    if (!isPart) {
      copyFile(path, folder.resolve(name.endsWith(".bin") ? "tokenizer.bin" : "tokenizer.json"));
    }
  }

  private static void copyFile(Path from, Path to) throws IOException {
    byte[] bytes = Files.readAllBytes(from);
    AtomicFile.write(to, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  /// Which tokens begin and end a text may stand in the `config.json` that is left behind.
  private static void writeRoles(Tokenizer tokenizer, Path folder) {
    ObjectNode roles = JsonMapper.shared().createObjectNode();
    tokenizer.bos().ifPresent(id -> roles.put("bos_token_id", id));
    tokenizer.eos().ifPresent(id -> roles.put("eos_token_id", id));
    writeText(folder.resolve("generation_config.json"), roles.toPrettyString() + "\n");
  }

  private static void writeText(Path file, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }
}
