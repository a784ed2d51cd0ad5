package dev.weir.readout.memory;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.LocalMixing;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Which heads lower the logits of the tokens that they attend to (McDougall et al. 2023,
/// arXiv:2310.04625): by weights, where a token's own logit stands among all that its value writes;
/// by run, what a head adds to the logits of the tokens it looks at; and how much of a head's
/// effect is left when nothing but this is kept of it.
public final class CopySuppression {

  /// Scores held at a time: 64 MiB in float32.
  private static final long NUMBERS_AT_A_TIME = 1L << 24;

  private final Source source;
  private final List<Head> heads;
  private final Optional<Mechanism> mechanism;

  private CopySuppression(Source source, List<Head> heads, Optional<Mechanism> mechanism) {
    this.source = source;
    this.heads = List.copyOf(heads);
    this.mechanism = mechanism;
  }

  /// What stands for a token in the OV circuit.
  public enum Source {
    /// Its row of the embedding.
    EMBEDDING,
    /// What the first block makes of it alone, attention and positions left out: the row and what
    /// the first MLP adds. Heads of the first block read the row itself.
    AFTER_FIRST_MLP
  }

  /// What to read.
  ///
  /// @param lowest among how many of the most negative logits a token's own must stand to count
  /// @param tokens how many tokens of the vocabulary to try at most, drawn at random
  /// @param mechanism the head of which only the mechanism is kept, if one is asked for
  public record Options(int lowest, int tokens, Optional<Write.Head> mechanism) {

    /// Among ten, a thousand tokens, no ablation.
    public static Options usual() {
      return new Options(10, 1000, Optional.empty());
    }

    /// The same, keeping only the mechanism of a head.
    ///
    /// @param head which head
    public Options keepingOnly(Write.Head head) {
      return new Options(lowest, tokens, Optional.of(head));
    }
  }

  /// One head.
  ///
  /// @param layer its block
  /// @param head which one
  /// @param lowest the share of tokens whose own logit is among the lowest that their value writes;
  ///   no numbers where the block has no values of its own
  /// @param rank mean place of the own logit among all, 0 for the lowest and 1 for the highest
  /// @param effect what the head adds to the logits, less their mean over the vocabulary, of the
  ///   tokens it looks at, summed over all it looks at but the first position; no numbers where no
  ///   text was read
  /// @param attention to all but the first position
  public record Head(
      int layer, int head, Estimate lowest, Estimate rank, Estimate effect, Estimate attention) {

    /// Its name, as `L0H3`.
    public String label() {
      return WriterLabels.head(layer, head);
    }
  }

  /// How much of a head is its copy suppression.
  ///
  /// @param head which one
  /// @param zeroed `KL(clean ‖ head set to zero)`, nats
  /// @param kept `KL(clean ‖ only the mechanism kept)`, nats
  public record Mechanism(String head, Estimate zeroed, Estimate kept) {

    /// The share of the head's effect that the mechanism keeps: 1 for all of it.
    public double share() {
      return 1 - kept.mean() / zeroed.mean();
    }
  }

  /// What a run must keep.
  public static Capture capture() {
    return Transport.capture().and("blocks.*.attn.hook_pattern", "blocks.*.attn.hook_v");
  }

  /// By weights alone.
  ///
  /// @param model whose weights
  /// @param options what to read
  /// @param random where the tokens are drawn from
  public static CopySuppression of(Transformer model, Options options, RandomGenerator random) {
    return reader(model, options, random).found();
  }

  /// By weights, and by what heads do in texts.
  ///
  /// @param model whose weights and runs
  /// @param options what to read
  /// @param random where the tokens are drawn from
  public static Reader reader(Transformer model, Options options, RandomGenerator random) {
    return new Reader(model, options, random);
  }

  /// Reads runs one by one and keeps means alone.
  public static final class Reader {
    private final Transformer model;
    private final Options options;
    private final RandomGenerator random;
    private final FoldedMaps maps;
    private final List<List<Sample>> effects = new ArrayList<>();
    private final List<List<Sample>> attentions = new ArrayList<>();
    private final Sample zeroed = new Sample();
    private final Sample kept = new Sample();

    private Reader(Transformer model, Options options, RandomGenerator random) {
      this.model = model;
      this.options = options;
      this.random = random;
      this.maps = new FoldedMaps(model);
      for (var block : model.spec().blocks()) {
        effects.add(samples(block.attention().nHeads()));
        attentions.add(samples(block.attention().nHeads()));
      }
    }

    private static List<Sample> samples(int count) {
      return IntStream.range(0, count).mapToObj(_ -> new Sample()).toList();
    }

    // -------------------------------------------------------------- by run

    /// Reads a run.
    ///
    /// @param trace a run of one text that kept what [CopySuppression#capture] names
    public void read(StreamTrace trace) {
      int[] tokens = trace.tokens().getFirst();
      if (trace.positions().size() != tokens.length) {
        throw MemoryException.everyPosition("Copy suppression");
      }
      Rows rows = new Rows.AfterFirst();
      int[] _ = rows.indices(tokens.length);
      try (Scope _ = Scope.open()) {
        Transport transport = Transport.of(model, trace);
        Tensor own = ownLogits(tokens);
        for (int layer = 0; layer < effects.size(); layer++) {
          read(layer, own, transport, rows);
          Tensor pattern = Wide.of(trace.get(new HookPoint.Pattern(layer)));
          Tensor elsewhere =
              pattern
                  .slice("key_pos", 1, tokens.length - 1L)
                  .sum("key_pos")
                  .rename("query_pos", "pos");
          add(attentions.get(layer), elsewhere, rows);
        }
        options.mechanism().ifPresent(head -> keepOnly(head, own, trace, rows));
      }
    }

    /// For each position what raises the logit of its token above the mean, `[key_pos, d_model]`.
    private Tensor ownLogits(int[] tokens) {
      Tensor unembedding = maps.unembedding();
      long last = unembedding.size("d_vocab") - 1;
      long[] ids = Arrays.stream(tokens).mapToLong(token -> Math.min(token, last)).toArray();
      Tensor rows =
          unembedding.take(
              "d_vocab", Tensor.of(ids, Shape.of("key_pos", ids.length)).to(unembedding.device()));
      return rows.minus(unembedding.mean("d_vocab"));
    }

    private void read(int layer, Tensor own, Transport transport, Rows rows) {
      HookPoint end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
      long length = own.size("key_pos");
      long heads = effects.get(layer).size();
      long chunk =
          Math.clamp(NUMBERS_AT_A_TIME / (heads * length * model.spec().dModel()), 1, length);
      Tensor sum =
          Tensor.zeros(Shape.of("head", heads, "pos", length), own.dtype()).to(own.device());
      for (long from = 1; from < length; from += chunk) {
        try (Scope inner = Scope.open()) {
          long count = Math.min(chunk, length - from);
          Tensor parts = transport.headWrites(layer, from, count);
          Tensor carried = transport.carried(parts, Site.attention(layer), end);
          Tensor logits =
              carried.times(own.slice("key_pos", from, count)).sum("d_model", "key_pos");
          sum = inner.keep(sum.plus(logits));
        }
      }
      add(effects.get(layer), transport.finalNorm().scale().map(sum::dividedBy).orElse(sum), rows);
    }

    private static void add(List<Sample> samples, Tensor values, Rows rows) {
      for (int head = 0; head < samples.size(); head++) {
        samples.get(head).add(rows.of(values.at("head", head)));
      }
    }

    /// Replaces what a head writes by what it takes from the logits of the tokens it looks at.
    private void keepOnly(Write.Head head, Tensor own, StreamTrace trace, Rows rows) {
      Tensor unit = own.dividedBy(own.norm("d_model"));
      var attention = model.spec().blocks().get(head.layer()).attention();
      long group = attention.nHeads() / attention.nKvHeads();
      Tensor values =
          Wide.of(trace.get(new HookPoint.Value(head.layer())))
              .at("kv_head", head.head() / group)
              .rename("pos", "key_pos");
      Tensor output =
          Wide.of(model.parameters().get("blocks.%d.attn.W_O".formatted(head.layer())))
              .at("head", head.head());
      Tensor reach = values.dot(output, "d_head").times(unit).sum("d_model");
      Tensor lowered = reach.minus(reach.relu()).order("key_pos");
      Tensor pattern =
          Wide.of(trace.get(new HookPoint.Pattern(head.layer()))).at("head", head.head());
      long length = own.size("key_pos");
      Tensor mechanism =
          pattern
              .slice("key_pos", 1, length - 1)
              .dot(unit.times(lowered).slice("key_pos", 1, length - 1), "key_pos")
              .rename("query_pos", "pos")
              .order("pos", "d_model");
      int[] tokens = trace.tokens().getFirst();
      Tensor clean = Wide.of(trace.logits()).logSoftmax("d_vocab");
      zeroed.add(rows.of(divergence(clean, replaced(tokens, head, mechanism.times(0)))));
      kept.add(rows.of(divergence(clean, replaced(tokens, head, mechanism))));
    }

    private Tensor replaced(int[] tokens, Write.Head head, Tensor result) {
      Target target =
          Target.at("blocks.%d.attn.hook_result".formatted(head.layer())).heads(head.head());
      Edits edits =
          Edits.of(model, new Edit(target, new Intervention.Replace(result.to(model.dtype()))));
      return Wide.of(model.logits(List.of(tokens), edits).at("batch", 0)).logSoftmax("d_vocab");
    }

    private static Tensor divergence(Tensor clean, Tensor other) {
      return clean.exp().times(clean.minus(other)).sum("d_vocab").order("pos");
    }

    // -------------------------------------------------------------- by weights

    /// What was found.
    public CopySuppression found() {
      List<Head> heads = new ArrayList<>();
      Source source = source();
      long[] tokens = drawn();
      try (Scope _ = Scope.open()) {
        Tensor rows = embedding(tokens);
        Tensor later = source == Source.EMBEDDING ? rows : afterFirstMlp(tokens);
        Tensor unembedding = maps.unembedding();
        for (int layer = 0; layer < effects.size(); layer++) {
          addHeads(layer, layer == 0 ? rows : later, tokens, unembedding, heads);
        }
      }
      return new CopySuppression(
          source,
          heads,
          options
              .mechanism()
              .filter(_ -> zeroed.estimate().count() > 0)
              .map(head -> new Mechanism(head.label(), zeroed.estimate(), kept.estimate())));
    }

    private Source source() {
      boolean alone =
          !model.pathway().mixesPositions()
              && model.spec().blocks().getFirst().hasMlp()
              && model.spec().blocks().getFirst().local().equals(LocalMixing.none());
      return alone ? Source.AFTER_FIRST_MLP : Source.EMBEDDING;
    }

    private long[] drawn() {
      long[] ids =
          IntStream.range(0, Math.min(model.spec().dVocab(), model.spec().dVocabOut()))
              .asLongStream()
              .toArray();
      for (int i = 0; i < Math.min(options.tokens(), ids.length - 1); i++) {
        int other = i + random.nextInt(ids.length - i);
        long swapped = ids[i];
        ids[i] = ids[other];
        ids[other] = swapped;
      }
      return Arrays.copyOf(ids, Math.min(ids.length, Math.max(1, options.tokens())));
    }

    /// `[token, d_model]`.
    private Tensor embedding(long[] tokens) {
      Tensor all = model.parameters().get("embed.W_E");
      Tensor ids = Tensor.of(tokens, Shape.of("token", tokens.length)).to(all.device());
      return Wide.of(all.take("d_vocab", ids)).times(model.spec().embedScale());
    }

    /// Without attention and positions, each token of a run is alone.
    private Tensor afterFirstMlp(long[] tokens) {
      List<Edit> edits = new ArrayList<>();
      edits.add(Edit.at("blocks.0.attn.hook_z", new Intervention.Ablate.Zero()));
      if (model.hookPoints().contains(new HookPoint.PosEmbed())) {
        edits.add(Edit.at("hook_pos_embed", new Intervention.Ablate.Zero()));
      }
      Edits alone = Edits.of(model, edits);
      Capture capture = Capture.of(new HookPoint.ResidPost(0)).withoutLogits();
      int chunk = Math.toIntExact(Math.min(1024, model.spec().longestText()));
      List<Tensor> rows = new ArrayList<>();
      for (int from = 0; from < tokens.length; from += chunk) {
        int[] some =
            Arrays.stream(tokens, from, Math.min(tokens.length, from + chunk))
                .mapToInt(Math::toIntExact)
                .toArray();
        try (StreamTrace trace = model.trace(List.of(some), capture, alone)) {
          rows.add(Wide.of(trace.get(new HookPoint.ResidPost(0))).copy().rename("pos", "token"));
        }
      }
      return Tensor.concat("token", rows);
    }

    private void addHeads(
        int layer, Tensor rows, long[] tokens, Tensor unembedding, List<Head> heads) {
      Optional<Tensor> reads = maps.valueReads(layer);
      Tensor writes = maps.headWrites(layer);
      for (int head = 0; head < effects.get(layer).size(); head++) {
        Sample lowest = new Sample();
        Sample rank = new Sample();
        if (reads.isPresent()) {
          Tensor read = rows.dot(reads.get().at("head", head), "d_model");
          addRanks(read.dot(writes.at("head", head), "d_head"), tokens, unembedding, lowest, rank);
        }
        heads.add(
            new Head(
                layer,
                head,
                lowest.estimate(),
                rank.estimate(),
                effects.get(layer).get(head).estimate(),
                attentions.get(layer).get(head).estimate()));
      }
    }

    /// @param written what the head writes of each token, `[token, d_model]`
    private void addRanks(
        Tensor written, long[] tokens, Tensor unembedding, Sample lowest, Sample rank) {
      long vocab = unembedding.size("d_vocab");
      int chunk = Math.toIntExact(Math.clamp(NUMBERS_AT_A_TIME / vocab, 1, tokens.length));
      double[] ranks = new double[tokens.length];
      for (int from = 0; from < tokens.length; from += chunk) {
        int count = Math.min(chunk, tokens.length - from);
        try (Scope _ = Scope.open()) {
          Tensor scores =
              written
                  .slice("token", from, count)
                  .dot(unembedding, "d_model")
                  .order("token", "d_vocab");
          long[] ids = Arrays.copyOfRange(tokens, from, from + count);
          Tensor own =
              scores.pick(
                  "d_vocab",
                  Tensor.of(ids, Shape.of(new Axis("token", count))).to(scores.device()));
          // What is not higher, but for the token itself.
          double[] found = scores.atMost(own).to(DType.FLOAT32).sum("d_vocab").plus(-1).toDoubles();
          System.arraycopy(found, 0, ranks, from, count);
        }
      }
      lowest.add(Arrays.stream(ranks).map(r -> r < options.lowest() ? 1 : 0).toArray());
      rank.add(Arrays.stream(ranks).map(r -> r / Math.max(1, vocab - 1)).toArray());
    }
  }

  // ---------------------------------------------------------------- what it says

  /// What stood for a token in the OV circuits after the first block.
  public Source source() {
    return source;
  }

  /// Every head, block by block.
  public List<Head> heads() {
    return heads;
  }

  /// How much of the head that was asked for is its copy suppression; empty without a text.
  public Optional<Mechanism> mechanism() {
    return mechanism;
  }

  /// The heads with the largest share of tokens whose own logit is among the lowest, that first.
  ///
  /// @param count how many at most
  public List<Head> most(int count) {
    return heads.stream()
        .filter(head -> head.lowest().count() > 0)
        .sorted(Comparator.comparingDouble((Head head) -> head.lowest().mean()).reversed())
        .limit(count)
        .toList();
  }
}
