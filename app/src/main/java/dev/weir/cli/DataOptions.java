package dev.weir.cli;

import dev.weir.train.CorpusFiles;
import dev.weir.train.DataSettings;
import dev.weir.train.DocumentRule;
import dev.weir.train.RunTokenizer;
import dev.weir.train.TokenFile;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/// What a run learns from, and how it is cut into tokens.
final class DataOptions {
  @Option(
      names = {"-d", "--data"},
      paramLabel = "DATA",
      description =
          "What to learn from: a file or folder of text, JSON (.json, .jsonl) or tokens (.bin, .npy), or a synthetic task such as task:mqar or task:mqar:pairs=8.")
  private Optional<String> source = Optional.empty();

  @Option(
      names = "--documents",
      paramLabel = "HOW",
      defaultValue = "blank-lines",
      description =
          "Where a document of a text file ends: at blank-lines, at every line (lines), at its end (file), or at a mark (mark:TEXT). Default: ${DEFAULT-VALUE}.")
  private String documents = "blank-lines";

  @Option(
      names = "--field",
      paramLabel = "NAME",
      defaultValue = "text",
      description = "The field of a JSON object that holds its text. Default: ${DEFAULT-VALUE}.")
  private String field = "text";

  @Option(
      names = "--token-width",
      paramLabel = "WIDTH",
      defaultValue = "uint16",
      description =
          "How a .bin file writes a token: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private TokenFile.Width width = TokenFile.Width.UINT16;

  @Option(
      names = "--validation",
      paramLabel = "PATH",
      description = "What to look at. Default: a share of the data.")
  private Optional<String> validation = Optional.empty();

  @Option(
      names = "--validation-share",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "How much of the data is only looked at. Default: ${DEFAULT-VALUE}.")
  private double validationShare = 0.05;

  @Option(
      names = "--tokenizer",
      paramLabel = "HOW",
      description =
          "bpe (learned from the text), bytes, or the folder or file of a tokenizer. Default: bpe for texts, none for tokens; tasks have their own.")
  private Optional<String> tokenizer = Optional.empty();

  @Option(
      names = "--vocab",
      paramLabel = "N",
      description =
          "How many tokens a learned tokenizer has, or there are in files of tokens. Default for texts: "
              + RunTokenizer.USUAL_VOCABULARY
              + ".")
  private Optional<Integer> vocab = Optional.empty();

  boolean isMissing() {
    return source.isEmpty();
  }

  DataSettings settings() {
    String from = source.orElseThrow();
    return new DataSettings(
        DataSettings.task(from).isPresent() ? from : absolute(from),
        validation.map(DataOptions::absolute),
        validationShare,
        new CorpusFiles(rule(), field, width),
        "");
  }

  private DocumentRule rule() {
    if (documents.startsWith("mark:")) {
      return new DocumentRule.Marker(documents.substring("mark:".length()));
    }
    return switch (documents.toLowerCase(Locale.ROOT)) {
      case "blank-lines" -> new DocumentRule.BlankLines();
      case "lines" -> new DocumentRule.Lines();
      case "file" -> new DocumentRule.WholeFile();
      default ->
          throw CliException.notHere(
              "--documents %s is not possible".formatted(documents),
              "use blank-lines, lines, file or mark:TEXT");
    };
  }

  private static String absolute(String path) {
    return path(path).toAbsolutePath().normalize().toString();
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw CliException.notHere("'%s' is no path".formatted(name), "give a file or folder");
    }
  }

  /// The tokenizer that was asked for.
  Optional<RunTokenizer> tokenizer() {
    return tokenizer.map(this::named);
  }

  private RunTokenizer named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "bpe" -> new RunTokenizer.Trained(vocab.orElse(RunTokenizer.USUAL_VOCABULARY));
      case "bytes" -> new RunTokenizer.Bytes();
      default -> new RunTokenizer.Given(path(name));
    };
  }

  OptionalInt vocab() {
    return vocab.isPresent() ? OptionalInt.of(vocab.get()) : OptionalInt.empty();
  }
}
