package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.StreamNorms;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.text.NamedToken;
import dev.weir.text.Tokenizer;
import dev.weir.view.Progress;
import dev.weir.view.ReportFiles;
import dev.weir.view.StreamReport;
import dev.weir.view.TextTable;
import dev.weir.view.TokenText;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir read`: shows the residual stream of a text.
@Command(
    name = "read",
    description =
        "Show the residual stream of a text: what the logit lens says at each layer, who writes for the answer, how long the stream is and how far it turns. On the terminal for one position; with --out for all.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir read \"Once upon a time, there was a little\"",
      "  weir read --position 3 --target \" dog\" \"The big dog ran\"",
      "  weir read --model path/to/model --out report.html \"The capital of France is\""
    })
final class ReadCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompt = new PromptOptions();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write it for all positions: .html, .md, .json, .csv, .parquet, .png or .svg.")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      defaultValue = "-1",
      description = "Which position to show; negative counts from the end. Default: the last.")
  private int position = -1;

  @Option(
      names = {"--target", "--token"},
      paramLabel = "TOKEN",
      description =
          "Follow this token (its text, or its id after #) instead of the model's own answer.")
  private Optional<String> target = Optional.empty();

  @Option(
      names = "--final-scale",
      description =
          "Use the scale that the final norm has at the end at every place, instead of computing it anew: the lens is then the running sum of the attribution.")
  private boolean finalScale;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "5",
      description = "How many tokens to name at each place. Default: ${DEFAULT-VALUE}.")
  private int top = 5;

  @Option(names = "--json", description = "Print the result as JSON, for all positions.")
  private boolean json;

  ReadCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    out.ifPresent(ReportFiles::requireKnown);
    requireOnePrompt();
    // The tokenizer's library and the engine take most of the start; they load side by side.
    CompletableFuture<Tokenizer> loading =
        CompletableFuture.supplyAsync(() -> model.openTokenizer(terminal));
    try (Transformer transformer = model.open(terminal);
        Tokenizer tokenizer = loaded(loading)) {
      read(transformer, tokenizer, prompt.prompts(() -> tokenizer).getFirst());
    }
    return 0;
  }

  private void requireOnePrompt() {
    if (prompt.count() > 1) {
      throw CliException.notHere(
          "%d prompts are given, and one is read at a time".formatted(prompt.count()),
          "put the text in quotes");
    }
  }

  private static Tokenizer loaded(CompletableFuture<Tokenizer> loading) {
    try {
      return loading.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void read(Transformer transformer, Tokenizer tokenizer, PromptOptions.Prompt text) {
    LogitLens.Options options =
        new LogitLens.Options(
            Places.SUBLAYERS,
            finalScale ? LogitLens.Variant.FINAL_SCALE : LogitLens.Variant.NORM_RECOMPUTED,
            top,
            followed(tokenizer));
    boolean everywhere = out.isPresent() || json;
    Capture all =
        DirectLogitAttribution.capture()
            .and(LogitLens.capture(options).globs().toArray(String[]::new));
    Capture capture = everywhere ? all : all.at(position);
    try (Progress progress = terminal.progress("running", transformer.spec().nLayers(), "blocks");
        StreamTrace trace =
            transformer.trace(List.of(text.ids()), capture, new BlockProgress(progress))) {
      IntFunction<String> word = tokenizer::token;
      StreamReport report =
          new StreamReport(
              name(),
              Arrays.stream(text.ids()).mapToObj(word).toList(),
              word,
              LogitLens.of(transformer, trace, options),
              DirectLogitAttribution.of(transformer, trace, question(options)),
              StreamNorms.of(transformer, trace, Places.SUBLAYERS),
              List.of(text.bos(), transformer.spec().family() + ", run in " + transformer.dtype()));
      show(report, text);
    }
  }

  private static DirectLogitAttribution.Question question(LogitLens.Options options) {
    return switch (options.target()) {
      case LogitLens.Target.FinalTop() -> new DirectLogitAttribution.Question.TopToken();
      case LogitLens.Target.Token(int id) -> new DirectLogitAttribution.Question.Token(id);
    };
  }

  private LogitLens.Target followed(Tokenizer tokenizer) {
    return target
        .<LogitLens.Target>map(text -> new LogitLens.Target.Token(NamedToken.id(text, tokenizer)))
        .orElseGet(LogitLens.Target.FinalTop::new);
  }

  private String name() {
    Path file = model.path(terminal).getFileName();
    return file == null ? "the model" : file.toString();
  }

  private void show(StreamReport report, PromptOptions.Prompt text) {
    if (json || out.isPresent()) {
      AnalysisOptions.deliver(report.report(), out, json, terminal);
    } else {
      terminal.note(text.bos());
      print(report);
    }
  }

  private void print(StreamReport report) {
    terminal
        .out()
        .println(report.model() + ": " + TokenText.visible(String.join("", report.tokens())));
    terminal.out().println(report.answer(0));
    terminal.out().println();
    terminal.out().print(TextTable.render(report.depth(0), terminal.style(), terminal.width()));
    terminal.out().println();
    terminal.out().println(report.writers(0).title());
    terminal
        .out()
        .print(
            TextTable.renderWithBars(
                report.writers(0), "logit", terminal.style(), terminal.width()));
  }
}
