package dev.weir.readout.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.Past;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.pathway.StreamState;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Blocks in another order, skipped, repeated and side by side, on every pathway.
class BlockOrderTest {

  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void blocksAsTheyAreChangeNoBit(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      int layers = model.spec().nLayers();
      try (Transformer same = BlockOrder.identity(layers).over(model)) {
        assertThat(same.logits(tokens).toDoubles()).isEqualTo(model.logits(tokens).toDoubles());
      }
    }
  }

  /// On every model a block can be skipped, in one way or the other; whatever has no meaning says
  /// why.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void everyModelRunsOrRefusesInWords(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      TransformerSpec spec = model.spec();
      List<DepthExperiment> experiments = new ArrayList<>();
      DepthExperiment skip = DepthExperiment.skip(spec, 0);
      assertThat(skip.problem(spec)).isEmpty();
      experiments.add(skip);
      experiments.add(DepthExperiment.repeat(spec, spec.nLayers() - 1, 2));
      if (spec.nLayers() > 1) {
        experiments.add(DepthExperiment.swap(spec, 0));
        experiments.add(DepthExperiment.reverse(spec, 0, spec.nLayers() - 1));
        experiments.add(new DepthExperiment.Parallel(0, spec.nLayers() - 1));
      }
      for (DepthExperiment experiment : experiments) {
        Optional<String> problem = experiment.problem(spec);
        if (problem.isPresent()) {
          assertThat(problem.get()).contains(" ");
          assertThatThrownBy(() -> experiment.on(model)).isInstanceOf(DepthException.class);
        } else {
          try (DepthExperiment.Changed changed = experiment.on(model)) {
            assertThat(changed.logits(tokens).isFinite()).as(experiment.name()).isTrue();
          }
        }
      }
    }
  }

  /// What a pathway says of its state is what its state is made of: one tensor, several, or more
  /// and more.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.PathwayModels#names")
  void aStateIsMadeOfWhatThePathwaySays(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      List<Integer> counts = new ArrayList<>();
      model.trace(EveryModel.tokens(name), Capture.matching("hook_embed")).close();
      count(model.pathway(), model, EveryModel.tokens(name), counts);
      PathwaySpec pathway = model.spec().pathway();
      switch (pathway.state()) {
        case VECTOR -> assertThat(counts).containsOnly(1);
        case LANES -> assertThat(counts).containsOnly(counts.getFirst());
        case HISTORY -> assertThat(counts.getLast()).isGreaterThan(counts.getFirst());
      }
    }
  }

  private static <S> void count(
      ResidualPathway<S> over, Transformer model, int[] tokens, List<Integer> counts) {
    try (StreamTrace trace =
        model.trace(tokens, Capture.matching("hook_embed", "blocks.*.hook_*_out"))) {
      S stream = over.open(trace.get(new HookPoint.Embed()), Past.none());
      counts.add(tensors(over, stream));
      for (var site : model.spec().depth().sites()) {
        Routing read = over.routeRead(stream, site);
        var reading = over.read(stream, site, read, Past.none());
        Tensor out = trace.get(site.out());
        var passage = new dev.weir.pathway.Passage(reading, reading.single(), out);
        stream = over.write(stream, site, over.routeWrite(stream, site, read, passage), out);
        if (model.spec().depth().closesBlock(site)) {
          counts.add(tensors(over, stream));
        }
      }
    }
  }

  private static <S> int tensors(ResidualPathway<S> over, S stream) {
    int[] count = {0};
    S _ =
        over.map(
            stream,
            tensor -> {
              count[0]++;
              return tensor;
            });
    return count[0];
  }

  /// Where the pathway leaves a stream that nothing is written to as it is, a block that writes
  /// nothing is a block that is not there.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pathway/pre_norm/rms/gqa",
        "pathway/layerscale/layer/mha",
        "pathway/rezero/rms/mha",
        "pathway/ddl/rms/mha",
        "mixer/shortswa/rms/gqa",
        "mixer/canon-abcd/layer/mha"
      })
  void skippingABlockIsSilencingIt(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      for (int block = 0; block < model.spec().nLayers(); block++) {
        try (var skipped = DepthExperiment.skip(model.spec(), block).on(model);
            var silenced = new DepthExperiment.Silenced(block).on(model)) {
          assertThat(skipped.logits(tokens).toDoubles())
              .isEqualTo(silenced.logits(tokens).toDoubles());
        }
      }
    }
  }

  /// On a pathway that norms after every write it is not: the norm stays.
  @Test
  void skippingABlockIsNotSilencingItWhereThePathwayActsByItself() {
    int[] tokens = EveryModel.tokens("pathway/post_norm/rms/mha");
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("pathway/post_norm/rms/mha", DType.FLOAT64);
        var skipped = DepthExperiment.skip(model.spec(), 1).on(model);
        var silenced = new DepthExperiment.Silenced(1).on(model)) {
      assertThat(skipped.logits(tokens).minus(silenced.logits(tokens)).norm("d_vocab").sum().item())
          .isGreaterThan(0.1);
    }
  }

  @Test
  void repeatingABlockZeroTimesIsSkippingItAndOnceIsNothing() {
    assertThat(BlockOrder.repeated(4, 2, 0)).isEqualTo(BlockOrder.without(4, List.of(2)));
    assertThat(BlockOrder.repeated(4, 2, 1)).isEqualTo(BlockOrder.identity(4));
    assertThat(BlockOrder.repeated(4, 2, 3).blocks()).containsExactly(0, 1, 2, 2, 2, 3);
    assertThat(BlockOrder.reversed(5, 1, 3).blocks()).containsExactly(0, 3, 2, 1, 4);
    assertThat(BlockOrder.swapped(3, 0, 1).blocks()).containsExactly(1, 0, 2);
  }

  @Test
  void anOrderTakenBackIsTheModelItself() {
    String name = "pathway/ddl-cc/rms/mha";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        Transformer reversed = BlockOrder.reversed(4, 0, 3).over(model);
        Transformer back = BlockOrder.reversed(4, 0, 3).over(reversed)) {
      assertThat(back.logits(tokens).toDoubles()).isEqualTo(model.logits(tokens).toDoubles());
      assertThat(reversed.logits(tokens).toDoubles())
          .isNotEqualTo(model.logits(tokens).toDoubles());
    }
  }

  @Test
  void aBlockWithoutValuesOfItsOwnCannotStandFirst() {
    TransformerSpec spec = PathwayModels.spec("mixer/svformer/rms/mha");
    assertThat(BlockOrder.without(4, List.of(0)).problem(spec))
        .hasValueSatisfying(reason -> assertThat(reason).contains("place 0", "attn.W_V"));
    assertThat(BlockOrder.without(4, List.of(1)).problem(spec)).isEmpty();
    assertThat(BlockOrder.repeated(4, 0, 2).problem(spec)).isPresent();
  }

  @Test
  void blocksSideBySideLeaveTheMeanOfWhatEachWouldLeave() {
    String name = "pathway/pre_norm/rms/gqa";
    int[] tokens = EveryModel.tokens(name);
    Capture capture = Capture.matching("blocks.*.hook_resid_post").withoutLogits();
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace together = model.trace(List.of(tokens), capture, new SideBySide(1, 2))) {
      Tensor sum = Tensor.zeros(together.get(new HookPoint.ResidPost(2)).shape(), DType.FLOAT64);
      for (int block = 1; block <= 2; block++) {
        try (Transformer alone = new BlockOrder(List.of(0, block)).over(model);
            StreamTrace trace = alone.trace(List.of(tokens), capture, Hooks.none())) {
          sum = sum.plus(trace.get(new HookPoint.ResidPost(1)));
        }
      }
      // The same operations in float64 but for the order of one sum.
      assertThat(together.get(new HookPoint.ResidPost(2)).minus(sum.times(0.5)).abs().sum().item())
          .isCloseTo(0, within(1e-10));
    }
  }

  @Test
  void aBlockThatWritesNothingCanGo() {
    String name = "pathway/pre_norm/layer/mha";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        TensorOwner owner = new TensorOwner();
        Transformer idle = withIdleBlock(model, 2, owner);
        Transformer without = BlockOrder.without(4, List.of(2)).over(idle);
        StreamTrace trace = idle.trace(tokens, BlockInfluence.capture())) {
      BlockInfluence influence = BlockInfluence.of(idle, trace);
      assertThat(influence.ranking().getFirst()).isEqualTo(2);
      // Half an ulp for each of the 12 features of the float32 cosine.
      assertThat(influence.of(2)).isCloseTo(0, within(1e-6));
      assertThat(influence.of(1)).isGreaterThan(1e-3);
      AngularDistance angular = AngularDistance.of(idle, trace, AngularDistance.Positions.ALL);
      assertThat(angular.least(1)).isEqualTo(2);
      assertThat(without.logits(tokens).toDoubles()).isEqualTo(idle.logits(tokens).toDoubles());
    }
  }

  /// The same model with a block whose outputs are zero.
  static Transformer withIdleBlock(Transformer model, int block, TensorOwner owner) {
    Map<String, Tensor> tensors = new LinkedHashMap<>(model.parameters().tensors());
    for (String name : List.of("attn.W_O", "mlp.W_out", "mlp.b_out")) {
      tensors.computeIfPresent(
          "blocks.%d.%s".formatted(block, name), (_, weight) -> owner.own(weight.times(0)));
    }
    return Transformer.of(model.spec(), new Parameters(tensors), new TensorOwner(), "test");
  }

  @Test
  void refusesInWords() {
    assertThatThrownBy(() -> BlockOrder.without(3, List.of(0, 1, 2)))
        .hasMessageContaining("Nothing would be left of the model's 3 blocks");
    assertThatThrownBy(() -> BlockOrder.without(3, List.of(3)))
        .hasMessageContaining("There is no block 3 in a model of 3")
        .hasMessageContaining("use 0 to 2");
    assertThatThrownBy(() -> BlockOrder.reversed(3, 2, 1))
        .hasMessageContaining("Blocks 2 to 1 are no group");
    assertThatThrownBy(() -> BlockOrder.repeated(3, 1, -1)).hasMessageContaining("-1");
    try (Transformer dense = EveryModel.open("pathway/denseformer/rms/mha", DType.FLOAT32)) {
      assertThatThrownBy(() -> BlockOrder.swapped(4, 1, 2).over(dense))
          .hasMessageContaining("cannot change places")
          .hasMessageContaining("silence");
      assertThatThrownBy(() -> new DepthExperiment.Parallel(1, 2).on(dense))
          .hasMessageContaining("side by side");
      assertThat(dense.spec().pathway().state()).isEqualTo(StreamState.HISTORY);
    }
  }
}
