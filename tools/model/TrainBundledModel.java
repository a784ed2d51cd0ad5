import dev.weir.model.Generator;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.model.family.LlamaFolder;
import dev.weir.stream.Hooks;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.Engine;
import dev.weir.text.Bos;
import dev.weir.text.BpeTrainer;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.train.Corpus;
import dev.weir.train.Schedule;
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
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Trains the model in `models/weir-stories`, tokenizer and all. See the model card there for the
/// command.
///
/// Usage: `TrainBundledModel.java STORIES.json OUT_FOLDER [SEED [THREADS [STEPS]]]`, where
/// `STORIES.json` is an array of texts.
public final class TrainBundledModel {
  private static final String BOUNDARY = "<|endoftext|>";
  private static final int VOCAB = Integer.getInteger("vocab", 1536);
  private static final double VALIDATION_SHARE = 0.05;

  private TrainBundledModel() {}

  public static void main(String[] args) throws IOException {
    Path data = Path.of(args[0]);
    Path folder = Path.of(args[1]);
    long seed = args.length > 2 ? Long.parseLong(args[2]) : 1;
    Engine.useThreads(args.length > 3 ? Integer.parseInt(args[3]) : 2);
    int steps = args.length > 4 ? Integer.parseInt(args[4]) : 2600;
    Files.createDirectories(folder);
    Stories stories = Stories.read(data, seed);
    String json = new BpeTrainer(VOCAB, 2, List.of(BOUNDARY)).train(stories.training);
    Files.writeString(folder.resolve("tokenizer.json"), json);
    try (Tokenizer tokenizer = Tokenizers.ofJson("tokenizer.json", json)) {
      train(stories, tokenizer, folder, seed, steps);
    }
  }

  private static void train(
      Stories stories, Tokenizer tokenizer, Path folder, long seed, int steps)
      throws IOException {
    int boundary = tokenizer.id(BOUNDARY).orElseThrow();
    Corpus training = Corpus.of(stories.training, tokenizer, boundary);
    Corpus validation = Corpus.of(stories.validation, tokenizer, boundary);
    LlamaFolder llama =
        new LlamaFolder(
            new LlamaFolder.Sizes(
                Integer.getInteger("d", 128),
                Integer.getInteger("l", 6),
                Integer.getInteger("h", 4),
                Integer.getInteger("kv", 2),
                Integer.getInteger("m", 384),
                tokenizer.vocabSize(),
                512,
                10_000,
                1e-5),
            boundary);
    TrainingSettings settings =
        new TrainingSettings(
            Integer.getInteger("b", 4),
            512,
            new Schedule(
                steps, 100, Double.parseDouble(System.getProperty("lr", "2e-3")), 0),
            new AdamW.Settings(0.9, 0.99, 1e-8),
            Double.parseDouble(System.getProperty("wd", "0.3")),
            1.0,
            Double.parseDouble(System.getProperty("drop", "0.1")),
            100,
            seed);
    System.out.printf(
        "%d training stories, %,d tokens, %,d bytes; %d validation stories, %,d tokens, %,d bytes%n",
        training.documents().size(), training.tokens(), training.bytes(),
        validation.documents().size(), validation.tokens(), validation.bytes());
    Path log = folder.resolve("training.jsonl");
    Files.deleteIfExists(log);
    try (TrainingRun run = new TrainingRun(llama.spec(), training, validation, settings)) {
      System.out.printf("%,d parameters%n", run.model().parameters().count());
      Best best = new Best(run, llama, tokenizer, folder, boundary);
      run.run(
          step -> {
            TrainingLog.append(log, step);
            best.stepped(step);
          });
    }
  }

  /// Keeps the model that surprises the validation texts least.
  private static final class Best {
    private final TrainingRun run;
    private final LlamaFolder llama;
    private final Tokenizer tokenizer;
    private final Path folder;
    private final int boundary;
    private double lowest = Double.POSITIVE_INFINITY;

    Best(TrainingRun run, LlamaFolder llama, Tokenizer tokenizer, Path folder, int boundary) {
      this.run = run;
      this.llama = llama;
      this.tokenizer = tokenizer;
      this.folder = folder;
      this.boundary = boundary;
    }

    void stepped(TrainingStep step) {
      if (step.step() % 10 == 0 || step.validationLoss().isPresent()) {
        System.out.println(TrainingLog.line(step));
      }
      if (step.validationLoss().isPresent() && step.validationLoss().getAsDouble() < lowest) {
        lowest = step.validationLoss().getAsDouble();
        llama.write(run.model(), folder);
      }
      if (step.step() % 500 == 0) {
        System.out.println(sample("Once upon a time, there was a little", 0.8));
      }
    }

    private String sample(String prompt, double temperature) {
      int[] words = tokenizer.encode(prompt, Bos.NONE).ids();
      int[] tokens = new int[words.length + 1];
      tokens[0] = boundary;
      System.arraycopy(words, 0, tokens, 1, words.length);
      Sampler sampler = new Sampler(temperature, 0, 1, new SplittableRandom(1));
      return dev.weir.tensor.Gradients.untracked(
          () ->
              tokenizer.decode(
                  new Generator(run.model(), sampler, Set.of(boundary), Hooks.none())
                      .generate(List.of(tokens), 200, (_, _) -> {})
                      .getFirst()
                      .tokens()));
    }
  }

  /// The stories, cleaned and parted by luck.
  private record Stories(List<String> training, List<String> validation) {

    static Stories read(Path file, long seed) throws IOException {
      JsonNode array = JsonMapper.shared().readTree(Files.readString(file));
      List<String> all =
          new ArrayList<>(array.valueStream().map(n -> cleaned(n.stringValue())).toList());
      Collections.shuffle(all, new SplittableRandom(seed));
      int held = (int) Math.round(all.size() * VALIDATION_SHARE);
      return new Stories(all.subList(held, all.size()), all.subList(0, held));
    }

    /// Some of the texts were read with the wrong character set once; and lines end in spaces.
    private static String cleaned(String text) {
      String mended =
          text.replaceAll("â€(œ|\u009d|\u201d|�)", "\"")
              .replaceAll("â€(™|˜)", "'")
              .replaceAll("â€(“|”)", " - ")
              .replace("â€¦", "...")
              .replaceAll("[“”]", "\"")
              .replaceAll("[‘’]", "'")
              .replaceAll("[–—]", "-")
              .replace("â€", "\"");
      return Stream.of(mended.split("\n"))
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .reduce((a, b) -> a + "\n\n" + b)
          .orElse("");
    }
  }
}
