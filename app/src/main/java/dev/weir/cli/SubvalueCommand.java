package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.lens.WeightLens;
import dev.weir.readout.lens.WrittenDirections;
import dev.weir.readout.subvalue.Scored;
import dev.weir.readout.subvalue.SubvalueIntervention;
import dev.weir.readout.subvalue.SubvalueSurvey;
import dev.weir.readout.subvalue.Subvalues;
import dev.weir.readout.subvalue.Unit;
import dev.weir.stream.StreamTrace;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.Report;
import dev.weir.view.SubvalueReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir subvalue`: which layers, heads and neurons add to an answer.
@Command(
    name = "subvalue",
    description =
        "Say what each layer, head and neuron adds to the log-probability of an answer, which neurons turn those on, and what becomes of the answer without them. For one prompt in full, over a file of prompts on average.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir subvalue \"Once upon a time, there was a little\"",
      "  weir subvalue --token \" dog\" --out subvalues.html \"The big brown\"",
      "  weir subvalue --prompts facts.jsonl --neurons 100",
      "  where a line is {\"prompt\": \"Tim Duncan plays the sport of\", \"answer\": \" basketball\"}"
    })
final class SubvalueCommand implements Callable<Integer> {
  private static final int TOKENS_NAMED = 4;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = {"--target", "--token"},
      paramLabel = "TOKEN",
      description =
          "The answer (its text, or its id after #). Default: the field 'answer' of a line of --prompts, of which the first token counts, or else the model's own answer.")
  private Optional<String> token = Optional.empty();

  @Option(
      names = "--neurons",
      paramLabel = "K",
      defaultValue = "10",
      description =
          "How many value neurons of each kind are set to zero together. Default: ${DEFAULT-VALUE}.")
  private int neurons = 10;

  @Option(
      names = "--controls",
      paramLabel = "N",
      defaultValue = "20",
      description = "How often as many others are drawn at random. Default: ${DEFAULT-VALUE}.")
  private int controls = 20;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "8",
      description = "How many units a table names. Default: ${DEFAULT-VALUE}.")
  private int rows = 8;

  SubvalueCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    if (neurons < 1 || rows < 1 || controls < 2) {
      throw CliException.notHere(
          "--neurons %d, --rows %d and --controls %d are not possible"
              .formatted(neurons, rows, controls),
          "use 1 neuron, 1 row and 2 controls at least");
    }
    if (!analysis.hasTexts()) {
      throw CliException.nothingToRun();
    }
    try (Tokenizer tokenizer = analysis.openTokenizer(terminal);
        Transformer model = analysis.open(terminal)) {
      analysis.emit(report(model, tokenizer), terminal);
    }
    return 0;
  }

  private Report report(Transformer model, Tokenizer tokenizer) {
    SubvalueSurvey survey = SubvalueSurvey.empty();
    RandomGenerator random = analysis.random();
    Report[] last = new Report[1];
    String[] bos = new String[1];
    analysis
        .texts(tokenizer, model, terminal)
        .forEach(text -> {
          try (StreamTrace trace = model.trace(text.ids(), Subvalues.capture())) {
            Subvalues found = Subvalues.of(model, trace, options(text, tokenizer));
            SubvalueIntervention effect =
                SubvalueIntervention.of(
                    model, text.ids(), found.target(), off(found), controls, random);
            survey.add(found, effect, neurons);
            bos[0] = text.bos();
            if (survey.prompts() == 1) {
              last[0] = one(model, tokenizer, text, trace, found, effect);
            }
          }
        });
    return survey.prompts() == 1 ? last[0] : view(model, tokenizer, bos[0]).survey(survey, neurons);
  }

  private Subvalues.Options options(AnalysisOptions.Text text, Tokenizer tokenizer) {
    Optional<Integer> target =
        token
            .map(word -> NamedToken.id(word, tokenizer))
            .or(() ->
                Optional.ofNullable(text.fields().get("answer"))
                    .map(answer -> NamedToken.first(answer, tokenizer)));
    Subvalues.Options usual = Subvalues.Options.usual();
    return new Subvalues.Options(
        target.map(OptionalInt::of).orElseGet(OptionalInt::empty),
        Math.max(usual.valueNeurons(), neurons),
        usual.queried());
  }

  private List<Scored> off(Subvalues found) {
    List<Scored> off = new ArrayList<>(found.topMlpNeurons(neurons));
    off.addAll(found.topAttentionNeurons(neurons));
    return off;
  }

  private SubvalueReport view(Transformer model, Tokenizer tokenizer, String bos) {
    return new SubvalueReport(
        analysis.name(terminal),
        tokenizer::token,
        rows,
        List.of(model.spec().family() + ", run in " + model.dtype(), bos));
  }

  private Report one(
      Transformer model,
      Tokenizer tokenizer,
      AnalysisOptions.Text text,
      StreamTrace trace,
      Subvalues found,
      SubvalueIntervention effect) {
    List<Scored> named = new ArrayList<>(found.topMlpNeurons(rows));
    named.addAll(found.topAttentionNeurons(rows));
    List<WeightLens.Row> spoken =
        named.stream()
            .map(each -> written(model, each.unit()))
            .map(written ->
                WeightLens.of(model, trace, found.position(), written, TOKENS_NAMED)
                    .rows()
                    .getFirst())
            .toList();
    return view(model, tokenizer, text.bos())
        .prompt(
            Arrays.stream(text.ids()).mapToObj(tokenizer::token).toList(), found, spoken, effect);
  }

  private static WrittenDirections written(Transformer model, Unit unit) {
    return switch (unit) {
      case Unit.MlpNeuron(int layer, int neuron) -> WrittenDirections.neuron(model, layer, neuron);
      case Unit.AttentionNeuron(int layer, int head, int neuron, int _) ->
          WrittenDirections.headDimension(model, layer, head, neuron);
      case Unit.Sublayer _, Unit.PathwayBias _, Unit.Head _, Unit.HeadAt _ ->
          throw new IllegalStateException("only neurons have rows");
    };
  }
}
