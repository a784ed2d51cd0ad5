package dev.weir.readout.depth;

import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.StreamState;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The blocks of a model in another order: some left out, some more than once. Each block brings
/// its own weights and those of its place on the pathway; no weight is copied.
///
/// @param blocks which block of the model stands where, first to last
public record BlockOrder(List<Integer> blocks) {

  public BlockOrder {
    blocks = List.copyOf(blocks);
  }

  // ---------------------------------------------------------------- making

  /// As they are.
  ///
  /// @param nLayers how many blocks the model has
  public static BlockOrder identity(int nLayers) {
    return new BlockOrder(IntStream.range(0, nLayers).boxed().toList());
  }

  /// All but some.
  ///
  /// @param nLayers how many blocks the model has
  /// @param left which are left out
  /// @throws DepthException if a block does not exist, or none remains
  public static BlockOrder without(int nLayers, Collection<Integer> left) {
    left.forEach(block -> requireBlock(block, nLayers));
    Set<Integer> gone = new HashSet<>(left);
    if (gone.size() == nLayers) {
      throw DepthException.noBlockLeft(nLayers);
    }
    return new BlockOrder(
        IntStream.range(0, nLayers).filter(block -> !gone.contains(block)).boxed().toList());
  }

  /// Two of them exchanged.
  ///
  /// @param nLayers how many blocks the model has
  /// @param one the first
  /// @param other the second
  /// @throws DepthException if a block does not exist
  public static BlockOrder swapped(int nLayers, int one, int other) {
    requireBlock(one, nLayers);
    requireBlock(other, nLayers);
    List<Integer> blocks = new ArrayList<>(identity(nLayers).blocks);
    Collections.swap(blocks, one, other);
    return new BlockOrder(blocks);
  }

  /// One of them several times in a row.
  ///
  /// @param nLayers how many blocks the model has
  /// @param block which
  /// @param times how often; 1 changes nothing, 0 leaves it out
  /// @throws DepthException if the block does not exist, or none remains
  public static BlockOrder repeated(int nLayers, int block, int times) {
    requireBlock(block, nLayers);
    if (times < 0 || times > 1000) {
      throw DepthException.badCount("Repeating a block", times, "use 0 to 1000 times");
    }
    if (times == 0) {
      return without(nLayers, List.of(block));
    }
    List<Integer> blocks = new ArrayList<>(identity(nLayers).blocks);
    blocks.addAll(block, Collections.nCopies(times - 1, block));
    return new BlockOrder(blocks);
  }

  /// A group of them from last to first.
  ///
  /// @param nLayers how many blocks the model has
  /// @param first the group's first
  /// @param last the group's last
  /// @throws DepthException if a block does not exist, or they are no group
  public static BlockOrder reversed(int nLayers, int first, int last) {
    requireGroup(first, last, nLayers);
    List<Integer> blocks = new ArrayList<>(identity(nLayers).blocks);
    Collections.reverse(blocks.subList(first, last + 1));
    return new BlockOrder(blocks);
  }

  static void requireBlock(int block, int nLayers) {
    if (block < 0 || block >= nLayers) {
      throw DepthException.noSuchBlock(block, nLayers);
    }
  }

  static void requireGroup(int first, int last, int nLayers) {
    requireBlock(first, nLayers);
    requireBlock(last, nLayers);
    if (last <= first) {
      throw DepthException.notARange(first, last);
    }
  }

  // ---------------------------------------------------------------- over a model

  /// Why a model's blocks cannot stand so; empty if they can. Every model's can as they are.
  ///
  /// @param spec the model
  /// @throws DepthException if a block does not exist
  public Optional<String> problem(TransformerSpec spec) {
    blocks.forEach(block -> requireBlock(block, spec.nLayers()));
    if (blocks.isEmpty()) {
      throw DepthException.noBlockLeft(spec.nLayers());
    }
    if (equals(identity(spec.nLayers()))) {
      return Optional.empty();
    }
    if (spec.pathway().state() == StreamState.HISTORY) {
      return Optional.of(
          "on this pathway a block reads what earlier blocks wrote by their number, and its weights fit that place only");
    }
    return IntStream.range(0, blocks.size())
        .mapToObj(place -> misfit(spec, place))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /// A block can lack a weight at its new place, or have one too many: the first block has values
  /// of its own, later ones may take those.
  private Optional<String> misfit(TransformerSpec spec, int place) {
    Set<String> wanted = ownWeights(reordered(spec), place);
    Set<String> brought = ownWeights(spec, blocks.get(place));
    return wanted.equals(brought)
        ? Optional.empty()
        : Optional.of(
            "at place %d block %d would need the weights %s, and it has %s"
                .formatted(place, blocks.get(place), less(wanted, brought), less(brought, wanted)));
  }

  private static String less(Set<String> all, Set<String> without) {
    String names =
        all.stream().filter(name -> !without.contains(name)).collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : names;
  }

  /// The names and shapes of a block's weights, without the block's number.
  private static Set<String> ownWeights(TransformerSpec spec, int block) {
    String path = path(block);
    return ParameterLayout.of(spec).entrySet().stream()
        .filter(weight -> weight.getKey().startsWith(path))
        .map(weight -> weight.getKey().substring(path.length()) + " " + weight.getValue())
        .collect(Collectors.toCollection(java.util.TreeSet::new));
  }

  private static String path(int block) {
    return "blocks.%d.".formatted(block);
  }

  private TransformerSpec reordered(TransformerSpec spec) {
    return spec.withBlocks(blocks.stream().map(spec.blocks()::get).toList());
  }

  /// How the model is put together then.
  ///
  /// @param spec the model
  /// @throws DepthException if its blocks cannot stand so
  public TransformerSpec applied(TransformerSpec spec) {
    problem(spec)
        .ifPresent(reason -> {
          throw DepthException.blocksStay(reason);
        });
    return reordered(spec);
  }

  /// The same weights under the names of their new places.
  ///
  /// @param spec the model they are of
  /// @param parameters its weights
  /// @throws DepthException if its blocks cannot stand so
  public Parameters applied(TransformerSpec spec, Parameters parameters) {
    Map<String, Tensor> moved = new LinkedHashMap<>();
    ParameterLayout.of(applied(spec))
        .keySet()
        .forEach(name -> {
          String from = origin(name);
          moved.put(name, parameters.get(from));
        });
    return new Parameters(moved);
  }

  /// Where a weight of the new model comes from.
  private String origin(String name) {
    if (!name.startsWith("blocks.")) {
      return name;
    }
    int end = name.indexOf('.', "blocks.".length());
    int place = Integer.parseInt(name.substring("blocks.".length(), end));
    return path(Objects.requireNonNull(blocks.get(place))) + name.substring(end + 1);
  }

  /// A model over the same weights with its blocks in this order. It needs the memory of `model`:
  /// close it first.
  ///
  /// @param model whose blocks
  /// @throws DepthException if its blocks cannot stand so
  public Transformer over(Transformer model) {
    return Transformer.of(
        applied(model.spec()),
        applied(model.spec(), model.parameters()),
        new TensorOwner(),
        "reordered blocks");
  }
}
