package dev.weir.view;

import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.LogitLens;
import dev.weir.readout.LogitLens.Reading;
import dev.weir.readout.StreamNorms;
import dev.weir.readout.TokenScore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// The residual stream of one text as tables and pictures: what the lens shows at each place, who
/// writes for the answer, how long the stream is and how far it turns.
///
/// @param model what to call the model
/// @param tokens the text's tokens as a reader sees them, all positions
/// @param word what a token id looks like
/// @param lens the logit lens
/// @param attribution who writes for the answer, at the same positions
/// @param norms length and turn of the stream, at the same places and positions
/// @param notes what a reader needs to know of the run
public record StreamReport(
    String model,
    List<String> tokens,
    IntFunction<String> word,
    LogitLens lens,
    DirectLogitAttribution attribution,
    StreamNorms norms,
    List<String> notes) {
  private static final int WRITERS = 10;

  public StreamReport {
    tokens = List.copyOf(tokens);
    notes = List.copyOf(notes);
  }

  // ---------------------------------------------------------------- one position

  /// What the model answers at a position, in a sentence.
  ///
  /// @param index index of the position
  public String answer(int index) {
    Reading last = lens.at(lens.places().size() - 1, index);
    return "After %s (position %d) the model says %s with probability %.1f %%."
        .formatted(
            quoted(tokens.get(lens.positions().get(index))),
            lens.positions().get(index),
            quoted(word.apply(last.top().getFirst().token())),
            100 * last.top().getFirst().probability());
  }

  /// The stream at a position, place by place.
  ///
  /// @param index index of the position
  public Table depth(int index) {
    int target = lens.at(0, index).target();
    Table.Builder table =
        Table.named("depth")
            .title("The stream, place by place")
            .text("place", "where along depth")
            .text("top tokens", "likeliest tokens through the lens, with probability")
            .real("p", "", "probability of " + quoted(word.apply(target)))
            .integer("rank", "", "how many tokens are likelier than it")
            .real("entropy", "nats", "entropy of the lens's distribution")
            .real("KL", "nats", "KL(final ‖ lens)")
            .real("norm", "", "Euclidean length of the stream")
            .real("cos", "", "cosine between the stream here and at the next place");
    for (int place = 0; place < lens.places().size(); place++) {
      Reading reading = lens.at(place, index);
      boolean last = place == lens.places().size() - 1;
      table.row(
          lens.places().get(place),
          topTokens(reading, 3),
          reading.targetProbability(),
          reading.targetRank(),
          reading.entropy(),
          reading.klToFinal(),
          norms.length(place, index),
          last ? Cell.missing() : norms.cosineToNext(place, index));
    }
    return table
        .note(
            "p and rank are of %s; %s; raw coordinates."
                .formatted(quoted(word.apply(target)), lens.norm()))
        .build();
  }

  private String topTokens(Reading reading, int count) {
    StringBuilder text = new StringBuilder();
    for (TokenScore score : reading.top().subList(0, Math.min(count, reading.top().size()))) {
      text.append(text.isEmpty() ? "" : "  ")
          .append(TokenText.visible(word.apply(score.token())))
          .append(String.format(Locale.ROOT, " %.0f%%", 100 * score.probability()));
    }
    return text.toString();
  }

  /// The parts that write most for the answer at a position.
  ///
  /// @param index index of the position
  public Table writers(int index) {
    Table.Builder table =
        Table.named("writers")
            .title("Who writes for %s".formatted(quoted(word.apply(attribution.token(index)))))
            .text("part", "embedding, head, MLP or neuron")
            .real("logit", "", "what it adds to the logit");
    for (Part part : attribution.top(WRITERS, index)) {
      table.row(part.label(), part.score());
    }
    return table
        .note(
            "All parts and a constant of %.3f add up to the logit, %.3f; the scale of the final norm is frozen; a neuron (N) is part of its MLP."
                .formatted(attribution.constant(index), attribution.total(index)))
        .build();
  }

  private static String quoted(String token) {
    return "'" + TokenText.visible(token) + "'";
  }

  // ---------------------------------------------------------------- all positions

  /// Everything, at every position of the run.
  public Report report() {
    int last = lens.positions().size() - 1;
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.Text("What was run", List.of(answer(last), String.join("", tokens))));
    sections.add(
        new Report.HeatmapSection(
            heatmap(
                "answer",
                "Probability of the model's own answer, with the lens's likeliest token",
                Legend.sequential("probability of the answer", 0, 1),
                Reading::targetProbability)));
    sections.add(
        new Report.HeatmapSection(
            heatmap(
                "kl",
                "How far the lens is from the end",
                Legend.sequential("KL(final ‖ lens), nats", 0, largest(Reading::klToFinal)),
                Reading::klToFinal)));
    sections.add(new Report.BarSection(bars(last)));
    sections.add(new Report.LineSection(lengths(last)));
    sections.add(new Report.TableSection(readings()));
    sections.add(new Report.TableSection(parts()));
    sections.add(new Report.TableSection(tops()));
    return new Report(
        "The residual stream of " + model,
        TokenText.visible(String.join("", tokens)),
        sections,
        notes);
  }

  private interface Value {
    double of(Reading reading);
  }

  private double largest(Value value) {
    double largest =
        IntStream.range(0, lens.positions().size())
            .boxed()
            .flatMapToDouble(index ->
                IntStream.range(0, lens.places().size())
                    .mapToDouble(place -> value.of(lens.at(place, index))))
            .max()
            .orElse(1);
    return largest > 0 ? largest : 1;
  }

  private Heatmap heatmap(String name, String title, Legend legend, Value value) {
    Heatmap.Builder map =
        Heatmap.named(name, legend)
            .title(title)
            .rows("place")
            .columns(
                "token",
                lens.positions().stream().map(p -> TokenText.visible(tokens.get(p))).toList());
    for (int place = lens.places().size() - 1; place >= 0; place--) {
      List<Heatmap.Cell> cells = new ArrayList<>();
      for (int index = 0; index < lens.positions().size(); index++) {
        Reading reading = lens.at(place, index);
        cells.add(
            new Heatmap.Cell(
                value.of(reading),
                TokenText.visible(word.apply(reading.top().getFirst().token()))));
      }
      map.row(lens.places().get(place), cells);
    }
    return map.note(lens.norm() + "; raw coordinates").build();
  }

  private BarChart bars(int index) {
    Table writers = writers(index);
    List<BarChart.Bar> bars =
        attribution.top(WRITERS, index).stream()
            .map(part -> new BarChart.Bar(part.label(), part.score()))
            .toList();
    return new BarChart(
        "writers", writers.title() + " at the last position", "logit", bars, writers.notes());
  }

  private LineChart lengths(int index) {
    double[] lengths =
        IntStream.range(0, lens.places().size())
            .mapToDouble(place -> norms.length(place, index))
            .toArray();
    return new LineChart(
        "norm",
        "Length of the stream along depth, at the last position",
        "place",
        "Euclidean length",
        List.of(LineChart.Series.of("norm", lengths)),
        List.of());
  }

  /// One row for each position and place.
  private Table readings() {
    Table.Builder table =
        LensColumns.start("stream", "The stream at every position and place")
            .token("answer", "the model's own likeliest token, or the one asked for")
            .real("answer_probability", "", "its probability through the lens")
            .integer("answer_rank", "", "how many tokens are likelier than it")
            .real("cross_entropy", "nats", "of the token that came next")
            .real("norm", "", "Euclidean length of the stream")
            .real("cosine_to_next", "", "cosine between the stream here and at the next place");
    forEach((index, place) -> addReading(table, index, place));
    notes.forEach(table::note);
    return table.note(lens.norm() + "; raw coordinates").build();
  }

  private interface Cellwise {
    void accept(int index, int place);
  }

  private void forEach(Cellwise action) {
    for (int index = 0; index < lens.positions().size(); index++) {
      for (int place = 0; place < lens.places().size(); place++) {
        action.accept(index, place);
      }
    }
  }

  private void addReading(Table.Builder table, int index, int place) {
    Reading reading = lens.at(place, index);
    int position = lens.positions().get(index);
    TokenScore top = reading.top().getFirst();
    table.row(
        position,
        tokens.get(position),
        lens.places().get(place),
        word.apply(top.token()),
        top.probability(),
        reading.entropy(),
        reading.klToFinal(),
        word.apply(reading.target()),
        reading.targetProbability(),
        reading.targetRank(),
        reading.crossEntropy().isPresent() ? reading.crossEntropy().getAsDouble() : Cell.missing(),
        norms.length(place, index),
        place == lens.places().size() - 1 ? Cell.missing() : norms.cosineToNext(place, index));
  }

  /// One row for each position and part.
  private Table parts() {
    Table.Builder table =
        Table.named("parts")
            .title("What each part adds to the answer's logit")
            .integer("position", "", "position in the text")
            .token("answer", "whose logit")
            .text("part", "embedding, head, MLP, bias or constant")
            .text("kind", "what the part is")
            .real("logit", "", "what it adds");
    for (int index = 0; index < lens.positions().size(); index++) {
      List<Part> rows = new ArrayList<>(attribution.parts(index));
      attribution.top(WRITERS, index).stream()
          .filter(part -> part.kind() == DirectLogitAttribution.Kind.NEURON)
          .forEach(rows::add);
      for (Part part : rows) {
        table.row(
            lens.positions().get(index),
            word.apply(attribution.token(index)),
            part.label(),
            part.kind().name().toLowerCase(Locale.ROOT),
            part.score());
      }
    }
    return table
        .note(
            "At each position all parts but the neurons add up to the logit; the neurons shown are among the ten parts that write most, and are part of their MLP. The scale of the final norm is frozen.")
        .build();
  }

  /// One row for each position, place and rank.
  private Table tops() {
    Table.Builder table =
        Table.named("top_tokens")
            .title("The likeliest tokens through the lens")
            .integer("position", "", "position in the text")
            .text("place", "where along depth")
            .integer("rank", "", "0 is the likeliest")
            .integer("id", "", "the token's id")
            .token("token", "the token")
            .real("probability", "", "its probability");
    forEach((index, place) -> {
      List<TokenScore> top = lens.at(place, index).top();
      for (int rank = 0; rank < top.size(); rank++) {
        table.row(
            lens.positions().get(index),
            lens.places().get(place),
            rank,
            top.get(rank).token(),
            word.apply(top.get(rank).token()),
            top.get(rank).probability());
      }
    });
    return table.build();
  }
}
