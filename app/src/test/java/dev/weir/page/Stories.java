package dev.weir.page;

import dev.weir.cli.Shell;
import dev.weir.model.LanguageModel;
import dev.weir.model.family.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Prompts of a given length, cut out of the stories that ship with Weir.
final class Stories {
  private Stories() {}

  /// A prompt of so many tokens of the bundled tokenizer, BOS included.
  ///
  /// @param tokens how many
  /// @param which prompts of different numbers are different texts
  static String prompt(int tokens, int which) {
    Path models = Shell.root().resolve("models");
    try (LanguageModel model = ModelFiles.open(models.resolve("weir-stories"))) {
      String stories = Files.readString(models.resolve("texts/stories.txt"));
      int[] ids = model.encode(stories).ids();
      int from = 1 + which * tokens;
      return model.tokenizer().decode(Arrays.copyOfRange(ids, from, from + tokens - 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
