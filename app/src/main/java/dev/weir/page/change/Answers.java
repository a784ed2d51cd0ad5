package dev.weir.page.change;

import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Positions;
import dev.weir.page.run.Runs;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What the model says next before and after a change, or in any two runs.
///
/// @param before the answer of the first run
/// @param after the answer of the second
/// @param divergence `KL(before ‖ after)`, nats; empty where the tokens are not the same
/// @param tokens the likeliest of either, likeliest after first; empty where the tokens are not the
///   same
/// @param moved those whose probability moved farthest, farthest first; empty where the tokens are
///   not the same
/// @param difference between the logits of two tokens, where they were asked for
public record Answers(
    Said before,
    Said after,
    OptionalDouble divergence,
    List<Move> tokens,
    List<Move> moved,
    Optional<Difference> difference) {

  /// The answer of a run.
  ///
  /// @param run its id
  /// @param position where, from 0
  /// @param entropy of the distribution, nats
  /// @param top the likeliest tokens, first to last
  public record Said(String run, int position, double entropy, List<Scored> top) {}

  /// A token of an answer.
  ///
  /// @param id in the vocabulary
  /// @param text with every character visible
  /// @param score its numbers
  public record Scored(int id, String text, Score score) {}

  /// The numbers of a token.
  ///
  /// @param logit as the model gives it
  /// @param probability of it
  /// @param rank how many tokens are likelier
  public record Score(double logit, double probability, int rank) {}

  /// A token before and after.
  ///
  /// @param id in the vocabulary
  /// @param text with every character visible
  /// @param before its numbers in the first run
  /// @param after its numbers in the second
  public record Move(int id, String text, Score before, Score after) {}

  /// The logit of a right token less that of a wrong one.
  ///
  /// @param right the right token's text
  /// @param wrong the wrong token's text
  /// @param before in the first run
  /// @param after in the second
  public record Difference(String right, String wrong, double before, double after) {}

  /// What is asked.
  ///
  /// @param position in the second run, from 0; negative counts from the end
  /// @param top how many tokens to name
  /// @param right a token, for the difference of two logits
  /// @param wrong the other token
  public record Question(int position, int top, Optional<Integer> right, Optional<Integer> wrong) {
    private static final int MOST = 1000;

    public Question {
      if (top < 1 || top > MOST) {
        throw new PageException(
            PageException.Kind.BAD_REQUEST,
            "%d tokens cannot be named".formatted(top),
            "top",
            "use 1 to " + MOST);
      }
      if (right.isPresent() != wrong.isPresent()) {
        throw new PageException(
            PageException.Kind.BAD_REQUEST,
            "A difference is between two tokens",
            "right, wrong",
            "name both, or none");
      }
    }
  }

  /// Of two runs.
  ///
  /// @param runs where they are held
  /// @param first the id of the run before
  /// @param second the id of the run after
  /// @param question what is asked
  /// @throws PageException if there is no such run, or no such position in one of them
  public static Answers of(Runs runs, String first, String second, Question question) {
    int position = Positions.require(question.position(), runs.recipe(second).tokens().size());
    int partner = partner(runs, first, second, question.position());
    Answer before = runs.read(first, run -> Answer.of(run, partner));
    Answer after = runs.read(second, run -> Answer.of(run, position));
    return new Sides(runs.model(first), before, runs.model(second), after)
        .answers(first, partner, second, position, question);
  }

  /// From the end where the position counts so; else the one that stands beside it.
  private static int partner(Runs runs, String first, String second, int position) {
    List<Integer> before = runs.recipe(first).tokens();
    List<Integer> after = runs.recipe(second).tokens();
    if (position < 0) {
      return Positions.require(position, before.size());
    }
    Aligned aligned = Aligned.tokens(before, after);
    int partner = aligned.first().get(aligned.second().indexOf(position));
    if (partner == Aligned.GAP) {
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "Nothing stands beside position %d in the other prompt".formatted(position),
          "position",
          "use a position that both have, or count from the end: -1");
    }
    return partner;
  }

  /// Two answers and whose they are.
  private record Sides(OpenModel firstModel, Answer before, OpenModel secondModel, Answer after) {

    Answers answers(String first, int partner, String second, int position, Question question) {
      boolean same =
          Vocabularies.same(firstModel, secondModel) && before.vocabulary() == after.vocabulary();
      question.right().ifPresent(this::requireToken);
      question.wrong().ifPresent(this::requireToken);
      return new Answers(
          said(first, partner, firstModel, before, question.top()),
          said(second, position, secondModel, after, question.top()),
          same ? OptionalDouble.of(before.divergence(after)) : OptionalDouble.empty(),
          same ? likeliest(question.top()) : List.of(),
          same ? moved(question.top()) : List.of(),
          question.right().flatMap(right -> question.wrong().map(w -> difference(right, w))));
    }

    private void requireToken(int token) {
      int count = Math.min(before.vocabulary(), after.vocabulary());
      if (token >= count) {
        throw new PageException(
            PageException.Kind.BAD_REQUEST,
            "There is no token %d".formatted(token),
            "right, wrong",
            "use an id below %d".formatted(count));
      }
    }

    private static Said said(String run, int position, OpenModel model, Answer answer, int count) {
      List<Scored> top =
          answer.top(count).stream()
              .map(token -> new Scored(token, model.word(token), score(answer, token)))
              .toList();
      return new Said(run, position, answer.entropy(), top);
    }

    private static Score score(Answer answer, int token) {
      return new Score(answer.logit(token), answer.probability(token), answer.rank(token));
    }

    private List<Move> likeliest(int count) {
      return Stream.concat(after.top(count).stream(), before.top(count).stream())
          .distinct()
          .sorted(Comparator.comparingDouble(token -> -after.logit(token)))
          .map(this::move)
          .toList();
    }

    private List<Move> moved(int count) {
      double[] far = new double[after.vocabulary()];
      Arrays.setAll(far, t -> Math.abs(after.probability(t) - before.probability(t)));
      return IntStream.range(0, far.length)
          .boxed()
          .sorted(Comparator.comparingDouble(token -> -far[token]))
          .limit(count)
          .filter(token -> far[token] != 0)
          .map(this::move)
          .toList();
    }

    private Move move(int token) {
      return new Move(token, secondModel.word(token), score(before, token), score(after, token));
    }

    private Difference difference(int right, int wrong) {
      return new Difference(
          secondModel.word(right),
          secondModel.word(wrong),
          before.logit(right) - before.logit(wrong),
          after.logit(right) - after.logit(wrong));
    }
  }
}
