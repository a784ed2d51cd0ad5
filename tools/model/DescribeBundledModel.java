import dev.weir.model.Generator;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.stream.Hooks;
import dev.weir.text.Bos;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.train.TrainingLog;
import dev.weir.train.TrainingStep;
import dev.weir.view.LineChart;
import dev.weir.view.Point;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Makes what the card of the model in `models/weir-stories` shows: `loss.svg` from the log, and
/// sample texts and totals on the console.
///
/// Argument: the model's folder.
public final class DescribeBundledModel {
  private static final int SMOOTHED_OVER = 10;
  private static final int RECENT = 100;
  private static final int LONGEST = 220;

  private DescribeBundledModel() {}

  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    List<TrainingStep> log = TrainingLog.read(folder.resolve("training.jsonl"));
    drawLoss(log, folder.resolve("loss.svg"));
    totals(log);
    try (Tokenizer tokenizer = Tokenizers.open(folder);
        Transformer model = ModelFiles.open(folder, ModelFiles.Options.usual())) {
      for (String prompt : List.of("Once upon a time, there was a little", "")) {
        sample(model, tokenizer, prompt, Sampler.greedy(), "greedy");
        for (int seed = 1; seed <= 2; seed++) {
          Sampler sampler = new Sampler(0.8, 0, 1, new SplittableRandom(seed));
          sample(model, tokenizer, prompt, sampler, "temperature 0.8, seed " + seed);
        }
      }
    }
  }

  private static void totals(List<TrainingStep> log) {
    TrainingStep last = log.getLast();
    double recent =
        log.stream()
            .filter(step -> step.step() > last.step() - RECENT)
            .mapToDouble(TrainingStep::trainLoss)
            .average()
            .orElseThrow();
    System.out.printf(
        "%,d steps, %,d tokens; training loss of the last %d steps %.4f%n",
        last.step(), last.tokens(), RECENT, recent);
    log.stream()
        .filter(step -> step.validationLoss().isPresent())
        .forEach(
            step ->
                System.out.printf(
                    "step %d: validation %.4f%n",
                    step.step(), step.validationLoss().getAsDouble()));
  }

  private static void drawLoss(List<TrainingStep> log, Path file) {
    List<Point> train = new ArrayList<>();
    for (int end = SMOOTHED_OVER; end <= log.size(); end += SMOOTHED_OVER) {
      double mean =
          log.subList(end - SMOOTHED_OVER, end).stream()
              .mapToDouble(TrainingStep::trainLoss)
              .average()
              .orElseThrow();
      train.add(new Point(log.get(end - 1).tokens() / 1e6, mean));
    }
    List<Point> validation =
        log.stream()
            .filter(step -> step.validationLoss().isPresent())
            .map(s -> new Point(s.tokens() / 1e6, s.validationLoss().getAsDouble()))
            .toList();
    LineChart chart =
        new LineChart(
            "loss",
            "Cross entropy while training",
            "tokens seen (millions)",
            "nats per token",
            List.of(
                new LineChart.Series("training, with dropout", train),
                new LineChart.Series("validation", validation)),
            List.of("Training: mean of " + SMOOTHED_OVER + " logged steps."));
    var _ =
        ReportFiles.write(
            new Report("weir-stories", "", List.of(new Report.LineSection(chart)), List.of()),
            file);
  }

  private static void sample(
      Transformer model, Tokenizer tokenizer, String prompt, Sampler sampler, String how) {
    int boundary = tokenizer.bos().orElseThrow();
    int[] tokens =
        IntStream.concat(
                IntStream.of(boundary), IntStream.of(tokenizer.encode(prompt, Bos.NONE).ids()))
            .toArray();
    var text =
        new Generator(model, sampler, Set.of(boundary), Hooks.none())
            .generate(List.of(tokens), LONGEST, (_, _) -> {})
            .getFirst();
    System.out.printf(
        "%n### \"%s\", %s, ended by %s%n%n%s%n",
        prompt, how, text.end(), tokenizer.decode(text.tokens()));
  }
}
