package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Engine;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Which model, and how it runs.
final class ModelOptions {

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "A Hugging Face folder, a GGUF or llama2.c file, a TransformerLens state dict, a Weir checkpoint, or the name of a pulled model. Default: the model that ships with Weir.")
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--tokenizer",
      paramLabel = "PATH",
      description = "The tokenizer, where it does not lie beside the model.")
  private Optional<Path> tokenizer = Optional.empty();

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "float32, bfloat16, float16 or float64. Default: float32, or float64 where the file has that.")
  private Optional<String> dtype = Optional.empty();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}.")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "How many threads to use. Default: one for each processor.")
  private Optional<Integer> threads = Optional.empty();

  /// Where the model is.
  Path path(Terminal terminal) {
    return model.map(name -> locate(name, terminal)).orElseGet(terminal::bundled);
  }

  static Path locate(String name, Terminal terminal) {
    try {
      Path path = Path.of(name);
      if (Files.exists(path)) {
        return path;
      }
      Path pulled = terminal.library().resolve(name).normalize();
      if (pulled.startsWith(terminal.library()) && Files.isDirectory(pulled)) {
        return pulled;
      }
    } catch (InvalidPathException _) {
      throw CliException.noModel(name);
    }
    throw CliException.noModel(name);
  }

  Transformer open(Terminal terminal) {
    threads.ifPresent(ModelOptions::useThreads);
    return ModelFiles.open(
        path(terminal), new ModelFiles.Options(dtype.map(DType::parse), Device.parse(device)));
  }

  private static void useThreads(int count) {
    Engine.useThreads(requireThreads(count));
  }

  /// The same number, if so many threads are possible.
  static int requireThreads(int count) {
    if (count < 1 || count > 4096) {
      throw CliException.notHere(
          "--threads %d is not possible".formatted(count), "use a number from 1 to 4096");
    }
    return count;
  }

  /// The file or folder of the tokenizer.
  Path tokenizerPath(Terminal terminal) {
    return tokenizer.orElseGet(() -> {
      Path found = path(terminal).toAbsolutePath();
      Path folder = found.getParent();
      return Files.isDirectory(found) || folder == null ? found : folder;
    });
  }

  Tokenizer openTokenizer(Terminal terminal) {
    return tokenizer.map(Tokenizers::open).orElseGet(() -> ModelFiles.tokenizer(path(terminal)));
  }
}
