package dev.weir.readout.subvalue;

import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;

/// What can be credited with a part of an answer.
public sealed interface Unit {

  /// Short, for a table.
  String label();

  /// All that a sublayer wrote, its bias included.
  ///
  /// @param site the sublayer
  record Sublayer(Site site) implements Unit {
    @Override
    public String label() {
      return WriterLabels.write(site);
    }
  }

  /// What the pathway itself adds at a site.
  ///
  /// @param site the sublayer
  record PathwayBias(Site site) implements Unit {
    @Override
    public String label() {
      return WriterLabels.pathwayBias(site);
    }
  }

  /// What a head wrote from all positions.
  ///
  /// @param layer the block
  /// @param head which of its heads
  record Head(int layer, int head) implements Unit {
    @Override
    public String label() {
      return WriterLabels.head(layer, head);
    }
  }

  /// What a head wrote from one position.
  ///
  /// @param layer the block
  /// @param head which of its heads
  /// @param position which it attended to
  record HeadAt(int layer, int head, int position) implements Unit {
    @Override
    public String label() {
      return "L%dH%d@%d".formatted(layer, head, position);
    }
  }

  /// One dimension of a head's value at one position, and the row of `W_O` that it writes.
  ///
  /// @param layer the block
  /// @param head which of its heads
  /// @param neuron which dimension
  /// @param position which the head attended to
  record AttentionNeuron(int layer, int head, int neuron, int position) implements Unit {
    @Override
    public String label() {
      return "L%dH%dN%d@%d".formatted(layer, head, neuron, position);
    }
  }

  /// One neuron of an MLP, and the row of `W_out` that it writes.
  ///
  /// @param layer the block
  /// @param neuron which of its neurons
  record MlpNeuron(int layer, int neuron) implements Unit {
    @Override
    public String label() {
      return WriterLabels.neuron(layer, neuron);
    }
  }
}
