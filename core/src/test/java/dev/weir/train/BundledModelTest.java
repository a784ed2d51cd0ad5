package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.Scope;
import dev.weir.text.Bos;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The model that ships, as it lies in the repository.
class BundledModelTest {
  private static final Path FOLDER = Path.of("..", "models", "weir-stories");
  private static final long LARGEST = 12L << 20;

  @Test
  void isSmallEnoughToShip() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isLessThan(LARGEST);
    }
  }

  @Test
  void knowsHowStoriesGo() {
    try (Tokenizer tokenizer = Tokenizers.open(FOLDER);
        Transformer model = ModelFiles.open(FOLDER, ModelFiles.Options.usual());
        Scope _ = Scope.open()) {
      assertThat(tokenizer.bos()).hasValue(0);
      int[] story =
          tokenizer
              .encode("Once upon a time, there was a little girl named Lily.", Bos.PREPEND)
              .ids();
      int[] backwards = tokenizer.encode("Lily named girl little a was", Bos.PREPEND).ids();
      // The card's mean over unseen stories is about 3 nats; how one begins is the easy part.
      assertThat(CrossEntropy.of(model.logits(story), story).mean()).isLessThan(1.5);
      assertThat(CrossEntropy.of(model.logits(backwards), backwards).mean()).isGreaterThan(4);
    }
  }

  @Test
  void itsCardSaysWhatItsLogSays() throws IOException {
    List<TrainingStep> log = TrainingLog.read(FOLDER.resolve("training.jsonl"));
    double lowest =
        log.stream().flatMapToDouble(s -> s.validationLoss().stream()).min().orElseThrow();
    assertThat(Files.readString(FOLDER.resolve("README.md")))
        .contains(String.format(Locale.ROOT, "**%.4f nats per token**", lowest))
        .contains(String.format(Locale.ROOT, "%,d tokens", log.getLast().tokens()));
  }
}
