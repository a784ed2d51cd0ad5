package dev.weir.costs;

import dev.weir.pathway.AttentionResiduals;
import dev.weir.pathway.DeepCrossAttention;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.DenseFormer;
import dev.weir.pathway.Depth;
import dev.weir.pathway.DepthAttention;
import dev.weir.pathway.ManifoldHyperConnections;
import dev.weir.pathway.Passage;
import dev.weir.pathway.Past;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.pathway.PostNorm;
import dev.weir.pathway.Reading;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.pathway.Weight;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/// A pathway by itself: the sublayers are stand-ins that write random numbers, so that nothing is
/// computed but what the pathway computes.
public final class PathwayRun {
  private PathwayRun() {}

  /// Every listed variant, and settings that take paths of the code that no variant takes.
  static Map<String, PathwaySpec> specs() {
    Map<String, PathwaySpec> all = new LinkedHashMap<>();
    Pathways.all().forEach(listing -> all.putAll(listing.variants()));
    all.put("post_norm-rms", new PostNorm(PostNorm.Norm.RMS_NORM, 1.5, 1, 1e-5));
    all.put("denseformer-2x3", new DenseFormer(2, 3));
    all.put(
        "dca-1",
        new DeepCrossAttention(DeepCrossAttention.Read.V2, DeepCrossAttention.Views.SEPARATE, 1));
    all.put(
        "attnres-two-phase-3",
        new AttentionResiduals(3, AttentionResiduals.Evaluation.TWO_PHASE, 1e-6));
    all.put(
        "attnres-two-phase-1",
        new AttentionResiduals(1, AttentionResiduals.Evaluation.TWO_PHASE, 1e-6));
    all.put(
        "attnres-naive-4", new AttentionResiduals(4, AttentionResiduals.Evaluation.NAIVE, 1e-6));
    all.put(
        "depth-heads",
        depth(2, DepthAttention.Injection.BRANCH, DepthAttention.SourceKind.INCREMENTS, 1));
    all.put(
        "depth-heads-stream",
        depth(3, DepthAttention.Injection.STREAM, DepthAttention.SourceKind.SUMMARIES, 2));
    all.put(
        "depth-window-1",
        depth(1, DepthAttention.Injection.REPLACE, DepthAttention.SourceKind.STATES, 1));
    all.put(
        "ddl-sigmoid",
        new DeepDelta(
            1,
            DeepDelta.Compressor.NONE,
            DeepDelta.EmbeddingChannels.REPEATED,
            DeepDelta.Value.SIGMOID,
            DeepDelta.Gate.TWO_LAYERS,
            0.5,
            DeepDelta.Update.DELTA,
            1e-5));
    all.put(
        "mhc-mean",
        new ManifoldHyperConnections(3, 5, ManifoldHyperConnections.Readout.MEAN, 0.02, 1e-20));
    return all;
  }

  private static DepthAttention depth(
      int window, DepthAttention.Injection injection, DepthAttention.SourceKind sources, int size) {
    return new DepthAttention(
        window,
        injection,
        sources,
        size,
        DepthAttention.Sharing.PER_LAYER,
        2,
        5,
        DepthAttention.KeyNorm.RMS,
        DepthAttention.AgeBias.LEARNED,
        1e-6);
  }

  /// Who writes in a block.
  public enum Blocks {
    /// Attention and an MLP.
    USUAL,
    /// Attention alone.
    ATTENTION_ONLY,
    /// A local mixer, attention and an MLP.
    WITH_LOCAL
  }

  static Depth depth(int layers, int dModel, Blocks blocks) {
    List<Site> sites = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      if (blocks == Blocks.WITH_LOCAL) {
        sites.add(Site.local(layer));
      }
      sites.add(Site.attention(layer));
      if (blocks != Blocks.ATTENTION_ONLY) {
        sites.add(Site.mlp(layer));
      }
    }
    return new Depth(dModel, sites, false);
  }

  /// Runs one pathway over a text.
  ///
  /// @return how many numbers its state held for each token: at its fullest, and after each block
  public static double[] run(String name, int layers, int dModel, String blocks, int tokens) {
    Depth depth = depth(layers, dModel, Blocks.valueOf(blocks));
    try (Scope _ = Scope.open()) {
      SplittableRandom random = new SplittableRandom(7);
      Map<String, Tensor> weights = new HashMap<>();
      PathwaySpec spec = specs().get(name);
      spec.weights(depth).forEach((weight, kind) -> weights.put(weight, gaussian(kind, random)));
      return run(spec.over(depth, weights::get), depth, tokens, random);
    }
  }

  private static Tensor gaussian(Weight weight, SplittableRandom random) {
    return Tensor.gaussian(weight.shape(), 0.3, random);
  }

  private static <S> double[] run(
      ResidualPathway<S> over, Depth depth, int tokens, SplittableRandom random) {
    Past past = Past.none();
    Shape shape = Shape.of(new Axis("batch", 1), new Axis("pos", tokens), depth.width());
    S stream = over.open(Tensor.gaussian(shape, 1, random), past);
    double[] held = new double[depth.nLayers() + 1];
    for (Site site : depth.sites()) {
      Routing reading = over.routeRead(stream, site);
      Reading read = over.read(stream, site, reading, past);
      Passage passage =
          new Passage(read, Tensor.gaussian(shape, 1, random), Tensor.gaussian(shape, 1, random));
      S after = over.pass(stream, site, reading, passage);
      stream = over.constant(site).map(c -> over.add(after, c)).orElse(after);
      double now = (double) elements(stream) / tokens;
      held[0] = Math.max(held[0], now);
      held[site.layer() + 1] = now;
    }
    Site end = Site.unembed();
    Reading _ = over.read(stream, end, over.routeRead(stream, end), past);
    return held;
  }

  /// The numbers in the distinct tensors of a state.
  private static long elements(Object state) {
    Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
    collect(state, tensors);
    return tensors.stream().mapToLong(tensor -> tensor.shape().elements()).sum();
  }

  private static void collect(Object value, Set<Tensor> tensors) {
    switch (value) {
      case Tensor tensor -> tensors.add(tensor);
      case List<?> list -> list.forEach(item -> collect(item, tensors));
      case Optional<?> optional -> optional.ifPresent(item -> collect(item, tensors));
      case Record data -> {
        for (RecordComponent component : data.getClass().getRecordComponents()) {
          collect(component(component, data), tensors);
        }
      }
      case Integer _ -> {}
      default -> throw new AssertionError("what does a state hold in " + value.getClass() + "?");
    }
  }

  private static Object component(RecordComponent component, Record data) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(data);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(component.getName(), e);
    }
  }
}
