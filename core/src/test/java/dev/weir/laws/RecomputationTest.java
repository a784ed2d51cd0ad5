package dev.weir.laws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Parameters;
import dev.weir.model.SegmentedPass;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Checkpointed;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import dev.weir.train.Initialization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A pass that is computed block by block and twice has the loss and the gradients of one that is
/// kept whole, in every family and pathway, whoever looks and changes.
class RecomputationTest {

  /// Where several blocks read one tensor, as those of a history do, its gradients are added in
  /// another order: float64's rounding, 1e-16, of gradients up to 10, over some dozens of terms.
  private static final double TOLERANCE = 1e-13;

  private static final List<int[]> TEXTS =
      List.of(new int[] {3, 1, 4, 1, 5, 9, 2, 6}, new int[] {2, 7, 1, 8, 2, 8, 1, 8});

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void givesTheGradientsOfAPassThatIsKept(String name) {
    try (TensorOwner owner = new TensorOwner();
        Scope _ = Scope.open();
        Transformer model = parameters(name, owner)) {
      Set<HookPoint> carried =
          Capture.matching("blocks.*.hook_attn_out", "hook_embed").resolve(model.hookPoints());
      Watcher keptWatcher = new Watcher();
      Seen seen = new Seen(carried);
      Tensor logits = model.logits(TEXTS, new Enlarging().then(keptWatcher).then(seen));
      Tensor loss = loss(logits, seen.values);
      List<Tensor> kept =
          Gradients.orZero(loss, List.copyOf(model.parameters().tensors().values()));

      Watcher watcher = new Watcher();
      Checkpointed.Result again =
          model.gradients(
              new SegmentedPass(TEXTS, new Enlarging(), watcher, carried), RecomputationTest::loss);
      seen.owner.close();

      assertThat(watcher.seen).isEqualTo(keptWatcher.seen);
      assertThat(again.loss().item()).isEqualTo(loss.item());
      assertThat(again.gradients()).hasSameSizeAs(kept);
      List<String> names = List.copyOf(model.parameters().tensors().keySet());
      for (int i = 0; i < kept.size(); i++) {
        assertThat(again.gradients().get(i).shape()).isEqualTo(kept.get(i).shape());
        assertThat(again.gradients().get(i).toDoubles())
            .as(names.get(i))
            .containsExactly(kept.get(i).toDoubles(), within(tolerance(model)));
      }
    }
  }

  /// A plain stream's values are read by one block each: the same sums, bit for bit.
  private static double tolerance(Transformer model) {
    return model.pathway().additive() ? 0 : TOLERANCE;
  }

  /// A model whose numbers can be differentiated by, away from neutral starts.
  private static Transformer parameters(String name, TensorOwner owner) {
    try (Transformer like = EveryModel.open(name, DType.FLOAT32)) {
      Parameters neutral = new Initialization(0.2, 1).parameters(like.spec(), DType.FLOAT64, owner);
      SplittableRandom random = new SplittableRandom(2);
      Parameters start =
          neutral.map(tensor -> {
            Tensor noise = Tensor.gaussian(tensor.shape(), 0.1, random).to(DType.FLOAT64);
            return tensor.detached().plus(noise).asParameter();
          });
      return Transformer.of(like.spec(), start, new TensorOwner(), "test");
    }
  }

  /// The cross entropy and something of the values that were carried.
  private static Tensor loss(Tensor logits, Map<HookPoint, Tensor> carried) {
    Tensor targets =
        Tensor.of(
            TEXTS.stream()
                .flatMapToLong(text -> Arrays.stream(text).mapToLong(t -> 9 - t))
                .toArray(),
            logits.shape().without(logits.shape().names().getLast()));
    Tensor loss = Fused.crossEntropy(logits, targets);
    for (Tensor value : carried.values()) {
      String[] axes = value.shape().axes().stream().map(Axis::name).toArray(String[]::new);
      loss = loss.plus(value.square().mean(axes).times(0.01));
    }
    return loss;
  }

  /// Changes what enters the stream, as dropout does.
  private record Enlarging() implements Hooks {
    @Override
    public boolean touches(HookPoint point) {
      return point instanceof HookPoint.Embed
          || point instanceof HookPoint.AttnOut
          || point instanceof HookPoint.ResidPost;
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      return value.times(1.25);
    }
  }

  /// Looks at all that routing decides.
  private static final class Watcher implements Hooks {
    private final List<String> seen = new ArrayList<>();

    @Override
    public boolean touches(HookPoint point) {
      return point instanceof HookPoint.Route || point instanceof HookPoint.AttnOut;
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      seen.add(point.name());
      return value;
    }
  }

  /// Holds values for the loss.
  private static final class Seen implements Hooks {
    private final Set<HookPoint> wanted;
    private final TensorOwner owner = new TensorOwner();
    private final Map<HookPoint, Tensor> values = new LinkedHashMap<>();

    Seen(Set<HookPoint> wanted) {
      this.wanted = wanted;
    }

    @Override
    public boolean touches(HookPoint point) {
      return wanted.contains(point);
    }

    @Override
    public Tensor apply(HookPoint point, Tensor value) {
      values.put(point, owner.own(value.view()));
      return value;
    }
  }
}
