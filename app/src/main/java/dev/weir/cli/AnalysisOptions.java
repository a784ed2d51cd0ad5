package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.text.Tokenizer;
import dev.weir.view.JsonFile;
import dev.weir.view.Progress;
import dev.weir.view.Report;
import dev.weir.view.ReportFiles;
import dev.weir.view.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What every analysis asks for: a model, texts, a seed, and where the result goes.
final class AnalysisOptions {
  private static final String BUNDLED = "bundled";

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompt = new PromptOptions();

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description =
          "Prompts from a file of JSON lines: {\"prompt\": \"...\"} or {\"tokens\": [1, 2]} a line, with further fields where a command asks for them.")
  private Optional<Path> prompts = Optional.empty();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description =
          "A text file instead of prompts, cut into windows of --window tokens; 'bundled' is the text that ships with Weir.")
  private Optional<Path> text = Optional.empty();

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "128",
      description = "How many tokens a window of --text has. Default: ${DEFAULT-VALUE}.")
  private int window = 128;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "64",
      description =
          "How many windows of --text are read at most, evenly spread. Default: ${DEFAULT-VALUE}.")
  private int limit = 64;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Where everything random starts from. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the result: .html, .md, .json, .csv, .parquet, .png or .svg.")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  /// One text to analyse.
  ///
  /// @param ids its tokens
  /// @param text what it says; empty where only ids were given
  /// @param fields what else its line in a file of prompts says
  /// @param bos what became of the BOS, as a sentence
  /// @param where it comes from, for messages
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Text(int[] ids, String text, Map<String, String> fields, String bos, String where) {

    /// A field of its line.
    ///
    /// @param name of the field
    /// @throws CliException if the line has none of this name
    String required(String name) {
      return Optional.ofNullable(fields.get(name))
          .orElseThrow(() -> CliException.missingField(where, name));
    }
  }

  /// Checks what can be checked before a model is opened.
  void check() {
    out.ifPresent(ReportFiles::requireKnown);
    if (window < 2 || limit < 1) {
      throw CliException.notHere(
          "--window %d and --limit %d are not possible".formatted(window, limit),
          "use at least 2 tokens and 1 window");
    }
    int ways =
        (prompts.isPresent() ? 1 : 0) + (text.isPresent() ? 1 : 0) + (prompt.isEmpty() ? 0 : 1);
    if (ways > 1) {
      throw CliException.severalSources();
    }
  }

  /// Whether the result goes where long tables do no harm: into a file or to a program.
  boolean whole() {
    return json || out.isPresent();
  }

  /// Reads the text that ships with Weir where none is named: for what is known of a model by any
  /// text of its kind.
  void orBundledText(Terminal terminal) {
    if (!hasTexts()) {
      text = Optional.of(Path.of(BUNDLED));
      terminal.note("no text is named, so the bundled one is read");
    }
  }

  boolean hasTexts() {
    return prompts.isPresent() || text.isPresent() || !prompt.isEmpty();
  }

  Transformer open(Terminal terminal) {
    return model.open(terminal);
  }

  Tokenizer openTokenizer(Terminal terminal) {
    return model.openTokenizer(terminal);
  }

  /// The file or folder of the model.
  Path path(Terminal terminal) {
    return model.path(terminal);
  }

  /// The file or folder of the tokenizer.
  Path tokenizerPath(Terminal terminal) {
    return model.tokenizerPath(terminal);
  }

  /// What to call the model in a title.
  String name(Terminal terminal) {
    return String.valueOf(path(terminal).toAbsolutePath().normalize().getFileName());
  }

  /// Whether the result goes to a file or a program, and not to a reader at a terminal.
  boolean inFull() {
    return json || out.isPresent();
  }

  /// The tokens of another text that goes with a prompt, with BOS as the prompt has it.
  int[] ids(String other, Tokenizer tokenizer) {
    return prompt.ofText(other, tokenizer).ids();
  }

  long seed() {
    return seed;
  }

  RandomGenerator random() {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  // ---------------------------------------------------------------- texts

  /// The tokens of another text that an analysis needs, with a BOS as for its own.
  ///
  /// @param other the text
  /// @param tokenizer makes tokens of it
  int[] encode(String other, Tokenizer tokenizer) {
    return prompt.ofText(other, tokenizer).ids();
  }

  /// The texts, one at a time: bounded memory whatever their number.
  ///
  /// @param tokenizer makes tokens of them
  /// @param transformer the model, which bounds how long a text may be
  /// @param terminal where progress is shown, and where the bundled text is
  Texts texts(Tokenizer tokenizer, Transformer transformer, Terminal terminal) {
    return new Texts(tokenizer, transformer.spec().longestText(), terminal);
  }

  /// The texts that were asked for.
  final class Texts {
    private final Tokenizer tokenizer;
    private final long longest;
    private final Terminal terminal;

    private Texts(Tokenizer tokenizer, long longest, Terminal terminal) {
      this.tokenizer = tokenizer;
      this.longest = longest;
      this.terminal = terminal;
    }

    /// Hands each text on, and shows how far it is.
    ///
    /// @param reader what is done with each
    void forEach(Consumer<Text> reader) {
      if (prompts.isPresent()) {
        PromptFile file = PromptFile.open(prompts.get());
        try (Progress progress = terminal.progress("reading", file.lines(), "prompts")) {
          int[] done = {0};
          file.forEach(line -> {
            reader.accept(ofLine(line));
            progress.reached(++done[0]);
          });
        }
        return;
      }
      List<Text> all = text.map(this::windows).orElseGet(this::given);
      try (Progress progress = terminal.progress("reading", all.size(), "texts")) {
        for (int i = 0; i < all.size(); i++) {
          reader.accept(all.get(i));
          progress.reached(i + 1);
        }
      }
    }

    /// The only text.
    ///
    /// @throws CliException if there are several
    Text only() {
      if (text.isPresent() || prompt.count() > 1) {
        throw CliException.severalTexts();
      }
      return prompts.map(PromptFile::only).map(this::ofLine).orElseGet(() -> given().getFirst());
    }

    private Text ofLine(PromptFile.Line line) {
      return line.tokens()
          .map(ids -> new Text(ids, "", line.fields(), "tokens run as given", line.where()))
          .orElseGet(() -> {
            PromptOptions.Prompt made = prompt.ofText(line.prompt(), tokenizer);
            return new Text(made.ids(), line.prompt(), line.fields(), made.bos(), line.where());
          });
    }

    private List<Text> given() {
      return prompt.prompts(() -> tokenizer).stream()
          .map(p -> new Text(p.ids(), p.text(), Map.of(), p.bos(), "the prompt"))
          .toList();
    }

    private List<Text> windows(Path file) {
      Path from = file.toString().equals(BUNDLED) ? terminal.bundledText() : file;
      int[] ids;
      try {
        ids = prompt.ofText(Files.readString(from), tokenizer).ids();
      } catch (IOException e) {
        throw CliException.unreadable(from, e);
      }
      int length = Math.toIntExact(Math.min(window, longest));
      if (ids.length < 2) {
        throw CliException.tooShort(ids.length);
      }
      int whole = Math.max(1, ids.length / length);
      int count = Math.min(limit, whole);
      return java.util.stream.IntStream.range(0, count)
          .mapToObj(i -> {
            int start = (int) ((long) i * whole / count) * length;
            int[] piece = Arrays.copyOfRange(ids, start, Math.min(ids.length, start + length));
            return new Text(
                piece, "", Map.of(), "windows of one text, cut without BOS", from.toString());
          })
          .toList();
    }
  }

  // ---------------------------------------------------------------- what was found

  /// Writes a report where it was asked for, or prints it.
  ///
  /// @param report what was found
  /// @param terminal where it is printed
  void emit(Report report, Terminal terminal) {
    emit(report, out, json, terminal);
  }

  /// Writes a report where it was asked for, or prints it.
  ///
  /// @param report what was found
  /// @param out a file, if one is named
  /// @param json whether JSON is asked for
  /// @param terminal where it is printed
  static void emit(Report report, Optional<Path> out, boolean json, Terminal terminal) {
    deliver(report, out, json, terminal);
    if (!json && out.isEmpty()) {
      print(report, terminal);
    }
  }

  /// Writes a report to the file that is named, if any, and prints it as JSON if that is asked for.
  ///
  /// @param report what was found
  /// @param out a file, or a folder for the page, the Markdown and each picture
  /// @param json whether to print it
  /// @param terminal where it is printed
  static void deliver(Report report, Optional<Path> out, boolean json, Terminal terminal) {
    out.map(place ->
            ReportFiles.isFolder(place)
                ? ReportFiles.writeFolder(report, place)
                : ReportFiles.write(report, place))
        .ifPresent(written -> written.forEach(file -> terminal.note("wrote " + file)));
    if (json) {
      JsonFile.write(report, terminal.out());
    }
  }

  /// Prints a report: its words and tables.
  static void print(Report report, Terminal terminal) {
    terminal.out().println(report.title());
    if (!report.subtitle().isEmpty()) {
      terminal.out().println(report.subtitle());
    }
    for (Report.Section section : report.sections()) {
      switch (section) {
        case Report.Text(String title, List<String> paragraphs) -> {
          terminal.out().println();
          if (!title.isEmpty()) {
            terminal.out().println(title);
          }
          paragraphs.stream()
              .flatMap(paragraph -> Wrapping.words(paragraph, terminal.width()).stream())
              .forEach(terminal.out()::println);
        }
        case Report.TableSection(dev.weir.view.Table table) -> {
          terminal.out().println();
          terminal.out().println(table.title());
          terminal.out().print(TextTable.render(table, terminal.style(), terminal.width()));
        }
        case Report.Heading(String title) -> {
          terminal.out().println();
          terminal.out().println(title);
        }
        case Report.HeatmapSection _,
            Report.LineSection _,
            Report.BarSection _,
            Report.ForestSection _ -> {}
      }
    }
    report.notes().forEach(terminal::note);
  }
}
