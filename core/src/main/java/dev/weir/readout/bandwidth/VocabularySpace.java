package dev.weir.readout.bandwidth;

import dev.weir.model.Transformer;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.List;

/// Which dimensions the vocabulary takes: the spectra of embedding and unembedding, and of both
/// together on rows of length 1 (Elhage et al. 2021, "A Mathematical Framework for Transformer
/// Circuits", footnote on bandwidth). The unembedding has the final norm's gain in it.
public final class VocabularySpace {
  private final Spectrum embedding;
  private final Spectrum unembedding;
  private final Spectrum joint;
  private final double[] shares;

  private VocabularySpace(
      Spectrum embedding, Spectrum unembedding, Spectrum joint, double[] shares) {
    this.embedding = embedding;
    this.unembedding = unembedding;
    this.joint = joint;
    this.shares = shares;
  }

  /// Of a model.
  ///
  /// @param model the model
  public static VocabularySpace of(Transformer model) {
    try (Scope _ = Scope.open()) {
      Ports ports = Ports.of(model);
      Tensor in = centred(ports.writers().getFirst().matrix().to(DType.FLOAT64));
      Tensor out = centred(ports.readers().getLast().matrix().to(DType.FLOAT64));
      Tensor a = unit(in);
      Tensor b = unit(out);
      Tensor both = covariance(a).plus(covariance(b)).times(0.5);
      LinearAlgebra.Eigen eigen = LinearAlgebra.symmetricEigen(both, "d_model", "other");
      Tensor ofEmbedding = along(a, eigen.vectors());
      Tensor ofBoth = ofEmbedding.plus(along(b, eigen.vectors()));
      double[] ascending = ofEmbedding.dividedBy(ofBoth).toDoubles();
      double[] shares = new double[ascending.length];
      for (int i = 0; i < shares.length; i++) {
        shares[i] = ascending[shares.length - 1 - i];
      }
      return new VocabularySpace(
          spectrum(in), spectrum(out), new Spectrum(eigen.values().toDoubles()), shares);
    }
  }

  private static Tensor centred(Tensor rows) {
    return rows.minus(rows.mean("row"));
  }

  private static Tensor unit(Tensor rows) {
    return rows.dividedBy(rows.norm("d_model").notBelow(Double.MIN_NORMAL));
  }

  private static Tensor covariance(Tensor rows) {
    return rows.dot(rows.rename("d_model", "other"), "row").times(1.0 / rows.size("row"));
  }

  private static Spectrum spectrum(Tensor rows) {
    return new Spectrum(
        LinearAlgebra.symmetricEigen(covariance(rows), "d_model", "other").values().toDoubles());
  }

  /// The mean square of rows along each direction, `[eigen]`.
  private static Tensor along(Tensor rows, Tensor directions) {
    return rows.dot(directions, "d_model").square().mean("row");
  }

  /// Of the embedding's rows, centred.
  public Spectrum embedding() {
    return embedding;
  }

  /// Of the unembedding's, centred.
  public Spectrum unembedding() {
    return unembedding;
  }

  /// Of both together, rows of length 1.
  public Spectrum joint() {
    return joint;
  }

  /// For each direction of the joint spectrum, largest first, which share of its energy is the
  /// embedding's: half for a direction that both use alike.
  public List<Double> embeddingShares() {
    return java.util.Arrays.stream(shares).boxed().toList();
  }

  /// In how many directions of the joint spectrum one side has nearly all of the energy.
  ///
  /// @param share how much that is, for instance 0.9
  public int exclusive(double share) {
    return (int) java.util.Arrays.stream(shares).filter(s -> Math.max(s, 1 - s) >= share).count();
  }
}
