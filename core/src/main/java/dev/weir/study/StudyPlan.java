package dev.weir.study;

import dev.weir.model.TransformerCost;
import dev.weir.train.ModelSettings;
import dev.weir.train.RunPlan;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Which runs a study consists of, and which of them are compared. A run that several comparisons
/// ask for is one run: the baseline is the same under equal tokens, operations and seconds.
public final class StudyPlan {
  private static final int ID_BYTES = 8;
  private static final RunPlan.Saving SAVING = new RunPlan.Saving(50, 1);

  private final Study study;
  private final Map<String, StudyRun> runs = new LinkedHashMap<>();
  private final List<Contest> contests = new ArrayList<>();

  private StudyPlan(Study study) {
    this.study = study;
  }

  /// The plan of a study.
  ///
  /// @param study what is asked
  /// @param tasks its tasks, in its order
  /// @param pace how long steps take; only asked where seconds are made equal
  public static StudyPlan of(Study study, List<Prepared> tasks, Pace pace) {
    StudyPlan plan = new StudyPlan(study);
    for (Prepared task : tasks) {
      for (Budget budget : study.budgets()) {
        for (Variant variant : study.variants().subList(1, study.variants().size())) {
          plan.contests.add(plan.contest(variant, task, budget, pace));
        }
      }
    }
    return plan;
  }

  /// Every run, each once.
  public Collection<StudyRun> runs() {
    return List.copyOf(runs.values());
  }

  /// What is compared.
  public List<Contest> contests() {
    return List.copyOf(contests);
  }

  /// Whether a run's model is looked into: those that are compared under the first budget.
  ///
  /// @param run which
  public boolean looksInto(StudyRun run) {
    return study.inside()
        && contests.stream()
            .filter(contest -> contest.budget() == study.budgets().getFirst())
            .flatMap(contest -> contest.pairs().stream())
            .anyMatch(pair -> pair.mine().equals(run) || pair.theirs().equals(run));
  }

  private Contest contest(Variant variant, Prepared task, Budget budget, Pace pace) {
    Variant against = budget == Budget.PARAMETERS ? widened(variant, task) : study.baseline();
    int theirSteps = study.recipe().steps(task.window());
    int mySteps = steps(variant, task, budget, pace, theirSteps);
    List<Contest.Pair> pairs = new ArrayList<>();
    for (double rate : study.rates()) {
      for (long seed : study.seeds()) {
        pairs.add(
            new Contest.Pair(
                seed,
                rate,
                run(variant, task, mySteps, rate, seed),
                run(against, task, theirSteps, rate, seed)));
      }
    }
    return new Contest(variant, against, task.task(), budget, pairs);
  }

  private int steps(Variant variant, Prepared task, Budget budget, Pace pace, int baseline) {
    double share =
        switch (budget) {
          case TOKENS, PARAMETERS -> 1;
          case FLOPS -> flops(study.baseline(), task) / flops(variant, task);
          case SECONDS -> pace.of(study.baseline(), task.task()) / pace.of(variant, task.task());
        };
    return Math.toIntExact(Math.max(1, Math.round(baseline * share)));
  }

  private double flops(Variant variant, Prepared task) {
    return TransformerCost.trainingFlopsPerToken(model(variant, task).spec(), task.window());
  }

  /// The baseline with so many neurons that it has as many parameters as a variant, to the nearest
  /// neuron of each block; itself where the variant has less than half a neuron more.
  private Variant widened(Variant variant, Prepared task) {
    ModelSettings plain = model(study.baseline(), task);
    double wanted = parameters(model(variant, task));
    double more = parameters(model(study.baseline().withNeurons(plain.dMlp() + 1), task));
    double each = more - parameters(plain);
    long neurons = Math.round((wanted - parameters(plain)) / each);
    return neurons <= 0
        ? study.baseline()
        : study.baseline().withNeurons(Math.toIntExact(plain.dMlp() + neurons));
  }

  private static double parameters(ModelSettings model) {
    return TransformerCost.ofText(model.spec(), model.nCtx()).parameters();
  }

  /// The model that a variant is for a task.
  private ModelSettings model(Variant variant, Prepared task) {
    return variant.model(study.model()).with(task.dVocab(), task.window());
  }

  private StudyRun run(Variant variant, Prepared task, int steps, double rate, long seed) {
    RunPlan plan =
        new RunPlan(
            model(variant, task),
            task.data(),
            study.recipe().settings(steps, task.window(), rate, seed),
            SAVING,
            1);
    StudyRun run = new StudyRun(id(variant, plan), variant, task.task(), seed, rate, plan);
    return runs.computeIfAbsent(run.id(), _ -> run);
  }

  /// Of everything that the run's numbers depend on. The variant's name is a part of it, so that a
  /// null study, the same model under two names, trains it twice.
  private static String id(Variant variant, RunPlan plan) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      Stream.of(variant.name(), plan.toString())
          .forEach(part -> digest.update(part.getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest(), 0, ID_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
