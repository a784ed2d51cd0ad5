package dev.weir.cli;

import dev.weir.model.Coordinates;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Kind;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.DirectLogitAttribution.Scale;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.PartsReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir attribute`: who wrote a logit.
@Command(
    name = "attribute",
    description =
        "Show who wrote a logit, or a difference of logits: what each part of the stream adds to it. Over several prompts, the mean with its interval.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir attribute \"Once upon a time, there was a little\"",
      "  weir attribute --token \" girl\" --minus \" boy\" --level layer \"There was a little\"",
      "  weir attribute --level source \"Once upon a time, there was a little\"",
      "  weir attribute --prompts pairs.jsonl --out heads.html",
      "A line of pairs.jsonl: {\"prompt\": \"...\", \"answer\": \" girl\", \"wrong\": \" boy\"}"
    })
final class AttributeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = {"--target", "--token"},
      paramLabel = "TOKEN",
      description =
          "Whose logit: a token's text, or its id after #. Default: the field 'answer' of a prompt's line, or the model's own answer.")
  private Optional<String> token = Optional.empty();

  @Option(
      names = "--minus",
      paramLabel = "TOKEN",
      description = "Less the logit of this token. Default: the field 'wrong' of a prompt's line.")
  private Optional<String> minus = Optional.empty();

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      defaultValue = "-1",
      description = "At which position; negative counts from the end. Default: the last.")
  private int position = -1;

  @Option(
      names = "--level",
      paramLabel = "LEVEL",
      defaultValue = "head",
      description =
          "layer, head, neuron, or source tokens: ${COMPLETION-CANDIDATES}. Default: head.")
  private Detail level = Detail.HEAD;

  @Option(
      names = "--own-scale",
      description =
          "Norm every part by itself instead of with the scale of the run. The parts do not add up then; this shows by how much.")
  private boolean ownScale;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "15",
      description = "How many parts to print. Default: ${DEFAULT-VALUE}.")
  private int top = 15;

  AttributeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /// How finely parts are told apart.
  enum Detail {
    LAYER,
    HEAD,
    NEURON,
    SOURCE
  }

  @Override
  public Integer call() {
    analysis.check();
    if (ownScale && (level == Detail.NEURON || level == Detail.SOURCE)) {
      throw CliException.notHere(
          "--own-scale goes down to heads and MLPs", "use --level layer or --level head");
    }
    if (minus.isPresent() && token.isEmpty()) {
      throw CliException.notHere("--minus needs a token to take it from", "give --token, too");
    }
    try (Transformer model = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      Found found = new Found();
      AnalysisOptions.Texts texts = analysis.texts(tokenizer, model, terminal);
      if (level == Detail.SOURCE) {
        found.add(texts.only(), model, tokenizer);
      } else {
        texts.forEach(text -> found.add(text, model, tokenizer));
      }
      PartsReport report = found.report(model, tokenizer);
      analysis.emit(analysis.whole() ? report.whole() : report.shown(top), terminal);
    }
    return 0;
  }

  private Question question(AnalysisOptions.Text text, Tokenizer tokenizer) {
    Optional<String> answer = token.or(() -> Optional.ofNullable(text.fields().get("answer")));
    Optional<String> wrong = minus.or(() -> Optional.ofNullable(text.fields().get("wrong")));
    if (answer.isEmpty()) {
      return new Question.TopToken();
    }
    int id = NamedToken.id(answer.get(), tokenizer);
    return wrong
        .<Question>map(w -> new Question.Difference(id, NamedToken.id(w, tokenizer)))
        .orElseGet(() -> new Question.Token(id));
  }

  /// What was found so far.
  private final class Found {
    private final DirectLogitAttribution.Mean mean = new DirectLogitAttribution.Mean();
    private final List<String> gaps = new ArrayList<>();
    private AnalysisOptions.Text last =
        new AnalysisOptions.Text(new int[0], "", java.util.Map.of(), "", "");
    private String what = "";
    private int count;

    void add(AnalysisOptions.Text text, Transformer model, Tokenizer tokenizer) {
      Question question = question(text, tokenizer);
      try (StreamTrace trace = model.trace(text.ids(), capture(model))) {
        DirectLogitAttribution found =
            DirectLogitAttribution.of(
                model, trace, question, ownScale ? Scale.OF_EACH_PART : Scale.FROZEN);
        int index = trace.positions().size() == 1 ? 0 : index(text);
        mean.add(parts(model, trace, found, index));
        if (!found.addsUp(index)) {
          gaps.add("%.4f instead of %.4f".formatted(found.total(index), found.logit(index)));
        }
        what = words(question, found.token(index), tokenizer);
        last = text;
        count++;
      }
    }

    /// One position is enough, but where the pathway or source tokens need all of them.
    private Capture capture(Transformer model) {
      if (level == Detail.SOURCE) {
        return DirectLogitAttribution.captureSources();
      }
      Capture all = DirectLogitAttribution.capture();
      return model.pathway().mixesPositions() ? all : all.at(position);
    }

    private int index(AnalysisOptions.Text text) {
      int index = position < 0 ? text.ids().length + position : position;
      if (index < 0 || index >= text.ids().length) {
        throw CliException.positionOutside(position, text.ids().length);
      }
      return index;
    }

    private List<Part> parts(
        Transformer model, StreamTrace trace, DirectLogitAttribution found, int index) {
      return switch (level) {
        case LAYER -> found.layers(index);
        case HEAD -> found.parts(index);
        case NEURON -> found.withNeurons(index);
        case SOURCE ->
            Stream.concat(
                    found.parts(index).stream().filter(part -> part.kind() != Kind.HEAD),
                    DirectLogitAttribution.sources(model, trace, found.question(), index).stream())
                .toList();
      };
    }

    private static String words(Question question, int answer, Tokenizer tokenizer) {
      String own = "'%s'".formatted(tokenizer.token(answer));
      return switch (question) {
        case Question.TopToken() -> own + ", the model's own answer";
        case Question.Token _ -> own;
        case Question.AboveMean _ -> own + " above the mean over the vocabulary";
        case Question.Difference(int _, int other) ->
            "%s less that of '%s'".formatted(own, tokenizer.token(other));
      };
    }

    PartsReport report(Transformer model, Tokenizer tokenizer) {
      List<String> notes = new ArrayList<>();
      notes.add(last.bos());
      notes.add(
          "%s; %s coordinates; %s; %s, run in %s."
              .formatted(
                  position == -1 ? "the last position" : "position " + position,
                  Coordinates.raw(),
                  scale(model),
                  model.spec().family(),
                  model.dtype()));
      if (!gaps.isEmpty()) {
        notes.add(
            "The parts do not add up: %s%s. No part can be said to have added what it scores."
                .formatted(
                    gaps.getFirst(),
                    count == 1 ? "" : " at the first of %d such prompts".formatted(gaps.size())));
      }
      return new PartsReport(
          "Who wrote the logit of "
              + (count == 1 ? what : "the answers of %d prompts".formatted(count)),
          "%s: %s"
              .formatted(analysis.name(terminal), count == 1 ? last.text() : count + " prompts"),
          "logit",
          mean,
          i -> tokenizer.token(last.ids()[i]),
          notes);
    }

    private String scale(Transformer model) {
      String norm =
          model.lnFinal() instanceof dev.weir.model.Norm.NoNorm
              ? "there is no final norm"
              : ownScale
                  ? "every part is normed with a scale of its own"
                  : "the scale of the final norm is that of the run, frozen";
      return model.spec().finalSoftcap() instanceof Softcap.Unbounded
          ? norm
          : norm + "; logits are meant before the cap";
    }
  }
}
