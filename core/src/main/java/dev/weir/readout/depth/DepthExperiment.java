package dev.weir.readout.depth;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.StreamState;
import dev.weir.stream.Hooks;
import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// A model run with its depth changed (Lad, Gurnee & Tegmark 2024, arXiv:2406.19384; Sun et al.
/// 2024, "Transformer Layers as Painters", arXiv:2407.09298).
public sealed interface DepthExperiment {

  /// What is done, for instance `skip 3`.
  String name();

  /// Why it has no meaning on a model; empty if it has.
  ///
  /// @param spec the model
  Optional<String> problem(TransformerSpec spec);

  /// The model, changed.
  ///
  /// @param model which; it stays open longer than what is returned
  /// @throws DepthException if the experiment has no meaning on it
  Changed on(Transformer model);

  /// A changed model, ready to run.
  interface Changed extends AutoCloseable {
    /// The scores for the next token at every position, `[pos, d_vocab]`, a tensor of the current
    /// scope.
    ///
    /// @param tokens the text
    Tensor logits(int[] tokens);

    @Override
    void close();
  }

  /// The blocks stand in another order.
  ///
  /// @param name what is done
  /// @param order which block stands where
  record Reordered(String name, BlockOrder order) implements DepthExperiment {

    @Override
    public Optional<String> problem(TransformerSpec spec) {
      return order.problem(spec);
    }

    @Override
    public Changed on(Transformer model) {
      Transformer changed = order.over(model);
      return new Changed() {
        @Override
        public Tensor logits(int[] tokens) {
          return changed.logits(tokens);
        }

        @Override
        public void close() {
          changed.close();
        }
      };
    }
  }

  /// A block runs, but what it writes is zero; the pathway goes on as it would.
  ///
  /// @param block which
  record Silenced(int block) implements DepthExperiment {

    @Override
    public String name() {
      return "silence %d".formatted(block);
    }

    @Override
    public Optional<String> problem(TransformerSpec spec) {
      BlockOrder.requireBlock(block, spec.nLayers());
      return Optional.empty();
    }

    @Override
    public Changed on(Transformer model) {
      BlockOrder.requireBlock(block, model.spec().nLayers());
      List<Edit> zeros =
          model.spec().depth().sites().stream()
              .filter(site -> site.layer() == block)
              .map(Silenced::zero)
              .toList();
      Hooks silent = Edits.of(model, zeros);
      return hooked(model, () -> silent);
    }

    private static Edit zero(Site site) {
      Target everywhere =
          new Target(site.out().name(), new Target.Heads.All(), new Target.Positions.All());
      return new Edit(everywhere, new Intervention.Ablate.Zero());
    }
  }

  /// The blocks of a group all read what entered the first, and the stream goes on as the mean of
  /// what each of them leaves (Sun et al. 2024, section 3.4).
  ///
  /// @param first the group's first
  /// @param last the group's last
  record Parallel(int first, int last) implements DepthExperiment {

    @Override
    public String name() {
      return "parallel %d-%d".formatted(first, last);
    }

    @Override
    public Optional<String> problem(TransformerSpec spec) {
      BlockOrder.requireGroup(first, last, spec.nLayers());
      return spec.pathway().state() == StreamState.VECTOR
          ? Optional.empty()
          : Optional.of(
              "on this pathway more passes from block to block than one vector for each position");
    }

    @Override
    public Changed on(Transformer model) {
      problem(model.spec())
          .ifPresent(reason -> {
            throw DepthException.notParallel(reason);
          });
      return hooked(model, () -> new SideBySide(first, last));
    }
  }

  /// Another model runs in its place.
  ///
  /// @param name what was done to it
  /// @param other the other model, which stays open as long
  record Replaced(String name, Transformer other) implements DepthExperiment {

    @Override
    public Optional<String> problem(TransformerSpec spec) {
      return Optional.empty();
    }

    @Override
    public Changed on(Transformer model) {
      return hooked(other, Hooks::none);
    }
  }

  /// Runs of a model with hooks of their own each.
  private static Changed hooked(Transformer model, java.util.function.Supplier<Hooks> hooks) {
    return new Changed() {
      @Override
      public Tensor logits(int[] tokens) {
        return model.logits(List.of(tokens), hooks.get()).at("batch", 0);
      }

      @Override
      public void close() {}
    };
  }

  // ---------------------------------------------------------------- usual ones

  /// Without some blocks; where blocks cannot change places, with one that writes nothing.
  ///
  /// @param spec the model
  /// @param block which
  static DepthExperiment skip(TransformerSpec spec, int block) {
    BlockOrder.requireBlock(block, spec.nLayers());
    if (spec.nLayers() == 1) {
      return new Silenced(block);
    }
    DepthExperiment without = skip(spec, List.of(block));
    return without.problem(spec).isPresent() ? new Silenced(block) : without;
  }

  /// Without some blocks.
  ///
  /// @param spec the model
  /// @param blocks which
  static DepthExperiment skip(TransformerSpec spec, List<Integer> blocks) {
    return new Reordered(
        "skip " + String.join(",", blocks.stream().map(String::valueOf).toList()),
        BlockOrder.without(spec.nLayers(), blocks));
  }

  /// A block and the next exchanged.
  ///
  /// @param spec the model
  /// @param block the first of the two
  static DepthExperiment swap(TransformerSpec spec, int block) {
    return new Reordered(
        "swap %d,%d".formatted(block, block + 1),
        BlockOrder.swapped(spec.nLayers(), block, block + 1));
  }

  /// A block several times in a row.
  ///
  /// @param spec the model
  /// @param block which
  /// @param times how often
  static DepthExperiment repeat(TransformerSpec spec, int block, int times) {
    return new Reordered(
        "repeat %d x%d".formatted(block, times), BlockOrder.repeated(spec.nLayers(), block, times));
  }

  /// A group from last to first.
  ///
  /// @param spec the model
  /// @param first the group's first
  /// @param last the group's last
  static DepthExperiment reverse(TransformerSpec spec, int first, int last) {
    return new Reordered(
        "reverse %d-%d".formatted(first, last), BlockOrder.reversed(spec.nLayers(), first, last));
  }
}
