package dev.weir.model;

import dev.weir.model.BlockSpec.Wiring;
import dev.weir.pathway.Passage;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.pathway.ShortConv;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One block: a local mixer if it has one, attention and an MLP, each reading the stream and
/// writing to it over any pathway.
final class Block {
  private final int layer;
  private final BlockSpec spec;
  private final Norm ln0;
  private final Norm ln1;
  private final Norm ln1Post;
  private final Norm ln2;
  private final Norm ln2Post;
  private final Attention attention;
  private final Optional<Attention> shortAttention;
  private final Optional<Tensor> shortConv;
  private final CanonConvs canon;
  private final Optional<Mlp> mlp;

  private Block(int layer, TransformerSpec model, Parameters parameters, TensorOwner owner) {
    String path = "blocks.%d.".formatted(layer);
    this.layer = layer;
    this.spec = model.blocks().get(layer);
    this.ln0 = Norm.of(spec.local().ln0(), parameters, path + "ln0");
    this.ln1 = Norm.of(spec.ln1(), parameters, path + "ln1");
    this.ln1Post = Norm.of(spec.ln1Post(), parameters, path + "ln1_post");
    this.ln2 = Norm.of(spec.ln2(), parameters, path + "ln2");
    this.ln2Post = Norm.of(spec.ln2Post(), parameters, path + "ln2_post");
    this.canon = new CanonConvs(layer, spec.local().canon(), parameters);
    this.attention =
        new Attention(
            layer,
            Attention.Role.GLOBAL,
            spec.attention(),
            spec.local(),
            model.nCtx(),
            parameters,
            owner);
    this.shortAttention =
        spec.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(AttentionSpec local)
            ? Optional.of(
                new Attention(
                    layer,
                    Attention.Role.LOCAL,
                    local,
                    LocalMixing.none(),
                    model.nCtx(),
                    parameters,
                    owner))
            : Optional.empty();
    this.shortConv = parameters.find(path + "local.conv");
    this.mlp = mlp(layer, spec.mlp(), parameters, path + "mlp.", canon);
  }

  static Block of(int layer, TransformerSpec model, Parameters parameters, TensorOwner owner) {
    return new Block(layer, model, parameters, owner);
  }

  private static Optional<Mlp> mlp(
      int layer, MlpSpec spec, Parameters parameters, String path, CanonConvs canon) {
    return switch (spec) {
      case MlpSpec.NoMlp() -> Optional.empty();
      case MlpSpec.Plain(_, Activation activation, _) ->
          Optional.of(
              new Mlp.Plain(
                  layer,
                  Projection.of(parameters, path + "W_in", path + "b_in"),
                  activation,
                  Projection.of(parameters, path + "W_out", path + "b_out"),
                  canon));
      case MlpSpec.Gated(_, Activation activation, MlpSpec.GatedBiases biases) ->
          Optional.of(gated(layer, activation, biases, parameters, path, canon));
    };
  }

  private static Mlp gated(
      int layer,
      Activation activation,
      MlpSpec.GatedBiases biases,
      Parameters parameters,
      String path,
      CanonConvs canon) {
    Projection gate = Projection.of(parameters, path + "W_gate", path + "b_gate");
    Projection out = Projection.of(parameters, path + "W_out", path + "b_out");
    return switch (biases) {
      case NONE, EACH_MAP ->
          new Mlp.Gated(
              layer,
              gate,
              Projection.of(parameters, path + "W_in", path + "b_in"),
              activation,
              out,
              canon);
      case PRODUCT ->
          new Mlp.GatedPlusBias(
              new Mlp.Gated(
                  layer,
                  gate,
                  new Projection.Plain(parameters.get(path + "W_in")),
                  activation,
                  out,
                  canon),
              parameters.get(path + "b_in"));
    };
  }

  /// The stream after this block.
  ///
  /// @param over the pathway
  /// @param entering the stream before it
  /// @param run what all blocks of a run share
  <S> S forward(ResidualPathway<S> over, S entering, Run run) {
    S pre = seen(over, entering, new HookPoint.ResidPre(layer), run);
    S leaving = spec.parallel() ? parallel(over, pre, run) : sequential(over, pre, run);
    return seen(over, leaving, new HookPoint.ResidPost(layer), run);
  }

  private <S> S sequential(ResidualPathway<S> over, S pre, Run run) {
    S stream = pre;
    if (spec.local().hasSublayer()) {
      S mixed = passed(over, stream, stream, Site.local(layer), run);
      stream = seen(over, mixed, new HookPoint.ResidLocal(layer), run);
    }
    stream = passed(over, stream, stream, Site.attention(layer), run);
    if (mlp.isEmpty()) {
      return stream;
    }
    S mid = seen(over, stream, new HookPoint.ResidMid(layer), run);
    return passed(over, mid, mid, Site.mlp(layer), run);
  }

  private <S> S parallel(ResidualPathway<S> over, S pre, Run run) {
    S mid = passed(over, pre, pre, Site.attention(layer), run);
    return mlp.isEmpty() ? mid : passed(over, pre, mid, Site.mlp(layer), run);
  }

  /// One sublayer: routed, read, computed, routed, written.
  ///
  /// @param from the stream it reads
  /// @param to the stream it writes to
  private <S> S passed(ResidualPathway<S> over, S from, S to, Site site, Run run) {
    Routing routing =
        scoped(keep -> over.routeRead(from, site).map(keep))
            .map(changed(site, HookPoint.Moment.READ, run.hooks()));
    Reading read =
        scoped(
            keep -> seen(over.read(from, site, routing, run.past()), site, run.hooks()).map(keep));
    Passage passage = scoped(keep -> computed(read, site, run, keep));
    S after =
        run.watches(site)
            ? written(over, to, site, routing, passage, run.hooks())
            : over.pass(to, site, routing, passage);
    return over.constant(site).map(c -> over.add(after, c)).orElse(after);
  }

  /// Routed, looked at, and then written.
  private static <S> S written(
      ResidualPathway<S> over, S to, Site site, Routing reading, Passage passage, Hooks hooks) {
    Routing routing =
        scoped(keep -> over.routeWrite(to, site, reading, passage).map(keep))
            .map(changed(site, HookPoint.Moment.WRITE, hooks));
    return over.write(to, site, routing, passage.out());
  }

  /// What somebody made of the routing.
  private static Routing.Change changed(Site site, HookPoint.Moment moment, Hooks hooks) {
    return (name, value) -> hooks.see(new HookPoint.Route(site, moment, name), value);
  }

  private Passage computed(Reading read, Site site, Run run, UnaryOperator<Tensor> keep) {
    Hooks hooks = run.hooks();
    return switch (site.sublayer()) {
      case LOCAL -> {
        Tensor normed = ln0.forward(read.single(), new NormSite.Ln0(layer), hooks);
        Tensor out = hooks.see(new HookPoint.LocalOut(layer), mixed(normed, run));
        yield new Passage(read, keep.apply(normed), keep.apply(out));
      }
      case ATTENTION -> attend(read, run, keep);
      case MLP -> {
        Tensor normed = mlpNorm(read.single(), hooks);
        Tensor mapped = mlp.orElseThrow().forward(canon.beforeMlp(normed, run), run);
        Tensor write = ln2Post.forward(mapped, new NormSite.Ln2Post(layer), hooks);
        Tensor out = hooks.see(new HookPoint.MlpOut(layer), write);
        yield new Passage(read, keep.apply(normed), keep.apply(out));
      }
      case UNEMBED -> throw new IllegalStateException("a block has no unembedding");
    };
  }

  private Tensor mixed(Tensor normed, Run run) {
    return shortAttention
        .map(attend -> attend.forward(normed, normed, normed, run))
        .orElseGet(() ->
            ShortConv.apply(
                normed,
                shortConv.orElseThrow(),
                "blocks.%d.local.conv".formatted(layer),
                run.past()));
  }

  private Tensor mlpNorm(Tensor read, Hooks hooks) {
    return spec.wiring() == Wiring.PARALLEL_SHARED_NORM
        ? ln1.forward(read, new NormSite.Ln1(layer), Hooks.none())
        : ln2.forward(read, new NormSite.Ln2(layer), hooks);
  }

  private Passage attend(Reading read, Run run, UnaryOperator<Tensor> keep) {
    Hooks hooks = run.hooks();
    NormSite site = new NormSite.Ln1(layer);
    Reading.Separate normed =
        switch (read) {
          case Reading.One(Tensor resid) -> {
            Tensor x = ln1.forward(resid, site, hooks);
            yield new Reading.Separate(x, x, x);
          }
          case Reading.Separate(Tensor query, Tensor key, Tensor value) ->
              new Reading.Separate(
                  ln1.forward(query, site, hooks),
                  ln1.forward(key, site, Hooks.none()),
                  ln1.forward(value, site, Hooks.none()));
        };
    Tensor out = attended(normed, run);
    Tensor write = ln1Post.forward(out, new NormSite.Ln1Post(layer), hooks);
    return new Passage(
        read,
        keep.apply(normed.query()),
        keep.apply(hooks.see(new HookPoint.AttnOut(layer), write)));
  }

  /// One input for all three is handed on as one, so that attention can map it at once.
  private Tensor attended(Reading.Separate normed, Run run) {
    Tensor query = canon.beforeAttention(normed.query(), "q", run);
    boolean one = normed.query() == normed.key() && normed.key() == normed.value();
    Tensor key = one ? query : canon.beforeAttention(normed.key(), "k", run);
    Tensor value = one ? query : canon.beforeAttention(normed.value(), "v", run);
    Tensor locatedQuery = run.beside().map(query::plus).orElse(query);
    Tensor locatedKey = one ? locatedQuery : run.beside().map(key::plus).orElse(key);
    return attention.forward(locatedQuery, locatedKey, value, run);
  }

  /// What a sublayer reads, as somebody may have changed it.
  private Reading seen(Reading read, Site site, Hooks hooks) {
    return switch (read) {
      case Reading.One(Tensor resid) ->
          new Reading.One(
              switch (site.sublayer()) {
                case LOCAL -> hooks.see(new HookPoint.LocalIn(layer), resid);
                case ATTENTION -> hooks.see(new HookPoint.AttnIn(layer), resid);
                case MLP -> hooks.see(new HookPoint.MlpIn(layer), resid);
                case UNEMBED -> resid;
              });
      case Reading.Separate(Tensor query, Tensor key, Tensor value) ->
          new Reading.Separate(
              hooks.see(new HookPoint.QueryIn(layer), query),
              hooks.see(new HookPoint.KeyIn(layer), key),
              hooks.see(new HookPoint.ValueIn(layer), value));
    };
  }

  /// The stream as somebody may have changed it.
  private static <S> S seen(ResidualPathway<S> over, S passing, HookPoint point, Run run) {
    Hooks hooks = run.hooks();
    S stream =
        hooks.touchesState(point)
            ? over.map(passing, part -> hooks.applyToState(point, part))
            : passing;
    if (!hooks.touches(point)) {
      return stream;
    }
    Tensor resid = over.resid(stream, run.past().seenFrom(point.name()));
    Tensor after = hooks.apply(point, resid);
    return after == resid ? stream : over.replace(stream, resid, after);
  }

  /// Something computed in a scope of its own.
  private interface Scoped<T> {
    /// What comes out.
    ///
    /// @param keep hands a tensor to the scope around, any shape
    T computed(UnaryOperator<Tensor> keep);
  }

  /// Frees everything but what is kept: a sublayer's inner values are the bulk of a run's memory.
  private static <T> T scoped(Scoped<T> computation) {
    try (Scope scope = Scope.open()) {
      // A view of its own: what is kept may belong to the scope around already.
      return computation.computed(tensor -> scope.keep(tensor.view()));
    }
  }

  boolean sameAngles(long length, long other) {
    return attention.sameAngles(length, other)
        && shortAttention.map(a -> a.sameAngles(length, other)).orElse(true);
  }
}
