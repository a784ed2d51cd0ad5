package dev.weir.view;

import dev.weir.readout.Estimate;
import dev.weir.readout.lens.TokenLogit;
import dev.weir.readout.lens.WeightLens;
import dev.weir.readout.subvalue.QueryShare;
import dev.weir.readout.subvalue.Scored;
import dev.weir.readout.subvalue.SubvalueIntervention;
import dev.weir.readout.subvalue.SubvalueSurvey;
import dev.weir.readout.subvalue.SubvalueSurvey.Measure;
import dev.weir.readout.subvalue.Subvalues;
import dev.weir.readout.subvalue.Unit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/// Subvalues as tables and pictures.
///
/// @param model what to call the model
/// @param word what a token id looks like
/// @param rows how many units a table names at most
/// @param notes sentences that hold for all of it
public record SubvalueReport(String model, IntFunction<String> word, int rows, List<String> notes) {

  public SubvalueReport {
    notes = List.copyOf(notes);
  }

  /// One prompt.
  ///
  /// @param tokens the prompt as a reader sees it, token by token
  /// @param found what was found
  /// @param spoken what the rows of the best neurons say, each neuron of both kinds
  /// @param effect what becomes of the answer without the neurons
  public Report prompt(
      List<String> tokens,
      Subvalues found,
      List<WeightLens.Row> spoken,
      SubvalueIntervention effect) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(sublayers(found)));
    sections.add(new Report.BarSection(bars(found)));
    sections.add(new Report.TableSection(heads(tokens, found)));
    sections.add(new Report.TableSection(neurons(tokens, found, spoken)));
    sections.add(new Report.TableSection(queries(found)));
    sections.add(new Report.TableSection(queryNeurons(found)));
    sections.add(new Report.TableSection(effect(effect)));
    return new Report(
        "What adds to '%s' on %s".formatted(shown(found.target()), model),
        TokenText.visible(String.join("", tokens)),
        sections,
        notes);
  }

  private Table sublayers(Subvalues found) {
    Table.Builder table =
        Table.named("sublayers")
            .title("Log-probability increase of each sublayer")
            .text("write", "who wrote")
            .real("increase", "nats", "ln p(w | v + r) − ln p(w | r)")
            .real(
                "heads or neurons",
                "nats",
                "the sum over the sublayer's heads or neurons, each alone");
    for (Scored each : found.sublayers()) {
      double parts = parts(found, each.unit());
      table.row(
          each.unit().label(), each.importance(), Double.isNaN(parts) ? Cell.missing() : parts);
    }
    return table
        .note(
            "From ln p = %.3f for the embedding alone to %.3f for the whole stream; sublayers add up, heads and neurons do not, since each is measured alone; scale of the final stream, shift of the final norm and bias of the unembedding left out; raw coordinates."
                .formatted(found.logProbabilityBefore(), found.logProbabilityAfter()))
        .build();
  }

  /// NaN for what has no parts.
  private static double parts(Subvalues found, Unit unit) {
    if (!(unit instanceof Unit.Sublayer(var site))) {
      return Double.NaN;
    }
    return switch (site.sublayer()) {
      case ATTENTION ->
          sum(
              found.heads().stream()
                  .filter(h -> h.unit() instanceof Unit.Head(int layer, _) && layer == site.layer())
                  .toList());
      case MLP ->
          sum(
              found.mlpNeurons().stream()
                  .filter(n ->
                      n.unit() instanceof Unit.MlpNeuron(int layer, _) && layer == site.layer())
                  .toList());
      case LOCAL, UNEMBED -> Double.NaN;
    };
  }

  private static double sum(List<Scored> scored) {
    return scored.stream().mapToDouble(Scored::importance).sum();
  }

  private static BarChart bars(Subvalues found) {
    return new BarChart(
        "increases",
        "Log-probability increase of each sublayer",
        "nats",
        found.sublayers().stream()
            .map(each -> new BarChart.Bar(each.unit().label(), each.importance()))
            .toList(),
        List.of());
  }

  private Table heads(List<String> tokens, Subvalues found) {
    Table.Builder table =
        Table.named("heads")
            .title("Heads that add most, and from which position")
            .text("head", "block and head")
            .real("increase", "nats", "of all that the head wrote")
            .text("from", "the position whose value adds most, alone")
            .real("its increase", "nats", "of what the head wrote from there")
            .real("attention", "", "how much the head attends to it");
    for (Scored head : most(found.heads())) {
      Scored best =
          found.headPositions().stream()
              .filter(each -> belongs(each.unit(), head.unit()))
              .max(Comparator.comparingDouble(Scored::importance))
              .orElseThrow();
      table.row(
          head.unit().label(),
          head.importance(),
          place(best.unit(), tokens),
          best.importance(),
          best.coefficient());
    }
    return table.build();
  }

  private static boolean belongs(Unit position, Unit head) {
    return position instanceof Unit.HeadAt(int layer, int index, int _)
        && head.equals(new Unit.Head(layer, index));
  }

  private static String place(Unit unit, List<String> tokens) {
    return switch (unit) {
      case Unit.HeadAt(_, _, int at) -> token(at, tokens);
      case Unit.AttentionNeuron(_, _, _, int at) -> token(at, tokens);
      case Unit.Sublayer _, Unit.PathwayBias _, Unit.Head _, Unit.MlpNeuron _ -> "";
    };
  }

  private static String token(int position, List<String> tokens) {
    return "%d %s".formatted(position, TokenText.visible(tokens.get(position)));
  }

  private List<Scored> most(List<Scored> scored) {
    return scored.stream()
        .sorted(Comparator.comparingDouble(Scored::importance).reversed())
        .limit(rows)
        .toList();
  }

  private Table neurons(List<String> tokens, Subvalues found, List<WeightLens.Row> spoken) {
    Table.Builder table =
        Table.named("value_neurons")
            .title("Value neurons: those that add most")
            .text("neuron", "block and neuron; of attention also the head, and the position")
            .real("increase", "nats", "ln p(w | v + r) − ln p(w | r)")
            .real("coefficient", "", "what its row is multiplied with here")
            .text("from", "the position that an attention neuron reads")
            .text("says", "tokens that the row raises, times the sign of the coefficient");
    List<Scored> both = new ArrayList<>(found.topMlpNeurons(rows));
    both.addAll(found.topAttentionNeurons(rows));
    for (int i = 0; i < both.size(); i++) {
      Scored each = both.get(i);
      WeightLens.Row row = spoken.get(i);
      table.row(
          each.unit().label(),
          each.importance(),
          each.coefficient(),
          place(each.unit(), tokens),
          words(each.coefficient() < 0 ? row.bottom() : row.top()));
    }
    return table.build();
  }

  private String words(List<TokenLogit> tokens) {
    return tokens.stream().map(each -> shown(each.token())).collect(Collectors.joining("  "));
  }

  private static Table queries(Subvalues found) {
    Table.Builder table =
        Table.named("query_layers")
            .title("Query layers: what turns the value neurons on")
            .text("write", "who wrote")
            .real(
                "for MLP neurons", "nats", "share of what they read, times their increase, summed")
            .real("for attention neurons", "nats", "the same at the positions they read");
    List<QueryShare> attention = found.attentionQueryLayers();
    List<String> writes = new ArrayList<>();
    found.mlpQueryLayers().forEach(share -> writes.add(share.write()));
    attention.stream().map(QueryShare::write).filter(w -> !writes.contains(w)).forEach(writes::add);
    for (String write : writes) {
      table.row(write, share(found.mlpQueryLayers(), write), share(attention, write));
    }
    return table
        .note(
            "Inner products with subkeys (of gated MLPs the gate's), centring left out as in the paper; %d neurons read almost nothing and have no shares."
                .formatted(found.withoutShares()))
        .build();
  }

  private static Object share(List<QueryShare> shares, String write) {
    return shares.stream()
        .filter(each -> each.write().equals(write))
        .<Object>map(QueryShare::share)
        .findFirst()
        .orElseGet(Cell::missing);
  }

  private Table queryNeurons(Subvalues found) {
    Table.Builder table =
        Table.named("query_neurons")
            .title("Query neurons: MLP neurons that the value neurons of attention read")
            .text("neuron", "block and neuron")
            .real("score", "nats", "its share of what they read, times their increase, summed");
    found.queryNeurons(rows).forEach(each -> table.row(each.unit().label(), each.importance()));
    return table.build();
  }

  private static Table effect(SubvalueIntervention effect) {
    Estimate probability = effect.randomProbability();
    Estimate rank = effect.randomReciprocalRank();
    return Table.named("intervention")
        .title("The answer with %d neurons at zero".formatted(effect.neurons()))
        .text("neurons at zero", "which")
        .real("p", "", "probability of the answer")
        .real("1/rank", "", "one over its place")
        .text("95 % interval of p", "over draws")
        .row("none", effect.before().probability(), effect.before().reciprocalRank(), "")
        .row("those found", effect.found().probability(), effect.found().reciprocalRank(), "")
        .row("as many others", probability.mean(), rank.mean(), Intervals.text(probability))
        .note(
            "Others are of the same kinds, drawn %d times; neurons are off at every position."
                .formatted(effect.random().size()))
        .build();
  }

  // ---------------------------------------------------------------- many prompts

  /// Many prompts.
  ///
  /// @param survey their means
  /// @param neurons how many value neurons of each kind were found and set to zero
  public Report survey(SubvalueSurvey survey, int neurons) {
    return new Report(
        "What adds to answers on " + model,
        "%,d prompts".formatted(survey.prompts()),
        List.of(
            new Report.TableSection(
                means(
                    "sublayers",
                    "Log-probability increase of each sublayer",
                    "nats",
                    survey.increases())),
            new Report.TableSection(
                means(
                    "value_neurons",
                    "In which MLPs the %d value neurons are".formatted(neurons),
                    "neurons",
                    survey.valueNeurons())),
            new Report.TableSection(effects(survey, neurons)),
            new Report.BarSection(
                new BarChart(
                    "increases",
                    "Log-probability increase of each sublayer",
                    "nats",
                    survey.increases().stream()
                        .map(each -> new BarChart.Bar(each.label(), each.mean().mean()))
                        .toList(),
                    List.of()))),
        notes);
  }

  private static Table means(
      String name, String title, String unit, List<SubvalueSurvey.Mean> means) {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("write", "who wrote")
            .real("mean", unit, "over prompts")
            .real("low", unit, "lower end of its 95 % confidence interval")
            .real("high", unit, "upper end");
    means.forEach(each ->
        table.row(
            each.label(), each.mean().mean(), end(each.mean().low()), end(each.mean().high())));
    return table.note("raw coordinates").build();
  }

  private static Object end(double value) {
    return Double.isNaN(value) ? Cell.missing() : value;
  }

  private static Table effects(SubvalueSurvey survey, int neurons) {
    Table.Builder table =
        Table.named("intervention")
            .title("Answers with %d neurons of each kind at zero".formatted(neurons))
            .text("neurons at zero", "which")
            .real("p", "", "probability of the answer, mean over prompts")
            .text("95 % interval of p", "over prompts")
            .real("MRR", "", "mean reciprocal rank of the answer")
            .text("95 % interval of MRR", "over prompts");
    row(table, "none", survey, Measure.PROBABILITY_BEFORE, Measure.RECIPROCAL_RANK_BEFORE);
    row(table, "those found", survey, Measure.PROBABILITY_FOUND, Measure.RECIPROCAL_RANK_FOUND);
    row(
        table,
        "as many others",
        survey,
        Measure.PROBABILITY_RANDOM,
        Measure.RECIPROCAL_RANK_RANDOM);
    return table.build();
  }

  private static void row(
      Table.Builder table, String label, SubvalueSurvey survey, Measure p, Measure rank) {
    table.row(
        label,
        survey.effect(p).mean(),
        Intervals.text(survey.effect(p)),
        survey.effect(rank).mean(),
        Intervals.text(survey.effect(rank)));
  }

  private String shown(int token) {
    return TokenText.visible(word.apply(token));
  }
}
