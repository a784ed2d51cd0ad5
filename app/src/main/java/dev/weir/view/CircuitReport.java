package dev.weir.view;

import dev.weir.readout.Estimate;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.Composition;
import dev.weir.readout.circuit.HeadDetectors;
import dev.weir.readout.circuit.HeadDetectors.Detector;
import dev.weir.readout.circuit.PathExpansion;
import dev.weir.readout.circuit.StreamPart;
import dev.weir.readout.circuit.TokenCircuits;
import dev.weir.readout.circuit.TokenWeight;
import dev.weir.readout.circuit.VirtualWeights;
import dev.weir.stream.WriterLabels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Circuits as tables and pictures.
///
/// @param model what to call the model
/// @param word what a token id looks like
/// @param notes sentences that hold for all of it: which coordinates, what was run
public record CircuitReport(String model, IntFunction<String> word, List<String> notes) {
  /// More heads than these make a picture of pairs of blocks instead of heads.
  private static final int HEADS_DRAWN = 64;

  private static final int CHANNELS = 5;

  public CircuitReport {
    notes = List.copyOf(notes);
  }

  private Report report(String title, String subtitle, List<Report.Section> sections) {
    return new Report(title + " of " + model, subtitle, sections, notes);
  }

  // ---------------------------------------------------------------- heads

  /// Every head: what it looks at, and what it is by its weights.
  ///
  /// @param texts what was run for the patterns, in a sentence
  /// @param detectors by patterns
  /// @param heads by weights; none where weights do not say
  public Report heads(String texts, HeadDetectors detectors, List<Circuits.Head> heads) {
    List<Report.Section> sections = new ArrayList<>();
    for (Detector detector : Detector.values()) {
      sections.add(new Report.HeatmapSection(heatmap(detectors, detector)));
    }
    if (!heads.isEmpty()) {
      sections.add(new Report.HeatmapSection(copying(detectors, heads)));
    }
    sections.add(new Report.TableSection(looks(texts, detectors)));
    if (!heads.isEmpty()) {
      sections.add(new Report.TableSection(weights(heads)));
    }
    return report("The heads", "", sections);
  }

  private static Table looks(String texts, HeadDetectors detectors) {
    Table.Builder table =
        Table.named("looks")
            .title("What each head looks at: mean shares of its attention")
            .text("head", "block and head")
            .real("previous", "", "on the token before")
            .real("previous ±", "", "half of the 95 % interval over texts")
            .real("duplicate", "", "on earlier copies of the token")
            .real("duplicate ±", "", "half of the 95 % interval over texts")
            .real("induction", "", "on what came after earlier copies of the token")
            .real("induction ±", "", "half of the 95 % interval over texts")
            .real("first", "", "on the first position")
            .real("entropy", "nats", "how widely it looks");
    List<Integer> heads = detectors.heads();
    for (int layer = 0; layer < heads.size(); layer++) {
      for (int head = 0; head < heads.get(layer); head++) {
        Estimate previous = detectors.score(Detector.PREVIOUS, layer, head);
        Estimate duplicate = detectors.score(Detector.DUPLICATE, layer, head);
        Estimate induction = detectors.score(Detector.INDUCTION, layer, head);
        table.row(
            WriterLabels.head(layer, head),
            cell(previous.mean()),
            cell(previous.high() - previous.mean()),
            cell(duplicate.mean()),
            cell(duplicate.high() - duplicate.mean()),
            cell(induction.mean()),
            cell(induction.high() - induction.mean()),
            cell(detectors.score(Detector.FIRST, layer, head).mean()),
            cell(detectors.score(Detector.ENTROPY, layer, head).mean()));
      }
    }
    return table.note(texts).build();
  }

  private static Cell cell(double value) {
    return Double.isNaN(value) ? Cell.missing() : new Cell.Real(value);
  }

  private static Table weights(List<Circuits.Head> heads) {
    Table.Builder table =
        Table.named("weights")
            .title("What each head is by its weights")
            .text("head", "block and head")
            .real("copying", "", "Re Σλ / Σ|λ| of W_V W_O: 1 copies, −1 turns around")
            .real("token copying", "", "the same of W_E W_V W_O W_U")
            .real("OV norm", "", "Frobenius norm of W_V W_O")
            .real("OV rank", "", "stable rank of W_V W_O")
            .real("QK norm", "", "Frobenius norm of W_Q W_Kᵀ")
            .real("QK rank", "", "stable rank of W_Q W_Kᵀ");
    for (Circuits.Head head : heads) {
      table.row(
          head.label(),
          head.copying(),
          head.tokenCopying().isPresent() ? head.tokenCopying().getAsDouble() : Cell.missing(),
          head.ovNorm(),
          head.ovRank(),
          head.qkNorm(),
          head.qkRank());
    }
    return table.build();
  }

  private Heatmap heatmap(HeadDetectors detectors, Detector detector) {
    String name = detector.name().toLowerCase(Locale.ROOT);
    boolean share = detector != Detector.ENTROPY;
    List<Integer> heads = detectors.heads();
    double largest =
        IntStream.range(0, heads.size())
            .boxed()
            .flatMapToDouble(layer ->
                IntStream.range(0, heads.get(layer))
                    .mapToDouble(head -> detectors.score(detector, layer, head).mean()))
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    Legend legend =
        Legend.sequential(
            share ? name + ", share of attention" : "entropy, nats",
            0,
            share || largest <= 0 ? 1 : largest);
    return byHead(
        name,
        "Heads: " + name,
        legend,
        heads,
        (layer, head) -> detectors.score(detector, layer, head).mean());
  }

  private Heatmap copying(HeadDetectors detectors, List<Circuits.Head> heads) {
    return byHead(
        "copying",
        "Heads: copying score of W_V W_O",
        Legend.diverging("Re Σλ / Σ|λ|", 1),
        detectors.heads(),
        (layer, head) ->
            heads.stream()
                .filter(one -> one.layer() == layer && one.head() == head)
                .mapToDouble(Circuits.Head::copying)
                .findFirst()
                .orElse(Double.NaN));
  }

  private interface OfHead {
    double value(int layer, int head);
  }

  private static Heatmap byHead(
      String name, String title, Legend legend, List<Integer> heads, OfHead values) {
    int columns = Collections.max(heads);
    Heatmap.Builder map =
        Heatmap.named(name, legend).title(title).rows("block").columns("head", numbers(columns));
    for (int layer = heads.size() - 1; layer >= 0; layer--) {
      int here = layer;
      map.row(
          "L" + layer,
          IntStream.range(0, columns)
              .mapToObj(head ->
                  new Heatmap.Cell(
                      head < heads.get(here) ? values.value(here, head) : Double.NaN, ""))
              .toList());
    }
    return map.build();
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }

  // ---------------------------------------------------------------- composition

  /// Which head reads which, for queries, keys and values.
  ///
  /// @param kinds one composition for each
  /// @param channels of the strongest pair of each kind
  /// @param top how many pairs are named of each
  public Report composition(
      List<Composition> kinds, List<List<Composition.Channel>> channels, int top) {
    List<Report.Section> sections = new ArrayList<>();
    Table.Builder summary =
        Table.named("kinds")
            .title("Composition by kind")
            .text("kind", "what of the later head reads")
            .real("mean", "", "over all pairs of heads in different blocks")
            .real("largest", "", "the highest score")
            .real("random", "", "what random maps of these shapes score")
            .integer("pairs", "", "how many there are");
    Table.Builder pairs =
        Table.named("pairs")
            .title("The pairs that compose most")
            .text("kind", "what of the later head reads")
            .text("pair", "the earlier head and the later one")
            .real("score", "", "‖M₁M₂‖ / (‖M₁‖ ‖M₂‖)")
            .real("above random", "", "the score less what random maps score");
    Table.Builder parts =
        Table.named("channels")
            .title("The strongest pair of each kind, direction by direction of the earlier head")
            .text("kind", "what of the later head reads")
            .text("pair", "the earlier head and the later one")
            .integer("direction", "", "0 is the strongest singular direction of its W_V W_O")
            .real("share", "", "its part of ‖M₁‖²")
            .real("score", "", "of this direction alone");
    for (int i = 0; i < kinds.size(); i++) {
      Composition composition = kinds.get(i);
      String kind = composition.kind().name();
      double random = composition.baseline().mean();
      summary.row(
          kind,
          cell(composition.mean()),
          composition.scores().isEmpty() ? Cell.missing() : composition.top(1).getFirst().value(),
          random,
          composition.scores().size());
      composition
          .top(top)
          .forEach(score -> pairs.row(kind, score.label(), score.value(), score.value() - random));
      composition.top(1).forEach(pair -> sections.add(heatmap(composition, pair.value())));
      for (Composition.Channel channel : channels.get(i).stream().limit(CHANNELS).toList()) {
        parts.row(
            kind,
            composition.top(1).getFirst().label(),
            channel.index(),
            channel.share(),
            channel.value());
      }
    }
    sections.add(new Report.TableSection(summary.build()));
    sections.add(new Report.TableSection(pairs.build()));
    sections.add(new Report.TableSection(parts.build()));
    return report("Composition of the heads", "", sections);
  }

  private static Report.Section heatmap(Composition composition, double largest) {
    List<String> heads =
        composition.scores().stream()
            .flatMap(score ->
                Stream.of(
                    new Place(score.fromLayer(), score.fromHead()),
                    new Place(score.toLayer(), score.toHead())))
            .distinct()
            .sorted(Comparator.comparingInt(Place::layer).thenComparingInt(Place::head))
            .map(place -> name(true, place.layer(), place.head()))
            .toList();
    boolean each = heads.size() <= HEADS_DRAWN;
    Map<String, Double> byPair =
        composition.scores().stream()
            .collect(
                Collectors.toMap(
                    score ->
                        name(each, score.fromLayer(), score.fromHead())
                            + ">"
                            + name(each, score.toLayer(), score.toHead()),
                    Composition.Score::value,
                    Math::max));
    List<String> labels =
        heads.stream().map(head -> each ? head : head.replaceFirst("H.*", "")).distinct().toList();
    Heatmap.Builder map =
        Heatmap.named(
                composition.kind().name().toLowerCase(Locale.ROOT) + "-composition",
                Legend.sequential("composition score", 0, largest > 0 ? largest : 1))
            .title(composition.kind() + "-composition" + (each ? "" : ", largest of two blocks"))
            .rows("earlier")
            .columns("later", labels);
    for (String from : labels) {
      map.row(
          from,
          labels.stream()
              .map(to -> new Heatmap.Cell(byPair.getOrDefault(from + ">" + to, Double.NaN), ""))
              .toList());
    }
    return new Report.HeatmapSection(map.build());
  }

  private record Place(int layer, int head) {}

  private static String name(boolean each, int layer, int head) {
    return each ? WriterLabels.head(layer, head) : "L" + layer;
  }

  // ---------------------------------------------------------------- virtual weights

  /// The strongest virtual weights between two parts.
  ///
  /// @param weights what was found
  public Report virtual(VirtualWeights weights) {
    VirtualWeights.Summary summary = weights.summary();
    Table.Builder table =
        Table.named("virtual")
            .title(
                "The strongest pairs by %s, writer to reader"
                    .formatted(
                        weights.options().measure() == VirtualWeights.Measure.COSINE
                            ? "cosine"
                            : "product"))
            .text("writer", "who writes")
            .text("reader", "who reads")
            .real("product", "", "w_out · w_in")
            .real("cosine", "", "after both were brought to length 1");
    for (VirtualWeights.Entry entry : weights.top()) {
      table.row(
          unit(weights.writer(), entry.writer()),
          unit(weights.reader(), entry.reader()),
          entry.product(),
          entry.cosine());
    }
    table.note(
        "%,d × %,d weights: norm %.4f, root mean square %.6f, largest %.4f, smallest %.4f."
            .formatted(
                summary.writers(),
                summary.readers(),
                summary.norm(),
                summary.typical(),
                measured(weights, summary.largest()),
                measured(weights, summary.smallest())));
    return report(
        "Virtual weights",
        weights.writer().label() + " to " + weights.reader().label(),
        List.of(new Report.TableSection(table.build())));
  }

  private static double measured(VirtualWeights weights, VirtualWeights.Entry entry) {
    return switch (weights.options().measure()) {
      case PRODUCT -> entry.product();
      case COSINE -> entry.cosine();
    };
  }

  private String unit(StreamPart part, int index) {
    return part instanceof StreamPart.Embedding || part instanceof StreamPart.Unembedding
        ? "%s %s".formatted(part.label(), shown(index))
        : "%s %d".formatted(part.label(), index);
  }

  private String shown(int token) {
    return "'" + TokenText.visible(word.apply(token)) + "'";
  }

  // ---------------------------------------------------------------- tokens

  /// Tokens at the two ends of something.
  ///
  /// @param title what the tokens are
  /// @param unit what their numbers are
  /// @param ends the tokens
  public Report tokens(String title, String unit, TokenWeight.Ends ends) {
    Table.Builder table =
        Table.named("tokens")
            .title(title)
            .integer("rank", "", "0 is the outermost")
            .token("top", "the tokens with the largest numbers")
            .real("largest", "", unit)
            .token("bottom", "the tokens with the smallest numbers")
            .real("smallest", "", unit);
    for (int rank = 0; rank < ends.top().size(); rank++) {
      TokenWeight top = ends.top().get(rank);
      TokenWeight bottom = ends.bottom().get(rank);
      table.row(
          rank, word.apply(top.token()), top.weight(), word.apply(bottom.token()), bottom.weight());
    }
    return report(
        "Tokens in a circuit",
        "",
        List.of(new Report.TableSection(table.note(unit + ".").build())));
  }

  /// The strongest directions of a map.
  ///
  /// @param what which map
  /// @param directions strongest first
  public Report directions(String what, List<TokenCircuits.Direction> directions) {
    Table.Builder table =
        Table.named("directions")
            .title("The strongest directions of " + what)
            .integer("direction", "", "0 is the strongest")
            .real("value", "", "its singular value")
            .text("reads", "tokens whose embeddings lie most along it")
            .text("reads against", "tokens whose embeddings lie most against it")
            .text("writes", "tokens that it promotes")
            .text("writes against", "tokens that it suppresses");
    for (TokenCircuits.Direction direction : directions) {
      table.row(
          direction.index(),
          direction.value(),
          list(direction.reads().top()),
          list(direction.reads().bottom()),
          list(direction.writes().top()),
          list(direction.writes().bottom()));
    }
    table.note(
        "The sign of a direction is arbitrary: reads and writes may both be turned around at once.");
    return report("Directions", what, List.of(new Report.TableSection(table.build())));
  }

  private String list(List<TokenWeight> tokens) {
    return tokens.stream()
        .map(token -> TokenText.visible(word.apply(token.token())))
        .collect(Collectors.joining(" "));
  }

  // ---------------------------------------------------------------- paths

  /// Paths through the heads of an attention-only model.
  ///
  /// @param tokens the text, as its tokens are shown
  /// @param paths what was found
  /// @param target what each position's logit is of
  /// @param top how many paths are named
  public Report paths(String tokens, PathExpansion paths, String target, int top) {
    Table.Builder orders =
        Table.named("orders")
            .title("What paths through each number of heads are worth")
            .integer("heads", "", "how many heads the paths go through")
            .real("cross entropy", "nats", "when paths through at most so many make the logits")
            .real("change", "nats", "what these paths add to it");
    for (PathExpansion.Order order : paths.orders()) {
      orders.row(
          order.heads(),
          order.crossEntropy(),
          order.change().<Cell>map(Cell.Real::new).orElseGet(Cell::missing));
    }
    Table.Builder table =
        Table.named("paths")
            .title("The paths that matter most for the logit of " + target)
            .text("path", "where it starts and through which heads it goes")
            .real("size", "logit", "root mean square over the positions")
            .real("mean", "logit", "mean over the positions")
            .real("last", "logit", "at the last position");
    ToDoubleFunction<double[]> mean = scores -> Arrays.stream(scores).average().orElse(Double.NaN);
    for (PathExpansion.Path path : paths.top(top)) {
      double[] scores = path.scores();
      table.row(path.label(), path.size(), mean.applyAsDouble(scores), scores[scores.length - 1]);
    }
    table.note(
        "%,d paths were followed; patterns and norms' scales are those of the run."
            .formatted(paths.paths().size()));
    return report(
        "Paths",
        tokens,
        List.of(new Report.TableSection(orders.build()), new Report.TableSection(table.build())));
  }
}
