package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Who wrote a logit: what each part of the stream adds to it, with the final norm's scale of the
/// run frozen (Elhage et al. 2021; Wang et al. 2022, arXiv:2211.00593). The parts and the constant
/// add up to the logit, exactly; where logits are capped, to the logit before the cap.
public final class DirectLogitAttribution {
  private final Question question;
  private final List<Integer> positions;
  private final int[] tokens;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final List<Neurons> neurons = new ArrayList<>();
  private final double[] constants;

  private DirectLogitAttribution(
      Question question, List<Integer> positions, int[] tokens, double[] constants) {
    this.question = question;
    this.positions = positions;
    this.tokens = tokens;
    this.constants = constants;
  }

  @SuppressWarnings("ArrayRecordComponent") // Never leaves this class.
  private record Row(Kind kind, double[] scores) {}

  @SuppressWarnings("ArrayRecordComponent") // Never leaves this class.
  private record Neurons(int layer, int count, double[] scores) {}

  /// What is attributed.
  public sealed interface Question {

    /// The logit of the token that the model finds likeliest, position by position.
    record TopToken() implements Question {}

    /// The logit of one token.
    ///
    /// @param token its id
    record Token(int token) implements Question {}

    /// The logit of one token less that of another.
    ///
    /// @param token its id
    /// @param other the other's
    record Difference(int token, int other) implements Question {}

    /// The logit of one token less the mean over the vocabulary.
    ///
    /// @param token its id
    record AboveMean(int token) implements Question {}
  }

  /// What a part is.
  public enum Kind {
    /// The token's embedding.
    EMBED,
    /// The position's embedding.
    POS_EMBED,
    /// A local mixer before attention.
    LOCAL,
    /// An attention head.
    HEAD,
    /// A whole MLP, its output bias included.
    MLP,
    /// One neuron of an MLP; a part of [#MLP].
    NEURON,
    /// What attention or the pathway writes whatever the text.
    BIAS,
    /// What the final norm and the unembedding add.
    CONSTANT
  }

  /// A part and what it adds.
  ///
  /// @param kind what it is
  /// @param label for instance `embed`, `L3H2`, `3_mlp_out`, `L3N140`, `3_attn_bias`, `constant`
  /// @param score in units of the logit
  public record Part(Kind kind, String label, double score) {}

  /// What a run must keep; with [Question.TopToken] also the logits.
  public static Capture capture() {
    return Capture.matching(
        "hook_embed",
        "hook_pos_embed?",
        "blocks.*.hook_resid_post",
        "blocks.*.hook_attn_out",
        "blocks.*.hook_mlp_out?",
        "blocks.*.hook_local_out?",
        "*_read.hook_*?",
        "*_write.hook_*?",
        "blocks.*.attn.hook_z",
        "blocks.*.mlp.hook_post?",
        "blocks.*.ln1_post.hook_scale?",
        "blocks.*.ln2_post.hook_scale?");
  }

  /// The attribution of a run of one text, at every kept position.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param question what is attributed
  public static DirectLogitAttribution of(Transformer model, StreamTrace trace, Question question) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Direct logit attribution", model, trace);
      int[] tokens = tokens(model, trace, question);
      Tensor readout = readout(model, question, tokens);
      FrozenNorm norm = writes.finalNorm();
      DirectLogitAttribution result =
          new DirectLogitAttribution(
              question,
              trace.positions(),
              tokens,
              constants(model, question, norm, readout, tokens));
      result.attribute(writes, norm.before(readout));
      return result;
    }
  }

  private static int[] tokens(Transformer model, StreamTrace trace, Question question) {
    int count = trace.positions().size();
    return switch (question) {
      case Question.TopToken() -> {
        long[] top = trace.logits().argmax("d_vocab").toLongs();
        yield Arrays.stream(top).mapToInt(Math::toIntExact).toArray();
      }
      case Question.Token(int token) -> same(model, token, count);
      case Question.Difference(int token, int other) -> {
        int[] _ = same(model, other, count);
        yield same(model, token, count);
      }
      case Question.AboveMean(int token) -> same(model, token, count);
    };
  }

  private static int[] same(Transformer model, int token, int count) {
    int dVocab = model.spec().dVocabOut();
    if (token < 0 || token >= dVocab) {
      throw ReadoutException.tokenOutside(token, dVocab);
    }
    int[] tokens = new int[count];
    Arrays.fill(tokens, token);
    return tokens;
  }

  /// Along which direction of what the final norm gives the question is read, `[pos, d_model]`.
  private static Tensor readout(Transformer model, Question question, int[] tokens) {
    Tensor unembedding = model.unembedding();
    Tensor own = columns(unembedding, tokens);
    return switch (question) {
      case Question.TopToken _, Question.Token _ -> own;
      case Question.Difference(int _, int other) ->
          own.minus(columns(unembedding, same(model, other, tokens.length)));
      case Question.AboveMean _ -> own.minus(Wide.of(unembedding.mean("d_vocab")));
    };
  }

  private static Tensor columns(Tensor unembedding, int[] tokens) {
    return Wide.of(unembedding.take("d_vocab", ids(tokens, unembedding))).order("pos", "d_model");
  }

  private static Tensor ids(int[] tokens, Tensor like) {
    long[] ids = Arrays.stream(tokens).asLongStream().toArray();
    return Tensor.of(ids, Shape.of(new Axis("pos", ids.length))).to(like.device());
  }

  private static double[] constants(
      Transformer model, Question question, FrozenNorm norm, Tensor readout, int[] tokens) {
    double[] shift =
        norm.shift()
            .map(bias -> readout.times(bias).sum("d_model").toDoubles())
            .orElseGet(() -> new double[tokens.length]);
    model
        .parameters()
        .find("unembed.b_U")
        .ifPresent(bias -> addBias(shift, bias.toDoubles(), question, tokens));
    return shift;
  }

  private static void addBias(double[] shift, double[] bias, Question question, int[] tokens) {
    double against =
        switch (question) {
          case Question.TopToken _, Question.Token _ -> 0;
          case Question.Difference(int _, int other) -> bias[other];
          case Question.AboveMean _ -> Arrays.stream(bias).average().orElse(0);
        };
    for (int i = 0; i < shift.length; i++) {
      shift[i] += bias[tokens[i]] - against;
    }
  }

  /// Projects every write on the direction, before any is materialised.
  ///
  /// @param direction in the stream after the last block, `[pos, d_model]`
  private void attribute(Writes writes, Tensor direction) {
    FrozenPathway<?> pathway = writes.pathway();
    Adjoint adjoint = new Adjoint(pathway, direction);
    put(Kind.EMBED, "embed", along(writes.embed(), adjoint, 0));
    writes.posEmbed().ifPresent(rows -> put(Kind.POS_EMBED, "pos_embed", along(rows, adjoint, 0)));
    for (int i = 0; i < writes.sites().size(); i++) {
      Site site = writes.sites().get(i);
      switch (site.sublayer()) {
        case LOCAL ->
            put(Kind.LOCAL, Decomposition.label(site), along(writes.written(site), adjoint, i + 1));
        case ATTENTION -> attributeHeads(writes, site, adjoint, i + 1);
        case MLP -> attributeMlp(writes, site, adjoint, i + 1);
        case UNEMBED -> {}
      }
      attributeConstant(pathway, direction, i, site, writes.sites().size());
    }
  }

  private void attributeConstant(
      FrozenPathway<?> pathway, Tensor direction, int index, Site site, int end) {
    pathway
        .constant(index)
        .map(c -> c.repeat(direction.shape().axis("pos")))
        .map(c -> pathway.constantCarried(Wide.of(c), index, FrozenPathway.Place.resid(end)))
        .ifPresent(c ->
            put(
                Kind.BIAS,
                Decomposition.label(site).replace("_out", "_pathway_bias"),
                c.times(direction).sum("d_model").toDoubles()));
  }

  private void attributeHeads(Writes writes, Site site, Adjoint adjoint, int write) {
    Tensor scores =
        adjoint.scores(write, here -> writes.headScores(site.layer(), here)).order("head", "pos");
    double[] all = scores.toDoubles();
    int count = positions.size();
    for (int head = 0; head < scores.size("head"); head++) {
      put(
          Kind.HEAD,
          "L%dH%d".formatted(site.layer(), head),
          Arrays.copyOfRange(all, head * count, (head + 1) * count));
    }
    writes
        .bias(site)
        .ifPresent(
            bias -> put(Kind.BIAS, site.layer() + "_attn_bias", along(bias, adjoint, write)));
  }

  private void attributeMlp(Writes writes, Site site, Adjoint adjoint, int write) {
    put(Kind.MLP, Decomposition.label(site), along(writes.written(site), adjoint, write));
    int count = writes.spec().blocks().get(site.layer()).mlp().neurons();
    Tensor scores =
        adjoint
            .scores(write, here -> writes.neuronScores(site.layer(), here))
            .order("pos", "d_mlp");
    neurons.add(new Neurons(site.layer(), count, scores.toDoubles()));
  }

  private static double[] along(Tensor part, Adjoint adjoint, int write) {
    return adjoint.scores(write, here -> part.times(here).sum("d_model")).toDoubles();
  }

  private void put(Kind kind, String label, double[] scores) {
    rows.put(label, new Row(kind, scores));
  }

  // ---------------------------------------------------------------- what it says

  /// What was attributed.
  public Question question() {
    return question;
  }

  /// The positions of the text, in the order of the index that the methods here take.
  public List<Integer> positions() {
    return positions;
  }

  /// The token whose logit is attributed.
  ///
  /// @param index index of the position
  public int token(int index) {
    return tokens[checked(index)];
  }

  /// Every part that counts once: embeddings, heads, MLPs, biases and the constant. They add up to
  /// [#total].
  ///
  /// @param index index of the position
  public List<Part> parts(int index) {
    int at = checked(index);
    return Stream.concat(
            rows.entrySet().stream()
                .map(row ->
                    new Part(row.getValue().kind(), row.getKey(), row.getValue().scores()[at])),
            Stream.of(new Part(Kind.CONSTANT, "constant", constants[at])))
        .collect(Collectors.toUnmodifiableList());
  }

  /// The neurons of one block; with the MLP's output bias they add up to its MLP's part.
  ///
  /// @param layer the block
  /// @param index index of the position
  public List<Part> neurons(int layer, int index) {
    int at = checked(index);
    return neurons.stream()
        .filter(block -> block.layer() == layer)
        .flatMap(block -> parts(block, at))
        .toList();
  }

  private static Stream<Part> parts(Neurons block, int at) {
    return IntStream.range(0, block.count())
        .mapToObj(neuron ->
            new Part(
                Kind.NEURON,
                "L%dN%d".formatted(block.layer(), neuron),
                block.scores()[at * block.count() + neuron]));
  }

  /// The parts that write most for the answer: embeddings, heads, MLPs and single neurons, the
  /// largest score first. A neuron counts here beside its MLP.
  ///
  /// @param n how many
  /// @param index index of the position
  public List<Part> top(int n, int index) {
    return candidates(n, index, Comparator.comparingDouble(Part::score).reversed());
  }

  /// The parts that write most against the answer, the most negative score first.
  ///
  /// @param n how many
  /// @param index index of the position
  public List<Part> bottom(int n, int index) {
    return candidates(n, index, Comparator.comparingDouble(Part::score));
  }

  private List<Part> candidates(int n, int index, Comparator<Part> order) {
    int at = checked(index);
    return Stream.concat(
            parts(at).stream()
                .filter(part -> part.kind() != Kind.BIAS && part.kind() != Kind.CONSTANT),
            neurons.stream().flatMap(block -> parts(block, at)))
        .sorted(order)
        .limit(n)
        .toList();
  }

  /// What one part adds.
  ///
  /// @param label its label
  /// @param index index of the position
  public double score(String label, int index) {
    Row row = rows.get(label);
    if (row == null) {
      throw ReadoutException.noSuchPart(label);
    }
    return row.scores()[checked(index)];
  }

  /// What the final norm's shift and the unembedding's bias add.
  ///
  /// @param index index of the position
  public double constant(int index) {
    return constants[checked(index)];
  }

  /// The logit, or the difference of logits, before any cap.
  ///
  /// @param index index of the position
  public double total(int index) {
    return parts(index).stream().mapToDouble(Part::score).sum();
  }

  private int checked(int index) {
    if (index < 0 || index >= positions.size()) {
      throw ReadoutException.noSuchPosition(index, positions.size());
    }
    return index;
  }
}
