package dev.weir.model;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;

/// The MLP of one block.
sealed interface Mlp {

  /// What it adds to the stream, `[batch, pos, d_model]`.
  ///
  /// @param x what it reads, normalised, `[batch, pos, d_model]`
  /// @param run what all blocks of a run share
  Tensor forward(Tensor x, Run run);

  /// `act(x W_in + b_in) W_out + b_out`.
  record Plain(int layer, Projection in, Activation activation, Projection out, CanonConvs canon)
      implements Mlp {
    @Override
    public Tensor forward(Tensor x, Run run) {
      Hooks hooks = run.hooks();
      Tensor mapped = canon.inMlp(in.apply(x, "d_model"), run);
      Tensor pre = hooks.see(new HookPoint.MlpPre(layer), mapped);
      Tensor post = hooks.see(new HookPoint.MlpPost(layer), activation.applyTo(pre));
      return out.apply(post, "d_mlp");
    }
  }

  /// `(act(x W_gate) ⊙ x W_in) W_out` (Shazeer 2020, arXiv:2002.05202, eq. 6).
  record Gated(
      int layer,
      Projection gate,
      Projection in,
      Activation activation,
      Projection out,
      CanonConvs canon)
      implements Mlp {
    @Override
    public Tensor forward(Tensor x, Run run) {
      return written(gated(x, run), run.hooks());
    }

    /// How strongly each neuron fires, `[batch, pos, d_mlp]`.
    Tensor gated(Tensor x, Run run) {
      Hooks hooks = run.hooks();
      Tensor pre =
          hooks.see(new HookPoint.MlpPre(layer), canon.gate(gate.apply(x, "d_model"), run));
      Tensor linear =
          hooks.see(new HookPoint.MlpPreLinear(layer), canon.inMlp(in.apply(x, "d_model"), run));
      return activation.applyTo(pre).times(linear);
    }

    /// What the neurons write, `[batch, pos, d_model]`.
    ///
    /// @param gated how strongly each fires, `[batch, pos, d_mlp]`
    Tensor written(Tensor gated, Hooks hooks) {
      return out.apply(hooks.see(new HookPoint.MlpPost(layer), gated), "d_mlp");
    }
  }

  /// [Gated] with a bias on the gated product, as TransformerLens computes it.
  record GatedPlusBias(Gated inner, Tensor bias) implements Mlp {
    @Override
    public Tensor forward(Tensor x, Run run) {
      return inner.written(inner.gated(x, run).plus(bias), run.hooks());
    }
  }
}
