package dev.weir.readout.circuit;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Parts of a model that write to the stream or read it, as rows of width `d_model`.
public sealed interface StreamPart {

  /// What it is called, for instance `0.out`, `L1H2.q`, `unembed`.
  String label();

  /// Something that writes to the stream.
  sealed interface Writer extends StreamPart {

    /// The writer of a name.
    ///
    /// @param name `embed`, `pos_embed`, `3.out`, `L3H2.o` or `L3H2.ov`
    /// @throws CircuitException if it names none
    static Writer named(String name) {
      Name parsed = Name.parsed(name);
      return switch (parsed.kind()) {
        case "embed" -> new Embedding();
        case "pos_embed" -> new PositionEmbedding();
        case "out" -> new NeuronsOut(parsed.layer());
        case "o" -> new HeadValues(parsed.layer(), parsed.head());
        case "ov" -> new HeadDirections(parsed.layer(), parsed.head());
        default ->
            throw CircuitException.notAPart(
                name, "writes to the stream", "embed, pos_embed, 0.out, L0H1.o or L0H1.ov");
      };
    }
  }

  /// Something that reads the stream.
  sealed interface Reader extends StreamPart {

    /// The reader of a name.
    ///
    /// @param name `3.in`, `3.gate`, `L3H2.q`, `L3H2.k`, `L3H2.v` or `unembed`
    /// @throws CircuitException if it names none
    static Reader named(String name) {
      Name parsed = Name.parsed(name);
      return switch (parsed.kind()) {
        case "in" -> new NeuronsIn(parsed.layer());
        case "gate" -> new Gates(parsed.layer());
        case "q" -> new Queries(parsed.layer(), parsed.head());
        case "k" -> new Keys(parsed.layer(), parsed.head());
        case "v" -> new Values(parsed.layer(), parsed.head());
        case "unembed" -> new Unembedding();
        default ->
            throw CircuitException.notAPart(
                name, "reads the stream", "1.in, 1.gate, L1H2.q, L1H2.k, L1H2.v or unembed");
      };
    }
  }

  /// The pieces of a name; what is no name has no kind.
  ///
  /// @param kind the word at its end
  /// @param layer its block, 0 where it names none
  /// @param head its head, 0 where it names none
  record Name(String kind, int layer, int head) {
    private static final Pattern NAME =
        Pattern.compile(
            "(embed|pos_embed|unembed)|(\\d{1,6})\\.(in|gate|out)|L(\\d{1,6})H(\\d{1,6})\\.(q|k|v|o|ov)");

    static Name parsed(String name) {
      Matcher found = NAME.matcher(name);
      if (!found.matches()) {
        return new Name("", 0, 0);
      }
      if (found.group(1) != null) {
        return new Name(found.group(1), 0, 0);
      }
      return found.group(2) != null
          ? new Name(found.group(3), Integer.parseInt(found.group(2)), 0)
          : new Name(
              found.group(6), Integer.parseInt(found.group(4)), Integer.parseInt(found.group(5)));
    }
  }

  /// The embeddings of tokens.
  record Embedding() implements Writer {
    @Override
    public String label() {
      return "embed";
    }
  }

  /// The learned vectors of positions.
  record PositionEmbedding() implements Writer {
    @Override
    public String label() {
      return "pos_embed";
    }
  }

  /// What the neurons of a block write.
  record NeuronsOut(int layer) implements Writer {
    @Override
    public String label() {
      return layer + ".out";
    }
  }

  /// What the value coordinates of a head write: the rows of `W_O`. Their basis is arbitrary.
  record HeadValues(int layer, int head) implements Writer {
    @Override
    public String label() {
      return "L%dH%d.o".formatted(layer, head);
    }
  }

  /// What a head writes along the singular directions of `W_V W_O`, each as long as its singular
  /// value.
  record HeadDirections(int layer, int head) implements Writer {
    @Override
    public String label() {
      return "L%dH%d.ov".formatted(layer, head);
    }
  }

  /// Directions of one's own that a sublayer writes, for instance the decoder of a sparse
  /// autoencoder.
  ///
  /// @param label what to call them
  /// @param rows `[direction, d_model]`
  /// @param site the sublayer that writes them
  record DirectionsOut(String label, Tensor rows, Site site) implements Writer {}

  /// What the neurons of a block read; of a gated MLP what is gated.
  record NeuronsIn(int layer) implements Reader {
    @Override
    public String label() {
      return layer + ".in";
    }
  }

  /// What the gates of a gated MLP read.
  record Gates(int layer) implements Reader {
    @Override
    public String label() {
      return layer + ".gate";
    }
  }

  /// What the queries of a head read, before they are turned by positions.
  record Queries(int layer, int head) implements Reader {
    @Override
    public String label() {
      return "L%dH%d.q".formatted(layer, head);
    }
  }

  /// What the keys of a head read, before they are turned by positions.
  record Keys(int layer, int head) implements Reader {
    @Override
    public String label() {
      return "L%dH%d.k".formatted(layer, head);
    }
  }

  /// What the values of a head read.
  record Values(int layer, int head) implements Reader {
    @Override
    public String label() {
      return "L%dH%d.v".formatted(layer, head);
    }
  }

  /// What the logits of the tokens read.
  record Unembedding() implements Reader {
    @Override
    public String label() {
      return "unembed";
    }
  }

  /// Directions of one's own that a sublayer reads, for instance the encoder of a sparse
  /// autoencoder.
  ///
  /// @param label what to call them
  /// @param rows `[direction, d_model]`
  /// @param site the sublayer that reads them
  record DirectionsIn(String label, Tensor rows, Site site) implements Reader {}
}
