package dev.weir.bench;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.AdamW;
import dev.weir.train.Corpus;
import dev.weir.train.Schedule;
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
  private final TrainingRun run;

  SmallGpt() {
    Corpus corpus = new Corpus(List.of(randomTokens(BATCH * WINDOW * 64)), 0, 1);
    TrainingSettings settings =
        new TrainingSettings(
            BATCH,
            WINDOW,
            new Schedule(1_000_000, 100, 1e-3, 0),
            new AdamW.Settings(0.9, 0.95, 1e-8),
            0.1,
            1.0,
            0,
            1_000_000,
            1);
    run = new TrainingRun(spec(), corpus, corpus, settings);
  }

  void step() {
    TrainingStep unused = run.step();
  }

  private static int[] randomTokens(int count) {
    return new SplittableRandom(1).ints(count, 1, VOCAB).toArray();
  }

  private static TransformerSpec spec() {
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
        new TransformerSpec.PathwaySpec.PreNorm());
  }

  @Override
  public void close() {
    run.close();
  }
}
