package dev.weir.readout.circuit;

import dev.weir.model.BlockSpec;
import dev.weir.model.CrossEntropy;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.readout.FrozenNorm;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The logits of an attention-only model as a sum over paths (Elhage et al. 2021, "path
/// expansion"): with the patterns and the norms' scales of a run frozen, every head is a linear map
/// of the stream, so the model is the sum over all ways from something written, through some heads
/// in order, to the logits. Two heads in a row are a *virtual head*, which looks where the second
/// looks through the first, `A² A¹`, and writes `W_OV¹ W_OV²`.
///
/// What starts a path: the embeddings of tokens and of positions, and what a block writes whatever
/// it reads (`bias`).
public final class PathExpansion {
  /// Paths followed at most.
  private static final long MOST_PATHS = 50_000;

  private final List<Path> paths;
  private final List<Order> orders;
  private final double[] constants;
  private final double[] totals;

  private PathExpansion(List<Path> paths, List<Order> orders, double[] constants, double[] totals) {
    this.paths = List.copyOf(paths);
    this.orders = List.copyOf(orders);
    this.constants = constants;
    this.totals = totals;
  }

  /// A head on a path.
  public record Step(int layer, int head) {

    /// For instance `L1H4`.
    public String label() {
      return WriterLabels.head(layer, head);
    }
  }

  /// One path.
  ///
  /// @param start `embed`, `pos_embed`, or `0_bias` for what block 0 writes whatever it reads
  /// @param steps the heads it goes through, first to last; none for the direct path
  /// @param scores what it adds to the target's logit, one for each position
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Path(String start, List<Step> steps, double[] scores) {
    public Path {
      steps = List.copyOf(steps);
    }

    /// For instance `embed L0H3 L1H4`.
    public String label() {
      StringBuilder label = new StringBuilder(start);
      steps.forEach(step -> label.append(' ').append(step.label()));
      return label.toString();
    }

    /// Its size over all positions: the root of the mean square.
    public double size() {
      return Math.sqrt(Arrays.stream(scores).map(s -> s * s).average().orElse(0));
    }
  }

  /// All paths through one number of heads together.
  ///
  /// @param heads how many heads
  /// @param crossEntropy of the text, when paths through at most so many heads make the logits,
  ///   nats per token
  /// @param change what these paths add to it; empty for the first
  public record Order(int heads, double crossEntropy, Optional<Double> change) {}

  /// What a run must keep.
  public static Capture capture() {
    return Capture.matching(
        "hook_embed",
        "hook_pos_embed?",
        "blocks.*.hook_resid_post",
        "blocks.*.attn.hook_pattern",
        "blocks.*.ln1.hook_scale?",
        "blocks.*.ln1_post.hook_scale?",
        "ln_final.hook_scale?");
  }

  /// The token that comes next at each position, and at the last the one that the model finds
  /// likeliest: usual targets.
  ///
  /// @param trace a run of one text that kept its logits
  public static int[] nextTokens(StreamTrace trace) {
    try (Scope _ = Scope.open()) {
      int[] tokens = trace.tokens().getFirst();
      int[] next = Arrays.copyOfRange(tokens, 1, tokens.length + 1);
      Tensor end = trace.logits().at("pos", trace.logits().size("pos") - 1);
      next[tokens.length - 1] = Math.toIntExact(end.argmax("d_vocab").toLongs()[0]);
      return next;
    }
  }

  /// Of a run.
  ///
  /// @param circuits of an attention-only model whose stream only adds
  /// @param trace a run of the folded model ([Circuits#model]) on one text that kept what
  ///   [#capture] names, at every position
  /// @param targets whose logit is taken apart, one token for each position
  /// @param mostHeads through how many heads the listed paths go at most; orders are complete
  /// @throws CircuitException if the model has MLPs or there are too many paths
  public static PathExpansion of(
      Circuits circuits, StreamTrace trace, int[] targets, int mostHeads) {
    StreamWeights weights = circuits.weights();
    weights.requireAdditive("Paths");
    for (int layer = 0; layer < weights.spec().nLayers(); layer++) {
      if (weights.spec().blocks().get(layer).hasMlp()) {
        throw CircuitException.hasMlp(layer);
      }
    }
    if (weights.gainsLeft()) {
      throw CircuitException.gainsLeft();
    }
    if (trace.tokens().size() != 1) {
      throw CircuitException.severalTexts("Path expansions", trace.tokens().size());
    }
    int length = trace.tokens().getFirst().length;
    if (targets.length != length || trace.positions().size() != length) {
      throw CircuitException.targetsDiffer(targets.length, trace.positions().size());
    }
    try (Scope _ = Scope.open()) {
      return new Run(weights, trace).expanded(targets, mostHeads);
    }
  }

  // ---------------------------------------------------------------- results

  /// Every path up to the given number of heads.
  public List<Path> paths() {
    return paths;
  }

  /// The paths that matter most, by their size over all positions.
  ///
  /// @param count how many
  public List<Path> top(int count) {
    return paths.stream()
        .sorted(Comparator.comparingDouble(Path::size).reversed())
        .limit(count)
        .toList();
  }

  /// What paths through 0, 1, 2, … heads do to the loss, each added to those before.
  public List<Order> orders() {
    return orders;
  }

  /// What the final norm and the unembedding add whatever they read.
  ///
  /// @param position in the text
  public double constant(int position) {
    return constants[position];
  }

  /// The target's logit, before any cap: the sum of all paths and the constant.
  ///
  /// @param position in the text
  public double total(int position) {
    return totals[position];
  }

  // ---------------------------------------------------------------- the run, made linear

  /// Something that starts paths.
  ///
  /// @param label what it is called
  /// @param block the first block that reads it
  /// @param value `[pos, d_model]`
  private record Start(String label, int block, Tensor value) {}

  private static final class Run {
    private final StreamWeights weights;
    private final StreamTrace trace;
    private final List<FrozenHeads> blocks = new ArrayList<>();
    private final FrozenNorm finalNorm;
    private final List<Start> starts = new ArrayList<>();

    Run(StreamWeights weights, StreamTrace trace) {
      this.weights = weights;
      this.trace = trace;
      this.finalNorm = frozen(weights.model().lnFinal(), new NormSite.LnFinal());
      int layers = weights.spec().nLayers();
      for (int layer = 0; layer < layers; layer++) {
        blocks.add(frozenHeads(layer));
      }
      starts.add(new Start("embed", 0, Wide.of(trace.get(new HookPoint.Embed()))));
      if (trace.has(new HookPoint.PosEmbed())) {
        starts.add(new Start("pos_embed", 0, Wide.of(trace.get(new HookPoint.PosEmbed()))));
      }
      for (int layer = 0; layer < layers; layer++) {
        starts.add(new Start(layer + "_bias", layer + 1, bias(layer)));
      }
    }

    private FrozenHeads frozenHeads(int layer) {
      BlockSpec block = weights.spec().blocks().get(layer);
      return new FrozenHeads(
          frozen(norm(block.ln1(), "ln1", layer), new NormSite.Ln1(layer)),
          weights.values(layer),
          Wide.of(trace.get(new HookPoint.Pattern(layer))),
          weights.outputs(layer),
          postScale(layer));
    }

    private Norm norm(NormSpec spec, String name, int layer) {
      return Norm.of(spec, weights.model().parameters(), "blocks.%d.%s".formatted(layer, name));
    }

    private FrozenNorm frozen(Norm norm, NormSite site) {
      return norm instanceof Norm.NoNorm
          ? FrozenNorm.none()
          : new FrozenNorm(norm, Optional.of(scale(site)));
    }

    private Tensor scale(NormSite site) {
      return Wide.of(trace.get(new HookPoint.NormScale(site))).at("one", 0);
    }

    private Optional<Tensor> postScale(int layer) {
      NormSite site = new NormSite.Ln1Post(layer);
      return trace.has(new HookPoint.NormScale(site)) ? Optional.of(scale(site)) : Optional.empty();
    }

    /// What attention of a block writes whatever it reads, `[pos, d_model]`.
    private Tensor bias(int layer) {
      FrozenHeads heads = blocks.get(layer);
      Axis pos = starts.getFirst().value().shape().axis("pos");
      Tensor values = weights.valueBias(layer).repeat(new Axis("key_pos", pos.size()));
      Tensor fromValues = heads.written(values).sum("head");
      Tensor all =
          weights
              .outputBias(layer)
              .map(bias -> fromValues.plus(heads.sized(bias.repeat(pos))))
              .orElse(fromValues);
      return weights.postShift(layer).map(all::plus).orElse(all).order("pos", "d_model");
    }

    PathExpansion expanded(int[] targets, int mostHeads) {
      long count = countPaths(mostHeads);
      if (count > MOST_PATHS) {
        throw CircuitException.tooManyPaths(count, MOST_PATHS);
      }
      Tensor readout = readout(targets);
      Follower follower = new Follower(blocks, finalNorm.before(readout), mostHeads);
      starts.forEach(follower::follow);
      Tensor constants = constants(targets, readout);
      Tensor end = Wide.of(trace.get(new HookPoint.ResidPost(blocks.size() - 1)));
      Tensor totals = finalNorm.applied(end).times(readout).sum("d_model").plus(constants);
      return new PathExpansion(follower.paths, orders(), constants.toDoubles(), totals.toDoubles());
    }

    /// `[pos, d_model]`, what each target's logit reads.
    private Tensor readout(int[] targets) {
      return weights.unembedding().take("d_vocab", positions(targets)).order("pos", "d_model");
    }

    private static Tensor positions(int[] targets) {
      return Tensor.of(
          Arrays.stream(targets).asLongStream().toArray(),
          Shape.of(new Axis("pos", targets.length)));
    }

    private Tensor constants(int[] targets, Tensor readout) {
      Tensor constants = readout.sum("d_model").times(0);
      Optional<Tensor> shift =
          finalNorm.shift().map(direction -> readout.dot(direction, "d_model"));
      Optional<Tensor> bias =
          weights
              .model()
              .parameters()
              .find("unembed.b_U")
              .map(b -> Wide.of(b).take("d_vocab", positions(targets)));
      Tensor withShift = shift.map(constants::plus).orElse(constants);
      return bias.map(withShift::plus).orElse(withShift);
    }

    private long countPaths(int mostHeads) {
      return starts.stream().mapToLong(start -> countPaths(start.block(), mostHeads)).sum();
    }

    /// Ways through at most so many heads of the blocks from one on, each block at most once.
    private long countPaths(int block, int mostHeads) {
      if (mostHeads <= 0) {
        return 1;
      }
      long count = 1;
      for (int next = block; next < blocks.size() && count <= MOST_PATHS; next++) {
        count += blocks.get(next).count() * countPaths(next + 1, mostHeads - 1);
      }
      return count;
    }

    // -------------------------------------------------------------- orders

    /// The stream as paths through each number of heads leave it.
    private List<Order> orders() {
      List<Tensor> streams = new ArrayList<>();
      streams.add(starting(0).orElseThrow());
      for (int layer = 0; layer < blocks.size(); layer++) {
        FrozenHeads heads = blocks.get(layer);
        List<Tensor> before = List.copyOf(streams);
        for (int order = 0; order < before.size(); order++) {
          Tensor more = heads.applied(before.get(order)).sum("head");
          if (order + 1 < before.size()) {
            streams.set(order + 1, streams.get(order + 1).plus(more));
          } else {
            streams.add(more);
          }
        }
        streams.set(
            0, starting(layer + 1).map(streams.getFirst()::plus).orElse(streams.getFirst()));
      }
      return losses(streams);
    }

    private Optional<Tensor> starting(int block) {
      return starts.stream()
          .filter(start -> start.block() == block)
          .map(Start::value)
          .reduce(Tensor::plus);
    }

    private List<Order> losses(List<Tensor> streams) {
      List<Order> orders = new ArrayList<>();
      Tensor sum = streams.getFirst().times(0);
      for (int order = 0; order < streams.size(); order++) {
        sum = sum.plus(streams.get(order));
        double loss = crossEntropy(sum);
        orders.add(
            new Order(
                order,
                loss,
                order == 0
                    ? Optional.empty()
                    : Optional.of(loss - orders.getLast().crossEntropy())));
      }
      return orders;
    }

    private double crossEntropy(Tensor stream) {
      Tensor scaled = finalNorm.applied(stream);
      Tensor normed = finalNorm.shift().map(scaled::plus).orElse(scaled);
      Tensor logits = weights.model().unembed(normed.to(weights.model().dtype()));
      return CrossEntropy.of(logits, trace.tokens().getFirst()).mean();
    }
  }

  /// The heads of a block with patterns and scales frozen: linear maps of the stream.
  ///
  /// @param norm what they read through
  /// @param values `[head, d_model, d_head]`
  /// @param pattern `[head, query_pos, key_pos]`
  /// @param outputs `[head, d_head, d_model]`
  /// @param postScale what the norm after attention divided by, `[pos]`
  private record FrozenHeads(
      FrozenNorm norm, Tensor values, Tensor pattern, Tensor outputs, Optional<Tensor> postScale) {

    long count() {
      return values.size("head");
    }

    /// What each head makes of a part of the stream, `[head, pos, d_model]`.
    ///
    /// @param part `[pos, d_model]`
    Tensor applied(Tensor part) {
      Tensor read = norm.applied(part).dot(values, "d_model").rename("pos", "key_pos");
      return written(read);
    }

    /// What each head writes for values, `[head, pos, d_model]`.
    ///
    /// @param read `[head, key_pos, d_head]`
    Tensor written(Tensor read) {
      Tensor mixed = pattern.dot(read, "key_pos").dot(outputs, "d_head");
      return sized(mixed.rename("query_pos", "pos").order("head", "pos", "d_model"));
    }

    Tensor sized(Tensor write) {
      return postScale.map(write::dividedBy).orElse(write);
    }
  }

  /// Follows every path from a start.
  private static final class Follower {
    private final List<FrozenHeads> blocks;
    private final Tensor readout;
    private final int mostHeads;
    private final List<Path> paths = new ArrayList<>();

    Follower(List<FrozenHeads> blocks, Tensor readout, int mostHeads) {
      this.blocks = blocks;
      this.readout = readout;
      this.mostHeads = mostHeads;
    }

    void follow(Start start) {
      follow(start.label(), List.of(), start.block(), start.value());
    }

    private void follow(String start, List<Step> steps, int block, Tensor value) {
      double[] scores = value.times(readout).sum("d_model").order("pos").toDoubles();
      paths.add(new Path(start, steps, scores));
      if (steps.size() == mostHeads) {
        return;
      }
      for (int next = block; next < blocks.size(); next++) {
        try (Scope _ = Scope.open()) {
          Tensor written = blocks.get(next).applied(value);
          for (int head : IntStream.range(0, (int) written.size("head")).toArray()) {
            List<Step> further = new ArrayList<>(steps);
            further.add(new Step(next, head));
            follow(start, further, next + 1, written.at("head", head));
          }
        }
      }
    }
  }
}
