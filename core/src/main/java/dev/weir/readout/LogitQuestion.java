package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// A question about logits as a direction and a constant.
///
/// @param question the question
/// @param tokens whose logit, position by position
/// @param readout the direction after the final norm, `[pos, d_model]`
/// @param constants what the norm's shift and the unembedding's bias add, position by position
@SuppressWarnings("ArrayRecordComponent") // Never leaves this package.
record LogitQuestion(Question question, int[] tokens, Tensor readout, double[] constants) {

  /// A question about a run.
  ///
  /// @param model whose run it was
  /// @param trace the run
  /// @param question the question
  /// @param norm the final norm of the run
  static LogitQuestion of(
      Transformer model, StreamTrace trace, Question question, FrozenNorm norm) {
    int[] tokens = tokens(model, trace, question);
    Tensor readout = readout(model, question, tokens);
    return new LogitQuestion(
        question, tokens, readout, constants(model, question, norm, readout, tokens));
  }

  private static int[] tokens(Transformer model, StreamTrace trace, Question question) {
    int count = trace.positions().size();
    return switch (question) {
      case Question.TopToken() -> {
        long[] top = trace.logits().argmax("d_vocab").toLongs();
        yield Arrays.stream(top).mapToInt(Math::toIntExact).toArray();
      }
      case Question.Token(int token) -> same(model, token, count);
      case Question.Difference(int token, int other) -> {
        int[] _ = same(model, other, count);
        yield same(model, token, count);
      }
      case Question.AboveMean(int token) -> same(model, token, count);
    };
  }

  private static int[] same(Transformer model, int token, int count) {
    int dVocab = model.spec().dVocabOut();
    if (token < 0 || token >= dVocab) {
      throw ReadoutException.tokenOutside(token, dVocab);
    }
    int[] tokens = new int[count];
    Arrays.fill(tokens, token);
    return tokens;
  }

  /// Along which direction of what the final norm gives the question is read, `[pos, d_model]`.
  private static Tensor readout(Transformer model, Question question, int[] tokens) {
    Tensor unembedding = model.unembedding();
    Tensor own = columns(unembedding, tokens);
    return switch (question) {
      case Question.TopToken _, Question.Token _ -> own;
      case Question.Difference(int _, int other) ->
          own.minus(columns(unembedding, same(model, other, tokens.length)));
      case Question.AboveMean _ -> own.minus(Wide.of(unembedding.mean("d_vocab")));
    };
  }

  private static Tensor columns(Tensor unembedding, int[] tokens) {
    return Wide.of(unembedding.take("d_vocab", ids(tokens, unembedding))).order("pos", "d_model");
  }

  private static Tensor ids(int[] tokens, Tensor like) {
    long[] ids = Arrays.stream(tokens).asLongStream().toArray();
    return Tensor.of(ids, Shape.of(new Axis("pos", ids.length))).to(like.device());
  }

  private static double[] constants(
      Transformer model, Question question, FrozenNorm norm, Tensor readout, int[] tokens) {
    double[] shift =
        norm.shift()
            .map(bias -> readout.times(bias).sum("d_model").toDoubles())
            .orElseGet(() -> new double[tokens.length]);
    model
        .parameters()
        .find("unembed.b_U")
        .ifPresent(bias -> addBias(shift, bias.toDoubles(), question, tokens));
    return shift;
  }

  private static void addBias(double[] shift, double[] bias, Question question, int[] tokens) {
    double against =
        switch (question) {
          case Question.TopToken _, Question.Token _ -> 0;
          case Question.Difference(int _, int other) -> bias[other];
          case Question.AboveMean _ -> Arrays.stream(bias).average().orElse(0);
        };
    for (int i = 0; i < shift.length; i++) {
      shift[i] += bias[tokens[i]] - against;
    }
  }
}
