package dev.weir.readout;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Who wrote a logit: what each part of the stream adds to it, with the final norm's scale of the
/// run frozen (Elhage et al. 2021; Wang et al. 2022, arXiv:2211.00593). The parts and the constant
/// add up to the logit, exactly; where logits are capped, to the logit before the cap. [#addsUp]
/// says whether they do: not where the scale is taken anew for each part, and not where somebody
/// changed the stream itself.
public final class DirectLogitAttribution {
  private static final Pattern OF_ATTENTION = Pattern.compile("L(\\d+)H\\d+|(\\d+)_attn_bias");

  private final Question question;
  private final List<Integer> positions;
  private final int[] tokens;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final List<Neurons> neurons = new ArrayList<>();
  private final double[] constants;
  private final double[] logits;
  private final Scale scale;
  private final double precision;

  private DirectLogitAttribution(
      LogitQuestion asked,
      Scale scale,
      List<Integer> positions,
      double[] logits,
      double precision) {
    this.question = asked.question();
    this.scale = scale;
    this.positions = positions;
    this.tokens = asked.tokens();
    this.constants = asked.constants();
    this.logits = logits;
    this.precision = precision;
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

  /// How a part is brought to size.
  public enum Scale {
    /// By the final norm's scale of the run: the parts add up.
    FROZEN,
    /// By the scale that the norm would have for the part alone: the parts do not add up. It is
    /// here to show by how much.
    OF_EACH_PART
  }

  /// What a part is.
  public enum Kind {
    /// The token's embedding.
    EMBED,
    /// The position's embedding.
    POS_EMBED,
    /// A local mixer before attention.
    LOCAL,
    /// All of a block's attention, its output bias included.
    ATTENTION,
    /// An attention head; a part of [#ATTENTION].
    HEAD,
    /// One source token through a head; a part of [#HEAD].
    SOURCE,
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

  /// What a run must keep for [#sources]; every position is needed.
  public static Capture captureSources() {
    return capture().and("blocks.*.attn.hook_pattern", "blocks.*.attn.hook_v");
  }

  /// The attribution of a run of one text, at every kept position.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param question what is attributed
  public static DirectLogitAttribution of(Transformer model, StreamTrace trace, Question question) {
    return of(model, trace, question, Scale.FROZEN);
  }

  /// The same with the scale taken either way.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param question what is attributed
  /// @param scale how parts are brought to size
  public static DirectLogitAttribution of(
      Transformer model, StreamTrace trace, Question question, Scale scale) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Direct logit attribution", model, trace);
      FrozenNorm norm = writes.finalNorm();
      LogitQuestion asked = LogitQuestion.of(model, trace, question, norm);
      Tensor direction = norm.before(asked.readout());
      DirectLogitAttribution result =
          new DirectLogitAttribution(
              asked,
              scale,
              trace.positions(),
              logits(writes, direction, asked),
              precision(model.dtype()));
      switch (scale) {
        case FROZEN -> result.attribute(new Along(writes, direction, writes.end()));
        case OF_EACH_PART -> result.attributeAlone(writes, norm.norm(), asked.readout());
      }
      return result;
    }
  }

  /// What each source token adds through each head at one position; with attention's biases they
  /// add up to the heads' parts. Labels are `L3H2<-5`: what head 2 of block 3 brought from position
  /// 5.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#captureSources] names
  /// @param question what is attributed
  /// @param index index of the position
  public static List<Part> sources(
      Transformer model, StreamTrace trace, Question question, int index) {
    try (Scope _ = Scope.open()) {
      Writes writes = new Writes("Direct logit attribution", model, trace);
      writes.requirePosition(index);
      FrozenNorm norm = writes.finalNorm();
      LogitQuestion asked = LogitQuestion.of(model, trace, question, norm);
      return Along.sources(writes, norm.before(asked.readout()), writes.end(), index);
    }
  }

  /// How far a sum may be off, for the size of what is summed: some hundred parts, each rounded,
  /// and what the model itself rounds on the way. Half precision rounds the stream after each
  /// write, by 4e-3 at most.
  private static double precision(DType dtype) {
    return switch (dtype.bytes()) {
      case 8 -> 1e-10;
      case 4 -> 1e-4;
      default -> 3e-2;
    };
  }

  /// What the model itself says, before any cap: read from the stream at the end and not from
  /// parts.
  private static double[] logits(Writes writes, Tensor direction, LogitQuestion asked) {
    double[] logits = writes.last().times(direction).sum("d_model").toDoubles();
    for (int i = 0; i < logits.length; i++) {
      logits[i] += asked.constants()[i];
    }
    return logits;
  }

  /// Projects every write on the direction, before any is materialised.
  private void attribute(Along along) {
    along.each(this::put);
    for (int layer : along.mlps()) {
      Tensor scores = along.neurons(layer);
      neurons.add(new Neurons(layer, Math.toIntExact(scores.size("d_mlp")), scores.toDoubles()));
    }
  }

  /// Norms every part by itself.
  private void attributeAlone(Writes writes, Norm norm, Tensor readout) {
    List<FrozenPathway.Place> end = List.of(writes.end());
    writes.forEach(
        Contributions.Level.HEAD,
        1,
        batch ->
            writes
                .pathway()
                .carry(
                    batch.parts(),
                    batch.origins(),
                    end,
                    (_, _, part) -> {
                      FrozenNorm own = new FrozenNorm(norm, Optional.of(norm.scale(part)));
                      Tensor normed = norm instanceof Norm.NoNorm ? part : own.applied(part);
                      Tensor scores = normed.times(readout).sum("d_model");
                      for (int w = 0; w < batch.writers().size(); w++) {
                        Contributions.Writer writer = batch.writers().get(w);
                        put(writer.kind(), writer.label(), scores.at("writer", w).toDoubles());
                      }
                    }));
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

  /// The same with the heads of each block and its attention's bias as one part, `3_attn_out`.
  ///
  /// @param index index of the position
  public List<Part> layers(int index) {
    Map<String, Part> layers = new LinkedHashMap<>();
    for (Part part : parts(index)) {
      Part whole = ofLayer(part);
      layers.merge(
          whole.label(), whole, (a, b) -> new Part(a.kind(), a.label(), a.score() + b.score()));
    }
    return List.copyOf(layers.values());
  }

  private static Part ofLayer(Part part) {
    Matcher attention = OF_ATTENTION.matcher(part.label());
    return attention.matches()
        ? new Part(Kind.ATTENTION, attention.replaceFirst("$1$2_attn_out"), part.score())
        : part;
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

  /// The same with the neurons of each MLP in its place, and `3_mlp_bias` for what it writes beside
  /// them.
  ///
  /// @param index index of the position
  public List<Part> withNeurons(int index) {
    List<Part> all = new ArrayList<>();
    for (Part part : parts(index)) {
      if (part.kind() == Kind.MLP) {
        int layer = Integer.parseInt(part.label().replace("_mlp_out", ""));
        List<Part> own = neurons(layer, index);
        double rest = part.score() - own.stream().mapToDouble(Part::score).sum();
        all.addAll(own);
        all.add(new Part(Kind.BIAS, layer + "_mlp_bias", rest));
      } else {
        all.add(part);
      }
    }
    return List.copyOf(all);
  }

  private static Stream<Part> parts(Neurons block, int at) {
    return IntStream.range(0, block.count())
        .mapToObj(neuron ->
            new Part(
                Kind.NEURON,
                WriterLabels.neuron(block.layer(), neuron),
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

  /// The logit, or the difference of logits, as the model itself has it, before any cap.
  ///
  /// @param index index of the position
  public double logit(int index) {
    return logits[checked(index)];
  }

  /// How far the parts are from adding up to [#logit].
  ///
  /// @param index index of the position
  public double gap(int index) {
    return total(index) - logit(index);
  }

  /// Whether the parts add up to the logit, as far as the run's precision goes. Where they do not,
  /// no part can be said to have added what it scores.
  ///
  /// @param index index of the position
  public boolean addsUp(int index) {
    double size = parts(index).stream().mapToDouble(part -> Math.abs(part.score())).sum();
    return Math.abs(gap(index)) <= precision * size;
  }

  /// How parts were brought to size.
  public Scale scale() {
    return scale;
  }

  private int checked(int index) {
    if (index < 0 || index >= positions.size()) {
      throw ReadoutException.noSuchPosition(index, positions.size());
    }
    return index;
  }

  // ---------------------------------------------------------------- over many texts

  /// The mean of each part over texts, with its interval. Holds numbers for one text, whatever the
  /// number of texts.
  public static final class Mean {
    private final Map<String, Sum> sums = new LinkedHashMap<>();
    private final Estimate.Running total = new Estimate.Running();

    private record Sum(Kind kind, Estimate.Running score) {}

    /// A part over all texts.
    ///
    /// @param kind what it is
    /// @param label its name
    /// @param score what it adds
    public record MeanPart(Kind kind, String label, Estimate score) {}

    /// Takes one more text.
    ///
    /// @param parts its parts at the position that counts
    public void add(List<Part> parts) {
      parts.forEach(part ->
          sums.computeIfAbsent(part.label(), _ -> new Sum(part.kind(), new Estimate.Running()))
              .score()
              .add(part.score()));
      total.add(parts.stream().mapToDouble(Part::score).sum());
    }

    /// Every part, in the order it first came in.
    public List<MeanPart> parts() {
      return sums.entrySet().stream()
          .map(sum ->
              new MeanPart(sum.getValue().kind(), sum.getKey(), sum.getValue().score().estimate()))
          .toList();
    }

    /// The sum of all parts.
    public Estimate total() {
      return total.estimate();
    }
  }
}
