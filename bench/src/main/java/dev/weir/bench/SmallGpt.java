package dev.weir.bench;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.train.Corpus;
import dev.weir.train.Schedule;
import dev.weir.train.TextData;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import dev.weir.train.TrainingStep;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/// What the training line trains: a GPT of nanoGPT's kind (LayerNorm with bias, biases everywhere,
/// exact GELU, tied unembedding), 10 million parameters, on random tokens.
final class SmallGpt implements AutoCloseable {
  private static final int LAYERS = 12;
  private static final int WIDTH = 256;
  private static final int HEADS = 8;
  private static final int VOCAB = 1536;
  private static final int BATCH = 16;
  private static final int WINDOW = 256;

  /// How many tokens a step reads.
  static final int TOKENS = BATCH * WINDOW;

  private final TrainingRun run;

  /// The plain model.
  SmallGpt() {
    this(spec());
  }

  /// The model on a pathway or with mixers.
  SmallGpt(TransformerSpec spec) {
    Corpus corpus = new Corpus(List.of(randomTokens(BATCH * WINDOW * 64)), 0, 1);
    Schedule schedule = new Schedule.Cosine(1_000_000, 100, 1e-3, 0);
    run =
        new TrainingRun(
            spec,
            new TextData(corpus, corpus, VOCAB),
            TrainingSettings.usual(BATCH, WINDOW, schedule));
  }

  /// The model, as it is now.
  Transformer model() {
    return run.model();
  }

  void step() {
    TrainingStep unused = run.step();
  }

  private static int[] randomTokens(int count) {
    return new SplittableRandom(1).ints(count, 1, VOCAB).toArray();
  }

  /// How the plain model is put together.
  static TransformerSpec spec() {
    NormSpec norm = new NormSpec.LayerNorm(1e-5);
    AttentionSpec attention =
        new AttentionSpec(
            HEADS,
            HEADS,
            WIDTH / HEADS,
            1 / Math.sqrt(WIDTH / HEADS),
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.Causal(),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.ALL,
            1);
    BlockSpec block =
        new BlockSpec(
            attention,
            new MlpSpec.Plain(4 * WIDTH, Activation.GELU, true),
            BlockSpec.Wiring.SEQUENTIAL,
            norm,
            new NormSpec.NoNorm(),
            norm,
            new NormSpec.NoNorm());
    return new TransformerSpec(
        "gpt2",
        WIDTH,
        VOCAB,
        VOCAB,
        WINDOW,
        Collections.nCopies(LAYERS, block),
        new PositionCode.Learned(),
        1,
        norm,
        TransformerSpec.Unembedding.TIED,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @Override
  public void close() {
    run.close();
  }
}
