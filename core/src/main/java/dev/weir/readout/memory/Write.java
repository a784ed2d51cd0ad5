package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Something that is written into the stream.
public sealed interface Write {

  /// The embedding of tokens and positions.
  record Embedding() implements Write {}

  /// All that a sublayer writes.
  ///
  /// @param site which sublayer
  record Sublayer(Site site) implements Write {}

  /// What one head writes.
  ///
  /// @param layer the block
  /// @param head which head
  record Head(int layer, int head) implements Write {}

  /// What one neuron writes.
  ///
  /// @param layer the block
  /// @param neuron which neuron
  record Neuron(int layer, int neuron) implements Write {}

  /// A name of a write: `L0H3`, `L0N17`, `0_mlp_out`.
  Pattern UNIT = Pattern.compile("L(\\d{1,5})([HN])(\\d{1,8})");

  /// A name of a whole sublayer.
  Pattern SUBLAYER = Pattern.compile("(\\d{1,5})_(attn|mlp|local)_out");

  /// The write of a name, if the model has it.
  ///
  /// @param label `embed`, `L0H3`, `L0N17`, `0_attn_out`, `0_mlp_out` or `0_local_out`
  /// @param model whose
  /// @throws MemoryException if there is none
  static Write parse(String label, Transformer model) {
    Matcher unit = UNIT.matcher(label);
    Matcher sublayer = SUBLAYER.matcher(label);
    if (label.equals("embed")) {
      return new Embedding();
    }
    if (unit.matches()) {
      int layer = Integer.parseInt(unit.group(1));
      int index = Integer.parseInt(unit.group(3));
      return checked(
          unit.group(2).equals("H") ? new Head(layer, index) : new Neuron(layer, index), model);
    }
    if (sublayer.matches()) {
      int layer = Integer.parseInt(sublayer.group(1));
      return checked(
          new Sublayer(
              switch (sublayer.group(2)) {
                case "attn" -> Site.attention(layer);
                case "mlp" -> Site.mlp(layer);
                default -> Site.local(layer);
              }),
          model);
    }
    throw MemoryException.unknownWrite(label);
  }

  private static Write checked(Write write, Transformer model) {
    List<Site> sites = model.spec().depth().sites();
    boolean exists =
        switch (write) {
          case Embedding() -> true;
          case Sublayer(Site site) -> sites.contains(site);
          case Head(int layer, int head) ->
              layer < model.spec().nLayers()
                  && head < model.spec().blocks().get(layer).attention().nHeads();
          case Neuron(int layer, int neuron) ->
              layer < model.spec().nLayers()
                  && neuron < model.spec().blocks().get(layer).mlp().neurons();
        };
    if (!exists) {
      var block = model.spec().blocks().getFirst();
      throw MemoryException.noSuchWrite(
          write.label(),
          "%d blocks of %d heads and %d neurons, counted from 0"
              .formatted(
                  model.spec().nLayers(), block.attention().nHeads(), block.mlp().neurons()));
    }
    return write;
  }

  /// Every whole write of a model: the embedding, then each sublayer.
  ///
  /// @param model whose
  static List<Write> wholes(Transformer model) {
    return Stream.concat(
            Stream.<Write>of(new Embedding()),
            model.spec().depth().sites().stream().map(Sublayer::new))
        .toList();
  }

  /// Its name.
  default String label() {
    return switch (this) {
      case Embedding() -> "embed";
      case Sublayer(Site site) -> WriterLabels.write(site);
      case Head(int layer, int head) -> WriterLabels.head(layer, head);
      case Neuron(int layer, int neuron) -> WriterLabels.neuron(layer, neuron);
    };
  }

  /// How many sublayers wrote before it; -1 for the embedding.
  ///
  /// @param model whose
  default int site(Transformer model) {
    List<Site> sites = model.spec().depth().sites();
    return switch (this) {
      case Embedding() -> -1;
      case Sublayer(Site site) -> sites.indexOf(site);
      case Head(int layer, int _) -> sites.indexOf(Site.attention(layer));
      case Neuron(int layer, int _) -> sites.indexOf(Site.mlp(layer));
    };
  }

  /// What it wrote in a run, `[pos, d_model]`.
  ///
  /// @param transport of the run
  default Tensor in(Transport transport) {
    return switch (this) {
      case Embedding() -> transport.embedded();
      case Sublayer(Site site) -> transport.written(site);
      case Head(int layer, int head) -> transport.headWrites(layer).at("head", head);
      case Neuron(int layer, int neuron) -> transport.neuronWrite(layer, neuron);
    };
  }

  /// A part of it as it is in the stream, same shape each: where it arrives, then after each later
  /// write.
  ///
  /// @param part `[.., pos, d_model]`
  /// @param transport of the run
  default List<Tensor> course(Tensor part, Transport transport) {
    return switch (this) {
      case Embedding() -> transport.embedCourse(part);
      case Sublayer(Site site) -> transport.course(part, site);
      case Head(int layer, int _) -> transport.course(part, Site.attention(layer));
      case Neuron(int layer, int _) -> transport.course(part, Site.mlp(layer));
    };
  }
}
