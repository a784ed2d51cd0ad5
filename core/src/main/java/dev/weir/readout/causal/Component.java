package dev.weir.readout.causal;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A part of a model that writes to the stream.
public sealed interface Component {

  /// An attention head.
  ///
  /// @param layer the block
  /// @param head which
  record Head(int layer, int head) implements Component {}

  /// A whole MLP.
  ///
  /// @param layer the block
  record Mlp(int layer) implements Component {}

  /// Some neurons of an MLP.
  ///
  /// @param layer the block
  /// @param neurons which
  record Neurons(int layer, List<Integer> neurons) implements Component {
    public Neurons {
      neurons = List.copyOf(neurons);
    }
  }

  /// The block.
  int layer();

  /// Whether it belongs to an MLP.
  default boolean isMlp() {
    return !(this instanceof Head);
  }

  /// Its name: `L3H2`, `3_mlp_out`, `L3N5,17`.
  default String label() {
    return switch (this) {
      case Head(int layer, int head) -> WriterLabels.head(layer, head);
      case Mlp(int layer) -> WriterLabels.write(Site.mlp(layer));
      case Neurons(int layer, List<Integer> neurons) ->
          "L%dN%s"
              .formatted(layer, String.join(",", neurons.stream().map(String::valueOf).toList()));
    };
  }

  /// Where its value passes.
  default HookPoint.InBlock point() {
    return switch (this) {
      case Head(int layer, int _) -> new HookPoint.Z(layer);
      case Mlp(int layer) -> new HookPoint.MlpOut(layer);
      case Neurons(int layer, List<Integer> _) -> new HookPoint.MlpPost(layer);
    };
  }

  /// Complains if a model has no such component.
  ///
  /// @param model the model
  default void check(Transformer model) {
    TransformerSpec spec = model.spec();
    boolean there =
        layer() >= 0
            && layer() < spec.nLayers()
            && switch (this) {
              case Head(int layer, int head) ->
                  head >= 0 && head < spec.blocks().get(layer).attention().nHeads();
              case Mlp(int layer) -> mlps(model).contains(layer);
              case Neurons(int layer, List<Integer> neurons) -> {
                long width =
                    model
                        .parameters()
                        .find("blocks.%d.mlp.W_out".formatted(layer))
                        .map(w -> w.size("d_mlp"))
                        .orElse(0L);
                yield !neurons.isEmpty() && neurons.stream().allMatch(n -> n >= 0 && n < width);
              }
            };
    if (!there) {
      throw CausalException.noSuchComponent(label());
    }
  }

  /// The blocks that have an MLP.
  ///
  /// @param model the model
  static List<Integer> mlps(Transformer model) {
    Set<HookPoint> points = Set.copyOf(model.hookPoints());
    return IntStream.range(0, model.spec().nLayers())
        .filter(layer -> points.contains(new HookPoint.MlpOut(layer)))
        .boxed()
        .toList();
  }

  /// Every head and every MLP, in the order of the model.
  ///
  /// @param model the model
  static List<Component> all(Transformer model) {
    TransformerSpec spec = model.spec();
    List<Integer> mlps = mlps(model);
    List<Component> all = new ArrayList<>();
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      for (int head = 0; head < spec.blocks().get(layer).attention().nHeads(); head++) {
        all.add(new Head(layer, head));
      }
      if (mlps.contains(layer)) {
        all.add(new Mlp(layer));
      }
    }
    return all;
  }
}
