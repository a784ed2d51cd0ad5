package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Deep Delta Learning (Zhang 2026, arXiv:2601.00417): a sublayer's output gives a direction `k`
/// along which the stream is partly erased and written anew, `X' = X + β k (vᵀ − kᵀX)`, with a gate
/// `0 < β < 2` and a target `v` read from the sublayer's input. The output's length is discarded.
///
/// No setting is the additive stream. With `β = 0` a sublayer is skipped; 1 replaces what lies
/// along `k`, 2 reflects it.
///
/// Transport, with `k`, `β` and `v` of a run given, is `X' = (I − β k kᵀ) X + out gᵀ` with `g = β v
/// / √(‖out‖² + ε²)`: linear in the stream and in what was written.
///
/// @param channels `d_v`: how many vectors the state has for each position
/// @param compressor how a sublayer's input is read from several channels
/// @param embedding how the channels start
/// @param value where the target comes from
/// @param gate how many layers the gate has
/// @param gateStart `β` before training
/// @param update which of the ladder from additive to delta
/// @param epsilon added to a direction's length
public record DeepDelta(
    int channels,
    Compressor compressor,
    EmbeddingChannels embedding,
    Value value,
    Gate gate,
    double gateStart,
    Update update,
    double epsilon)
    implements PathwaySpec {

  /// How a sublayer's input is read from the channels.
  public enum Compressor {
    /// There is one channel, which is the input.
    NONE,
    /// A mix of the channels at the position itself (the code's "CC": a convolution along the
    /// channels, then a read vector).
    CHANNEL,
    /// A causal convolution along the sequence, then a read vector ("TC").
    TOKEN
  }

  /// How the channels start.
  public enum EmbeddingChannels {
    /// Each is the embedding.
    REPEATED,
    /// Each is a causal convolution of the embedding along the sequence, the identity before
    /// training ("EC").
    CONVOLVED
  }

  /// Where the target comes from.
  public enum Value {
    /// `W_v c` of the sublayer's normed input, as the paper writes.
    LINEAR,
    /// `4 σ(W_v x + b_v)` of the input before its norm, as the published code has it.
    SIGMOID
  }

  /// How many layers the gate has.
  public enum Gate {
    /// `2 σ(W c + b)`.
    ONE_LAYER,
    /// `2 σ(W_2 tanh(W_1 c) + b)`.
    TWO_LAYERS
  }

  /// Which of the ladder from additive to delta.
  public enum Update {
    /// `X + β k (vᵀ − kᵀX)`.
    DELTA,
    /// `X + β k vᵀ`: the control that writes without erasing.
    WRITE_ONLY,
    /// `X + out 1ᵀ`: the control that only has the channels.
    ADDITIVE
  }

  private static final int TAPS = 4;
  private static final int GATE_HIDDEN = 128;
  private static final double CLAMP = 1e-6;

  /// One channel, the paper's value and gate.
  ///
  /// @param gateStart `β` before training
  public static DeepDelta scalar(double gateStart) {
    return new DeepDelta(
        1,
        Compressor.NONE,
        EmbeddingChannels.REPEATED,
        Value.LINEAR,
        Gate.ONE_LAYER,
        gateStart,
        Update.DELTA,
        1e-5);
  }

  /// Four channels.
  ///
  /// @param compressor how they are read
  /// @param embedding how they start
  public static DeepDelta expanded(Compressor compressor, EmbeddingChannels embedding) {
    return new DeepDelta(
        4, compressor, embedding, Value.LINEAR, Gate.ONE_LAYER, 1, Update.DELTA, 1e-5);
  }

  /// The same with another update.
  ///
  /// @param other which
  public DeepDelta withUpdate(Update other) {
    return new DeepDelta(channels, compressor, embedding, value, gate, gateStart, other, epsilon);
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(1, "channels", channels)
        .positive("epsilon", epsilon)
        .that(
            gateStart >= 0 && gateStart <= 2,
            "gate_start is %s, but must lie between 0 and 2".formatted(gateStart))
        .that(
            (channels == 1) == (compressor == Compressor.NONE),
            "%d channels with compressor %s: one channel needs none, several need one"
                .formatted(channels, compressor))
        .that(
            channels > 1 || embedding == EmbeddingChannels.REPEATED,
            "one channel is the embedding itself, so its start must be REPEATED")
        .that(
            channels > 1 || update != Update.ADDITIVE,
            "one channel with an additive update is the plain stream: use pre_norm")
        .sequential("Deep Delta Learning", depth)
        .problems();
  }

  private Axis channel() {
    return new Axis("channel", channels);
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    double deviation = 0.5 / Math.sqrt(depth.dModel());
    Map<String, Weight> weights = new LinkedHashMap<>();
    if (embedding == EmbeddingChannels.CONVOLVED) {
      weights.put(
          "path.EC",
          Weight.numbers(
              Shape.of(depth.width(), channel(), new Axis("tap", TAPS)),
              lastTap(depth.dModel() * channels)));
    }
    for (Site site : depth.sites()) {
      if (depth.opensBlock(site)) {
        compressor(weights, "blocks.%d.path.".formatted(site.layer()), depth, deviation);
      }
      if (update != Update.ADDITIVE) {
        gateAndValue(weights, site.path() + "_path.", depth, deviation);
      }
    }
    compressor(weights, "final_path.", depth, deviation);
    return weights;
  }

  private static List<Double> lastTap(int rows) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < rows * TAPS; i++) {
      values.add(i % TAPS == TAPS - 1 ? 1.0 : 0.0);
    }
    return values;
  }

  private void compressor(Map<String, Weight> weights, String path, Depth depth, double deviation) {
    switch (compressor) {
      case NONE -> {}
      case CHANNEL ->
          weights.put(
              path + "conv",
              Weight.matrix(Shape.of(depth.width(), new Axis("tap", TAPS)), deviation));
      case TOKEN ->
          weights.put(
              path + "conv",
              Weight.matrix(Shape.of(depth.width(), channel(), new Axis("tap", TAPS)), deviation));
    }
    if (compressor != Compressor.NONE) {
      weights.put(path + "read", Weight.constant(Shape.of(channel()), 1.0 / channels));
    }
  }

  private void gateAndValue(
      Map<String, Weight> weights, String path, Depth depth, double deviation) {
    switch (gate) {
      case ONE_LAYER ->
          weights.put(path + "W_beta", Weight.matrix(Shape.of(depth.width()), deviation));
      case TWO_LAYERS -> {
        Axis hidden = new Axis("hidden", GATE_HIDDEN);
        weights.put(path + "W1_beta", Weight.matrix(Shape.of(depth.width(), hidden), deviation));
        weights.put(path + "W2_beta", Weight.matrix(Shape.of(hidden), deviation));
      }
    }
    double p = Math.min(1 - CLAMP, Math.max(CLAMP, gateStart / 2));
    weights.put(path + "b_beta", Weight.constant(Shape.of(), Math.log(p / (1 - p))));
    weights.put(path + "W_v", Weight.matrix(Shape.of(depth.width(), channel()), deviation));
    if (value == Value.SIGMOID) {
      weights.put(path + "b_v", Weight.constant(Shape.of(channel()), 0));
    }
  }

  @Override
  public boolean readsNormed() {
    return update != Update.ADDITIVE;
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    if (update == Update.ADDITIVE) {
      return List.of();
    }
    List<HookPoint.Route> routes = new ArrayList<>();
    for (Site site : depth.sites()) {
      for (String name : List.of("beta", "k", "v", "gain")) {
        routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, name));
      }
    }
    return routes;
  }

  @Override
  public StreamState state() {
    return channels == 1 ? StreamState.VECTOR : StreamState.LANES;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double n = channels;
    double sites = depth.sites().size();
    boolean token = compressor == Compressor.TOKEN;
    boolean convolved = embedding == EmbeddingChannels.CONVOLVED;
    double conv = ShortConv.flops(TAPS) * d;
    double starts = convolved ? n * conv : 0;
    double tails = (TAPS - 1) * n * d;
    return new PathwayCost(
        PathwayCost.count(this, depth),
        starts + (sites + 1) * compressed(d, conv) + sites * (routed(d) + written(d) - d),
        sites * moved(d) + (n > 1 ? n + 1 : 0) * d,
        sites * ((n > 1 ? n : 0) + (token ? n : 0) + written()) * d,
        (token ? (sites + 1) * tails : 0) + (convolved ? (TAPS - 1) * d : 0),
        n * d,
        PathwayCost.lanes(n, depth));
  }

  private double compressed(double d, double conv) {
    return switch (compressor) {
      case NONE -> 0;
      case CHANNEL -> PathwayCost.mix(channels, d);
      case TOKEN -> channels * conv + PathwayCost.mix(channels, d);
    };
  }

  /// How many vectors a write keeps for the backward pass.
  private double written() {
    return switch (update) {
      case ADDITIVE -> 0;
      case WRITE_ONLY, DELTA -> 1;
    };
  }

  /// The operations behind `k`, `β`, `v` and `g`.
  private double routed(double d) {
    if (update == Update.ADDITIVE) {
      return 0;
    }
    double n = channels;
    // In one with the write, the direction itself is never made.
    double direction = 2 * d + 1;
    double gated = gate == Gate.ONE_LAYER ? 2 * d + 1 : (2 * d + 3) * GATE_HIDDEN + 1;
    double target = 2 * d * n + (value == Value.SIGMOID ? 3 * n : 0);
    return direction + gated + 3 + target + (update == Update.DELTA ? 2 * n : n);
  }

  private double written(double d) {
    return channels
        * switch (update) {
          case ADDITIVE -> d;
          case WRITE_ONLY -> 2 * d;
          case DELTA -> 4 * d;
        };
  }

  private double moved(double d) {
    double n = channels;
    double tails = compressor == Compressor.TOKEN ? (TAPS - 1) * n : 0;
    double read = n > 1 ? n + 1 + tails : 0;
    double routed =
        switch (update) {
          case ADDITIVE -> 0;
          case WRITE_ONLY, DELTA -> 1;
        };
    double written = 2 * n + 1;
    return (read + routed + written - PathwayCost.PLAIN_MOVES) * d;
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Delta(this, weights);
  }

  /// The pathway with its numbers.
  private record Delta(DeepDelta spec, Weights weights) implements ResidualPathway<Lanes> {

    @Override
    public boolean mixesPositions() {
      return spec.compressor == Compressor.TOKEN || spec.embedding == EmbeddingChannels.CONVOLVED;
    }

    @Override
    public Lanes open(Tensor embed, Past past) {
      if (spec.embedding == EmbeddingChannels.REPEATED) {
        return new Lanes(Collections.nCopies(spec.channels, embed), Optional.empty());
      }
      Tensor padded = past.before("path.EC", embed, TAPS - 1);
      List<Tensor> channels = new ArrayList<>();
      for (int channel = 0; channel < spec.channels; channel++) {
        channels.add(ShortConv.over(padded, weights.get("path.EC").at("channel", channel)));
      }
      return new Lanes(channels, Optional.empty());
    }

    @Override
    public Reading read(Lanes stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream.seen(compressed(stream.lanes(), site, past)));
    }

    /// What a sublayer sees of the channels, `[batch, pos, d_model]`.
    private Tensor compressed(List<Tensor> channels, Site site, Past past) {
      String path =
          site.sublayer() == Site.Sublayer.UNEMBED
              ? "final_path."
              : "blocks.%d.path.".formatted(site.layer());
      return switch (spec.compressor) {
        case NONE -> channels.getFirst();
        case CHANNEL ->
            Sources.mix(
                channels, channelWeights(weights.get(path + "conv"), weights.get(path + "read")));
        case TOKEN -> {
          List<Tensor> read = new ArrayList<>();
          for (int channel = 0; channel < channels.size(); channel++) {
            read.add(
                ShortConv.apply(
                    channels.get(channel),
                    weights.get(path + "conv").at("channel", channel),
                    site.path() + "/" + channel,
                    past));
          }
          yield Sources.mix(read, weights.get(path + "read").rename("channel", "source"));
        }
      };
    }

    /// A convolution along the channels, one left of the middle, then the read vector, as one
    /// weight for each channel and feature: `[source, d_model]`.
    private Tensor channelWeights(Tensor conv, Tensor read) {
      int left = (TAPS - 1) / 2;
      List<Tensor> effective = new ArrayList<>();
      for (int from = 0; from < spec.channels; from++) {
        List<Tensor> terms = new ArrayList<>();
        for (int to = 0; to < spec.channels; to++) {
          int tap = from - to + left;
          if (tap >= 0 && tap < TAPS) {
            terms.add(conv.at("tap", tap).times(read.at("channel", to)));
          }
        }
        effective.add(Sources.sum(terms));
      }
      return Tensor.stack("source", effective);
    }

    @Override
    public Routing routeWrite(Lanes stream, Site site, Routing reading, Passage passage) {
      if (spec.update == Update.ADDITIVE) {
        return Routing.none();
      }
      String path = site.path() + "_path.";
      Tensor out = Sources.wide(passage.out());
      Tensor inverse =
          out.square().sum("d_model").plus(spec.epsilon * spec.epsilon).reciprocalSqrt();
      Tensor beta = Sources.wide(gate(passage.normed(), path)).sigmoid().times(2);
      Tensor v = Sources.wide(value(passage, path));
      Routing exact =
          Routing.of("beta", beta)
              .and("k", out.times(inverse))
              .and("v", v)
              .and("gain", v.times(beta.times(inverse)));
      return exact.map(tensor -> tensor.to(passage.out().dtype()));
    }

    /// The whole update as one sum for each channel: with `k = out / ‖out‖`, what is erased lies
    /// along `out` too, so `x' = x + out · β (v − out·x / ‖out‖) / ‖out‖`; without `out·x` where
    /// nothing is erased.
    @Override
    public Lanes pass(Lanes stream, Site site, Routing reading, Passage passage) {
      if (spec.update == Update.ADDITIVE) {
        return ResidualPathway.super.pass(stream, site, reading, passage);
      }
      String path = site.path() + "_path.";
      Tensor out = passage.out();
      Tensor wide = Sources.wide(out);
      // Products summed: a product of matrices of one row each would be ten times slower.
      Tensor inverse =
          wide.square().sum("d_model").plus(spec.epsilon * spec.epsilon).reciprocalSqrt();
      Tensor step = Sources.wide(gate(passage.normed(), path)).sigmoid().times(2).times(inverse);
      Tensor v = Sources.wide(value(passage, path));
      List<Tensor> after = new ArrayList<>();
      for (int channel = 0; channel < spec.channels; channel++) {
        Tensor x = stream.lanes().get(channel);
        Tensor written = v.at("channel", channel);
        Tensor amount =
            spec.update == Update.WRITE_ONLY
                ? written
                : written.minus(wide.times(x).sum("d_model").times(inverse));
        after.add(x.plusProduct(out, amount.times(step).to(out.dtype())));
      }
      return new Lanes(after, stream.outside());
    }

    private Tensor gate(Tensor normed, String path) {
      Tensor logit =
          spec.gate == Gate.ONE_LAYER
              ? normed.dot(weights.get(path + "W_beta"), "d_model")
              : normed
                  .dot(weights.get(path + "W1_beta"), "d_model")
                  .tanh()
                  .dot(weights.get(path + "W2_beta"), "hidden");
      return logit.plus(weights.get(path + "b_beta"));
    }

    private Tensor value(Passage passage, String path) {
      Tensor wV = weights.get(path + "W_v");
      return switch (spec.value) {
        case LINEAR -> passage.normed().dot(wV, "d_model");
        case SIGMOID ->
            passage
                .read()
                .single()
                .dot(wV, "d_model")
                .plus(weights.get(path + "b_v"))
                .sigmoid()
                .times(4);
      };
    }

    @Override
    public Lanes write(Lanes stream, Site site, Routing routing, Tensor out) {
      List<Tensor> after = new ArrayList<>();
      for (int channel = 0; channel < spec.channels; channel++) {
        Tensor x = stream.lanes().get(channel);
        after.add(
            spec.update == Update.ADDITIVE
                ? x.plus(out)
                : erased(x, routing).plus(out.times(routing.get("gain").at("channel", channel))));
      }
      return new Lanes(after, stream.outside());
    }

    /// `(I − β k kᵀ) x`.
    private Tensor erased(Tensor x, Routing routing) {
      if (spec.update == Update.WRITE_ONLY) {
        return x;
      }
      Tensor k = routing.get("k");
      Tensor along = x.times(k).sum("d_model").times(routing.get("beta"));
      return x.minus(k.times(along));
    }

    @Override
    public Lanes map(Lanes stream, UnaryOperator<Tensor> change) {
      return stream.map(change);
    }

    @Override
    public Lanes add(Lanes stream, Tensor delta) {
      return stream.plusOutside(delta);
    }

    @Override
    public Lanes replace(Lanes stream, Tensor before, Tensor after) {
      return spec.channels == 1
          ? new Lanes(List.of(after), Optional.empty())
          : add(stream, after.minus(before));
    }
  }
}
