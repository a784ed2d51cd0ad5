package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.lens.Directions;
import dev.weir.readout.memory.CopySuppression;
import dev.weir.readout.memory.DeltaAudit;
import dev.weir.readout.memory.ErasureCandidates;
import dev.weir.readout.memory.NormGrowth;
import dev.weir.readout.memory.Persistence;
import dev.weir.readout.memory.ProjectionRatios;
import dev.weir.readout.memory.Rows;
import dev.weir.readout.memory.SelfRepair;
import dev.weir.readout.memory.Write;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.PersistenceReport;
import dev.weir.view.Report;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir persistence`: the stream as a memory.
@Command(
    name = "persistence",
    description =
        "Show the stream as a memory: what becomes of each write on its way to the end, who erases it, who makes up for a component that is taken away, and how fast the stream outgrows what was written early. Without a view: the curves of all writes.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir persistence \"Once upon a time, there was a little\"",
      "  weir persistence --of L1H3 --of 0_mlp_out --text bundled",
      "  weir persistence --ratios --of L0H2 --text bundled",
      "  weir persistence --candidates --text bundled --limit 8",
      "  weir persistence --repair L3H2 --prompts prompts.jsonl",
      "  weir persistence --delta --model run/ --text bundled --out audit.html"
    })
final class PersistenceCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @ArgGroup(exclusive = true)
  private View view = new View();

  @Option(
      names = "--of",
      paramLabel = "WRITE",
      description =
          "Follow this write: embed, L0H3 (a head), 0_attn_out, 0_mlp_out or L0N17 (a neuron). Several times for several. Default: every whole sublayer.")
  private List<String> writes = List.of();

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      description =
          "Only this position of each text; negative counts from the end. Default: all but the first.")
  private Optional<Integer> position = Optional.empty();

  @Option(
      names = "--everywhere",
      description =
          "With --repair: take the component away at every position, not only where the logit is read.")
  private boolean everywhere;

  @Option(
      names = "--mechanism",
      paramLabel = "HEAD",
      description =
          "With --suppression: how much of this head's effect is left when only its copy suppression is kept.")
  private Optional<String> mechanism = Optional.empty();

  @Option(names = "--all", description = "With --ratios: list every pair, too.")
  private boolean all;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "12",
      description = "How many rows to show where many are found. Default: ${DEFAULT-VALUE}.")
  private int top = 12;

  /// One view at a time.
  private static final class View {
    @Option(
        names = "--direction",
        paramLabel = "FILE",
        description =
            "Follow what lies along a direction: a JSON array, .npy or .safetensors with d_model numbers.")
    private Optional<Path> direction = Optional.empty();

    @Option(
        names = "--ratios",
        description = "Projection ratios: how much of each write every later component takes away.")
    private boolean ratios;

    @Option(
        names = "--candidates",
        description =
            "Neurons and heads that are made to erase, by weights; with texts also by what they do.")
    private boolean candidates;

    @Option(
        names = "--repair",
        paramLabel = "COMPONENT",
        description =
            "Take a head, attention layer or MLP away and see who makes up for it at the last position. A line of --prompts may name the tokens 'answer' and 'wrong'.")
    private Optional<String> repair = Optional.empty();

    @Option(
        names = "--suppression",
        description = "Heads that lower the logits of the tokens they look at.")
    private boolean suppression;

    @Option(names = "--norms", description = "How fast the stream grows from block to block.")
    private boolean norms;

    @Option(
        names = "--delta",
        description = "What the gate, target and direction of Deep Delta Learning do.")
    private boolean delta;

    private boolean readsPositions() {
      return repair.isEmpty() && !suppression && !norms && !delta;
    }

    private boolean followsWrites() {
      return readsPositions() && direction.isEmpty() && !candidates;
    }
  }

  PersistenceCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    checkCombination();
    boolean weightsAlone = view.candidates || view.suppression;
    if (!analysis.hasTexts() && !weightsAlone) {
      throw CliException.nothingToRun();
    }
    try (Transformer model = analysis.open(terminal)) {
      if (analysis.hasTexts()) {
        try (Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
          analysis.emit(report(new Session(model, Optional.of(tokenizer))), terminal);
        }
      } else {
        analysis.emit(report(new Session(model, Optional.empty())), terminal);
      }
    }
    return 0;
  }

  private void checkCombination() {
    if (!writes.isEmpty() && !view.followsWrites()) {
      throw CliException.notHere(
          "--of names writes to follow, and this view follows none", "leave one of the two out");
    }
    if (position.isPresent() && !view.readsPositions()) {
      throw CliException.notHere(
          "This view reads positions of its own choice", "leave --position out");
    }
    if (mechanism.isPresent() && !view.suppression) {
      throw CliException.notHere("--mechanism goes with --suppression", "add --suppression");
    }
    if (everywhere && view.repair.isEmpty()) {
      throw CliException.notHere("--everywhere goes with --repair", "name a component to --repair");
    }
  }

  private Report report(Session session) {
    if (view.direction.isPresent()) {
      return session.along(view.direction.get());
    }
    if (view.repair.isPresent()) {
      return session.repair(view.repair.get());
    }
    if (view.ratios) {
      return session.ratios();
    }
    if (view.candidates) {
      return session.candidates();
    }
    if (view.suppression) {
      return session.suppression();
    }
    if (view.norms) {
      return session.norms();
    }
    return view.delta ? session.delta() : session.curves();
  }

  /// A model, and the texts if any.
  private final class Session {
    private final Transformer model;
    private final Optional<Tokenizer> tokenizer;
    private int texts;

    private Session(Transformer model, Optional<Tokenizer> tokenizer) {
      this.model = model;
      this.tokenizer = tokenizer;
    }

    private Rows rows() {
      return position.<Rows>map(Rows.One::new).orElseGet(Rows.AfterFirst::new);
    }

    /// Hands each text on.
    private void eachText(Consumer<AnalysisOptions.Text> reader) {
      tokenizer.ifPresent(t ->
          analysis
              .texts(t, model, terminal)
              .forEach(text -> {
                texts++;
                reader.accept(text);
              }));
    }

    /// Runs each text and hands the record on.
    private void eachRun(Capture capture, Consumer<StreamTrace> reader) {
      eachText(text -> {
        try (StreamTrace trace = model.trace(text.ids(), capture)) {
          reader.accept(trace);
        }
      });
    }

    private PersistenceReport reportOn(String what) {
      String name = analysis.name(terminal);
      return new PersistenceReport(
          "%s: %s".formatted(name, what),
          texts == 0 ? "weights alone" : texts == 1 ? "one text" : "%,d texts".formatted(texts),
          "raw coordinates; pathway " + model.spec().pathway());
    }

    private Report curves() {
      List<Write> followed =
          writes.isEmpty()
              ? Write.wholes(model)
              : writes.stream().map(label -> Write.parse(label, model)).toList();
      return follow(
          followed.stream().<Persistence.Subject>map(Persistence.Subject.Of::new).toList());
    }

    private Report along(Path file) {
      return follow(
          List.of(
              new Persistence.Subject.Along(String.valueOf(file.getFileName()), direction(file))));
    }

    private List<Double> direction(Path file) {
      Directions found = Directions.read(file, Optional.empty(), model.spec().dModel());
      if (found.all().size() != 1) {
        throw CliException.notHere(
            "%s holds %d directions, and one is followed".formatted(file, found.all().size()),
            "give a file with one");
      }
      return Arrays.stream(found.all().getFirst().vector()).boxed().toList();
    }

    private Report follow(List<Persistence.Subject> subjects) {
      List<Persistence.Reader> readers =
          subjects.stream().map(subject -> Persistence.reader(model, subject, rows())).toList();
      eachRun(Persistence.capture(), trace -> readers.forEach(reader -> reader.read(trace)));
      return reportOn("what becomes of what is written")
          .curves(readers.stream().map(Persistence.Reader::found).toList());
    }

    private Report ratios() {
      if (writes.size() > 1) {
        throw CliException.notHere(
            "%d writes are given with --ratios".formatted(writes.size()),
            "give one --of, or none for all");
      }
      ProjectionRatios.Reader reader =
          ProjectionRatios.reader(
              model, writes.stream().findFirst().map(label -> Write.parse(label, model)), rows());
      eachRun(ProjectionRatios.capture(), reader::read);
      return reportOn("who takes away what others wrote").ratios(reader.found(), rows(), top, all);
    }

    private Report candidates() {
      ErasureCandidates.Reader weights = ErasureCandidates.reader(model, analysis.random());
      ProjectionRatios.Reader data = ProjectionRatios.reader(model, Optional.empty(), rows());
      eachRun(
          ProjectionRatios.capture(),
          trace -> {
            weights.read(trace);
            data.read(trace);
          });
      return reportOn("who is made to erase")
          .candidates(
              weights.found(), texts == 0 ? Optional.empty() : Optional.of(data.found()), top);
    }

    private Report repair(String component) {
      SelfRepair.Reach reach = everywhere ? SelfRepair.Reach.EVERYWHERE : SelfRepair.Reach.THERE;
      SelfRepair.Reader reader = SelfRepair.reader(model, Write.parse(component, model), reach);
      eachText(text -> reader.read(text.ids(), question(text)));
      return reportOn("who makes up for " + component).repair(reader.found(), reach, top);
    }

    private Question question(AnalysisOptions.Text text) {
      if (!text.fields().containsKey("answer")) {
        return new Question.TopToken();
      }
      int answer = NamedToken.id(text.required("answer"), tokenizer.orElseThrow());
      return text.fields().containsKey("wrong")
          ? new Question.Difference(
              answer, NamedToken.id(text.required("wrong"), tokenizer.orElseThrow()))
          : new Question.Token(answer);
    }

    private Report suppression() {
      CopySuppression.Options usual = CopySuppression.Options.usual();
      CopySuppression.Reader reader =
          CopySuppression.reader(
              model,
              mechanism.map(this::head).map(usual::keepingOnly).orElse(usual),
              analysis.random());
      eachRun(CopySuppression.capture(), reader::read);
      return reportOn("who lowers the logits of what it looks at")
          .suppression(reader.found(), usual, top);
    }

    private Write.Head head(String label) {
      if (Write.parse(label, model) instanceof Write.Head head) {
        return head;
      }
      throw CliException.notHere("'%s' is no head".formatted(label), "name a head, such as L0H3");
    }

    private Report norms() {
      NormGrowth.Reader reader = NormGrowth.reader(model, NormGrowth.Range.usual(model));
      eachRun(NormGrowth.capture(), reader::read);
      return reportOn("how fast the stream grows").norms(reader.found());
    }

    private Report delta() {
      Tokenizer words = tokenizer.orElseThrow();
      DeltaAudit.Reader reader = DeltaAudit.reader(model, words::token, words.bos().orElse(-1));
      eachRun(DeltaAudit.capture(), reader::read);
      return reportOn("what gate, target and direction do").delta(reader.found(), words::token);
    }
  }
}
