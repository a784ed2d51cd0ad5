package dev.weir.readout.basis;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a rotation of the whole stream changes, over any number of texts (Elhage, Lasenby & Olah
/// 2023, "Privileged Bases in the Transformer Residual Stream"): nothing beyond rounding, if the
/// stream has no basis of its own.
public final class Rotation {
  private final Transformer original;
  private final Transformer turned;
  private final Estimate.Running before = new Estimate.Running();
  private final Estimate.Running change = new Estimate.Running();
  private double largest;
  private long tokens;

  /// Starts a comparison.
  ///
  /// @param original the model as it was
  /// @param turned the model as it is after the rotation; both stay open while texts are read
  public Rotation(Transformer original, Transformer turned) {
    this.original = original;
    this.turned = turned;
  }

  /// The same model in another precision, to see what a rotation costs there.
  ///
  /// @param model any model, which stays as it is
  /// @param dtype how its numbers are stored
  /// @return a model of its own; close it when done
  public static Transformer rounded(Transformer model, DType dtype) {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> weights = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      model
          .parameters()
          .tensors()
          .forEach((name, w) -> weights.put(name, owner.own(w.to(dtype).copy())));
      return Transformer.of(
          model.spec(),
          new Parameters(weights).to(dtype, new Device.Cpu()),
          owner,
          "weights in " + dtype);
    }
  }

  /// Runs a text through both.
  ///
  /// @param text its tokens
  public void read(int[] text) {
    try (Scope _ = Scope.open()) {
      Tensor a = original.logits(text).to(DType.FLOAT64);
      Tensor b = turned.logits(text).to(DType.FLOAT64);
      largest = Math.max(largest, a.minus(b).abs().max("pos", "d_vocab").item());
      tokens += text.length;
      if (text.length > 1) {
        double crossEntropy = CrossEntropy.of(a, text).mean();
        before.add(crossEntropy);
        change.add(CrossEntropy.of(b, text).mean() - crossEntropy);
      }
    }
  }

  /// How many tokens were read.
  public long tokens() {
    return tokens;
  }

  /// The largest change of any logit.
  public double largestLogitChange() {
    return largest;
  }

  /// The cross entropy before the rotation, nats per token, the mean over texts.
  public Estimate crossEntropy() {
    return before.estimate();
  }

  /// How much the rotation adds to it, nats per token, the mean over texts.
  public Estimate crossEntropyChange() {
    return change.estimate();
  }
}
