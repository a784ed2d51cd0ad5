package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.pathway.DeepDelta;
import dev.weir.pathway.Past;
import dev.weir.pathway.ResidualPathway;
import dev.weir.pathway.Routing;
import dev.weir.readout.Estimate;
import dev.weir.readout.Transport;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// What Deep Delta Learning does with its gate, target and direction in real texts: how strong the
/// gate `β` is and how often it reflects, how far the stream is from the target before and after a
/// write, how much of the stream is erased, and which directions are overwritten (Zhang 2026,
/// arXiv:2601.00417, whose own evaluation has none of these).
public final class DeltaAudit {
  private static final int BINS = 20;
  private static final int NUMBERS_KEPT = 1 << 14;
  private static final int DIRECTIONS = 3;
  private static final int TOKENS = 5;

  private final DeepDelta pathway;
  private final List<SiteAudit> sites;

  private DeltaAudit(DeepDelta pathway, List<SiteAudit> sites) {
    this.pathway = pathway;
    this.sites = List.copyOf(sites);
  }

  /// The gate at some tokens.
  ///
  /// @param beta its mean with an interval
  /// @param spread its quartiles
  /// @param reflected the share of positions with `β > 1`, where the sign of what lies along `k` is
  ///   turned
  public record Gate(Estimate beta, Quartiles spread, Estimate reflected) {}

  /// A token and what a direction adds to its logit.
  ///
  /// @param token its id
  /// @param logit of the direction as a unit vector, the final norm's scale left out
  public record Token(int token, double logit) {}

  /// A direction that a site writes along and erases.
  ///
  /// @param share how much of the directions `k` of all positions, weighted by `β`, lies along it
  /// @param along the tokens whose logits it raises most
  /// @param against the same for the opposite direction
  public record Overwritten(double share, List<Token> along, List<Token> against) {
    public Overwritten {
      along = List.copyOf(along);
      against = List.copyOf(against);
    }
  }

  /// One site. Discrepancies are lengths over the channels of `kᵀX − vᵀ`; amounts are projection
  /// ratios with the state before the write.
  ///
  /// @param site who writes
  /// @param gate over all positions
  /// @param classes the same for each class of tokens that occurred
  /// @param histogram how many positions have a `β` in each twentieth of 0 to 2
  /// @param before the discrepancy `e_pre` before the write
  /// @param after the discrepancy `e_post` after it
  /// @param target length of `v`
  /// @param erased `⟨−β k kᵀX, X⟩ / ‖X‖²`, never above 0; 0 where the update only writes
  /// @param written `⟨β k vᵀ, X⟩ / ‖X‖²`
  /// @param overwritten the largest directions of `k` over all positions
  public record SiteAudit(
      Site site,
      Gate gate,
      Map<TokenClass, Gate> classes,
      List<Long> histogram,
      Estimate before,
      Estimate after,
      Estimate target,
      Estimate erased,
      Estimate written,
      List<Overwritten> overwritten) {
    public SiteAudit {
      histogram = List.copyOf(histogram);
      overwritten = List.copyOf(overwritten);
    }

    /// Its name, as `0_mlp`.
    public String label() {
      return WriterLabels.write(site).replace("_out", "");
    }
  }

  /// What a run must keep.
  public static Capture capture() {
    return Transport.capture().withoutLogits();
  }

  /// Of one run.
  ///
  /// @param model a model on the pathway
  /// @param trace a run of one text that kept what [#capture] names
  /// @param word a token as it stands in a text
  /// @param bos the token that begins a sequence; another first token counts by its text
  public static DeltaAudit of(
      Transformer model, StreamTrace trace, IntFunction<String> word, int bos) {
    Reader reader = reader(model, word, bos);
    reader.read(trace);
    return reader.found();
  }

  /// Of many runs, one by one.
  ///
  /// @param model a model on the pathway
  /// @param word a token as it stands in a text
  /// @param bos the token that begins a sequence, or -1 if there is none
  /// @throws MemoryException on any other pathway, where there is no gate, direction or target
  public static Reader reader(Transformer model, IntFunction<String> word, int bos) {
    if (model.spec().pathway() instanceof DeepDelta delta
        && delta.update() != DeepDelta.Update.ADDITIVE) {
      return new Reader(model, delta, word, bos);
    }
    throw MemoryException.noDelta(model.spec().pathway().toString());
  }

  /// Reads runs one by one; its memory grows with the model alone.
  public static final class Reader {
    private final Transformer model;
    private final DeepDelta delta;
    private final IntFunction<String> word;
    private final int bos;
    private final Map<Site, Tally> tallies = new LinkedHashMap<>();

    private Reader(Transformer model, DeepDelta delta, IntFunction<String> word, int bos) {
      this.model = model;
      this.delta = delta;
      this.word = word;
      this.bos = bos;
    }

    /// Reads a run.
    ///
    /// @param trace a run of one text that kept what [DeltaAudit#capture] names
    public void read(StreamTrace trace) {
      if (trace.positions().size() != trace.tokens().getFirst().length) {
        throw MemoryException.everyPosition("A delta audit");
      }
      try (Scope _ = Scope.open()) {
        replay(
            delta.over(model.spec().depth(), name -> Wide.of(model.parameters().get(name))), trace);
      }
    }

    /// The state is not a hook point where there are several channels, so it is written once more.
    private <S> void replay(ResidualPathway<S> over, StreamTrace trace) {
      Transport transport = Transport.of(model, trace);
      TokenClass[] classes = classes(trace.tokens().getFirst());
      S stream = over.open(transport.embedded(), Past.none());
      for (Site site : transport.sites()) {
        Routing routing = routing(site, trace);
        S next = over.write(stream, site, routing, transport.written(site));
        try (Scope _ = Scope.open()) {
          tallies
              .computeIfAbsent(site, _ -> new Tally(model.spec().dModel()))
              .add(routing, channels(over, stream), channels(over, next), delta.update(), classes);
        }
        stream = next;
      }
    }

    private TokenClass[] classes(int[] tokens) {
      return Arrays.stream(tokens)
          .mapToObj(token -> TokenClass.of(word.apply(token), token == bos))
          .toArray(TokenClass[]::new);
    }

    private static Routing routing(Site site, StreamTrace trace) {
      Routing routing = Routing.none();
      for (String name : List.of("beta", "k", "v", "gain")) {
        HookPoint point = new HookPoint.Route(site, HookPoint.Moment.WRITE, name);
        routing = routing.and(name, Wide.of(trace.get(point)));
      }
      return routing;
    }

    /// The state, `[channel, pos, d_model]`.
    private static <S> Tensor channels(ResidualPathway<S> over, S stream) {
      List<Tensor> channels = new ArrayList<>();
      S _ =
          over.map(
              stream,
              channel -> {
                channels.add(channel);
                return channel;
              });
      return Tensor.stack("channel", channels);
    }

    /// What was found.
    ///
    /// @throws MemoryException if nothing was read
    public DeltaAudit found() {
      if (tallies.isEmpty()) {
        throw MemoryException.nothingRead();
      }
      List<SiteAudit> audits = new ArrayList<>();
      try (Scope _ = Scope.open()) {
        Tensor unembedding = new FoldedMaps(model).unembedding();
        tallies.forEach((site, tally) -> audits.add(tally.audit(site, unembedding)));
      }
      return new DeltaAudit(delta, audits);
    }
  }

  /// The samples of one gate.
  private static final class GateTally {
    private final Sample betas = new Sample();
    private final Sample reflected = new Sample();
    private final Spread spread = new Spread(NUMBERS_KEPT);

    void add(double[] values) {
      betas.add(values);
      reflected.add(Arrays.stream(values).map(b -> b > 1 ? 1 : 0).toArray());
      Arrays.stream(values).forEach(spread::add);
    }

    Gate gate() {
      return new Gate(betas.estimate(), spread.quartiles(), reflected.estimate());
    }
  }

  /// The samples of one site.
  private static final class Tally {
    private final GateTally all = new GateTally();
    private final Map<TokenClass, GateTally> classes = new EnumMap<>(TokenClass.class);
    private final long[] histogram = new long[BINS];
    private final Sample before = new Sample();
    private final Sample after = new Sample();
    private final Sample target = new Sample();
    private final Sample erased = new Sample();
    private final Sample written = new Sample();
    private final int dModel;
    private final double[] moments;

    Tally(int dModel) {
      this.dModel = dModel;
      this.moments = new double[dModel * dModel];
    }

    /// @param routing `β [pos]`, `k [pos, d_model]`, `v [pos, channel]`
    /// @param x the state before the write, `[channel, pos, d_model]`
    /// @param next the state after it, same shape
    void add(Routing routing, Tensor x, Tensor next, DeepDelta.Update update, TokenClass[] tokens) {
      Tensor beta = routing.get("beta");
      Tensor k = routing.get("k");
      Tensor v = routing.get("v");
      addGate(beta.toDoubles(), tokens);
      Tensor along = along(x, k);
      before.add(length(along.minus(v)));
      after.add(length(along(next, k).minus(v)));
      target.add(length(v));
      Tensor whole = x.square().sum("channel", "d_model");
      Tensor taken = along.square().sum("channel").times(beta).times(-1).dividedBy(whole);
      erased.add(
          (update == DeepDelta.Update.DELTA ? taken : taken.times(0)).order("pos").toDoubles());
      written.add(
          along.times(v).sum("channel").times(beta).dividedBy(whole).order("pos").toDoubles());
      addMoments(k, beta);
    }

    private static Tensor along(Tensor x, Tensor k) {
      return x.times(k).sum("d_model").order("pos", "channel");
    }

    private static double[] length(Tensor discrepancy) {
      return discrepancy.norm("channel").toDoubles();
    }

    private void addGate(double[] betas, TokenClass[] tokens) {
      all.add(betas);
      for (double beta : betas) {
        histogram[Math.clamp((long) (beta / 2 * BINS), 0, BINS - 1)]++;
      }
      for (TokenClass one : TokenClass.values()) {
        double[] own =
            IntStream.range(0, betas.length)
                .filter(i -> tokens[i] == one)
                .mapToDouble(i -> betas[i])
                .toArray();
        if (own.length > 0) {
          classes.computeIfAbsent(one, _ -> new GateTally()).add(own);
        }
      }
    }

    /// `Σ β k kᵀ`.
    private void addMoments(Tensor k, Tensor beta) {
      double[] more =
          k.times(beta).dot(k.rename("d_model", "to"), "pos").order("d_model", "to").toDoubles();
      for (int i = 0; i < more.length; i++) {
        moments[i] += more[i];
      }
    }

    SiteAudit audit(Site site, Tensor unembedding) {
      Map<TokenClass, Gate> gates = new EnumMap<>(TokenClass.class);
      classes.forEach((one, tally) -> gates.put(one, tally.gate()));
      return new SiteAudit(
          site,
          all.gate(),
          gates,
          Arrays.stream(histogram).boxed().toList(),
          before.estimate(),
          after.estimate(),
          target.estimate(),
          erased.estimate(),
          written.estimate(),
          overwritten(unembedding));
    }

    private List<Overwritten> overwritten(Tensor unembedding) {
      Tensor second = Tensor.of(moments, Shape.of("d_model", dModel, "to", dModel));
      var eigen = LinearAlgebra.symmetricEigen(second, "d_model", "to");
      double total = eigen.values().sum().item();
      List<Overwritten> found = new ArrayList<>();
      for (int i = 1; i <= Math.min(DIRECTIONS, dModel); i++) {
        Tensor direction = eigen.vectors().at("eigen", dModel - i);
        Tensor logits =
            unembedding.dot(direction.to(unembedding.dtype()).to(unembedding.device()), "d_model");
        found.add(
            new Overwritten(
                eigen.values().at("eigen", dModel - i).item() / total,
                top(logits),
                top(logits.times(-1))));
      }
      return found;
    }

    private static List<Token> top(Tensor logits) {
      int k = (int) Math.min(TOKENS, logits.size("d_vocab"));
      Tensor.TopK top = logits.topK(k, "d_vocab");
      long[] ids = top.indices().toLongs();
      double[] scores = top.values().toDoubles();
      return IntStream.range(0, k)
          .mapToObj(i -> new Token(Math.toIntExact(ids[i]), scores[i]))
          .toList();
    }
  }

  // ---------------------------------------------------------------- what it says

  /// The pathway's settings.
  public DeepDelta pathway() {
    return pathway;
  }

  /// Every site, first to last.
  public List<SiteAudit> sites() {
    return sites;
  }
}
