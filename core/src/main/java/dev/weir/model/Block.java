package dev.weir.model;

import dev.weir.model.BlockSpec.Wiring;
import dev.weir.pathway.ResidualPathway;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Optional;
import java.util.function.Supplier;

/// One block: attention and an MLP, each reading the stream and writing to it over any pathway.
final class Block {
  private final int layer;
  private final BlockSpec spec;
  private final Norm ln1;
  private final Norm ln1Post;
  private final Norm ln2;
  private final Norm ln2Post;
  private final Attention attention;
  private final Optional<Mlp> mlp;

  private Block(int layer, TransformerSpec model, Parameters parameters, TensorOwner owner) {
    String path = "blocks.%d.".formatted(layer);
    this.layer = layer;
    this.spec = model.blocks().get(layer);
    this.ln1 = Norm.of(spec.ln1(), parameters, path + "ln1");
    this.ln1Post = Norm.of(spec.ln1Post(), parameters, path + "ln1_post");
    this.ln2 = Norm.of(spec.ln2(), parameters, path + "ln2");
    this.ln2Post = Norm.of(spec.ln2Post(), parameters, path + "ln2_post");
    this.attention = new Attention(layer, spec.attention(), model.nCtx(), parameters, owner);
    this.mlp = mlp(layer, spec.mlp(), parameters, path + "mlp.");
  }

  static Block of(int layer, TransformerSpec model, Parameters parameters, TensorOwner owner) {
    return new Block(layer, model, parameters, owner);
  }

  private static Optional<Mlp> mlp(int layer, MlpSpec spec, Parameters parameters, String path) {
    return switch (spec) {
      case MlpSpec.NoMlp() -> Optional.empty();
      case MlpSpec.Plain(_, Activation activation, _) ->
          Optional.of(
              new Mlp.Plain(
                  layer,
                  Projection.of(parameters, path + "W_in", path + "b_in"),
                  activation,
                  Projection.of(parameters, path + "W_out", path + "b_out")));
      case MlpSpec.Gated(_, Activation activation, MlpSpec.GatedBiases biases) ->
          Optional.of(gated(layer, activation, biases, parameters, path));
    };
  }

  private static Mlp gated(
      int layer,
      Activation activation,
      MlpSpec.GatedBiases biases,
      Parameters parameters,
      String path) {
    Projection gate = Projection.of(parameters, path + "W_gate", path + "b_gate");
    Projection out = Projection.of(parameters, path + "W_out", path + "b_out");
    return switch (biases) {
      case NONE, EACH_MAP ->
          new Mlp.Gated(
              layer,
              gate,
              Projection.of(parameters, path + "W_in", path + "b_in"),
              activation,
              out);
      case PRODUCT ->
          new Mlp.GatedPlusBias(
              new Mlp.Gated(
                  layer,
                  gate,
                  new Projection.Plain(parameters.get(path + "W_in")),
                  activation,
                  out),
              parameters.get(path + "b_in"));
    };
  }

  /// The stream after this block.
  ///
  /// @param over the pathway
  /// @param entering the stream before it
  /// @param run what all blocks of a run share
  <S, R> S forward(ResidualPathway<S, R> over, S entering, Run run) {
    S pre = seen(over, entering, new HookPoint.ResidPre(layer), run.hooks());
    S leaving =
        switch (spec.wiring()) {
          case SEQUENTIAL -> sequential(over, pre, run);
          case PARALLEL, PARALLEL_SHARED_NORM -> parallel(over, pre, run);
        };
    return seen(over, leaving, new HookPoint.ResidPost(layer), run.hooks());
  }

  private <S, R> S sequential(ResidualPathway<S, R> over, S pre, Run run) {
    S mid = write(over, pre, Site.attention(layer), attend(over, pre, run));
    if (mlp.isEmpty()) {
      return mid;
    }
    S seenMid = seen(over, mid, new HookPoint.ResidMid(layer), run.hooks());
    return write(over, seenMid, Site.mlp(layer), think(over, seenMid, mlp.get(), run));
  }

  private <S, R> S parallel(ResidualPathway<S, R> over, S pre, Run run) {
    Tensor attnOut = attend(over, pre, run);
    S mid = write(over, pre, Site.attention(layer), attnOut);
    return mlp.isEmpty()
        ? mid
        : write(over, mid, Site.mlp(layer), think(over, pre, mlp.get(), run));
  }

  /// What attention writes, `[batch, pos, d_model]`.
  private <S> Tensor attend(ResidualPathway<S, ?> over, S stream, Run run) {
    return scoped(() -> {
      Hooks hooks = run.hooks();
      Tensor read =
          hooks.see(new HookPoint.AttnIn(layer), over.read(stream, Site.attention(layer)));
      Tensor x = ln1.forward(read, new NormSite.Ln1(layer), hooks);
      Tensor located = run.beside().map(x::plus).orElse(x);
      Tensor out = attention.forward(located, located, x, run);
      Tensor write = ln1Post.forward(out, new NormSite.Ln1Post(layer), hooks);
      return hooks.see(new HookPoint.AttnOut(layer), write);
    });
  }

  /// What the MLP writes, `[batch, pos, d_model]`.
  private <S> Tensor think(ResidualPathway<S, ?> over, S stream, Mlp with, Run run) {
    return scoped(() -> {
      Hooks hooks = run.hooks();
      Tensor read = hooks.see(new HookPoint.MlpIn(layer), over.read(stream, Site.mlp(layer)));
      Tensor x =
          spec.wiring() == Wiring.PARALLEL_SHARED_NORM
              ? ln1.forward(read, new NormSite.Ln1(layer), Hooks.none())
              : ln2.forward(read, new NormSite.Ln2(layer), hooks);
      Tensor write = ln2Post.forward(with.forward(x, hooks), new NormSite.Ln2Post(layer), hooks);
      return hooks.see(new HookPoint.MlpOut(layer), write);
    });
  }

  private static <S, R> S write(ResidualPathway<S, R> over, S stream, Site site, Tensor out) {
    R routing = over.route(stream, site, out);
    S written = over.write(stream, site, routing, out);
    return over.constant(site).map(c -> over.add(written, c)).orElse(written);
  }

  /// The stream as somebody may have changed it.
  private static <S> S seen(ResidualPathway<S, ?> over, S stream, HookPoint point, Hooks hooks) {
    if (!hooks.touches(point)) {
      return stream;
    }
    Tensor resid = over.close(stream);
    Tensor after = hooks.apply(point, resid);
    return after == resid ? stream : over.replace(stream, after);
  }

  /// Frees everything but the result: a sublayer's inner values are the bulk of a run's memory.
  private static Tensor scoped(Supplier<Tensor> computation) {
    try (Scope scope = Scope.open()) {
      return scope.keep(computation.get());
    }
  }

  boolean sameAngles(long length, long other) {
    return attention.sameAngles(length, other);
  }
}
