package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.probe.LinearProbe;
import dev.weir.readout.probe.Moments;
import dev.weir.readout.probe.RidgeProbe;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.SharedData;
import dev.weir.weights.Safetensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The belief over the states of a hidden Markov process is a linear function of the stream (Shai
/// et al. 2024, arXiv:2405.15943): probes over every prefix, weighted by its exact probability.
class BeliefProbeTest {
  private static final int LENGTH = 10;
  private static final int SEQUENCES = 59_049;
  private static final int BATCH = 2_187;
  private static final List<String> STATES = List.of("state 0", "state 1", "state 2");

  @Test
  void theBeliefIsALinearFunctionOfTheStreamOverAllPrefixes() {
    double[][][] transitions = BeliefGeometryTest.transitions();
    Moments[] moments = new Moments[5];
    Arrays.fill(moments, Moments.none(64, 3));
    try (Scope _ = Scope.open();
        Safetensors file =
            Safetensors.open(SharedData.require("belief-geometry/mess3_fast.safetensors"));
        Transformer model = BeliefGeometryTest.model(file)) {
      for (int from = 0; from < SEQUENCES; from += BATCH) {
        add(moments, model, from, transitions);
      }
    }
    double[] published = {0.828298390, 0.988958555, 0.989532983, 0.989568377, 0.989513237};
    for (int place = 0; place < published.length; place++) {
      LinearProbe probe = RidgeProbe.fit(moments[place], STATES, 0);
      double mean = Arrays.stream(probe.rSquared(moments[place])).average().orElseThrow();
      // The model runs in float32; the reference has nine digits of a float64 run.
      assertThat(mean).isCloseTo(published[place], within(5e-7));
    }
    assertThat(moments[0].weight()).isCloseTo(1, within(1e-12));
  }

  /// By causality the prefixes of sequences of full length are all prefixes; each is taken where it
  /// first stands, before nothing but zeros.
  private static void add(
      Moments[] moments, Transformer model, int from, double[][][] transitions) {
    List<int[]> texts = new ArrayList<>();
    List<Long> places = new ArrayList<>();
    List<double[]> weighted = new ArrayList<>();
    for (int row = 0; row < BATCH; row++) {
      int[] symbols = symbols(from + row);
      texts.add(symbols);
      double[] state = {1.0 / 3, 1.0 / 3, 1.0 / 3};
      int rest = SEQUENCES;
      for (int i = 0; i < LENGTH; i++) {
        state = BeliefGeometryTest.step(state, transitions[symbols[i]]);
        rest /= 3;
        if ((from + row) % rest == 0) {
          places.add((long) row * LENGTH + i);
          weighted.add(state);
        }
      }
    }
    try (Scope _ = Scope.open();
        StreamTrace trace =
            model.trace(
                texts,
                Capture.matching("blocks.0.hook_resid_pre", "blocks.*.hook_resid_post")
                    .withoutLogits(),
                Hooks.none())) {
      long[] rows = places.stream().mapToLong(Long::longValue).toArray();
      Tensor indices = Tensor.of(rows, Shape.of(new Axis("prefix", rows.length)));
      double[] weights =
          weighted.stream().mapToDouble(state -> BeliefGeometryTest.sum(state) / LENGTH).toArray();
      Tensor beliefs =
          Tensor.of(
              weighted.stream()
                  .flatMapToDouble(
                      state -> Arrays.stream(state).map(s -> s / BeliefGeometryTest.sum(state)))
                  .toArray(),
              Shape.of("row", rows.length, "target", 3));
      for (int place = 0; place < moments.length; place++) {
        HookPoint point =
            place == 0 ? new HookPoint.ResidPre(0) : new HookPoint.ResidPost(place - 1);
        Tensor values =
            trace
                .get(point)
                .order("batch", "pos", "d_model")
                .merge("row", "batch", "pos")
                .take("row", indices)
                .rename("prefix", "row")
                .rename("d_model", "feature");
        moments[place] = moments[place].plus(Moments.of(values, beliefs, weights));
      }
    }
  }

  private static int[] symbols(int number) {
    int[] symbols = new int[LENGTH];
    int rest = number;
    for (int i = LENGTH - 1; i >= 0; i--) {
      symbols[i] = rest % 3;
      rest /= 3;
    }
    return symbols;
  }
}
