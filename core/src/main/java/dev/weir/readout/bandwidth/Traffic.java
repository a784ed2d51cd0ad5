package dev.weir.readout.bandwidth;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Estimate;
import dev.weir.readout.Places;
import dev.weir.readout.Transport;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Who writes where others read, in runs: each write, carried by the pathway with its routing
/// frozen to what a later sublayer reads, and the share of its energy that lies in the subspace
/// which that sublayer's weights see (Elhage et al. 2021, "A Mathematical Framework for Transformer
/// Circuits", on subspaces as bandwidth). Texts are read one at a time and not kept. The first
/// position of each text is left out where there are others.
public final class Traffic {
  private final int dModel;
  private final List<String> writers = new ArrayList<>();
  private final List<Reader> readers;
  private final List<Places.Place> places;
  private final Estimate.Running[][] inside;
  private final Estimate.Running[][] size;
  private final Estimate.Running[][] depth;

  /// Who reads.
  ///
  /// @param label short, for instance `2_mlp_in`
  /// @param place what it reads
  /// @param rank how many directions its subspace has
  /// @param basis of the subspace, orthonormal, row by row
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Reader(String label, HookPoint place, int rank, double[] basis) {}

  /// What a writer means to a reader.
  ///
  /// @param inside which share of the write's energy, as it arrives, lies in the reader's subspace
  /// @param size how long the write is beside all that is read, as a share of the energy; parts may
  ///   cancel, so shares need not add up to 1
  public record Flow(Estimate inside, Estimate size) {}

  /// Starts with no texts.
  ///
  /// @param model the model
  /// @param energy which share of the squared singular values of a reader's weights its subspace
  ///   holds
  /// @throws BandwidthException if that is no share
  public Traffic(Transformer model, double energy) {
    TransformerSpec spec = model.spec();
    this.dModel = spec.dModel();
    try (Scope _ = Scope.open()) {
      this.readers = readers(model, Ports.of(model), energy);
    }
    writers.add("embed");
    for (Site site : spec.depth().sites()) {
      writers.add(site.out().name().replaceFirst("^blocks\\.(\\d+)\\.hook_", "$1_"));
    }
    this.places = Places.SUBLAYERS.of(spec);
    this.inside = running(writers.size(), readers.size());
    this.size = running(writers.size(), readers.size());
    this.depth = running(places.size(), readers.size());
  }

  private static Estimate.Running[][] running(int rows, int columns) {
    return Stream.generate(() ->
            Stream.generate(Estimate.Running::new).limit(columns).toArray(Estimate.Running[]::new))
        .limit(rows)
        .toArray(Estimate.Running[][]::new);
  }

  private static List<Reader> readers(Transformer model, Ports ports, double energy) {
    List<Reader> readers = new ArrayList<>();
    for (Places.Place place : Places.READINGS.of(model.spec())) {
      List<Tensor> seen =
          ports.readers().stream()
              .filter(port -> isOf(port, place.point()))
              .map(Ports.Port::matrix)
              .toList();
      if (!seen.isEmpty()) {
        boolean end = place.point() instanceof HookPoint.ResidPost;
        readers.add(
            reader(
                end ? "unembed" : place.label(),
                at(model, place.point()),
                Subspace.of(Tensor.concat("row", seen), energy)));
      }
    }
    return List.copyOf(readers);
  }

  private static Reader reader(String label, HookPoint place, Subspace subspace) {
    return new Reader(
        label, place, subspace.rank(), subspace.basis().to(DType.FLOAT64).toDoubles());
  }

  /// Where attention and MLP read the same stream, that is one place.
  private static HookPoint at(Transformer model, HookPoint point) {
    return point instanceof HookPoint.MlpIn(int layer) && model.spec().depth().parallel()
        ? model.hookPoints().contains(new HookPoint.AttnIn(layer))
            ? new HookPoint.AttnIn(layer)
            : new HookPoint.QueryIn(layer)
        : point;
  }

  /// Whether a component sees what stands at a place.
  private static boolean isOf(Ports.Port port, HookPoint point) {
    Site site = port.site().orElseThrow();
    return switch (point) {
      case HookPoint.LocalIn(int layer) -> site.equals(Site.local(layer));
      case HookPoint.AttnIn(int layer) -> site.equals(Site.attention(layer));
      case HookPoint.QueryIn(int layer) -> isView(port, layer, "Q");
      case HookPoint.KeyIn(int layer) -> isView(port, layer, "K");
      case HookPoint.ValueIn(int layer) -> isView(port, layer, "V");
      case HookPoint.MlpIn(int layer) -> site.equals(Site.mlp(layer));
      case HookPoint.ResidPost _ -> site.equals(Site.unembed());
      case HookPoint.InBlock _,
          HookPoint.AtNorm _,
          HookPoint.Route _,
          HookPoint.Embed _,
          HookPoint.PosEmbed _ ->
          false;
    };
  }

  private static boolean isView(Ports.Port port, int layer, String letter) {
    return port.site().orElseThrow().equals(Site.attention(layer))
        && port.label().startsWith("L%d%s".formatted(layer, letter));
  }

  /// What a run must keep: every position.
  public static Capture capture() {
    return Transport.capture().and(Places.READINGS.capture().globs().toArray(String[]::new));
  }

  /// Takes in a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @throws dev.weir.WeirException if it is of several texts, or lacks positions
  public void read(Transformer model, StreamTrace trace) {
    try (Scope _ = Scope.open()) {
      Transport transport = Transport.of(model, trace);
      int from = trace.positions().size() > 1 ? 1 : 0;
      for (int r = 0; r < readers.size(); r++) {
        read(transport, trace, r, from);
      }
    }
  }

  private void read(Transport transport, StreamTrace trace, int r, int from) {
    Reader reader = readers.get(r);
    try (Scope _ = Scope.open()) {
      Tensor basis = Tensor.of(reader.basis, Shape.of("rank", reader.rank, "d_model", dModel));
      double whole = energy(trace.get(reader.place), from);
      int arrived = transport.writesBefore(reader.place);
      for (int w = 0; w <= arrived; w++) {
        Tensor write =
            w == 0
                ? transport.embedCarried(transport.embedded(), reader.place)
                : carried(transport, transport.sites().get(w - 1), reader.place);
        double length = energy(write, from);
        inside[w][r].add(inside(write, basis, from) / length);
        size[w][r].add(length / whole);
      }
      for (int p = 0; p < places.size(); p++) {
        Tensor stream = trace.get(places.get(p).point());
        depth[p][r].add(inside(stream, basis, from) / energy(stream, from));
      }
    }
  }

  private static Tensor carried(Transport transport, Site site, HookPoint place) {
    return transport.carried(transport.written(site), site, place);
  }

  private static double energy(Tensor rows, int from) {
    return rows.slice("pos", from, rows.size("pos") - from).to(DType.FLOAT64).square().sum().item();
  }

  private static double inside(Tensor rows, Tensor basis, int from) {
    return basis.size("rank") == 0 ? 0 : energy(rows.to(DType.FLOAT64).dot(basis, "d_model"), from);
  }

  // ---------------------------------------------------------------- what it says

  /// Who writes: `embed`, `0_attn_out`, `0_mlp_out`, ….
  public List<String> writers() {
    return List.copyOf(writers);
  }

  /// Who reads: `0_attn_in`, `0_mlp_in`, …, `unembed`; `0_q_input` and so on where these read
  /// apart.
  public List<String> readers() {
    return readers.stream().map(Reader::label).toList();
  }

  /// Where the stream is looked at along depth.
  public List<String> places() {
    return places.stream().map(Places.Place::label).toList();
  }

  /// What a writer means to a reader, over texts; NaN where the write comes later.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  public Flow flow(int writer, int reader) {
    return new Flow(inside[writer][reader].estimate(), size[writer][reader].estimate());
  }

  /// Which share of the stream's energy lies in a reader's subspace, over texts.
  ///
  /// @param place index of the place
  /// @param reader index of the reader
  public Estimate insideAlongDepth(int place, int reader) {
    return depth[place][reader].estimate();
  }

  /// Which share of a random vector lies in a reader's subspace.
  ///
  /// @param reader index of the reader
  public double chance(int reader) {
    return (double) readers.get(reader).rank / dModel;
  }

  /// Where a reader stands among the readers.
  ///
  /// @param label its label
  /// @throws BandwidthException if there is none of that label
  public int indexOf(String label) {
    int index = readers().indexOf(label);
    if (index < 0) {
      throw BandwidthException.noSuchReader(label, readers());
    }
    return index;
  }
}
