package dev.weir.model;

import dev.weir.model.LocalMixing.Place;
import dev.weir.pathway.ShortConv;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// The Canon layers of one block: each adds to a value a causal convolution of it.
final class CanonConvs {
  private final String path;
  private final LocalMixing.Canon spec;
  private final Parameters parameters;

  CanonConvs(int layer, LocalMixing.Canon spec, Parameters parameters) {
    this.path = "blocks.%d.canon.".formatted(layer);
    this.spec = spec;
    this.parameters = parameters;
  }

  /// What attention reads, `[batch, pos, d_model]`.
  ///
  /// @param reader `q`, `k` or `v`, which may read apart; they share the weights
  Tensor beforeAttention(Tensor x, String reader, Run run) {
    return applied(Place.A, "A", "A_" + reader, x, run);
  }

  /// `[batch, pos, head, d_head]`.
  Tensor queries(Tensor q, Run run) {
    return applied(Place.B, "B_q", q, run);
  }

  /// `[batch, pos, kv_head, d_head]`.
  Tensor keys(Tensor k, Run run) {
    return applied(Place.B, "B_k", k, run);
  }

  /// `[batch, pos, kv_head, d_head]`.
  Tensor values(Tensor v, Run run) {
    return applied(Place.B, "B_v", v, run);
  }

  /// What the MLP reads, `[batch, pos, d_model]`.
  Tensor beforeMlp(Tensor x, Run run) {
    return applied(Place.C, "C", x, run);
  }

  /// Before the activation, `[batch, pos, d_mlp]`.
  Tensor inMlp(Tensor pre, Run run) {
    return applied(Place.D, "D", pre, run);
  }

  /// The gate before its activation, `[batch, pos, d_mlp]`.
  Tensor gate(Tensor pre, Run run) {
    return applied(Place.D, "D_gate", pre, run);
  }

  private Tensor applied(Place place, String name, Tensor x, Run run) {
    return applied(place, name, name, x, run);
  }

  private Tensor applied(Place place, String name, String where, Tensor x, Run run) {
    if (!spec.at(place)) {
      return x;
    }
    Optional<Tensor> weights = parameters.find(path + name);
    return weights.map(w -> x.plus(ShortConv.apply(x, w, path + where, run.past()))).orElse(x);
  }
}
