package dev.weir.study;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What to do about a goal, by the rules of [Advisor]: which variant of a study, or none, why, and
/// how sure that is. Quality is what the study measured, at its own size; costs at other sizes are
/// counted by formulas ([Scale]).
///
/// @param goal what is wanted
/// @param constraints what is run
/// @param budget what was made equal where the question is decided
/// @param variant which variant; empty to keep the baseline
/// @param because why, with the numbers
/// @param candidates every variant that could serve the goal, and what became of it
/// @param cautions what speaks against it or is not known
/// @param paper what arXiv:2603.16039 recommends, and whether this agrees
public record Recommendation(
    Goal goal,
    Constraints constraints,
    Budget budget,
    Optional<Variant> variant,
    String because,
    List<Candidate> candidates,
    List<String> cautions,
    Paper paper) {

  public Recommendation {
    candidates = List.copyOf(candidates);
    cautions = List.copyOf(cautions);
  }

  /// A variant that could serve a goal.
  ///
  /// @param variant the variant
  /// @param changes what it changes of the baseline
  /// @param deciding how it did at the tasks that ask for the goal
  /// @param beside the same where something else was made equal
  /// @param controls how it did beside its own controls, where a win might not be its idea's
  /// @param barriers where the constraints rule it out
  /// @param standing what became of it
  /// @param why in words, with the numbers
  public record Candidate(
      Variant variant,
      Set<Change> changes,
      List<Comparison> deciding,
      List<Comparison> beside,
      List<Comparison> controls,
      List<Barrier> barriers,
      Standing standing,
      String why) {
    public Candidate {
      changes = Set.copyOf(changes);
      deciding = List.copyOf(deciding);
      beside = List.copyOf(beside);
      controls = List.copyOf(controls);
      barriers = List.copyOf(barriers);
    }
  }

  /// That the constraints rule a variant out at a size.
  ///
  /// @param size the size
  /// @param why with the numbers
  public record Barrier(Scale.Size size, String why) {}

  /// What became of a candidate.
  public enum Standing {
    /// It can be recommended.
    EARNS_IT,
    /// It wins, but so does its control, which it does not beat.
    CONTROL_WINS_TOO,
    /// It wins, but the constraints rule it out at every size.
    RULED_OUT,
    /// It wins at one task and loses at another.
    WINS_AND_LOSES,
    /// It loses.
    LOSES,
    /// No difference to the baseline was found.
    NO_DIFFERENCE_FOUND,
    /// Runs are missing, failed or too few, or no task asks for the goal.
    UNDECIDED,
    /// It costs no less than the baseline.
    NOT_CHEAPER,
    /// It costs less, but may be worse by more than is allowed.
    NOT_SHOWN_AS_GOOD
  }

  /// What the paper recommends for a goal.
  ///
  /// @param rule its rule
  /// @param agreement whether the study agrees
  /// @param why with the numbers
  public record Paper(String rule, Agreement agreement, String why) {}

  /// Whether the study agrees with the paper.
  public enum Agreement {
    /// It comes to the same.
    AGREES,
    /// It comes to something else.
    DISAGREES,
    /// It does not answer the question.
    CANNOT_TELL
  }

  /// What a study recommends.
  ///
  /// @param results what is known of it
  /// @param goal what is wanted
  /// @param constraints what is run
  public static Recommendation of(StudyResults results, Goal goal, Constraints constraints) {
    return new Advisor(results, constraints).advise(goal);
  }

  /// What limits everything that a study says: seeds, size, data, width of intervals.
  ///
  /// @param results what is known of it
  public static List<String> uncertainty(StudyResults results) {
    return Uncertainty.of(results);
  }
}
