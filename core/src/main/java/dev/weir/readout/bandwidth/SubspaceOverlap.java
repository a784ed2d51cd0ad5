package dev.weir.readout.bandwidth;

import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// How far what a component can write lies where another can see, by weights alone: principal
/// angles (Björck & Golub 1973) and composition (Elhage et al. 2021, "A Mathematical Framework for
/// Transformer Circuits"), for heads, MLPs, embedding and unembedding alike.
public final class SubspaceOverlap {
  private final List<String> writers;
  private final List<String> readers;
  private final int dModel;
  private final boolean plain;
  private final Pair[][] pairs;

  /// A writer and a reader.
  ///
  /// @param reaches whether the write is there when the reader reads
  /// @param writerRank how many directions hold most of what can be written
  /// @param readerRank how many hold most of what can be seen
  /// @param cosines of the principal angles between the two, largest first
  /// @param overlap `‖U₁ U₂ᵀ‖²_F / min(r₁, r₂)`: which share of the smaller lies in the larger
  /// @param chance what two random ones of these sizes give, `max(r₁, r₂) / d`
  /// @param composition `‖W_write W_read‖_F / (‖W_write‖_F ‖W_read‖_F)`, whole matrices
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Pair(
      boolean reaches,
      int writerRank,
      int readerRank,
      double[] cosines,
      double overlap,
      double chance,
      double composition) {}

  private SubspaceOverlap(
      List<String> writers, List<String> readers, int dModel, boolean plain, Pair[][] pairs) {
    this.writers = List.copyOf(writers);
    this.readers = List.copyOf(readers);
    this.dModel = dModel;
    this.plain = plain;
    this.pairs = pairs;
  }

  /// Of every writer and reader of a model.
  ///
  /// @param model the model
  /// @param energy which share of the squared singular values the directions of a component hold
  /// @throws BandwidthException if that is no share
  public static SubspaceOverlap of(Transformer model, double energy) {
    try (Scope _ = Scope.open()) {
      Ports ports = Ports.of(model);
      List<Subspace> written = subspaces(ports.writers(), energy);
      List<Subspace> seen = subspaces(ports.readers(), energy);
      Pair[][] pairs = new Pair[written.size()][seen.size()];
      for (int w = 0; w < written.size(); w++) {
        for (int r = 0; r < seen.size(); r++) {
          boolean reaches = ports.reaches(ports.writers().get(w), ports.readers().get(r));
          pairs[w][r] = pair(reaches, written.get(w), seen.get(r));
        }
      }
      return new SubspaceOverlap(
          ports.writers().stream().map(Ports.Port::label).toList(),
          ports.readers().stream().map(Ports.Port::label).toList(),
          model.spec().dModel(),
          model.spec().pathway() instanceof PreNorm,
          pairs);
    }
  }

  private static List<Subspace> subspaces(List<Ports.Port> ports, double energy) {
    List<Subspace> all = new ArrayList<>();
    ports.forEach(port -> all.add(Subspace.of(port.matrix(), energy)));
    return all;
  }

  private static Pair pair(boolean reaches, Subspace writer, Subspace reader) {
    try (Scope _ = Scope.open()) {
      double product =
          Math.sqrt(
              writer
                  .reduced()
                  .dot(reader.reduced().rename("rank", "column"), "d_model")
                  .square()
                  .sum()
                  .item());
      double[] cosines = cosines(writer.basis(), reader.basis());
      double d = writer.basis().size("d_model");
      int least = Math.min(writer.rank(), reader.rank());
      return new Pair(
          reaches,
          writer.rank(),
          reader.rank(),
          cosines,
          IntStream.range(0, cosines.length).mapToDouble(i -> cosines[i] * cosines[i]).sum()
              / least,
          Math.max(writer.rank(), reader.rank()) / d,
          product / (writer.length() * reader.length()));
    }
  }

  /// The cosines of the principal angles between two subspaces, largest first.
  ///
  /// @param a orthonormal rows, `[rank, d_model]`
  /// @param b orthonormal rows, `[rank, d_model]`
  public static double[] cosines(Tensor a, Tensor b) {
    if (a.size("rank") == 0 || b.size("rank") == 0) {
      return new double[0];
    }
    try (Scope _ = Scope.open()) {
      Tensor product = a.rename("rank", "row").dot(b.rename("rank", "column"), "d_model");
      return LinearAlgebra.singularValues(product, "row", "column").toDoubles();
    }
  }

  // ---------------------------------------------------------------- what it says

  /// Who writes: `embed`, `L0H0`, …, `0_mlp_out`, ….
  public List<String> writers() {
    return writers;
  }

  /// Who reads: `L0Q0`, …, `L0K0`, …, `L0V0`, …, `0_mlp_in`, …, `unembed`.
  public List<String> readers() {
    return readers;
  }

  /// A writer and a reader.
  ///
  /// @param writer index of the writer
  /// @param reader index of the reader
  public Pair pair(int writer, int reader) {
    return pairs[writer][reader];
  }

  /// What composition two unrelated matrices have on average: `1 / √d`.
  public double chanceComposition() {
    return 1 / Math.sqrt(dModel);
  }

  /// What weights alone do not say of this model; empty if it is on the plain pathway.
  public String caution() {
    return plain
        ? ""
        : "By weights alone: on this pathway routing decides what of a write arrives at a reader; the traffic of runs says what does.";
  }
}
