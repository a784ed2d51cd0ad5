package dev.weir.model.family;

import dev.weir.model.LanguageModel;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.TensorOwner;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.weights.Gguf;
import dev.weir.weights.Llama2c;
import dev.weir.weights.StrictJson;
import dev.weir.weights.WeightFiles;
import dev.weir.weights.WeightSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// Opens a model, whatever its format: a Hugging Face folder, a GGUF or llama2.c file, a
/// TransformerLens state dict, Weir's own checkpoints.
public final class ModelFiles {
  private static final long LONGEST_CONFIG = 16L << 20;

  private ModelFiles() {}

  /// How a model should run.
  ///
  /// @param dtype how to store its numbers; empty for float32, or float64 where the file has that
  /// @param device where
  public record Options(Optional<DType> dtype, Device device) {

    /// As stored, half precision widened to float32, on the processor.
    public static Options usual() {
      return new Options(Optional.empty(), new Device.Cpu());
    }
  }

  /// The model of a folder or file.
  ///
  /// @param path a folder, or a weight file
  /// @param options how it should run
  /// @return the model, which keeps its file open until it is closed
  /// @throws dev.weir.WeirException if it is damaged, incomplete or of an unknown kind
  public static Transformer open(Path path, Options options) {
    return open(path, options, path.resolve("config.json"));
  }

  /// The model of a folder or file, with its config in another place.
  ///
  /// @param path a folder, or a weight file
  /// @param options how it should run
  /// @param config the config, for formats that have one
  public static Transformer open(Path path, Options options, Path config) {
    Path file = WeightFiles.locate(path);
    WeightSource source = WeightFiles.open(file);
    TensorOwner owner = new TensorOwner();
    owner.own(source);
    try (Scope _ = Scope.open()) {
      return assemble(source, file.equals(path) ? beside(path, config) : config, options, owner);
    } catch (RuntimeException e) {
      owner.close();
      throw e;
    }
  }

  /// How the model of a folder or file is put together. Reads no weights and starts no engine.
  ///
  /// @param path a folder, or a weight file
  public static TransformerSpec spec(Path path) {
    Path file = WeightFiles.locate(path);
    return switch (WeightFiles.formatOf(file)) {
      case GGUF -> {
        try (Gguf gguf = Gguf.open(file)) {
          yield new GgufModel(gguf).spec();
        }
      }
      case LLAMA2C -> {
        try (Llama2c llama2c = Llama2c.open(file)) {
          yield Llama2cModel.spec(llama2c.config(), file.toString());
        }
      }
      case SAFETENSORS, SAFETENSORS_INDEX -> spec(config(file.resolveSibling("config.json")));
    };
  }

  private static TransformerSpec spec(Config config) {
    TransformerLens transformerLens = new TransformerLens();
    if (transformerLens.claims(config)) {
      return transformerLens.spec(config);
    }
    return config.text("model_type").equals(WeirCheckpoint.MODEL_TYPE)
        ? WeirCheckpoint.spec(config)
        : Family.of(config).spec(config);
  }

  private static Config config(Path file) {
    return new Config(StrictJson.read(file, LONGEST_CONFIG), file.toString());
  }

  /// The model of a folder or file with its tokenizer.
  ///
  /// @param path a folder, or a weight file with the tokenizer's files beside it
  /// @throws dev.weir.WeirException if either is damaged, missing or of an unknown kind
  public static LanguageModel open(Path path) {
    Transformer transformer = open(path, Options.usual());
    try {
      return new LanguageModel(transformer, tokenizer(path));
    } catch (RuntimeException e) {
      transformer.close();
      throw e;
    }
  }

  /// The tokenizer that belongs to a model.
  ///
  /// @param path the model's folder or weight file
  public static Tokenizer tokenizer(Path path) {
    if (Files.isDirectory(path) && hasTokenizer(path)) {
      return Tokenizers.open(path);
    }
    Path file = WeightFiles.locate(path);
    if (WeightFiles.formatOf(file) == WeightFiles.Format.GGUF) {
      try (Gguf gguf = Gguf.open(file)) {
        return Tokenizers.of(GgufVocabularies.of(gguf));
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    return Tokenizers.open(folder == null ? Path.of("") : folder);
  }

  private static boolean hasTokenizer(Path folder) {
    return Stream.of("tokenizer.json", "vocab.json", "encoder.json")
        .anyMatch(name -> Files.exists(folder.resolve(name)));
  }

  private static Path beside(Path file, Path config) {
    return config.startsWith(file) ? file.resolveSibling("config.json") : config;
  }

  private static Transformer assemble(
      WeightSource source, Path configFile, Options options, TensorOwner owner) {
    WeightTensors weights =
        new WeightTensors(
            source, Optional.of(options.dtype().orElse(widest(source))), options.device(), owner);
    return switch (source) {
      case Gguf gguf -> {
        GgufModel model = new GgufModel(gguf);
        yield make(model.spec(), model::parameters, weights, owner);
      }
      case Llama2c llama2c ->
          make(
              Llama2cModel.spec(llama2c.config(), weights.where()),
              Llama2cModel::parameters,
              weights,
              owner);
      default -> fromConfig(config(configFile), weights, owner);
    };
  }

  private static Transformer fromConfig(Config config, WeightTensors weights, TensorOwner owner) {
    TransformerSpec spec = spec(config);
    if (new TransformerLens().claims(config)) {
      return make(spec, new TransformerLens()::parameters, weights, owner);
    }
    return config.text("model_type").equals(WeirCheckpoint.MODEL_TYPE)
        ? make(spec, WeirCheckpoint::parameters, weights, owner)
        : make(spec, Family.of(config)::parameters, weights, owner);
  }

  private static Transformer make(
      TransformerSpec spec,
      BiFunction<TransformerSpec, WeightTensors, Parameters> parameters,
      WeightTensors weights,
      TensorOwner owner) {
    return Transformer.of(spec, parameters.apply(spec, weights), owner, weights.where());
  }

  /// Half precision is for storage: on a processor it is slower and says less.
  private static DType widest(WeightSource source) {
    boolean wide =
        !source.names().isEmpty()
            && source.names().stream()
                .allMatch(
                    name -> source.entry(name).dtype().filter(d -> d == DType.FLOAT64).isPresent());
    return wide ? DType.FLOAT64 : DType.FLOAT32;
  }
}
