package dev.weir.view;

import dev.weir.study.Companions;
import dev.weir.study.Comparison;
import dev.weir.study.Machine;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a study found: conclusions that follow from the intervals, who wins under which budget, how
/// the losses fell, what every run did, and how all of it was done.
public final class StudyReport {
  private StudyReport() {}

  /// The report of a study that was begun on a machine nobody noted.
  ///
  /// @param results what is known
  public static Report of(StudyResults results) {
    return of(results, Optional.empty());
  }

  /// The report. What is missing, because runs are not done or failed, is said to be.
  ///
  /// @param results what is known
  /// @param machine where the study was begun, if that is known
  public static Report of(StudyResults results, Optional<Machine> machine) {
    Study study = results.study();
    List<Report.Section> sections = new ArrayList<>();
    part(sections, "Conclusions", StudyConclusions.sections(results));
    part(sections, "Differences", StudyForest.sections(results));
    part(sections, "Loss on the way", StudyCurves.losses(results));
    part(sections, "Accuracy by difficulty", StudyCurves.difficulties(results));
    part(sections, "Comparisons", comparisonTables(results));
    part(sections, "Speed, memory and learning rates", StudySpeed.sections(results));
    part(sections, "What changed inside", StudyInside.sections(results));
    part(sections, "Recommendation", StudyAdvice.sections(results));
    part(sections, "Runs", List.of(new Report.TableSection(StudyTables.runs(results))));
    part(sections, "Methods", StudyMethods.sections(results));
    part(sections, "How to repeat it", StudyMethods.repeat(results, machine));
    part(sections, "Limits", List.of(new Report.Text("", StudyMethods.limits(study))));
    return new Report("Study: " + study.name(), study.question(), sections, List.of());
  }

  /// A part of the report, unless there is nothing in it.
  private static void part(List<Report.Section> sections, String title, List<Report.Section> more) {
    if (!more.isEmpty()) {
      sections.add(new Report.Heading(title));
      sections.addAll(more);
    }
  }

  private static List<Report.Section> comparisonTables(StudyResults results) {
    List<Comparison> found = results.comparisons();
    if (found.isEmpty()) {
      return List.of();
    }
    List<Report.Section> tables = new ArrayList<>();
    String baseline = results.study().baseline().name();
    tables.add(
        new Report.TableSection(
            StudyTables.losses(
                "losses", "Loss beside " + baseline, found, StudyTables.Beside.BASELINE)));
    tables.add(
        new Report.TableSection(
            StudyTables.accuracies(
                "accuracies", "Accuracy beside " + baseline, found, StudyTables.Beside.BASELINE)));
    List<Comparison> companions = Companions.comparisons(results);
    if (!companions.isEmpty()) {
      tables.add(
          new Report.TableSection(
              StudyTables.losses(
                  "companion_losses",
                  "Loss of variants beside each other",
                  companions,
                  StudyTables.Beside.EACH_OTHER)));
      tables.add(
          new Report.TableSection(
              StudyTables.accuracies(
                  "companion_accuracies",
                  "Accuracy of variants beside each other",
                  companions,
                  StudyTables.Beside.EACH_OTHER)));
    }
    tables.add(new Report.TableSection(StudyTables.spent(found)));
    return tables;
  }

  /// Who wins under which budget: a row for each variant, task and budget whose runs are done, with
  /// the numbers that the verdict follows from.
  ///
  /// @param results what is known
  public static Table comparisons(StudyResults results) {
    return StudyTables.judged("Beside " + results.study().baseline().name(), results.comparisons());
  }
}
