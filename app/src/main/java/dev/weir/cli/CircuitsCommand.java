package dev.weir.cli;

import dev.weir.model.AttentionSpec;
import dev.weir.model.Folded;
import dev.weir.model.PositionCode;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.Circuits;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.readout.circuit.Composition;
import dev.weir.readout.circuit.HeadDetectors;
import dev.weir.readout.circuit.HeadDetectors.Repeated;
import dev.weir.readout.circuit.HeadDetectors.Rows;
import dev.weir.readout.circuit.PathExpansion;
import dev.weir.readout.circuit.StreamPart;
import dev.weir.readout.circuit.TokenCircuits;
import dev.weir.readout.circuit.TokenCircuits.MlpMap;
import dev.weir.readout.circuit.VirtualWeights;
import dev.weir.readout.circuit.VirtualWeights.Measure;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.CircuitReport;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import dev.weir.view.TokenText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir circuits`: what heads and neurons do to each other and to tokens.
@Command(
    name = "circuits",
    description =
        "Show what heads and neurons do to each other and to tokens: what each head looks at and whether it copies (--heads, the default), which head reads which (--composition), virtual weights between any writer and reader (--virtual), heads in tokens (--ov, --qk), the strongest directions of a map (--svd), and paths through an attention-only model (--paths).",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir circuits",
      "  weir circuits --composition --out composition.html",
      "  weir circuits --virtual 0.out:1.gate --cosine",
      "  weir circuits --virtual embed:2.in --top 20",
      "  weir circuits --ov L2H3 --token \" cat\"",
      "  weir circuits --qk L2H3 --token \" cat\" --distance 1",
      "  weir circuits --svd L2H3",
      "  weir circuits --paths --model attention-only \"Once upon a time\""
    })
final class CircuitsCommand implements Callable<Integer> {
  private static final int TOKENS_OF_A_DIRECTION = 4;
  private static final Pattern HEAD = Pattern.compile("L?(\\d{1,6})[H.](\\d{1,6})");
  private static final Pattern MLP = Pattern.compile("(\\d{1,6})\\.(in|gate|out)");

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @ArgGroup(exclusive = true, multiplicity = "0..1")
  private View view = new View();

  /// What is shown; the heads where nothing else is asked for.
  static final class View {
    @Option(
        names = "--heads",
        description =
            "Every head: what it looks at on repeated random tokens or on the given texts, and its copying scores. This is what is shown where nothing else is asked for.")
    @SuppressWarnings("UnusedVariable") // Naming the default changes nothing but excludes others.
    private boolean heads;

    @Option(
        names = "--composition",
        description = "How much each head's queries, keys and values read of each earlier head.")
    private boolean composition;

    @Option(
        names = "--virtual",
        paramLabel = "WRITER:READER",
        description =
            "Virtual weights. Writers: embed, pos_embed, 0.out (neurons of block 0), L0H1.o (values of a head), L0H1.ov (its singular directions). Readers: 1.in, 1.gate, L1H2.q, L1H2.k, L1H2.v, unembed.")
    private Optional<String> virtual = Optional.empty();

    @Option(
        names = "--ov",
        paramLabel = "HEAD",
        description =
            "What a head, such as L2H3, adds to the logits when it attends to --token; without it, which tokens it copies.")
    private Optional<String> ov = Optional.empty();

    @Option(
        names = "--qk",
        paramLabel = "HEAD",
        description = "To which tokens a head attends from --token, --distance before it.")
    private Optional<String> qk = Optional.empty();

    @Option(
        names = "--svd",
        paramLabel = "MAP",
        description =
            "The strongest directions of a head's W_V W_O (L2H3) or of an MLP's map (2.in, 2.gate, 2.out), in tokens.")
    private Optional<String> svd = Optional.empty();

    @Option(
        names = "--paths",
        description =
            "Paths through the heads of an attention-only model on one text: the logit of each next token as a sum over them.")
    private boolean paths;
  }

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The token attended to (--ov) or from (--qk): its text, or its id after #.")
  private Optional<String> token = Optional.empty();

  @Option(
      names = "--distance",
      paramLabel = "N",
      description =
          "How many positions a key lies before its query, where positions turn both. Default: they are not turned.")
  private Optional<Integer> distance = Optional.empty();

  @Option(
      names = "--cosine",
      description = "Rank virtual weights by their cosine instead of their product.")
  private boolean cosine;

  @Option(
      names = "--order",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Through how many heads the listed paths go at most. Default: ${DEFAULT-VALUE}.")
  private int order = 2;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "10",
      description =
          "How many pairs, tokens, directions or paths to name. Default: ${DEFAULT-VALUE}.")
  private int top = 10;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "50",
      description =
          "How many random tokens are repeated for --heads without a text. Default: ${DEFAULT-VALUE}, or as many as the model allows.")
  private int repeat = 50;

  @Option(
      names = "--draws",
      paramLabel = "N",
      defaultValue = "4",
      description = "How often random tokens are drawn for --heads. Default: ${DEFAULT-VALUE}.")
  private int draws = 4;

  @Option(
      names = "--whole-diagonal",
      description =
          "Average duplicate and induction scores over the whole diagonal of a repeated text, as TransformerLens's notebooks do, instead of over the second copy.")
  private boolean wholeDiagonal;

  CircuitsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    check();
    try (Transformer raw = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      analysis.emit(report(raw, tokenizer), terminal);
    }
    return 0;
  }

  private void check() {
    analysis.check();
    if (top < 1 || draws < 1 || repeat < 2 || order < 0 || distance.orElse(0) < 0) {
      throw CliException.notHere(
          "--top, --draws, --repeat, --order or --distance is too small",
          "use at least 1, 1, 2, 0 and 0");
    }
    if (analysis.hasTexts() && !(view.paths || showsHeads())) {
      throw CliException.notHere(
          "A text is given, but this view reads weights alone",
          "leave the text out, or use --heads or --paths");
    }
    if (view.qk.isPresent() && token.isEmpty()) {
      throw CliException.notHere("--qk needs a token to attend from", "give one with --token");
    }
  }

  private boolean showsHeads() {
    return !view.composition
        && !view.paths
        && view.virtual.isEmpty()
        && view.ov.isEmpty()
        && view.qk.isEmpty()
        && view.svd.isEmpty();
  }

  private Report report(Transformer raw, Tokenizer tokenizer) {
    if (showsHeads()) {
      return heads(raw, tokenizer);
    }
    try (Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      CircuitReport shown = shown(circuits, tokenizer);
      if (view.composition) {
        return composition(circuits, shown);
      }
      if (view.paths) {
        return paths(circuits, tokenizer, shown);
      }
      return view.virtual
          .map(pair -> shown.virtual(virtual(circuits, pair)))
          .or(() -> view.ov.map(head -> promoted(circuits, tokenizer, shown, head)))
          .or(() -> view.qk.map(head -> attended(circuits, tokenizer, shown, head)))
          .or(() -> view.svd.map(map -> directions(circuits, shown, map)))
          .orElseThrow();
    }
  }

  private CircuitReport shown(Circuits circuits, Tokenizer tokenizer) {
    return shown(
        tokenizer,
        "Weights in coordinates: %s; sizes that norms divide by are left out."
            .formatted(circuits.coordinates()));
  }

  private CircuitReport shown(Tokenizer tokenizer, String... notes) {
    return new CircuitReport(analysis.name(terminal), tokenizer::token, List.of(notes));
  }

  // ---------------------------------------------------------------- heads

  private Report heads(Transformer raw, Tokenizer tokenizer) {
    HeadDetectors detectors = new HeadDetectors();
    String texts =
        analysis.hasTexts()
            ? ownTexts(raw, tokenizer, detectors)
            : repeatedTexts(raw, tokenizer, detectors);
    Optional<String> objection = Circuits.objection(raw);
    if (objection.isPresent()) {
      return shown(tokenizer, objection.get() + ": no scores by weights.")
          .heads(texts, detectors, List.of());
    }
    try (Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      return shown(circuits, tokenizer).heads(texts, detectors, circuits.heads());
    }
  }

  private String ownTexts(Transformer model, Tokenizer tokenizer, HeadDetectors detectors) {
    int[] count = {0};
    analysis
        .texts(tokenizer, model, terminal)
        .forEach(text -> {
          try (StreamTrace trace = model.trace(text.ids(), HeadDetectors.capture())) {
            detectors.add(trace);
          }
          count[0]++;
        });
    return "Over %d given texts, by the tokens that repeat in them.".formatted(count[0]);
  }

  private String repeatedTexts(Transformer model, Tokenizer tokenizer, HeadDetectors detectors) {
    OptionalInt bos = tokenizer.bos();
    long longest = model.spec().longestText();
    int lead = bos.isPresent() ? 1 : 0;
    long room = Math.min((longest - lead) / 2, model.spec().dVocab() - (long) lead);
    int period = (int) Math.min(repeat, room);
    RandomGenerator random = analysis.random();
    Rows rows = wholeDiagonal ? Rows.WHOLE_DIAGONAL : Rows.SECOND_COPY;
    try (Progress progress = terminal.progress("running", draws, "texts")) {
      for (int draw = 0; draw < draws; draw++) {
        Repeated text = Repeated.random(model.spec().dVocab(), longest, period, bos, random);
        try (StreamTrace trace = model.trace(text.tokens(), HeadDetectors.capture())) {
          detectors.addRepeated(trace, period, rows);
        }
        progress.reached(draw + 1);
      }
    }
    return "Over %d texts of %s%d random tokens, twice; duplicate and induction over %s; seed %d."
        .formatted(
            draws,
            bos.isPresent() ? "a BOS and " : "",
            period,
            wholeDiagonal ? "the whole diagonal" : "the second copy",
            analysis.seed());
  }

  // ---------------------------------------------------------------- weights

  private Report composition(Circuits circuits, CircuitReport shown) {
    List<Composition> kinds = new ArrayList<>();
    List<List<Composition.Channel>> channels = new ArrayList<>();
    for (Composition.Kind kind : Composition.Kind.values()) {
      Composition found = Composition.of(circuits, kind, positions(), analysis.random());
      kinds.add(found);
      channels.add(
          found.top(1).stream()
              .flatMap(pair -> Composition.channels(circuits, kind, positions(), pair).stream())
              .toList());
    }
    return shown.composition(kinds, channels, top);
  }

  private VirtualWeights virtual(Circuits circuits, String pair) {
    String[] ends = pair.split(":", -1);
    if (ends.length != 2) {
      throw CliException.notHere(
          "'%s' is not a writer and a reader".formatted(pair),
          "separate them by a colon, as in 0.out:1.in");
    }
    return VirtualWeights.of(
        circuits,
        StreamPart.Writer.named(ends[0]),
        StreamPart.Reader.named(ends[1]),
        new VirtualWeights.Options(cosine ? Measure.COSINE : Measure.PRODUCT, top, 0));
  }

  private Report promoted(
      Circuits circuits, Tokenizer tokenizer, CircuitReport shown, String name) {
    Head head = Head.parsed(name);
    TokenCircuits tokens = TokenCircuits.of(circuits);
    if (token.isEmpty()) {
      return shown.tokens(
          "What %s adds to the logit of the token that it attends to".formatted(head),
          "the diagonal of W_E W_V W_O W_U",
          tokens.copied(head.layer(), head.head(), top));
    }
    int id = id(tokenizer);
    return shown.tokens(
        "What %s adds to the logits when it attends to '%s'"
            .formatted(head, visible(tokenizer, id)),
        "a row of W_E W_V W_O W_U",
        tokens.promoted(head.layer(), head.head(), id, top));
  }

  private Report attended(
      Circuits circuits, Tokenizer tokenizer, CircuitReport shown, String name) {
    Head head = Head.parsed(name);
    int id = id(tokenizer);
    return shown.tokens(
        "To what %s attends from '%s'%s"
            .formatted(
                head,
                visible(tokenizer, id),
                distance.map(n -> ", at distance %d".formatted(n)).orElse("")),
        "a row of W_E W_Q W_Kᵀ W_Eᵀ times the scale of the scores" + notTurned(circuits, head),
        TokenCircuits.of(circuits).attended(head.layer(), head.head(), id, positions(), top));
  }

  private String notTurned(Circuits circuits, Head head) {
    List<AttentionSpec> attention =
        circuits.model().spec().blocks().stream().map(block -> block.attention()).toList();
    boolean turns =
        head.layer() < attention.size()
            && attention.get(head.layer()).positions() instanceof PositionCode.Rotary;
    return turns && distance.isEmpty() ? ", not turned by positions" : "";
  }

  private Report directions(Circuits circuits, CircuitReport shown, String map) {
    TokenCircuits tokens = TokenCircuits.of(circuits);
    Matcher mlp = MLP.matcher(map);
    if (mlp.matches()) {
      MlpMap which =
          switch (mlp.group(2)) {
            case "in" -> MlpMap.IN;
            case "gate" -> MlpMap.GATE;
            default -> MlpMap.OUT;
          };
      return shown.directions(
          "W_%s of block %s".formatted(mlp.group(2), mlp.group(1)),
          tokens.mlp(Integer.parseInt(mlp.group(1)), which, top, TOKENS_OF_A_DIRECTION));
    }
    Head head = Head.parsed(map);
    return shown.directions(
        "W_V W_O of " + head, tokens.ov(head.layer(), head.head(), top, TOKENS_OF_A_DIRECTION));
  }

  private Positions positions() {
    return distance.<Positions>map(Positions.Apart::new).orElseGet(Positions.Ignored::new);
  }

  // ---------------------------------------------------------------- paths

  private Report paths(Circuits circuits, Tokenizer tokenizer, CircuitReport shown) {
    Transformer model = circuits.model();
    int[] ids = analysis.texts(tokenizer, model, terminal).only().ids();
    if (ids.length < 2) {
      throw CliException.tooShort(ids.length);
    }
    try (StreamTrace trace = model.trace(ids, PathExpansion.capture())) {
      int[] targets = PathExpansion.nextTokens(trace);
      PathExpansion found = PathExpansion.of(circuits, trace, targets, order);
      return shown.paths(
          TokenText.visible(tokenizer.decode(ids)),
          found,
          "the next token (at the end, the likeliest)",
          top);
    }
  }

  // ---------------------------------------------------------------- names

  /// A head as it is named on the command line.
  private record Head(int layer, int head) {

    static Head parsed(String name) {
      Matcher found = HEAD.matcher(name);
      if (!found.matches()) {
        throw CliException.notHere(
            "'%s' names no head".formatted(name), "write block and head as L2H3");
      }
      return new Head(Integer.parseInt(found.group(1)), Integer.parseInt(found.group(2)));
    }

    @Override
    public String toString() {
      return WriterLabels.head(layer, head);
    }
  }

  private int id(Tokenizer tokenizer) {
    return NamedToken.id(token.orElseThrow(), tokenizer);
  }

  private static String visible(Tokenizer tokenizer, int id) {
    return TokenText.visible(tokenizer.token(id));
  }
}
