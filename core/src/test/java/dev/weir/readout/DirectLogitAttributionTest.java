package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DirectLogitAttributionTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// The logits before any cap, `[pos * d_vocab]`.
  private static double[] uncapped(Transformer model, StreamTrace trace) {
    double[] logits = trace.logits().toDoubles();
    if (model.spec().finalSoftcap() instanceof Softcap.Tanh(double limit)) {
      for (int i = 0; i < logits.length; i++) {
        double share = logits[i] / limit;
        logits[i] = limit * 0.5 * Math.log((1 + share) / (1 - share));
      }
    }
    return logits;
  }

  @ParameterizedTest
  @MethodSource("models")
  void partsAddUpToEachQuestionsLogit(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture())) {
      double[] logits = uncapped(model, trace);
      int vocab = model.spec().dVocabOut();
      for (Question question :
          List.of(
              new Question.TopToken(),
              new Question.Token(2),
              new Question.Difference(3, 1),
              new Question.AboveMean(5))) {
        DirectLogitAttribution parts = DirectLogitAttribution.of(model, trace, question);
        for (int i = 0; i < parts.positions().size(); i++) {
          // The cap is undone by its inverse, which loses digits near the limit.
          assertThat(parts.total(i))
              .as("%s, %s, position %d", name, question, i)
              .isCloseTo(
                  expected(question, parts.token(i), logits, i * vocab, vocab), within(1e-9));
        }
      }
    }
  }

  private static double expected(
      Question question, int token, double[] logits, int row, int vocab) {
    return switch (question) {
      case Question.TopToken() -> {
        for (int i = 0; i < vocab; i++) {
          assertThat(logits[row + token]).isGreaterThanOrEqualTo(logits[row + i]);
        }
        yield logits[row + token];
      }
      case Question.Token(int id) -> logits[row + id];
      case Question.Difference(int id, int other) -> logits[row + id] - logits[row + other];
      case Question.AboveMean(int id) -> {
        double sum = 0;
        for (int i = 0; i < vocab; i++) {
          sum += logits[row + i];
        }
        yield logits[row + id] - sum / vocab;
      }
    };
  }

  @ParameterizedTest
  @MethodSource("models")
  void eachPartIsItsVectorAlongTheAnswer(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture())) {
      DirectLogitAttribution scores =
          DirectLogitAttribution.of(model, trace, new Question.Token(2));
      Components parts = Decomposition.of(model, trace).full();
      Writes writes = new Writes("test", model, trace);
      var column = model.unembedding().at("d_vocab", 2);
      for (String label : parts.labels()) {
        if (!label.equals("bias")) {
          // Materialised first and projected then: the other way round.
          double[] along =
              writes.finalNorm().applied(parts.get(label)).dot(column, "d_model").toDoubles();
          for (int i = 0; i < along.length; i++) {
            assertThat(scores.score(label, i)).as(label).isCloseTo(along[i], within(1e-10));
          }
        }
      }
    }
  }

  private static double sum(List<Part> parts) {
    return parts.stream().mapToDouble(Part::score).sum();
  }

  /// However finely the parts are told apart, they add up to the same logit.
  @ParameterizedTest
  @MethodSource("models")
  void everyLevelAddsUpToTheSameLogit(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.captureSources())) {
      Question question = new Question.Token(2);
      var found = DirectLogitAttribution.of(model, trace, question);
      int last = found.positions().size() - 1;
      double rest =
          found.parts(last).stream()
              .filter(part -> part.kind() != Kind.HEAD)
              .mapToDouble(Part::score)
              .sum();
      assertThat(sum(found.layers(last))).isCloseTo(found.logit(last), within(1e-9));
      assertThat(sum(found.withNeurons(last))).isCloseTo(found.logit(last), within(1e-9));
      assertThat(rest + sum(DirectLogitAttribution.sources(model, trace, question, last)))
          .as(name)
          .isCloseTo(found.logit(last), within(1e-9));
    }
  }

  @Test
  void neuronsAddUpToTheirMlpWhereItHasNoBias() {
    String name = "models/llama";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture().at(-1))) {
      var scores = DirectLogitAttribution.of(model, trace, new Question.TopToken());
      double sum = scores.neurons(1, 0).stream().mapToDouble(Part::score).sum();
      assertThat(sum).isCloseTo(scores.score("1_mlp_out", 0), within(1e-12));
    }
  }

  @Test
  void topNamesTheLargestWithoutBiasesAndConstant() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture().at(-1))) {
      var scores = DirectLogitAttribution.of(model, trace, new Question.TopToken());
      List<Part> top = scores.top(10, 0);
      assertThat(top).hasSize(10);
      assertThat(top).isSortedAccordingTo(Comparator.comparingDouble(Part::score).reversed());
      assertThat(top).noneMatch(p -> p.kind() == Kind.BIAS || p.kind() == Kind.CONSTANT);
      double tenth = top.getLast().score();
      long larger =
          Stream.concat(
                  scores.parts(0).stream()
                      .filter(p -> p.kind() != Kind.BIAS && p.kind() != Kind.CONSTANT),
                  Stream.of(0, 1).flatMap(layer -> scores.neurons(layer, 0).stream()))
              .filter(p -> p.score() > tenth)
              .count();
      assertThat(larger).isEqualTo(9);
      assertThat(scores.bottom(1, 0).getFirst().score()).isNegative();
      assertThat(scores.positions()).containsExactly(EveryModel.tokens(name).length - 1);
    }
  }

  @Test
  void tokensAndPartsThatDoNotExistAreRefusedInOneLine() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture().at(-1))) {
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> DirectLogitAttribution.of(model, trace, new Question.Difference(1, 64)))
          .withMessage(
              "Token 64 does not exist in a vocabulary of 64. Where: target. To fix: use an id from 0"
                  + " to 63.");
      var scores = DirectLogitAttribution.of(model, trace, new Question.TopToken());
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> scores.token(1))
          .withMessage(
              "There is no kept position 1 in this trace. Where: readout. To fix: use 0 to 0, the"
                  + " index among the positions that were kept.");
    }
  }
}
