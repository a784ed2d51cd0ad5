package dev.weir.study;

import dev.weir.train.ModelSettings;
import java.util.List;

/// One question, put to several models under equal conditions.
///
/// @param name of the study
/// @param question what it asks, in a sentence
/// @param model the model that variants change; vocabulary and context are the tasks'
/// @param recipe how all of them are trained
/// @param variants what is compared; the first is the baseline
/// @param tasks what they learn
/// @param budgets what is made equal
/// @param seeds one run for each; a seed stands for the same start of shared weights and the same
///   order of the data in every variant
/// @param rates what the learning rate is multiplied with; more than one is a sweep, and each
///   variant is then judged at its best
/// @param inside whether trained models are looked into ([Inside])
public record Study(
    String name,
    String question,
    ModelSettings model,
    Recipe recipe,
    List<Variant> variants,
    List<StudyTask> tasks,
    List<Budget> budgets,
    List<Long> seeds,
    List<Double> rates,
    boolean inside) {

  /// A study whose models are looked into.
  ///
  /// @param name of the study
  /// @param question what it asks, in a sentence
  /// @param model the model that variants change
  /// @param recipe how all of them are trained
  /// @param variants what is compared; the first is the baseline
  /// @param tasks what they learn
  /// @param budgets what is made equal
  /// @param seeds one run for each
  /// @param rates what the learning rate is multiplied with
  public Study(
      String name,
      String question,
      ModelSettings model,
      Recipe recipe,
      List<Variant> variants,
      List<StudyTask> tasks,
      List<Budget> budgets,
      List<Long> seeds,
      List<Double> rates) {
    this(name, question, model, recipe, variants, tasks, budgets, seeds, rates, true);
  }

  public Study {
    variants = List.copyOf(variants);
    tasks = List.copyOf(tasks);
    budgets = List.copyOf(budgets);
    seeds = List.copyOf(seeds);
    rates = List.copyOf(rates);
  }

  /// The same study with another recipe.
  ///
  /// @param recipe how all are trained
  Study with(Recipe recipe) {
    return new Study(name, question, model, recipe, variants, tasks, budgets, seeds, rates, inside);
  }

  /// What the others are compared with.
  public Variant baseline() {
    return variants.getFirst();
  }
}
