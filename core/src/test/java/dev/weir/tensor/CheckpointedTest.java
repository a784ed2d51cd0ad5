package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Gradients by segments are those of the whole.
class CheckpointedTest {
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  /// Where several segments use one tensor, its gradients are added in another order; float64.
  private static final double FLOAT64 = 1e-13;

  private static final Shape MATRIX = Shape.of("out", 8, "d", 8);

  /// Six layers that read the latest state and the first one, which travels along; the first
  /// parameter is used at both ends, as a tied embedding is.
  private static List<Checkpointed.Segment> segments(Tensor input, List<Tensor> parameters) {
    List<Checkpointed.Segment> segments = new ArrayList<>();
    segments.add(_ -> {
      Tensor start = layer(input, parameters.getFirst());
      return List.of(start, start);
    });
    for (Tensor weight : parameters) {
      segments.add(state ->
          List.of(
              layer(state.get(0), weight).plus(state.get(0)).plus(state.get(1).times(0.5)),
              state.get(1)));
    }
    segments.add(state -> List.of(layer(state.get(0), parameters.getFirst()).square().sum()));
    return segments;
  }

  private static Tensor layer(Tensor x, Tensor weight) {
    return x.dot(weight, "d").tanh().rename("out", "d");
  }

  private static List<Tensor> parameters() {
    List<Tensor> parameters = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      parameters.add(Grid.gaussian(MATRIX, i).tensor().asParameter());
    }
    return parameters;
  }

  @Test
  void gradientsOfAChainAreThoseOfTheWholeBitForBit() {
    List<Tensor> parameters = parameters();
    Tensor input = input();
    List<Checkpointed.Segment> segments = new ArrayList<>();
    segments.add(_ -> List.of(input));
    for (Tensor weight : parameters) {
      segments.add(state -> List.of(layer(state.getFirst(), weight).plus(state.getFirst())));
    }
    segments.add(state -> List.of(state.getFirst().square().sum()));
    assertSame(segments, parameters, 0);
  }

  @Test
  void gradientsOfASharedHistoryAreThoseOfTheWhole() {
    List<Tensor> parameters = parameters();
    assertSame(segments(input(), parameters), parameters, FLOAT64);
  }

  private static Tensor input() {
    return Grid.gaussian(Shape.of("pos", 5, "d", 8), 99).tensor();
  }

  private static void assertSame(
      List<Checkpointed.Segment> segments, List<Tensor> parameters, double tolerance) {
    List<Tensor> state = List.of();
    for (Checkpointed.Segment segment : segments) {
      state = segment.run(state);
    }
    Tensor loss = state.getFirst();
    List<Tensor> whole = Gradients.of(loss, parameters);

    Checkpointed.Result result = Checkpointed.gradients(segments, parameters);
    assertThat(result.loss().item()).isEqualTo(loss.item());
    assertThat(result.gradients()).hasSameSizeAs(whole);
    for (int i = 0; i < whole.size(); i++) {
      assertThat(result.gradients().get(i).shape()).isEqualTo(MATRIX);
      assertThat(result.gradients().get(i).toDoubles())
          .containsExactly(whole.get(i).toDoubles(), within(tolerance));
    }
  }

  @Test
  void whatIsNoNumberToDifferentiateTravelsAlong() {
    Tensor weight = Grid.gaussian(Shape.of("d_vocab", 7, "d", 3), 1).tensor().asParameter();
    Tensor ids = Tensor.of(new long[] {1, 5, 5}, Shape.of("pos", 3));
    List<Checkpointed.Segment> segments =
        List.of(
            _ -> List.of(ids),
            state -> List.of(weight.take("d_vocab", state.getFirst()), state.getFirst()),
            state -> List.of(state.getFirst().square().sum()));
    Tensor gradient = Checkpointed.gradients(segments, List.of(weight)).gradients().getFirst();
    Tensor twin =
        Gradients.of(weight.take("d_vocab", ids).square().sum(), List.of(weight)).getFirst();
    assertThat(gradient.toDoubles()).isEqualTo(twin.toDoubles());
  }

  @Test
  void aParameterThatNothingUsesIsNamed() {
    List<Tensor> parameters = parameters();
    List<Checkpointed.Segment> segments = List.of(_ -> List.of(parameters.getFirst().sum()));
    assertThatExceptionOfType(TensorException.class)
        .isThrownBy(() -> Checkpointed.gradients(segments, parameters))
        .withMessageContaining("The loss does not depend on parameter 1");
  }

  @Test
  void aLossOfSeveralNumbersIsRefused() {
    List<Tensor> parameters = parameters();
    List<Checkpointed.Segment> segments = List.of(_ -> List.of(parameters.getFirst()));
    assertThatExceptionOfType(TensorException.class)
        .isThrownBy(() -> Checkpointed.gradients(segments, parameters))
        .withMessageContaining("One number was asked of a tensor that holds 64");
  }
}
