package dev.weir.cli;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Transformer;
import dev.weir.tensor.Scope;
import dev.weir.text.Tokenizer;
import dev.weir.view.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir score`: how surprised a model is by a text.
@Command(
    name = "score",
    description =
        "Say how surprised a model is by a text: cross entropy in nats per token, and bits per byte. A text longer than the model's context is scored in windows that overlap by half, each token once.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir score \"Once upon a time, there was a little girl.\"",
      "  weir score --model path/to/model --file story.txt --json"
    })
final class ScoreCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompt = new PromptOptions();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "Score the whole of this UTF-8 text file.")
  private Optional<Path> file = Optional.empty();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  ScoreCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Optional<Tokenizer> tokenizer = tokenizer();
    try (Transformer transformer = model.open(terminal)) {
      PromptOptions.Prompt text = text(tokenizer);
      terminal.note(text.bos());
      if (text.ids().length < 2) {
        throw CliException.tooShort(text.ids().length);
      }
      double nats = nats(transformer, text.ids());
      report(text.ids().length, nats, tokenizer.map(t -> bytes(text, t)).orElse(0L));
    } finally {
      tokenizer.ifPresent(Tokenizer::close);
    }
    return 0;
  }

  /// Ids can be scored without a tokenizer; only the bytes remain unknown.
  private Optional<Tokenizer> tokenizer() {
    try {
      return Optional.of(model.openTokenizer(terminal));
    } catch (dev.weir.WeirException e) {
      if (file.isPresent() || prompt.needsTokenizer()) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private PromptOptions.Prompt text(Optional<Tokenizer> tokenizer) {
    if (file.isPresent()) {
      return prompt.ofText(read(file.get()), tokenizer.orElseThrow());
    }
    return prompt.prompts(tokenizer::orElseThrow).getFirst();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw CliException.unreadable(file, e);
    }
  }

  /// The surprise of all tokens but the first, each with at least half a context before it.
  private double nats(Transformer transformer, int[] ids) {
    int window = (int) Math.min(ids.length, transformer.spec().longestText());
    int scored = 1;
    double nats = 0;
    try (Progress progress = terminal.progress("scoring", ids.length, "tokens")) {
      while (scored < ids.length) {
        int end = Math.min(ids.length, scored == 1 ? window : scored + Math.max(1, window / 2));
        int start = Math.max(0, end - window);
        int[] piece = Arrays.copyOfRange(ids, start, end);
        try (Scope _ = Scope.open()) {
          double[] perToken = CrossEntropy.of(transformer.logits(piece), piece).perToken();
          int fresh = end - scored;
          nats += Arrays.stream(perToken, perToken.length - fresh, perToken.length).sum();
        }
        scored = end;
        progress.reached(scored);
      }
    }
    return nats;
  }

  /// How many bytes the predicted tokens stand for.
  private static long bytes(PromptOptions.Prompt text, Tokenizer tokenizer) {
    int[] ids = text.ids();
    String predicted =
        text.sequence()
            .map(sequence -> text.text().substring(Math.max(0, sequence.offset(1).start())))
            .orElseGet(() -> tokenizer.decode(Arrays.copyOfRange(ids, 1, ids.length)));
    return predicted.getBytes(StandardCharsets.UTF_8).length;
  }

  private void report(int tokens, double nats, long bytes) {
    int predictions = tokens - 1;
    double bitsPerByte = bytes == 0 ? Double.NaN : nats / Math.log(2) / bytes;
    if (json) {
      Json result = new Json();
      result.begin();
      result.put("tokens", tokens);
      result.put("predictions", predictions);
      result.put("cross_entropy", nats / predictions);
      result.put("bits_per_byte", bitsPerByte);
      result.end();
      terminal.out().println(result);
      return;
    }
    terminal
        .out()
        .printf(
            "%,d tokens, %,d predictions%ncross entropy  %.6f nats per token%nperplexity     %.4f%n",
            tokens, predictions, nats / predictions, Math.exp(nats / predictions));
    if (bytes > 0) {
      terminal.out().printf("bits per byte  %.6f%n", bitsPerByte);
    }
  }
}
