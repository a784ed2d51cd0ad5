package dev.weir.readout.depth;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A model made smaller by taking blocks away. What results is a model like any other: it runs, is
/// read and is written by [dev.weir.model.family.WeirCheckpoint].
public sealed interface Compression {

  /// The smaller model. It may use the memory of `model`: close it first.
  ///
  /// @param model which
  /// @throws DepthException if this cannot be done to it
  Transformer over(Transformer model);

  /// What is done, in words.
  String describe();

  /// Some blocks are left out (Men et al. 2024, arXiv:2403.03853; Gromov et al. 2024,
  /// arXiv:2403.17887).
  ///
  /// @param blocks which
  record Dropped(List<Integer> blocks) implements Compression {
    public Dropped {
      blocks = blocks.stream().sorted().distinct().toList();
    }

    @Override
    public Transformer over(Transformer model) {
      return BlockOrder.without(model.spec().nLayers(), blocks).over(model);
    }

    @Override
    public String describe() {
      return (blocks.size() == 1 ? "block %s dropped" : "blocks %s dropped")
          .formatted(String.join(", ", blocks.stream().map(String::valueOf).toList()));
    }
  }

  /// A group of blocks becomes one, whose weights are the means of theirs.
  ///
  /// @param first the group's first
  /// @param last the group's last
  record Averaged(int first, int last) implements Compression {

    @Override
    public Transformer over(Transformer model) {
      TransformerSpec spec = model.spec();
      BlockOrder.requireGroup(first, last, spec.nLayers());
      for (int block = first + 1; block <= last; block++) {
        if (!spec.blocks().get(block).equals(spec.blocks().get(first))) {
          throw DepthException.cannotMerge(
              "blocks %d and %d are put together differently".formatted(first, block));
        }
      }
      BlockOrder order =
          BlockOrder.without(
              spec.nLayers(), IntStream.rangeClosed(first + 1, last).boxed().toList());
      TransformerSpec smaller = order.applied(spec);
      Map<String, Tensor> tensors =
          new LinkedHashMap<>(order.applied(spec, model.parameters()).tensors());
      TensorOwner owner = new TensorOwner();
      String path = path(first);
      try (Scope _ = Scope.open()) {
        tensors.replaceAll(
            (name, own) -> name.startsWith(path) ? owner.own(mean(model, name, own)) : own);
        return Transformer.of(smaller, new Parameters(tensors), owner, "averaged blocks");
      } catch (RuntimeException e) {
        owner.close();
        throw e;
      }
    }

    private Tensor mean(Transformer model, String name, Tensor own) {
      String rest = name.substring(path(first).length());
      Tensor sum = own.to(DType.FLOAT64);
      for (int block = first + 1; block <= last; block++) {
        Tensor other =
            model
                .parameters()
                .find(path(block) + rest)
                .orElseThrow(() -> DepthException.cannotMerge("not all have a weight " + rest));
        sum = sum.plus(other.to(DType.FLOAT64));
      }
      return sum.times(1.0 / (last - first + 1)).to(own.dtype());
    }

    @Override
    public String describe() {
      return "blocks %d to %d averaged into one".formatted(first, last);
    }
  }

  /// A group of blocks becomes one whose MLP is a linear map, fitted on what the group did: its
  /// norms are left out, its activation is the identity, and its attention, which a block has to
  /// have, is one head of size one that writes zero.
  ///
  /// @param map from what entered the group to what left it
  /// @param first the group's first
  /// @param last the group's last; may be the first
  record Mapped(AffineMap map, int first, int last) implements Compression {

    @Override
    public Transformer over(Transformer model) {
      TransformerSpec spec = model.spec();
      LinearMapFit.require(spec, first, last);
      List<Integer> stay = new ArrayList<>(BlockOrder.identity(spec.nLayers()).blocks());
      stay.subList(first + 1, last + 1).clear();
      BlockOrder order = new BlockOrder(stay);
      List<BlockSpec> blocks = new ArrayList<>(stay.stream().map(spec.blocks()::get).toList());
      blocks.set(first, linear(spec.blocks().get(first), spec.dModel()));
      TransformerSpec smaller = spec.withBlocks(blocks);
      Map<String, Tensor> tensors =
          new LinkedHashMap<>(order.applied(spec, model.parameters()).tensors());
      tensors.keySet().removeIf(name -> name.startsWith(path(first)));
      TensorOwner owner = new TensorOwner();
      try (Scope _ = Scope.open()) {
        weights(smaller, model.dtype())
            .forEach(
                (name, weight) -> tensors.put(name, owner.own(weight.to(model.device()).copy())));
        return Transformer.of(smaller, new Parameters(tensors), owner, "a linear map");
      } catch (RuntimeException e) {
        owner.close();
        throw e;
      }
    }

    private static BlockSpec linear(BlockSpec like, int dModel) {
      NormSpec none = new NormSpec.NoNorm();
      AttentionSpec silent =
          new AttentionSpec(
              1,
              1,
              1,
              1,
              new Softcap.Unbounded(),
              like.attention().visibility(),
              new PositionCode.NoPositions(),
              new AttentionSpec.QkNorm.NoQkNorm(),
              AttentionSpec.Biases.NONE,
              1);
      return new BlockSpec(
          silent,
          new MlpSpec.Plain(dModel, Activation.IDENTITY, true),
          BlockSpec.Wiring.SEQUENTIAL,
          none,
          none,
          none,
          none);
    }

    /// `x + (x (W − I)) I + b`, and zeros for everything else.
    private Map<String, Tensor> weights(TransformerSpec smaller, DType dtype) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      ParameterLayout.of(smaller)
          .forEach((name, shape) -> {
            if (name.startsWith(path(first))) {
              weights.put(name, Tensor.zeros(shape, dtype));
            }
          });
      Tensor identity = PairSums.identity(smaller.dModel());
      Tensor change = map.matrix().minus(identity).rename("out", "d_mlp");
      weights.put(path(first) + "mlp.W_in", change.order("d_mlp", "d_model").to(dtype));
      weights.put(
          path(first) + "mlp.W_out",
          identity.rename("d_model", "d_mlp").rename("out", "d_model").to(dtype));
      weights.put(path(first) + "mlp.b_out", map.shift().rename("out", "d_model").to(dtype));
      return weights;
    }

    @Override
    public String describe() {
      return first == last
          ? "block %d replaced by a linear map".formatted(first)
          : "blocks %d to %d replaced by a linear map".formatted(first, last);
    }
  }

  private static String path(int block) {
    return "blocks.%d.".formatted(block);
  }
}
