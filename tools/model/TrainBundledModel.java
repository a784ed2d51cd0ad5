import dev.weir.model.family.LlamaFolder;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.Engine;
import dev.weir.text.BpeTrainer;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.train.Corpus;
import dev.weir.train.Schedule;
import dev.weir.train.TextData;
import dev.weir.train.TrainingLog;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import dev.weir.train.TrainingStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Trains the model in `models/weir-stories`, tokenizer and all. Its card holds the command.
///
/// Arguments: `STORIES.json OUT_FOLDER SEED`; `STORIES.json` is an array of texts.
public final class TrainBundledModel {
  private static final String BOUNDARY = "<|endoftext|>";
  private static final int VOCAB = 1536;
  private static final int N_CTX = 512;
  private static final double VALIDATION_SHARE = 0.05;
  private static final int THREADS = 2;
  private static final int LOG_EVERY = 2;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private TrainBundledModel() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      System.err.println("Usage: TrainBundledModel.java STORIES.json OUT_FOLDER SEED");
      System.exit(2);
    }
    Engine.useThreads(THREADS); // The numbers depend on it.
    Path folder = Files.createDirectories(Path.of(args[1]));
    long seed = Long.parseLong(args[2]);
    Stories stories = Stories.read(Path.of(args[0]), seed);
    String json = new BpeTrainer(VOCAB, 2, List.of(BOUNDARY)).train(stories.training);
    try (Tokenizer tokenizer = Tokenizers.ofJson("tokenizer.json", json)) {
      int boundary = tokenizer.id(BOUNDARY).orElseThrow();
      write(folder, "tokenizer.json", withBoundaryInFront(json, boundary));
      write(folder, "tokenizer_config.json", pretty(tokenizerConfig()));
      write(folder, "generation_config.json", pretty(generationConfig(boundary)));
      train(stories, tokenizer, boundary, folder, seed);
    }
  }

  /// The model has seen every story begin with the boundary; so should every prompt.
  private static String withBoundaryInFront(String json, int boundary) {
    ObjectNode tokenizer = (ObjectNode) MAPPER.readTree(json);
    tokenizer.set(
        "post_processor",
        MAPPER.readTree(
            """
            {"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"%1$s","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
             "pair":[{"SpecialToken":{"id":"%1$s","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
                     {"Sequence":{"id":"B","type_id":1}}],
             "special_tokens":{"%1$s":{"id":"%1$s","ids":[%2$d],"tokens":["%1$s"]}}}
            """
                .formatted(BOUNDARY, boundary)));
    return MAPPER.writeValueAsString(tokenizer);
  }

  private static void train(
      Stories stories, Tokenizer tokenizer, int boundary, Path folder, long seed)
      throws IOException {
    Corpus training = Corpus.of(stories.training, tokenizer, boundary);
    Corpus validation = Corpus.of(stories.validation, tokenizer, boundary);
    describe("training", training);
    describe("validation", validation);
    TextData data = new TextData(training, validation, tokenizer.vocabSize());
    LlamaFolder llama = new LlamaFolder(sizes(tokenizer.vocabSize()), boundary);
    Path log = folder.resolve("training.jsonl");
    Files.deleteIfExists(log);
    try (TrainingRun run = new TrainingRun(llama.spec(), data, settings(seed))) {
      System.out.printf("%,d parameters%n", run.model().parameters().count());
      double lowest = Double.POSITIVE_INFINITY;
      while (run.steps() < run.settings().schedule().steps()) {
        TrainingStep step = run.step();
        if (step.step() % LOG_EVERY == 0) {
          TrainingLog.append(log, step);
        }
        if (step.validationLoss().isPresent()) {
          System.out.println(TrainingLog.line(step));
          if (step.validationLoss().getAsDouble() < lowest) {
            lowest = step.validationLoss().getAsDouble();
            llama.write(run.model(), folder);
          }
        }
      }
    }
  }

  private static void describe(String name, Corpus corpus) {
    System.out.printf(
        "%s: %,d stories, %,d tokens, %,d bytes%n",
        name, corpus.documents().size(), corpus.tokens(), corpus.bytes());
  }

  private static LlamaFolder.Sizes sizes(int dVocab) {
    return new LlamaFolder.Sizes(128, 6, 4, 2, 384, dVocab, N_CTX, 10_000, 1e-5);
  }

  private static TrainingSettings settings(long seed) {
    return TrainingSettings.usual(4, N_CTX, new Schedule.Cosine(1600, 100, 2e-3, 0))
        .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 0.99, 1e-8), 0.3, 1.0))
        .with(new TrainingSettings.Seeds(seed, seed))
        .withDropout(0.1)
        .withLookEvery(100);
  }

  private static Map<String, Object> tokenizerConfig() {
    return Map.of(
        "tokenizer_class", "PreTrainedTokenizerFast",
        "bos_token", BOUNDARY,
        "eos_token", BOUNDARY,
        "model_max_length", N_CTX,
        "clean_up_tokenization_spaces", false);
  }

  private static Map<String, Object> generationConfig(int boundary) {
    return Map.of("bos_token_id", boundary, "eos_token_id", boundary);
  }

  private static String pretty(Map<String, Object> entries) {
    ObjectNode json = MAPPER.createObjectNode();
    entries.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> json.set(entry.getKey(), MAPPER.valueToTree(entry.getValue())));
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
  }

  private static void write(Path folder, String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  /// The stories, mended and parted by luck.
  private record Stories(List<String> training, List<String> validation) {

    static Stories read(Path file, long seed) throws IOException {
      JsonNode array = MAPPER.readTree(Files.readString(file));
      List<String> all =
          new ArrayList<>(array.valueStream().map(n -> mended(n.stringValue())).toList());
      Collections.shuffle(all, new SplittableRandom(seed));
      int held = (int) Math.round(all.size() * VALIDATION_SHARE);
      return new Stories(all.subList(held, all.size()), all.subList(0, held));
    }

    /// Some of the texts were once read as Windows-1252, which left three characters for a
    /// typographic quotation mark; and lines end in spaces.
    private static String mended(String text) {
      String plain =
          text.replaceAll("\u00e2\u20ac(\u0153|\u009d|\u201d|\ufffd)", "\"")
              .replaceAll("\u00e2\u20ac(\u2122|\u02dc)", "'")
              .replaceAll("\u00e2\u20ac\u201c", " - ")
              .replace("\u00e2\u20ac\u00a6", "...")
              .replaceAll("[\u201c\u201d]", "\"")
              .replaceAll("[\u2018\u2019]", "'")
              .replaceAll("[\u2013\u2014]", "-")
              .replace("\u00e2\u20ac", "\"");
      return Stream.of(plain.split("\n"))
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .reduce((a, b) -> a + "\n\n" + b)
          .orElse("");
    }
  }
}
