package dev.weir.cli;

import dev.weir.model.Coordinates;
import dev.weir.model.Transformer;
import dev.weir.readout.Contributions;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.DirectLogitAttribution.Part;
import dev.weir.readout.Reader;
import dev.weir.stream.StreamTrace;
import dev.weir.text.Tokenizer;
import dev.weir.view.ContributionsReport;
import dev.weir.view.PartsReport;
import dev.weir.view.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir contributions`: who talks to whom in a run.
@Command(
    name = "contributions",
    description =
        "Show who talks to whom: how much of what each reader of the stream reads comes from each writer. With --to, the writers of one reader.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir contributions \"Once upon a time, there was a little\"",
      "  weir contributions --to 3_mlp_in --level head \"Once upon a time\"",
      "  weir contributions --to blocks.3.hook_mlp_in --sources L2H1 \"Once upon a time\"",
      "  weir contributions --prompts prompts.jsonl --out matrix.html"
    })
final class ContributionsCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private AnalysisOptions analysis = new AnalysisOptions();

  @Option(
      names = "--to",
      paramLabel = "READER",
      description =
          "One reader: its label, such as 3_mlp_in or end, or what it reads, such as blocks.3.hook_mlp_in.")
  private Optional<String> to = Optional.empty();

  @Option(
      names = "--level",
      paramLabel = "LEVEL",
      description =
          "How finely writers are told apart: layer, head, or with --to also neuron. Default: layer, with --to head.")
  private Optional<Detail> level = Optional.empty();

  @Option(
      names = "--sources",
      paramLabel = "HEAD",
      description =
          "Source tokens through a head, such as L2H1, or through 'all' heads, at one position. Reader: --to, or the end.")
  private Optional<String> sources = Optional.empty();

  @Option(
      names = "--by-weights",
      description =
          "Measure what the reader's own weights make of each part, instead of the stream itself: what they do not read counts for nothing.")
  private boolean byWeights;

  @Option(
      names = {"-p", "--position"},
      paramLabel = "POS",
      description =
          "Which position reads; negative counts from the end. Default: the mean over all but the first; with --sources the last.")
  private Optional<Integer> position = Optional.empty();

  @Option(
      names = "--with-first",
      description = "Count the first position into the mean, too; it behaves unlike all others.")
  private boolean withFirst;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "15",
      description = "How many writers of one reader to print. Default: ${DEFAULT-VALUE}.")
  private int top = 15;

  ContributionsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /// How finely writers are told apart.
  enum Detail {
    LAYER,
    HEAD,
    NEURON
  }

  @Override
  public Integer call() {
    analysis.check();
    Detail detail = level.orElse(to.isPresent() ? Detail.HEAD : Detail.LAYER);
    if (detail == Detail.NEURON && to.isEmpty()) {
      throw CliException.notHere(
          "Neurons are listed for one reader", "name it with --to, for instance --to end");
    }
    try (Transformer model = analysis.open(terminal);
        Tokenizer tokenizer = analysis.openTokenizer(terminal)) {
      List<Reader> readers =
          to.map(name -> List.of(Reader.named(model, name))).orElseGet(() -> Reader.of(model));
      AnalysisOptions.Texts texts = analysis.texts(tokenizer, model, terminal);
      if (sources.isPresent()) {
        Reader reader = to.isPresent() ? readers.getFirst() : Reader.end(model);
        analysis.emit(sources(model, tokenizer, texts.only(), reader), terminal);
      } else if (detail == Detail.NEURON) {
        analysis.emit(neurons(model, texts, readers.getFirst()), terminal);
      } else {
        analysis.emit(contributions(model, texts, readers, detail), terminal);
      }
    }
    return 0;
  }

  // ---------------------------------------------------------------- three questions

  private Report contributions(
      Transformer model, AnalysisOptions.Texts texts, List<Reader> readers, Detail detail) {
    Contributions.Options options =
        new Contributions.Options(
            detail == Detail.LAYER ? Contributions.Level.LAYER : Contributions.Level.HEAD,
            measure());
    List<Contributions.Mean> mean = new ArrayList<>();
    Seen seen = new Seen();
    texts.forEach(text -> {
      try (StreamTrace trace = model.trace(text.ids(), Contributions.capture())) {
        Contributions found = Contributions.of(model, trace, options, readers);
        if (mean.isEmpty()) {
          mean.add(new Contributions.Mean(found));
        }
        mean.getFirst().add(found, over(trace));
        seen.add(text);
      }
    });
    ContributionsReport report =
        new ContributionsReport(
            "Who talks to whom in " + analysis.name(terminal),
            seen.subtitle(),
            mean.getFirst(),
            notes(model, seen));
    if (analysis.whole()) {
      return report.whole();
    }
    return to.isPresent() ? report.toOne(top) : report.matrix();
  }

  private Report neurons(Transformer model, AnalysisOptions.Texts texts, Reader reader) {
    DirectLogitAttribution.Mean mean = new DirectLogitAttribution.Mean();
    Seen seen = new Seen();
    texts.forEach(text -> {
      try (StreamTrace trace = model.trace(text.ids(), Contributions.capture())) {
        mean.add(Contributions.neurons(model, trace, reader, measure(), over(trace)));
        seen.add(text);
      }
    });
    return parts("The neurons in what is read at " + reader.label(), seen, mean, model, i -> "");
  }

  private Report sources(
      Transformer model, Tokenizer tokenizer, AnalysisOptions.Text text, Reader reader) {
    Seen seen = new Seen();
    seen.add(text);
    DirectLogitAttribution.Mean mean = new DirectLogitAttribution.Mean();
    String head = sources.orElseThrow();
    try (StreamTrace trace = model.trace(text.ids(), Contributions.captureSources())) {
      int index = index(position.orElse(-1), trace);
      List<Part> chosen =
          Contributions.sources(model, trace, reader, measure(), index).stream()
              .filter(part -> head.equals("all") || part.label().startsWith(head + "<-"))
              .toList();
      if (chosen.isEmpty()) {
        throw CliException.notHere(
            "No head '%s' writes before %s".formatted(head, reader.label()),
            "name a head of an earlier block, such as L0H1, or 'all'");
      }
      mean.add(chosen);
      return parts(
          "Source tokens in what position %d reads at %s".formatted(index, reader.label()),
          seen,
          mean,
          model,
          i -> tokenizer.token(text.ids()[i]));
    }
  }

  private Report parts(
      String title,
      Seen seen,
      DirectLogitAttribution.Mean mean,
      Transformer model,
      java.util.function.IntFunction<String> token) {
    PartsReport report =
        new PartsReport(
            "%s of %s".formatted(title, analysis.name(terminal)),
            seen.subtitle(),
            "share",
            mean,
            token,
            notes(model, seen));
    return analysis.whole() ? report.whole() : report.shown(top);
  }

  private Contributions.Measure measure() {
    return byWeights ? Contributions.Measure.WEIGHTS : Contributions.Measure.STREAM;
  }

  // ---------------------------------------------------------------- positions and notes

  private List<Integer> over(StreamTrace trace) {
    return position
        .map(at -> List.of(index(at, trace)))
        .orElseGet(() ->
            withFirst
                ? IntStream.range(0, trace.positions().size()).boxed().toList()
                : Contributions.afterTheFirst(trace));
  }

  private static int index(int position, StreamTrace trace) {
    int length = trace.positions().size();
    int index = position < 0 ? length + position : position;
    if (index < 0 || index >= length) {
      throw CliException.positionOutside(position, length);
    }
    return index;
  }

  private List<String> notes(Transformer model, Seen seen) {
    return List.of(
        seen.bos(),
        "%s; %s coordinates; %s, run in %s."
            .formatted(where(), Coordinates.raw(), model.spec().family(), model.dtype()),
        byWeights
            ? "A share is cW · xW / ‖xW‖² of what is read, with the reader's weights and its norm's gain in W; the scales and the routing of this run are frozen."
            : "A share is c · x / ‖x‖² of what is read, before its norm; the scales and the routing of this run are frozen.");
  }

  private String where() {
    return position
        .map("position %d"::formatted)
        .orElse(
            sources.isPresent()
                ? "the last position"
                : withFirst ? "mean over all positions" : "mean over all positions but the first");
  }

  /// Which texts were read.
  private static final class Seen {
    private int count;
    private String text = "";
    private String bos = "";

    void add(AnalysisOptions.Text next) {
      count++;
      text = next.text();
      bos = next.bos();
    }

    String subtitle() {
      return count == 1 ? text : "%d texts".formatted(count);
    }

    String bos() {
      return bos;
    }
  }
}
