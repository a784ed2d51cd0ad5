package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.causal.AblationSweep;
import dev.weir.readout.causal.ActivationPatching;
import dev.weir.readout.causal.ActivationSite;
import dev.weir.readout.causal.AttributionPatching;
import dev.weir.readout.causal.CausalTracing;
import dev.weir.readout.causal.Component;
import dev.weir.readout.causal.Direction;
import dev.weir.readout.causal.EdgeAttribution;
import dev.weir.readout.causal.Metric;
import dev.weir.readout.causal.PathPatching;
import dev.weir.readout.causal.PromptPair;
import dev.weir.readout.causal.Slope;
import dev.weir.stream.WriterLabels;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.PatchReport;
import dev.weir.view.PatchReport.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir patch`: changes a run place by place and sees what becomes of the answer.
@Command(
    name = "patch",
    description =
        "Find what the answer goes through: put values of one run into another, place by place, or take components away, and see how far the answer follows. On the terminal as a grid; with --out as a heatmap and every number.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir patch --corrupt \"The cat saw a dog. The cat\" \"The dog saw a cat. The dog\"",
      "  weir patch --site z --prompts pairs.jsonl --out heads.html",
      "  weir patch --method path --to L3H1.k --prompts pairs.jsonl",
      "  weir patch --method trace --subject \"big dog\" \"The big dog ran to the\"",
      "  weir patch --method ablate --replace mean --text bundled",
      "A line of pairs.jsonl: {\"prompt\": \"...\", \"corrupt\": \"...\", \"answer\": \" dog\", \"wrong\": \" cat\"}"
    })
final class PatchCommand implements Callable<Integer> {
  /// So many pairs run together.
  private static final int GROUP = 8;

  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      defaultValue = "patch",
      description =
          "patch (values of the other run, place by place), path (from each component to --to), attribution (patch, to first order, all places at once), eap (every edge, to first order), trace (noise on --subject), ablate (take components away). Default: ${DEFAULT-VALUE}.")
  private Method method = Method.PATCH;

  @Option(
      names = "--corrupt",
      paramLabel = "TEXT",
      description = "The same prompt with something exchanged, as many tokens.")
  private Optional<String> corrupt = Optional.empty();

  @Option(
      names = "--site",
      paramLabel = "SITE",
      defaultValue = "resid_pre",
      description =
          "What is patched: resid_pre, resid_mid, resid_post, attn_out, mlp_out, z, q, k, v or pattern. Default: ${DEFAULT-VALUE}.")
  private String site = "resid_pre";

  @Option(
      names = "--columns",
      paramLabel = "WHAT",
      description =
          "What the grid tells apart beside layers: positions, heads, heads_and_positions or whole. Default: heads where the site has them.")
  private Optional<ActivationPatching.Columns> columns = Optional.empty();

  @Option(
      names = "--answer",
      paramLabel = "TOKEN",
      description =
          "What is right after the prompt (its text, or its id after #). Default: what the model says.")
  private Optional<String> answer = Optional.empty();

  @Option(
      names = "--wrong",
      paramLabel = "TOKEN",
      description = "What is right after the corrupted prompt. Default: what the model says there.")
  private Optional<String> wrong = Optional.empty();

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      defaultValue = "logit_difference",
      description = "logit_difference, log_probability or kl_to_clean. Default: ${DEFAULT-VALUE}.")
  private Metric metric = Metric.LOGIT_DIFFERENCE;

  @Option(
      names = "--direction",
      paramLabel = "DIRECTION",
      description =
          "denoise (clean values into the corrupted run) or noise (the other way round). Default: denoise; for paths noise.")
  private Optional<Direction> direction = Optional.empty();

  @Option(
      names = "--to",
      paramLabel = "RECEIVER",
      description =
          "Who listens, for paths: logits, a head's input such as L3H1.k, or an MLP's such as 3_mlp_in; may be given several times. Default: logits.")
  private List<String> receivers = List.of();

  @Option(
      names = "--frozen",
      paramLabel = "WHAT",
      defaultValue = "heads",
      description =
          "What keeps its value on a path: heads, or everything (MLPs and routing too). Default: ${DEFAULT-VALUE}.")
  private PathPatching.Frozen frozen = PathPatching.Frozen.HEADS;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Steps of integrated gradients; 0 takes the slope in the changed run alone. Default: 0 for attribution, 5 for eap.")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--subject",
      paramLabel = "TEXT",
      description = "The part of the prompt that gets noise, for tracing.")
  private Optional<String> subject = Optional.empty();

  @Option(
      names = "--restore",
      paramLabel = "WHAT",
      defaultValue = "state",
      description = "What tracing puts back: state, attention or mlp. Default: ${DEFAULT-VALUE}.")
  private CausalTracing.Kind restored = CausalTracing.Kind.STATE;

  @Option(
      names = "--noise",
      paramLabel = "X",
      defaultValue = "3",
      description =
          "Noise for tracing, in standard deviations of the embeddings. Default: ${DEFAULT-VALUE}.")
  private double noise = 3;

  @Option(
      names = "--copies",
      paramLabel = "N",
      defaultValue = "10",
      description = "Noisy copies of each prompt. Default: ${DEFAULT-VALUE}.")
  private int copies = 10;

  @Option(
      names = "--blocks",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "How many blocks around the one named get attention or MLPs back. Default: ${DEFAULT-VALUE}.")
  private int blocks = 10;

  @Option(
      names = "--replace",
      paramLabel = "HOW",
      defaultValue = "zero",
      description =
          "What stands in the place of an ablated component: zero, mean (over the texts) or resample (another text). Default: ${DEFAULT-VALUE}.")
  private AblationSweep.Replacement replacement = AblationSweep.Replacement.ZERO;

  @Option(
      names = "--neurons",
      paramLabel = "SET",
      description =
          "Neurons to ablate together, such as L2N5,17; may be given several times. Default: every head and every MLP, one at a time.")
  private List<String> neurons = List.of();

  /// What is done.
  enum Method {
    PATCH,
    PATH,
    ATTRIBUTION,
    EAP,
    TRACE,
    ABLATE
  }

  PatchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    analysis.check();
    ActivationSite where = ActivationSite.parse(site);
    List<PathPatching.Receiver> to = receivers.stream().map(ReceiverName::parse).toList();
    try (Transformer transformer = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      Work work = new Work(transformer, tokenizer, where, to);
      PatchReport report =
          switch (method) {
            case PATCH -> work.patch();
            case PATH -> work.path();
            case ATTRIBUTION -> work.attribution();
            case EAP -> work.edges();
            case TRACE -> work.trace();
            case ABLATE -> work.ablate();
          };
      analysis.emit(analysis.inFull() ? report.full() : report.brief(), terminal);
    }
    return 0;
  }

  private Direction direction() {
    return direction.orElse(method == Method.PATH ? Direction.NOISE : Direction.DENOISE);
  }

  private Slope slope(int otherwise) {
    int count = steps.orElse(otherwise);
    return count == 0 ? new Slope.AtBase() : new Slope.Integrated(count);
  }

  /// A model, its tokenizer, and what is asked of them.
  private final class Work {
    private final Transformer model;
    private final Tokenizer tokenizer;
    private final ActivationSite where;
    private final List<PathPatching.Receiver> to;
    private final List<String> notes = new ArrayList<>();
    private Optional<PromptPair> first = Optional.empty();

    Work(
        Transformer model,
        Tokenizer tokenizer,
        ActivationSite where,
        List<PathPatching.Receiver> to) {
      this.model = model;
      this.tokenizer = tokenizer;
      this.where = where;
      this.to = to.isEmpty() ? List.of(new PathPatching.Receiver.Logits()) : to;
    }

    // -------------------------------------------------------------- pairs

    /// Hands on pairs in groups of one length.
    private void forEachGroup(java.util.function.Consumer<List<PromptPair>> reader) {
      List<PromptPair> group = new ArrayList<>();
      AnswerOfModel asked = new AnswerOfModel(model);
      analysis
          .texts(tokenizer, model, terminal)
          .forEach(text -> {
            PromptPair pair = pair(text, asked);
            boolean full =
                group.size() == GROUP
                    || (!group.isEmpty() && group.getFirst().length() != pair.length());
            if (full) {
              reader.accept(group);
              group.clear();
            }
            group.add(pair);
          });
      reader.accept(group);
    }

    private PromptPair pair(AnalysisOptions.Text text, AnswerOfModel asked) {
      String exchanged = corrupt.orElseGet(() -> text.required("corrupt"));
      int[] other =
          text.text().isEmpty() ? ids(exchanged, text.where()) : analysis.ids(exchanged, tokenizer);
      PromptPair aligned = new PromptPair(text.ids(), other, 0, 0, text.where());
      int right = token(answer, text, "answer").orElseGet(() -> asked.to(text.ids()));
      int other1 = token(wrong, text, "wrong").orElseGet(() -> asked.to(other));
      PromptPair pair =
          new PromptPair(aligned.clean(), aligned.corrupt(), right, other1, text.where());
      if (first.isEmpty()) {
        first = Optional.of(pair);
        notes.add(text.bos());
      }
      return pair;
    }

    private Optional<Integer> token(
        Optional<String> option, AnalysisOptions.Text text, String field) {
      return option
          .or(() -> Optional.ofNullable(text.fields().get(field)))
          .map(name -> NamedToken.id(name, tokenizer));
    }

    private static int[] ids(String list, String where) {
      try {
        return Arrays.stream(list.replaceAll("[\\[\\]\\s]", "").split(",", -1))
            .mapToInt(Integer::parseInt)
            .toArray();
      } catch (NumberFormatException _) {
        throw CliException.badPromptLine(where, "has tokens, but its 'corrupt' is no list of ids");
      }
    }

    // -------------------------------------------------------------- methods

    PatchReport patch() {
      ActivationPatching.Options usual = ActivationPatching.Options.usual(where);
      ActivationPatching.Options options =
          new ActivationPatching.Options(
              where, columns.orElse(usual.columns()), metric, direction());
      ActivationPatching patching = new ActivationPatching(model, options);
      forEachGroup(patching::add);
      List<Entry> entries =
          patching.cells().stream()
              .map(cell ->
                  entry(
                      cell.place().layer(),
                      cell.place().head(),
                      cell.place().position(),
                      cell.score()))
              .toList();
      String axis =
          switch (options.columns()) {
            case POSITIONS, HEADS_AND_POSITIONS -> "token";
            case HEADS -> "head";
            case WHOLE -> "all";
          };
      return pairReport(
          "Patching " + where.words(), entries, axis, patching.clean(), patching.corrupt());
    }

    PatchReport path() {
      PathPatching patching =
          new PathPatching(model, new PathPatching.Options(to, frozen, metric, direction()));
      forEachGroup(patching::add);
      List<Entry> entries =
          patching.paths().stream().map(path -> component(path.sender(), path.score())).toList();
      notes.add(
          frozen == PathPatching.Frozen.HEADS
              ? "Other heads keep their values on the way; MLPs and the pathway's routing are computed anew."
              : "Other heads, MLPs and the pathway's routing keep their values on the way.");
      String names = String.join(", ", to.stream().map(PathPatching.Receiver::words).toList());
      return pairReport(
          "Paths to " + names, entries, "sender", patching.clean(), patching.corrupt());
    }

    PatchReport attribution() {
      AttributionPatching patching =
          new AttributionPatching(
              model,
              new AttributionPatching.Options(List.of(where), slope(0), metric, direction()));
      forEachGroup(patching::add);
      List<Entry> entries =
          patching.cells().stream()
              .map(cell ->
                  entry(
                      cell.place().layer(),
                      cell.place().head(),
                      OptionalInt.of(cell.place().position()),
                      cell.score()))
              .toList();
      notes.add(slopeNote(slope(0)));
      return pairReport(
          "Attribution patching of " + where.words(),
          entries,
          "token",
          patching.clean(),
          patching.corrupt());
    }

    PatchReport edges() {
      EdgeAttribution attribution =
          new EdgeAttribution(model, new EdgeAttribution.Options(slope(5), metric, direction()));
      forEachGroup(attribution::add);
      List<Entry> entries =
          attribution.edges().stream()
              .map(cell -> new Entry(cell.edge().writer(), cell.edge().reader(), cell.score()))
              .toList();
      notes.add(slopeNote(slope(5)));
      notes.add("Writes are carried to their readers with the pathway's routing frozen.");
      return pairReport(
          "Edge attribution", entries, "", attribution.clean(), attribution.corrupt());
    }

    private static String slopeNote(Slope slope) {
      return switch (slope) {
        case Slope.AtBase() ->
            "To first order, with the slope in the changed run alone: wrong where the answer saturates.";
        case Slope.Integrated(int count) ->
            "To first order, with the mean slope at %d points between the runs' embeddings."
                .formatted(count);
      };
    }

    private PatchReport pairReport(
        String title, List<Entry> entries, String axis, Estimate clean, Estimate corrupted) {
      PromptPair pair = first.orElseThrow();
      notes.add(
          "%s: clean %s, corrupted %s, over %d pair%s; 0 where nothing changes, 1 where the run behaves like the one that the values come from (%s)."
              .formatted(
                  metric.words(),
                  number(clean.mean()),
                  number(corrupted.mean()),
                  clean.count(),
                  clean.count() == 1 ? "" : "s",
                  direction().name().toLowerCase(Locale.ROOT)));
      notes.add(
          "First pair: answer %s, wrong %s. Raw coordinates; where the stream itself is patched, the whole state of the pathway."
              .formatted(shown(pair.answer()), shown(pair.wrong())));
      return new PatchReport(
          title + " in " + analysis.name(terminal),
          dev.weir.view.TokenText.visible(tokenizer.decode(pair.clean())),
          "score",
          entries,
          axis,
          notes);
    }

    private String shown(int token) {
      return "'%s'".formatted(tokenizer.token(token));
    }

    private static String number(double value) {
      return String.format(Locale.ROOT, "%.4f", value);
    }

    private Entry entry(int layer, OptionalInt head, OptionalInt position, Estimate score) {
      boolean headsAcross = position.isEmpty() && head.isPresent();
      String row =
          head.isPresent() && !headsAcross
              ? WriterLabels.head(layer, head.getAsInt())
              : "L" + layer;
      String column =
          headsAcross
              ? "H" + head.getAsInt()
              : position.isPresent() ? column(position.getAsInt()) : "all";
      return new Entry(row, column, score);
    }

    /// A position with the token of the first pair there.
    private String column(int position) {
      int token = first.orElseThrow().clean()[position];
      return "%d %s".formatted(position, dev.weir.view.TokenText.visible(tokenizer.token(token)));
    }

    private static Entry component(Component component, Estimate score) {
      return switch (component) {
        case Component.Head(int layer, int head) -> new Entry("L" + layer, "H" + head, score);
        case Component.Mlp(int layer) -> new Entry("L" + layer, "MLP", score);
        case Component.Neurons(int layer, List<Integer> _) ->
            new Entry("L" + layer, component.label(), score);
      };
    }

    // -------------------------------------------------------------- tracing and ablation

    PatchReport trace() {
      CausalTracing tracing =
          new CausalTracing(
              model, new CausalTracing.Options(restored, blocks, noise, copies), analysis.random());
      AnswerOfModel asked = new AnswerOfModel(model);
      List<CausalTracing.Prompt> shown = new ArrayList<>();
      analysis
          .texts(tokenizer, model, terminal)
          .forEach(text -> {
            String part = subject.orElseGet(() -> text.required("subject"));
            int right = token(answer, text, "answer").orElseGet(() -> asked.to(text.ids()));
            CausalTracing.Prompt prompt =
                SubjectTokens.of(text, part, tokenizer).prompt(text.ids(), right, text.where());
            tracing.add(prompt);
            if (shown.isEmpty()) {
              shown.add(prompt);
              notes.add(text.bos());
              first = Optional.empty();
            }
          });
      CausalTracing.Prompt prompt = shown.getFirst();
      Function<Integer, String> column =
          position ->
              "%d %s%s"
                  .formatted(
                      position,
                      dev.weir.view.TokenText.visible(tokenizer.token(prompt.tokens()[position])),
                      position >= prompt.first() && position < prompt.end() ? "*" : "");
      List<Entry> entries =
          tracing.cells().stream()
              .map(cell ->
                  new Entry(
                      "L" + cell.place().layer(),
                      column.apply(cell.place().position()),
                      cell.effect()))
              .toList();
      notes.add(
          "p(%s): clean %s, with noise of %s on the subject (*) %s, over %d noisy copies of %d prompt%s, seed %d."
              .formatted(
                  shown(prompt.answer()),
                  number(tracing.clean().mean()),
                  number(tracing.deviation()),
                  number(tracing.corrupted().mean()),
                  copies,
                  tracing.clean().count(),
                  tracing.clean().count() == 1 ? "" : "s",
                  analysis.seed()));
      notes.add(
          tracing.clean().count() == 1
              ? "Intervals are over noisy copies."
              : "Intervals are over prompts.");
      return new PatchReport(
          "Causal tracing of %s in %s"
              .formatted(restored.name().toLowerCase(Locale.ROOT), analysis.name(terminal)),
          dev.weir.view.TokenText.visible(tokenizer.decode(prompt.tokens())),
          "indirect effect on the answer's probability",
          entries,
          "token",
          notes);
    }

    PatchReport ablate() {
      List<Component> components =
          neurons.isEmpty()
              ? Component.all(model)
              : neurons.stream().map(ReceiverName::neurons).toList();
      AblationSweep sweep = new AblationSweep(model, components, replacement);
      AnalysisOptions.Texts texts = analysis.texts(tokenizer, model, terminal);
      if (replacement == AblationSweep.Replacement.MEAN) {
        texts.forEach(text -> sweep.learn(text.ids()));
      }
      sweep(texts, sweep);
      List<Entry> entries =
          sweep.cells().stream().map(cell -> component(cell.component(), cell.change())).toList();
      notes.add(
          "Cross entropy with everything in its place: %s nats a token, over %d text%s. Replaced by %s. Raw coordinates: zeroing differs where value biases are folded."
              .formatted(
                  number(sweep.base().mean()),
                  sweep.base().count(),
                  sweep.base().count() == 1 ? "" : "s",
                  replacement.name().toLowerCase(Locale.ROOT)));
      return new PatchReport(
          "Ablation in " + analysis.name(terminal),
          "",
          "change of cross entropy, nats a token",
          entries,
          neurons.isEmpty() ? "component" : "",
          notes);
    }

    /// Where values of another text are put in, each takes those of the one before it, and the
    /// first those of the second.
    private void sweep(AnalysisOptions.Texts texts, AblationSweep sweep) {
      if (replacement != AblationSweep.Replacement.RESAMPLE) {
        texts.forEach(text -> sweep.add(text.ids()));
        return;
      }
      List<int[]> before = new ArrayList<>();
      int[] count = {0};
      texts.forEach(text -> {
        if (!before.isEmpty()) {
          if (count[0] == 1) {
            sweep.add(before.getFirst(), text.ids());
          }
          sweep.add(text.ids(), before.getFirst());
          before.clear();
        }
        before.add(text.ids());
        count[0]++;
      });
      if (count[0] == 1) {
        sweep.add(before.getFirst());
      }
    }
  }
}
