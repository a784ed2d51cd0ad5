package dev.weir.cli;

import dev.weir.text.Bos;
import dev.weir.text.BosReport;
import dev.weir.text.TokenSequence;
import dev.weir.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What to run: texts, or token ids.
final class PromptOptions {

  @Parameters(paramLabel = "PROMPT", arity = "0..*", description = "The text.")
  private List<String> texts = List.of();

  @Option(
      names = "--tokens",
      paramLabel = "IDS",
      description = "Token ids instead of a text, exactly as given: 1,403,407.")
  private List<String> tokens = List.of();

  @Option(
      names = "--bos",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "Whether a beginning-of-sequence token stands in front: auto (as the model's own files say), yes or no. Default: auto.")
  private BosChoice bos = BosChoice.AUTO;

  enum BosChoice {
    AUTO,
    YES,
    NO
  }

  /// One prompt as tokens.
  ///
  /// @param text what it says; empty where only ids were given
  /// @param ids its tokens
  /// @param sequence its tokens with offsets, where a text was given
  /// @param bos what became of the BOS, as a sentence
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Prompt(String text, int[] ids, Optional<TokenSequence> sequence, String bos) {}

  boolean isEmpty() {
    return texts.isEmpty() && tokens.isEmpty();
  }

  int count() {
    return texts.size() + tokens.size();
  }

  boolean needsTokenizer() {
    return tokens.isEmpty();
  }

  Bos bos() {
    return switch (bos) {
      case AUTO -> Bos.AS_CONFIGURED;
      case YES -> Bos.PREPEND;
      case NO -> Bos.NONE;
    };
  }

  /// The prompts, at least one.
  List<Prompt> prompts(Supplier<Tokenizer> tokenizer) {
    if (isEmpty()) {
      throw CliException.nothingToRun();
    }
    if (!texts.isEmpty() && !tokens.isEmpty()) {
      throw CliException.textAndTokens();
    }
    List<Prompt> prompts = new ArrayList<>();
    tokens.forEach(ids -> prompts.add(ofIds(ids)));
    texts.forEach(text -> prompts.add(ofText(text, tokenizer.get())));
    return prompts;
  }

  Prompt ofText(String text, Tokenizer tokenizer) {
    TokenSequence sequence = tokenizer.encode(text, bos());
    return new Prompt(text, sequence.ids(), Optional.of(sequence), sentence(sequence.bos()));
  }

  private static String sentence(BosReport report) {
    String what =
        switch (report.outcome()) {
          case PREPENDED -> "BOS prepended";
          case ALREADY_THERE -> "no BOS prepended, since the text begins with it";
          case LEFT_OUT -> "no BOS prepended";
        };
    return what + ": " + report.reason();
  }

  private static Prompt ofIds(String list) {
    try {
      int[] ids =
          Arrays.stream(list.split(",", -1))
              .map(String::strip)
              .mapToInt(Integer::parseInt)
              .toArray();
      return new Prompt("", ids, Optional.empty(), "tokens run as given");
    } catch (NumberFormatException _) {
      throw CliException.badTokens(list);
    }
  }
}
