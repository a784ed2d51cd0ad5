package dev.weir.view;

import dev.weir.model.TransformerCost;
import dev.weir.study.Budget;
import dev.weir.study.Companions;
import dev.weir.study.Difference;
import dev.weir.study.Machine;
import dev.weir.study.Recipe;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import dev.weir.train.TrainingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// How a study was done, how to do it again, and what it cannot tell.
final class StudyMethods {
  private StudyMethods() {}

  static List<Report.Section> sections(StudyResults results) {
    Study study = results.study();
    return List.of(
        new Report.TableSection(variants(results)),
        new Report.Text("Training", training(results)),
        new Report.Text(
            "What is made equal", study.budgets().stream().map(b -> budget(b, study)).toList()),
        new Report.Text("Statistics", statistics(study)));
  }

  // ---------------------------------------------------------------- variants

  /// Everyone who was trained: the variants in their order, then the baseline where it was widened.
  private static Table variants(StudyResults results) {
    Table.Builder table =
        Table.named("variants")
            .title("Who was trained")
            .name("variant", "its name")
            .name("task", "vocabulary and context are the task's")
            .text("pathway", "its residual pathway")
            .text("mixers", "what mixes positions beside attention")
            .integer("width", "", "of the residual stream")
            .integer("blocks", "", "how many")
            .integer("heads", "", "query heads of a block")
            .integer("neurons", "", "of a block")
            .integer("parameters", "", "how many weights")
            .real("FLOPs per token", "", "of a training step: forwards and backwards")
            .text("about", "what it is");
    List<Variant> order = results.study().variants();
    Set<String> seen = new HashSet<>();
    for (StudyTask task : results.study().tasks()) {
      results.plan().runs().stream()
          .filter(run -> run.task().equals(task))
          .sorted(Comparator.comparingInt(run -> place(order, run.variant())))
          .filter(run -> seen.add(run.variant().name() + "\n" + task.name()))
          .forEach(run -> row(table, run));
    }
    return table.build();
  }

  private static int place(List<Variant> order, Variant variant) {
    int place = order.indexOf(variant);
    return place < 0 ? order.size() : place;
  }

  private static void row(Table.Builder table, StudyRun run) {
    ModelSettings model = run.plan().model();
    table.row(
        run.variant().name(),
        run.task().name(),
        run.variant().pathway(),
        mixers(run.variant().mixers()),
        model.dModel(),
        model.nLayers(),
        model.nHeads(),
        model.dMlp(),
        Math.round(TransformerCost.ofText(model.spec(), model.nCtx()).parameters()),
        TransformerCost.trainingFlopsPerToken(
            model.spec(), run.plan().training().batching().window()),
        run.variant().about());
  }

  private static String mixers(Mixers mixers) {
    List<String> words = new ArrayList<>();
    if (mixers.sublayer().kind() != Mixers.Kind.NONE) {
      words.add("sublayer " + mixers.sublayer());
    }
    if (mixers.branch().kind() != Mixers.Kind.NONE) {
      words.add("branch " + mixers.branch());
    }
    if (!mixers.canon().isEmpty()) {
      words.add("canon " + mixers.canon());
    }
    return words.isEmpty() ? "none" : String.join(", ", words);
  }

  // ---------------------------------------------------------------- training

  private static List<String> training(StudyResults results) {
    Study study = results.study();
    Recipe recipe = study.recipe();
    List<String> words = new ArrayList<>();
    results.plan().runs().stream()
        .findFirst()
        .map(run -> run.plan().training())
        .ifPresent(settings -> words.add(optimizer(study, settings)));
    words.add(
        "The baseline reads %,d tokens, %,d a step. Validation data, which nothing is trained on, are looked at about %d times on the way and at the end, %,d predictions each time."
            .formatted(recipe.tokens(), recipe.batch(), recipe.looks(), recipe.lookTokens()));
    words.add(
        "%s: a seed stands for the same start of all weights that two models share, and for the same order of the data, in every variant."
            .formatted(capital(StudyWords.seeds(study.seeds().size()))));
    words.add(StudyRates.methods(results));
    words.add(
        "Tasks: %s."
            .formatted(
                study.tasks().stream().map(StudyMethods::task).collect(Collectors.joining("; "))));
    return words;
  }

  private static String optimizer(Study study, TrainingSettings settings) {
    Recipe recipe = study.recipe();
    var adam = settings.optimizer().adamW();
    return "AdamW (β₁ %s, β₂ %s, ε %s), weight decay %s, gradients clipped at a norm of %s. The learning rate rises over %s %% of the steps to %s, stays there, and falls along a straight line to 0 over the last %s %%."
        .formatted(
            NumberText.trimmed(adam.beta1()),
            NumberText.trimmed(adam.beta2()),
            NumberText.trimmed(adam.epsilon()),
            NumberText.trimmed(settings.optimizer().weightDecay()),
            NumberText.trimmed(settings.optimizer().clip()),
            NumberText.trimmed(100 * recipe.warmup()),
            study.rates().size() == 1
                ? StudyRates.number(settings.schedule().peak())
                : "the highest of the run",
            NumberText.trimmed(100 * recipe.decay()));
  }

  private static String task(StudyTask task) {
    return task.byAccuracy()
        ? "%s is %s, judged by accuracy".formatted(task.name(), task.source())
        : "%s is the text %s in windows of %d tokens, judged by loss"
            .formatted(task.name(), lastName(task.source()), task.window());
  }

  /// Where a text lies on one machine tells nothing to a reader on another.
  private static String lastName(String path) {
    return path.substring(1 + Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));
  }

  // ---------------------------------------------------------------- budgets

  private static String budget(Budget budget, Study study) {
    String baseline = study.baseline().name();
    return switch (budget) {
      case TOKENS -> "Equal tokens: both read the same tokens in the same order.";
      case FLOPS ->
          "Equal FLOPs: the variant takes so many steps that it computes as many floating-point operations as %s. They are counted from the equations of each model, two for a multiplication with an addition, three times the forward pass for a training step."
              .formatted(baseline);
      case SECONDS ->
          "Equal seconds: the variant takes so many steps that, by their paces, it trains as long as %s. Paces are medians of steps that all variants took in turns on this machine, alone on one thread, before the study; the seconds in tables are what runs took in fact."
              .formatted(baseline);
      case PARAMETERS ->
          "Equal parameters: both read the same tokens, and %s is given more neurons in each block until it has as many parameters, to the nearest neuron. Its name then says how many neurons; where a variant has no more parameters than %s, that is %s itself."
              .formatted(baseline, baseline, baseline);
    };
  }

  // ---------------------------------------------------------------- statistics

  private static List<String> statistics(Study study) {
    int others = study.variants().size() - 1;
    int companions = Companions.of(study).size();
    List<String> words = new ArrayList<>();
    words.add(
        "Differences are paired by seed: variant less other, seed by seed. Two intervals are given for their mean. One is by Student's t, its noise estimated from all models that were compared at the same task with the same thing made equal (a randomized block design with seeds as blocks). The other is the percentile bootstrap of the variant's own differences.");
    words.add(
        "A variant wins or loses only if both intervals leave out zero on the same side. The interval in a sentence runs from the lowest to the highest end of the two, so it leaves out zero exactly then.");
    int seeds = study.seeds().size();
    if (seeds == 2 || seeds == 3) {
      words.add(
          "With %s the percentile bootstrap runs from the smallest to the largest of the differences, whatever the level: it says whether all of them point the same way, and no more."
              .formatted(StudyWords.seeds(seeds)));
    }
    words.add(
        "%s compared with one baseline, so the level of both intervals is %s: where all models spread alike from seed to seed, the chance of a false difference among them stays below 5 %% (Bonferroni). This holds for each task and each budget by itself, not for all of them together."
            .formatted(
                others == 1 ? "1 variant is" : others + " variants are",
                StudyWords.level(Difference.level(others))));
    words.add(uneven());
    if (companions > 0) {
      words.add(
          "%s compared with each other as well, at a level of %s."
              .formatted(
                  companions == 1 ? "1 pair of variants is" : companions + " pairs of variants are",
                  StudyWords.level(Difference.level(companions))));
    }
    words.add(
        "“No difference found” means that the intervals hold zero. It does not mean that the variants are equal: how large a difference may have been missed is what the interval says.");
    return words;
  }

  /// What becomes of the 5 % where noise that is taken for one is not.
  static String uneven() {
    return "Where one model spreads more than the others it does not hold, as one noise is estimated for all. Of seven models that do not differ, with three seeds each, a simulation finds something %s."
        .formatted(
            StudyWords.listed(
                Arrays.stream(Difference.Uneven.values())
                    .map(uneven ->
                        "in %.0f %% of studies where %s spreads %.0f times as much"
                            .formatted(
                                100 * uneven.share(),
                                uneven.isBaseline() ? "the baseline" : "one variant",
                                uneven.times()))
                    .toList()));
  }

  // ---------------------------------------------------------------- to repeat it

  static List<Report.Section> repeat(StudyResults results, Optional<Machine> machine) {
    List<String> words = new ArrayList<>();
    machine.ifPresentOrElse(
        here -> {
          words.add("Command: %s".formatted(here.command()));
          words.add(
              here.commit().isEmpty()
                  ? "Weir %s.".formatted(here.weir())
                  : "Weir %s, commit %s.".formatted(here.weir(), here.commit()));
          words.add(
              "Machine: %s, %d processors, %s memory, %s, JDK %s."
                  .formatted(
                      here.processor(),
                      here.processors(),
                      memory(here.memory()),
                      here.system(),
                      here.jdk()));
          words.add("Begun %s.".formatted(here.begun()));
        },
        () -> words.add("The machine was not noted."));
    words.add(
        "The same study with the same seeds gives the same losses on the same machine; on another, last digits may differ, and equal seconds are other steps. The folder of the study holds study.json, each run's log, model and outcome.");
    words.add(
        "Training took %s of computing in all."
            .formatted(
                duration(
                    results.outcomes().values().stream().mapToDouble(o -> o.seconds()).sum())));
    return List.of(new Report.Text("", words));
  }

  private static String memory(long bytes) {
    return bytes == 0 ? "unknown" : NumberText.trimmed(Math.rint(bytes / 1e8) / 10) + " GB";
  }

  private static String duration(double seconds) {
    return seconds < 120
        ? "%.0f seconds".formatted(seconds)
        : "%s minutes".formatted(NumberText.trimmed(Math.rint(seconds / 6) / 10));
  }

  // ---------------------------------------------------------------- limits

  static List<String> limits(Study study) {
    List<String> words = new ArrayList<>();
    words.add(
        "Models are small and train briefly. Which of two small models is better need not hold for large ones, nor after longer training.");
    words.add(
        "%s tell what seeds do, not what other data, other sizes or another recipe would."
            .formatted(capital(StudyWords.seeds(study.seeds().size()))));
    if (study.rates().size() == 1) {
      words.add(
          "One learning rate was used for all. A variant that wants another is judged below its best.");
    }
    if (study.budgets().contains(Budget.SECONDS)) {
      words.add(
          "Equal seconds are those of this machine and this implementation. A variant that is slow here may be fast with a kernel of its own.");
    }
    if (study.tasks().stream().anyMatch(StudyTask::byAccuracy)) {
      words.add(
          "Synthetic tasks show whether a model can do one thing. They are no measure of language.");
    }
    return words;
  }

  private static String capital(String words) {
    return words.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + words.substring(1);
  }
}
