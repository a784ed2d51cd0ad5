package dev.weir.cli;

import dev.weir.train.DataSettings;
import dev.weir.train.RunTokenizer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What a run learns from, and how it is cut into tokens.
final class DataOptions {
  private static final double USUAL_SHARE = 0.1;

  @Option(
      names = {"-d", "--data"},
      paramLabel = "FILE",
      description = "The text to learn from, UTF-8.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--documents",
      paramLabel = "HOW",
      defaultValue = "paragraphs",
      description =
          "What a document is: paragraphs (what stands between empty lines) or whole (the file). Default: ${DEFAULT-VALUE}.")
  private DataSettings.Documents documents = DataSettings.Documents.PARAGRAPHS;

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      description = "The text to look at. Default: the end of the other.")
  private Optional<Path> validation = Optional.empty();

  @Option(
      names = "--validation-share",
      paramLabel = "SHARE",
      defaultValue = "" + USUAL_SHARE,
      description = "How much of the text is only looked at. Default: ${DEFAULT-VALUE}.")
  private double validationShare = USUAL_SHARE;

  @Option(
      names = "--tokenizer",
      paramLabel = "HOW",
      defaultValue = "bpe",
      description =
          "bpe (learned from the text), bytes, or the folder or file of a tokenizer. Default: ${DEFAULT-VALUE}.")
  private String tokenizer = "bpe";

  @Option(
      names = "--vocab",
      paramLabel = "N",
      defaultValue = "1024",
      description = "How many tokens a learned tokenizer has. Default: ${DEFAULT-VALUE}.")
  private int vocab = 1024;

  Optional<Path> file() {
    return file;
  }

  DataSettings settings() {
    return new DataSettings(
        absolute(file.orElseThrow()),
        validation.map(DataOptions::absolute),
        validationShare,
        documents,
        "");
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  RunTokenizer tokenizer() {
    return switch (tokenizer.toLowerCase(Locale.ROOT)) {
      case "bpe" -> new RunTokenizer.Trained(vocab);
      case "bytes" -> new RunTokenizer.Bytes();
      default -> new RunTokenizer.Given(Path.of(tokenizer));
    };
  }
}
