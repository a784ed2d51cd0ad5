package dev.weir.readout.subvalue;

import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What value neurons listen to: inner products of their subkeys with everything in the stream that
/// they read (Yu & Ananiadou 2023, arXiv:2312.12141, section 3.4). A subkey is a column of `W_in`
/// (of `W_gate` where there is one, which decides whether the neuron is on) or of `W_V`, times the
/// norm's gain; centring and shift are left out, as in the paper.
final class Queries {
  /// The paper asks fewer attention neurons for single neurons than for layers.
  private static final int ATTENTION_NEURONS = 30;

  /// What adds up to less than this share of its parts' sizes has no shares.
  private static final double NOTHING = 1e-3;

  private static final int QUERY_NEURONS = 1000;

  private final Transformer model;
  private final Arrivals arrivals;
  private final Map<Reader, Components> seen = new HashMap<>();
  private int skipped;

  Queries(Transformer model, Arrivals arrivals) {
    this.model = model;
    this.arrivals = arrivals;
  }

  /// What was found.
  record Found(
      List<QueryShare> mlpLayers,
      List<QueryShare> attentionLayers,
      List<Scored> neurons,
      int skipped) {
    static Found none() {
      return new Found(List.of(), List.of(), List.of(), 0);
    }
  }

  Found of(List<Scored> mlp, List<Scored> attention) {
    List<QueryShare> mlpLayers = layers(mlp);
    List<QueryShare> attentionLayers = layers(attention);
    List<Scored> top = attention.subList(0, Math.min(ATTENTION_NEURONS, attention.size()));
    return new Found(mlpLayers, attentionLayers, neurons(top), skipped);
  }

  /// A neuron's key and the place and position where it is held against the stream.
  ///
  /// @param key `[d_model]`
  private record Subkey(Tensor key, HookPoint place, int position, int layer) {}

  private Subkey subkey(Unit unit) {
    return switch (unit) {
      case Unit.MlpNeuron(int layer, int neuron) -> {
        boolean gated = model.spec().blocks().get(layer).mlp() instanceof MlpSpec.Gated;
        Tensor key = arrivals.weight(gated ? "mlp.W_gate" : "mlp.W_in", layer).at("d_mlp", neuron);
        boolean parallel = model.spec().blocks().get(layer).parallel();
        HookPoint place = parallel ? new HookPoint.AttnIn(layer) : new HookPoint.MlpIn(layer);
        yield new Subkey(key.times(mlpGain(layer)), place, arrivals.position(), layer);
      }
      case Unit.AttentionNeuron(int layer, int head, int neuron, int at) -> {
        int reader =
            model.parameters().find("blocks.%d.attn.W_V".formatted(layer)).isPresent() ? layer : 0;
        var spec = model.spec().blocks().get(layer).attention();
        Tensor key =
            arrivals
                .weight("attn.W_V", reader)
                .at("kv_head", head / (spec.nHeads() / spec.nKvHeads()))
                .at("d_head", neuron);
        HookPoint apart = new HookPoint.ValueIn(reader);
        HookPoint place = model.hookPoints().contains(apart) ? apart : new HookPoint.AttnIn(reader);
        NormSpec norm = model.spec().blocks().get(reader).ln1();
        yield new Subkey(key.times(gain(norm, new NormSite.Ln1(reader), key)), place, at, reader);
      }
      case Unit.Sublayer _, Unit.PathwayBias _, Unit.Head _, Unit.HeadAt _ ->
          throw new IllegalStateException("only neurons have subkeys");
    };
  }

  private Tensor mlpGain(int layer) {
    var block = model.spec().blocks().get(layer);
    boolean shared = block.wiring() == BlockSpec.Wiring.PARALLEL_SHARED_NORM;
    Tensor like = arrivals.weight("mlp.W_in", layer).at("d_mlp", 0);
    return shared
        ? gain(block.ln1(), new NormSite.Ln1(layer), like)
        : gain(block.ln2(), new NormSite.Ln2(layer), like);
  }

  private Tensor gain(NormSpec spec, NormSite site, Tensor like) {
    return switch (Norm.of(spec, model.parameters(), site.path())) {
      case Norm.LayerNorm(Tensor weight, Tensor _, double _) -> weight.to(like.dtype());
      case Norm.RmsNorm rms -> rms.gain().to(like.dtype());
      case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> like.times(0).plus(1);
    };
  }

  // ---------------------------------------------------------------- layers

  private List<QueryShare> layers(List<Scored> neurons) {
    Map<String, Double> shares = new LinkedHashMap<>();
    for (Scored neuron : neurons) {
      Subkey subkey = subkey(neuron.unit());
      Components parts = components(subkey);
      double[] inner = parts.values().dot(subkey.key(), "d_model").toDoubles();
      add(shares, parts.labels(), inner, neuron.importance());
    }
    return shares.entrySet().stream().map(e -> new QueryShare(e.getKey(), e.getValue())).toList();
  }

  private void add(
      Map<String, Double> shares, List<String> labels, double[] inner, double importance) {
    double sum = 0;
    double sizes = 0;
    for (double part : inner) {
      sum += part;
      sizes += Math.abs(part);
    }
    if (Math.abs(sum) <= NOTHING * sizes) {
      skipped++;
      return;
    }
    for (int i = 0; i < inner.length; i++) {
      shares.merge(labels.get(i), importance * inner[i] / sum, Double::sum);
    }
  }

  /// @param values `[component, d_model]`
  private record Components(List<String> labels, Tensor values) {}

  /// Where neurons read.
  private record Reader(HookPoint place, int position) {}

  private Components components(Subkey subkey) {
    return seen.computeIfAbsent(new Reader(subkey.place(), subkey.position()), this::components);
  }

  /// Everything in the stream that a sublayer reads at a position.
  private Components components(Reader reader) {
    Transport transport = arrivals.transport();
    HookPoint place = reader.place();
    List<String> labels = new ArrayList<>(List.of("embed"));
    List<Tensor> parts =
        new ArrayList<>(List.of(transport.embedCarried(transport.embedded(), place)));
    for (Site site : transport.sites().subList(0, transport.writesBefore(place))) {
      labels.add(new Unit.Sublayer(site).label());
      parts.add(transport.carried(transport.written(site), site, place));
      transport
          .constantCarried(site, place)
          .ifPresent(constant -> {
            labels.add(new Unit.PathwayBias(site).label());
            parts.add(constant);
          });
    }
    parts.replaceAll(part -> part.at("pos", reader.position()));
    return new Components(labels, Tensor.stack("component", parts));
  }

  // ---------------------------------------------------------------- neurons

  private List<Scored> neurons(List<Scored> attention) {
    Map<Unit, Double> scores = new LinkedHashMap<>();
    for (Scored value : attention) {
      Subkey subkey = subkey(value.unit());
      double whole =
          components(subkey).values().sum("component").dot(subkey.key(), "d_model").item();
      if (whole != 0) {
        add(scores, subkey, value.importance() / whole);
      }
    }
    return scores.entrySet().stream()
        .map(e -> new Scored(e.getKey(), e.getValue(), 1))
        .sorted(Comparator.comparingDouble(Scored::importance).reversed())
        .limit(QUERY_NEURONS)
        .toList();
  }

  private void add(Map<Unit, Double> scores, Subkey subkey, double factor) {
    for (int layer = 0; layer < subkey.layer(); layer++) {
      if (!model.spec().blocks().get(layer).hasMlp()) {
        continue;
      }
      double[] inner;
      try (Scope _ = Scope.open()) {
        inner = inner(layer, subkey);
      }
      for (int neuron = 0; neuron < inner.length; neuron++) {
        scores.merge(new Unit.MlpNeuron(layer, neuron), factor * inner[neuron], Double::sum);
      }
    }
  }

  /// How far what each neuron wrote points along the key where it is read.
  private double[] inner(int layer, Subkey subkey) {
    Tensor rows =
        arrivals.weight("mlp.W_out", layer).rename("d_mlp", "unit").order("unit", "d_model");
    Tensor coefficients =
        arrivals
            .writers(arrivals.value(new HookPoint.MlpPost(layer)), "pos", subkey.position())
            .rename("d_mlp", "unit")
            .order("unit", "pos");
    Tensor written = arrivals.written(rows, coefficients, Site.mlp(layer), subkey.position());
    return arrivals
        .seen(written, Site.mlp(layer), subkey.place(), subkey.position())
        .dot(subkey.key(), "d_model")
        .toDoubles();
  }
}
