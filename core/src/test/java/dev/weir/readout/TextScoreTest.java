package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TextScoreTest {

  @Test
  void scoresEachTokenGivenThoseBefore() {
    try (Scope _ = Scope.open()) {
      // The probabilities of a row are 1/2, 1/4, 1/4; then 1/8, 1/8, 3/4.
      double[] logs = {
        Math.log(0.5),
        Math.log(0.25),
        Math.log(0.25),
        Math.log(0.125) + 3,
        Math.log(0.125) + 3,
        Math.log(0.75) + 3,
        0,
        0,
        0
      };
      Tensor logits = Tensor.of(logs, Shape.of("pos", 3, "d_vocab", 3));
      TextScore score = TextScore.of(logits, new int[] {2, 0, 1}, 2);
      assertThat(score.predictions()).hasSize(2);
      TextScore.Prediction first = score.predictions().getFirst();
      assertThat(first.token()).isZero();
      assertThat(first.logProbability()).isCloseTo(Math.log(0.5), within(1e-12));
      assertThat(first.rank()).isZero();
      assertThat(first.top().getFirst().probability()).isCloseTo(0.5, within(1e-12));
      TextScore.Prediction second = score.predictions().getLast();
      assertThat(second.rank()).isEqualTo(1);
      assertThat(second.top()).hasSize(2);
      assertThat(second.top().getFirst().token()).isEqualTo(2);
      // 1 bit and 3 bits.
      assertThat(score.bitsPerByte(8)).isCloseTo(0.5, within(1e-12));
      assertThat(score.crossEntropy()).isCloseTo(2 * Math.log(2), within(1e-12));
      assertThat(score.perplexity()).isCloseTo(4, within(1e-12));
    }
  }

  @Test
  void whatCannotBeScoredIsRefusedInOneLine() {
    try (Scope _ = Scope.open()) {
      Tensor logits = Tensor.of(new double[6], Shape.of("pos", 2, "d_vocab", 3));
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> TextScore.of(logits, new int[] {1}, 2))
          .withMessage(
              "A text of one token has nothing to predict. Where: text. To fix: score a text of at"
                  + " least two tokens.");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> TextScore.of(logits, new int[] {1, 1, 2}, 2))
          .withMessage(
              "There are scores for 2 positions, but the text has 3 tokens. Where: text score. To fix:"
                  + " give the logits of every position of this text.");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> TextScore.of(logits, new int[] {1, 3}, 2))
          .withMessage(
              "Token 3 does not exist in a vocabulary of 3. Where: target. To fix: use an id from 0 to"
                  + " 2.");
    }
  }
}
