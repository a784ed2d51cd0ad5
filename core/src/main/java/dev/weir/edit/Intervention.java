package dev.weir.edit;

import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Tensor;

/// What is done to a value on its way. Traces and tensors named here must stay open while runs use
/// them.
public sealed interface Intervention {

  /// Takes away what a value says.
  sealed interface Ablate extends Intervention {

    /// Puts zeros there. Depends on where biases sit: zeroing values after their biases were folded
    /// into the output is another experiment.
    record Zero() implements Ablate {}

    /// Puts the mean over all positions of all texts of a reference run there.
    ///
    /// @param reference a run that kept the same hook point at every position
    record Mean(StreamTrace reference) implements Ablate {}

    /// Puts the value of an unrelated run there, position by position.
    ///
    /// @param other a run that kept the same hook point at every position
    record Resample(StreamTrace other) implements Ablate {}
  }

  /// Puts the value of another run there, position by position: activation patching (Vig et al.
  /// 2020, arXiv:2004.12265; Meng et al. 2022, arXiv:2202.05262).
  ///
  /// @param source a run that kept the same hook point at every position
  record Patch(StreamTrace source) implements Intervention {}

  /// Adds a direction: activation addition (Turner et al. 2023, arXiv:2308.10248).
  ///
  /// @param direction `[d_model]`, or for each head, such as `[head, d_head]`
  /// @param coefficient how much of it; 0 changes no bit
  record Steer(Tensor direction, double coefficient) implements Intervention {}

  /// Removes what lies along a direction, `x − (x·r̂) r̂` (Arditi et al. 2024, arXiv:2406.11717,
  /// eq. 4).
  ///
  /// @param direction `[d_model]`, or for each head, such as `[head, d_head]`; its length does not
  ///   matter
  record ProjectOut(Tensor direction) implements Intervention {}

  /// Sets what lies along a direction to a number, `x − (x·r̂) r̂ + c r̂`.
  ///
  /// @param direction `[d_model]`, or for each head, such as `[head, d_head]`; its length does not
  ///   matter
  /// @param amount `c`, in units of length
  record SetProjection(Tensor direction, double amount) implements Intervention {}

  /// Removes what an oblique projection finds, `x − Σᵢ wᵢ (rᵢ · (x − c))`: what LEACE does (Belrose
  /// et al. 2023, arXiv:2306.03819, eq. 1).
  ///
  /// @param read the directions `rᵢ` to look along, `[rank, d_model]`
  /// @param write the directions `wᵢ` to take away, `[rank, d_model]`, as many
  /// @param center the `c` that stays where it is, `[d_model]`
  record Erase(Tensor read, Tensor write, Tensor center) implements Intervention {}

  /// Puts a given value there.
  ///
  /// @param value the axes of the value or some of them; the same for all along those it lacks
  record Replace(Tensor value) implements Intervention {}
}
