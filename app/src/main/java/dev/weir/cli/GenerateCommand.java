package dev.weir.cli;

import dev.weir.model.Generator;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.text.DecodeStream;
import dev.weir.text.SpecialTokens;
import dev.weir.text.Tokenizer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `weir generate`: lets a model continue a text.
@Command(
    name = "generate",
    description = "Let a model continue a text. Without a prompt it starts from BOS.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  weir generate \"One day, a little girl\"",
      "  weir generate --temperature 0 --max-tokens 200",
      "  weir generate --model model.gguf --top-p 0.9 --seed 7 --json \"Hello\""
    })
final class GenerateCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompt = new PromptOptions();

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      defaultValue = "128",
      description = "How many tokens to add at most. Default: ${DEFAULT-VALUE}.")
  private int maxTokens = 128;

  @Option(
      names = {"-t", "--temperature"},
      paramLabel = "T",
      defaultValue = "0.8",
      description = "0 takes the likeliest token each time. Default: ${DEFAULT-VALUE}.")
  private double temperature = 0.8;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Choose among the K likeliest tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "Choose among the fewest likeliest tokens that reach this probability. Default: ${DEFAULT-VALUE}.")
  private double topP = 1;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      defaultValue = "0",
      description = "The same seed gives the same text. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--ignore-eos", description = "Go on past the end of a text.")
  private boolean ignoreEos;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  GenerateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (maxTokens < 0) {
      throw CliException.notHere(
          "--max-tokens %d is not possible".formatted(maxTokens), "use 0 or more");
    }
    Sampler sampler = new Sampler(temperature, topK, topP, new SplittableRandom(seed));
    try (Tokenizer tokenizer = model.openTokenizer(terminal);
        Transformer transformer = model.open(terminal)) {
      List<PromptOptions.Prompt> prompts =
          prompt.isEmpty() ? List.of(fromBos(tokenizer)) : prompt.prompts(() -> tokenizer);
      Set<Integer> stops = ignoreEos ? Set.of() : tokenizer.eosTokens();
      Generator generator = new Generator(transformer, sampler, stops, Hooks.none());
      if (prompts.size() == 1 && !json) {
        stream(prompts.getFirst(), generator, tokenizer);
      } else {
        together(prompts, generator, tokenizer);
      }
    }
    return 0;
  }

  private PromptOptions.Prompt fromBos(Tokenizer tokenizer) {
    int bos =
        tokenizer.bos().orElseThrow(() -> CliException.noBos(model.path(terminal).toString()));
    return new PromptOptions.Prompt(
        "", new int[] {bos}, Optional.empty(), "BOS prepended: there is no prompt to start from");
  }

  /// One text, printed as it comes.
  private void stream(PromptOptions.Prompt from, Generator generator, Tokenizer tokenizer) {
    terminal.note(from.bos());
    terminal.out().print(tokenizer.decode(from.ids()));
    terminal.out().flush();
    DecodeStream decoded = new DecodeStream(tokenizer, SpecialTokens.LEAVE_OUT, from.ids());
    var end =
        generator
            .generate(
                List.of(from.ids()),
                maxTokens,
                (_, token) -> {
                  terminal.out().print(decoded.add(token));
                  terminal.out().flush();
                })
            .getFirst()
            .end();
    terminal.out().println(decoded.finish());
    if (end == Generator.End.CONTEXT_FULL) {
      terminal.note("stopped, since the model's context is full");
    }
  }

  private void together(List<PromptOptions.Prompt> from, Generator generator, Tokenizer tokenizer) {
    var continuations =
        generator.generate(
            from.stream().map(PromptOptions.Prompt::ids).toList(), maxTokens, (_, _) -> {});
    Json result = new Json();
    for (int i = 0; i < from.size(); i++) {
      var continuation = continuations.get(i);
      String text = tokenizer.decode(continuation.tokens());
      if (json) {
        result.begin();
        result.put("text", text);
        result.put("tokens", continuation.tokens());
        result.put("prompt_tokens", from.get(i).ids().length);
        result.put("end", continuation.end().name().toLowerCase(Locale.ROOT));
        result.put("bos", from.get(i).bos());
        result.end();
      } else {
        terminal.note(from.get(i).bos());
        terminal.out().println(text);
      }
    }
    if (json) {
      terminal.out().println(result);
    }
  }
}
