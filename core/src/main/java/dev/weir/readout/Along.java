package dev.weir.readout;

import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.FrozenPathway.Origin;
import dev.weir.readout.FrozenPathway.Place;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// How far every part of the stream points along a direction at a place. The direction is taken
/// back to where each part was written, so that none is ever made as a vector.
final class Along {
  private final Writes writes;
  private final Tensor direction;
  private final Place place;
  private final Adjoint adjoint;

  /// Takes a direction back.
  ///
  /// @param writes who wrote
  /// @param direction at the place, `[pos, d_model]`
  /// @param place where it is meant
  Along(Writes writes, Tensor direction, Place place) {
    this.writes = writes;
    this.direction = direction;
    this.place = place;
    this.adjoint = new Adjoint(writes.pathway(), direction, place);
  }

  /// Who takes what was found.
  interface Sink {
    /// One part.
    ///
    /// @param kind what it is
    /// @param label its name
    /// @param scores one for each position that reads
    void put(Kind kind, String label, double[] scores);
  }

  /// Every part that counts once: embeddings, heads, local mixers, MLPs and biases.
  void each(Sink sink) {
    sink.put(Kind.EMBED, "embed", of(writes.embed(), 0));
    writes.posEmbed().ifPresent(rows -> sink.put(Kind.POS_EMBED, "pos_embed", of(rows, 0)));
    for (int i = 0; i < place.writes(); i++) {
      Site site = writes.sites().get(i);
      if (site.sublayer() == Site.Sublayer.ATTENTION) {
        heads(site, i + 1, sink);
      } else {
        sink.put(Writes.kind(site), WriterLabels.write(site), of(writes.written(site), i + 1));
      }
      constant(site, i, sink);
    }
  }

  private void heads(Site site, int write, Sink sink) {
    Tensor scores =
        adjoint.scores(write, here -> writes.headScores(site.layer(), here)).order("head", "pos");
    double[] all = scores.toDoubles();
    int count = Math.toIntExact(scores.size("pos"));
    for (int head = 0; head < scores.size("head"); head++) {
      double[] row = Arrays.copyOfRange(all, head * count, (head + 1) * count);
      sink.put(Kind.HEAD, WriterLabels.head(site.layer(), head), row);
    }
    writes
        .bias(site)
        .ifPresent(bias -> sink.put(Kind.BIAS, WriterLabels.attentionBias(site), of(bias, write)));
  }

  private void constant(Site site, int index, Sink sink) {
    writes
        .constant(index)
        .map(c -> writes.pathway().carried(c, new Origin.Constant(index), place))
        .ifPresent(c ->
            sink.put(
                Kind.BIAS,
                WriterLabels.pathwayBias(site),
                c.times(direction).sum("d_model").toDoubles()));
  }

  private double[] of(Tensor part, int write) {
    return adjoint.scores(write, here -> part.times(here).sum("d_model")).toDoubles();
  }

  /// The blocks whose MLPs wrote before the place.
  List<Integer> mlps() {
    return writes.sites().subList(0, place.writes()).stream()
        .filter(site -> site.sublayer() == Site.Sublayer.MLP)
        .map(Site::layer)
        .toList();
  }

  /// Each neuron of a block, `[pos, d_mlp]`.
  ///
  /// @param layer one of [#mlps]
  Tensor neurons(int layer) {
    return adjoint
        .scores(
            1 + writes.sites().indexOf(Site.mlp(layer)), here -> writes.neuronScores(layer, here))
        .order("pos", "d_mlp");
  }

  /// Each source token through each head, as one position reads it.
  ///
  /// @param writes who wrote
  /// @param direction at the place, `[pos, d_model]`
  /// @param place where it is meant
  /// @param reader index of the position that reads
  static List<Part> sources(Writes writes, Tensor direction, Place place, int reader) {
    List<Tensor> before = writes.pathway().before(Adjoint.only(reader, direction), place);
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < place.writes(); i++) {
      Site site = writes.sites().get(i);
      if (site.sublayer() == Site.Sublayer.ATTENTION) {
        addSources(site.layer(), writes.sourceScores(site.layer(), before.get(i + 1)), parts);
      }
    }
    return parts;
  }

  private static void addSources(int layer, Tensor scores, List<Part> parts) {
    double[] all = scores.toDoubles();
    int tokens = Math.toIntExact(scores.size("key_pos"));
    for (int i = 0; i < all.length; i++) {
      String label = "%s<-%d".formatted(WriterLabels.head(layer, i / tokens), i % tokens);
      parts.add(new Part(Kind.SOURCE, label, all[i]));
    }
  }
}
