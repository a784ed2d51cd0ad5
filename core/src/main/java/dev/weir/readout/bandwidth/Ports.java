package dev.weir.readout.bandwidth;

import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where a model's weights meet the stream, as matrices of vectors of the stream: what a component
/// can write, and what it can see. The gain of a norm, and the mean that it subtracts, are part of
/// the weights that read or write through it.
final class Ports {
  private final Transformer model;
  private final List<Port> writers = new ArrayList<>();
  private final List<Port> readers = new ArrayList<>();

  /// One component's meeting with the stream.
  ///
  /// @param label short, for instance `L0H3` or `2_mlp_in`
  /// @param site which sublayer it is of; empty for the embedding
  /// @param matrix its vectors, `[row, d_model]`
  record Port(String label, Optional<Site> site, Tensor matrix) {}

  private Ports(Transformer model) {
    this.model = model;
  }

  /// Of a model; tensors of the current scope.
  static Ports of(Transformer model) {
    Ports ports = new Ports(model);
    ports.write("embed", Optional.empty(), ports.weight("embed.W_E"));
    if (model.hookPoints().contains(new HookPoint.PosEmbed())) {
      ports.write("pos_embed", Optional.empty(), ports.weight("pos_embed.W_pos"));
    }
    for (int layer = 0; layer < model.spec().nLayers(); layer++) {
      ports.block(layer, model.spec().blocks().get(layer));
    }
    ports.readers.add(
        new Port(
            "unembed",
            Optional.of(Site.unembed()),
            ports.through(rows(Wide.of(model.unembedding())), "ln_final", model.spec().lnFinal())));
    return ports;
  }

  List<Port> writers() {
    return writers;
  }

  List<Port> readers() {
    return readers;
  }

  /// Whether what a writer wrote can be in the stream when a reader reads: it is of an earlier
  /// sublayer, and not of the same block where both read the same stream.
  boolean reaches(Port writer, Port reader) {
    if (writer.site.isEmpty()) {
      return true;
    }
    Site from = writer.site.get();
    Site to = reader.site.orElseThrow();
    if (to.sublayer() == Site.Sublayer.UNEMBED || from.layer() != to.layer()) {
      return to.sublayer() == Site.Sublayer.UNEMBED || from.layer() < to.layer();
    }
    boolean parallel = model.spec().blocks().get(to.layer()).parallel();
    return !parallel && from.sublayer().compareTo(to.sublayer()) < 0;
  }

  // ---------------------------------------------------------------- inside

  private void block(int layer, BlockSpec block) {
    String path = "blocks.%d.".formatted(layer);
    if (block.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa _) {
      attention(Site.local(layer), path + "local.", path + "ln0", block.local().ln0(), "S");
    }
    attention(Site.attention(layer), path + "attn.", path + "ln1", block.ln1(), "");
    if (block.hasMlp()) {
      boolean shared = block.wiring() == BlockSpec.Wiring.PARALLEL_SHARED_NORM;
      Tensor in = weight(path + "mlp.W_in");
      Tensor all =
          block.mlp() instanceof MlpSpec.Gated
              ? Tensor.concat("row", List.of(in, weight(path + "mlp.W_gate")))
              : in;
      readers.add(
          new Port(
              layer + "_mlp_in",
              Optional.of(Site.mlp(layer)),
              through(all, path + (shared ? "ln1" : "ln2"), shared ? block.ln1() : block.ln2())));
      write(
          WriterLabels.write(Site.mlp(layer)),
          Optional.of(Site.mlp(layer)),
          through(weight(path + "mlp.W_out"), path + "ln2_post", block.ln2Post()));
    }
  }

  private void attention(Site site, String path, String norm, NormSpec spec, String letter) {
    for (String name : List.of("W_Q", "W_K", "W_V")) {
      find(path + name)
          .ifPresent(w ->
              heads(site, letter + name.substring(2), through(w, norm, spec))
                  .forEach(readers::add));
    }
    Tensor out = weightOfHeads(path + "W_O");
    BlockSpec block = model.spec().blocks().get(site.layer());
    Tensor written =
        site.sublayer() == Site.Sublayer.LOCAL
            ? out
            : after(out, "blocks.%d.ln1_post".formatted(site.layer()), block.ln1Post());
    writers.addAll(heads(site, letter + "H", written));
  }

  /// Heads one by one: `L0H3`, `L0K1`.
  private static List<Port> heads(Site site, String letter, Tensor weight) {
    String axis = weight.shape().has("head") ? "head" : "kv_head";
    List<Port> ports = new ArrayList<>();
    for (int head = 0; head < weight.size(axis); head++) {
      ports.add(
          new Port(
              "L%d%s%d".formatted(site.layer(), letter, head),
              Optional.of(site),
              rows(weight.at(axis, head))));
    }
    return ports;
  }

  private void write(String label, Optional<Site> site, Tensor matrix) {
    writers.add(new Port(label, site, matrix));
  }

  private Tensor weight(String name) {
    return rows(weightOfHeads(name));
  }

  private Tensor weightOfHeads(String name) {
    return Wide.of(model.parameters().get(name));
  }

  private Optional<Tensor> find(String name) {
    return model.parameters().find(name).map(Wide::of);
  }

  /// `[row, d_model]`, whatever the other axis is called.
  private static Tensor rows(Tensor weight) {
    String other =
        weight.shape().names().stream()
            .filter(name -> !name.equals("d_model"))
            .findFirst()
            .orElseThrow();
    return weight.rename(other, "row").order("row", "d_model");
  }

  /// The weights of a reader, who sees the stream through a norm; same axes.
  private Tensor through(Tensor weight, String path, NormSpec norm) {
    return centred(gained(weight, path, norm), norm);
  }

  /// The weights of a writer, whose write passes a norm; same axes.
  private Tensor after(Tensor weight, String path, NormSpec norm) {
    return gained(centred(weight, norm), path, norm);
  }

  private static Tensor centred(Tensor weight, NormSpec norm) {
    return norm.centres() ? weight.minus(weight.mean("d_model")) : weight;
  }

  private Tensor gained(Tensor weight, String path, NormSpec norm) {
    return find(path + ".w").map(stored -> weight.times(gain(stored, norm))).orElse(weight);
  }

  private static Tensor gain(Tensor stored, NormSpec norm) {
    return norm instanceof NormSpec.RmsNorm(_, NormSpec.Gain meaning)
            && meaning == NormSpec.Gain.OFFSET_BY_ONE
        ? stored.plus(1)
        : stored;
  }
}
