package dev.weir.readout.basis;

import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Estimate;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.RotatedOptimizer;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Sgd;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.train.Batch;
import dev.weir.train.Corpus;
import dev.weir.train.ModelSettings;
import dev.weir.train.Schedule;
import dev.weir.train.TextData;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import dev.weir.train.TrainingSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// Where a basis of the stream comes from: small models trained with Adam, with plain gradient
/// descent (Caples & Neuhaus 2024, "Adam Optimizer Causes Privileged Basis in Transformer Language
/// Models"), and with an Adam that sees every weight in a rotated stream, as if weights and stream
/// had different bases (Elhage, Lasenby & Olah 2023). Norms have no gains, so nothing but the
/// optimizer prefers coordinates.
public final class BasisExperiment {
  private static final int BOUNDARY = 256;
  private static final double LOOKED_AT = 0.05;
  private static final int TEXTS_MEASURED = 16;

  private final Arm arm;
  private final Estimate loss;
  private final List<Layer> layers;

  private BasisExperiment(Arm arm, Estimate loss, List<Layer> layers) {
    this.arm = arm;
    this.loss = loss;
    this.layers = List.copyOf(layers);
  }

  /// How models are trained.
  public enum Arm {
    /// Adam in the stream's coordinates.
    ADAM,
    /// Gradient descent with momentum, which knows no coordinates.
    SGD,
    /// Adam in coordinates of the stream that are rotated.
    ROTATED_ADAM
  }

  /// What models are trained.
  ///
  /// @param dModel width of the stream
  /// @param layers how many blocks
  /// @param steps of training
  /// @param batch windows a step reads
  /// @param window predictions a window holds
  /// @param adamRate Adam's highest learning rate
  /// @param sgdRate that of gradient descent
  /// @param momentum of gradient descent
  /// @param seeds one model of each arm for each
  public record Settings(
      int dModel,
      int layers,
      int steps,
      int batch,
      int window,
      double adamRate,
      double sgdRate,
      double momentum,
      List<Long> seeds) {
    public Settings {
      seeds = List.copyOf(seeds);
      if (seeds.isEmpty()) {
        throw BasisException.badNumber("The number of seeds", 0, "use at least 1");
      }
      if (!(momentum >= 0 && momentum < 1)) {
        throw BasisException.badNumber("Momentum", momentum, "use a number from 0, below 1");
      }
    }

    /// How many steps all models together take.
    public int allSteps() {
      return Arm.values().length * seeds.size() * steps;
    }
  }

  /// The stream at one place, over models of different seeds.
  ///
  /// @param place its label
  /// @param kurtosis in the stream's own coordinates
  /// @param optimizers in the coordinates that the optimizer saw: the same, but where it is rotated
  /// @param rotated in coordinates that nobody saw
  public record Layer(String place, Estimate kurtosis, Estimate optimizers, Estimate rotated) {}

  /// Told of each step.
  public interface Listener {
    /// A step is done.
    ///
    /// @param done how many, over all arms and seeds
    /// @param arm which arm
    /// @param loss of the step, nats
    void stepped(int done, Arm arm, double loss);
  }

  /// The bytes of a text, some of it to look at.
  ///
  /// @param text what models learn from
  public static TrainingData bytes(String text) {
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    int parted = (int) ((1 - LOOKED_AT) * all.length);
    return new TextData(
        corpus(Arrays.copyOfRange(all, 0, parted)),
        corpus(Arrays.copyOfRange(all, parted, all.length)),
        BOUNDARY + 1);
  }

  private static Corpus corpus(byte[] bytes) {
    int[] tokens = IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xff).toArray();
    return new Corpus(List.of(tokens), BOUNDARY, bytes.length);
  }

  /// Trains the models of all arms and measures them on the data that they are not trained on.
  ///
  /// @param data what they learn from
  /// @param settings what is trained
  /// @param listener told of each step
  /// @return one for each arm
  public static List<BasisExperiment> run(TrainingData data, Settings settings, Listener listener) {
    List<BasisExperiment> found = new ArrayList<>();
    int done = 0;
    for (Arm arm : Arm.values()) {
      List<Measured> models = new ArrayList<>();
      for (long seed : settings.seeds) {
        int before = done;
        models.add(
            measured(
                arm,
                data,
                settings,
                seed,
                step -> listener.stepped(before + step.step(), arm, step.trainLoss())));
        done += settings.steps;
      }
      found.add(summary(arm, models));
    }
    return found;
  }

  // ---------------------------------------------------------------- one model

  /// One trained model.
  private record Measured(
      double loss, List<Kurtosis.Layer> seenByOptimizer, List<Kurtosis.Layer> seenByNobody) {}

  private static Measured measured(
      Arm arm, TrainingData data, Settings settings, long seed, TrainingRun.Listener listener) {
    TransformerSpec spec = spec(settings, data);
    double[] optimizers = rotation(settings.dModel, seed);
    TrainingSettings training = training(arm, settings, seed);
    TrainingParts parts =
        TrainingParts.usual()
            .withOptimizers((usual, weight) -> optimizer(arm, usual, weight, settings, optimizers));
    try (TrainingRun run = new TrainingRun(spec, data, training, parts)) {
      run.run(listener);
      Kurtosis seen = new Kurtosis(spec, Places.LAYERS, optimizers);
      Kurtosis unseen = new Kurtosis(spec, Places.LAYERS, rotation(settings.dModel, ~seed));
      for (int[] text : texts(data, settings)) {
        read(run.model(), text, seen, unseen);
      }
      return new Measured(
          run.look().loss(),
          seen.layers(FirstPosition.LEFT_OUT),
          unseen.layers(FirstPosition.LEFT_OUT));
    }
  }

  private static void read(Transformer model, int[] text, Kurtosis seen, Kurtosis unseen) {
    try (StreamTrace trace =
        Gradients.untracked(() -> model.trace(text, Kurtosis.capture(Places.LAYERS)))) {
      seen.read(trace);
      unseen.read(trace);
    }
  }

  private static double[] rotation(int dModel, long seed) {
    try (Scope _ = Scope.open()) {
      return TurnedModel.rotation(dModel, TurnedModel.Freedom.ANY, new SplittableRandom(seed))
          .toDoubles();
    }
  }

  private static List<int[]> texts(TrainingData data, Settings settings) {
    List<int[]> texts = new ArrayList<>();
    for (Batch batch : data.validation(1, settings.window)) {
      if (texts.size() == TEXTS_MEASURED) {
        break;
      }
      texts.addAll(batch.inputs());
    }
    return texts;
  }

  private static TransformerSpec spec(Settings settings, TrainingData data) {
    TransformerSpec spec =
        new ModelSettings(
                "pre_norm",
                settings.dModel,
                settings.layers,
                ModelSettings.usualHeads(settings.dModel),
                ModelSettings.usualHeads(settings.dModel),
                ModelSettings.usualNeurons(settings.dModel, ModelSettings.MlpKind.PLAIN),
                data.dVocab(),
                settings.window,
                ModelSettings.NormKind.RMS,
                ModelSettings.MlpKind.PLAIN,
                ModelSettings.Positions.ROTARY,
                ModelSettings.Head.SEPARATE)
            .spec();
    return spec.mapBlocks(block -> block.mapNorms(BasisExperiment::withoutGain))
        .withLnFinal(withoutGain(spec.lnFinal()));
  }

  private static NormSpec withoutGain(NormSpec norm) {
    return norm instanceof NormSpec.RmsNorm(double epsilon, _)
        ? new NormSpec.RmsNormPre(epsilon)
        : norm;
  }

  private static TrainingSettings training(Arm arm, Settings settings, long seed) {
    double peak = arm == Arm.SGD ? settings.sgdRate : settings.adamRate;
    int warmup = Math.min(settings.steps / 10, settings.steps - 1);
    TrainingSettings usual =
        TrainingSettings.usual(
            settings.batch,
            settings.window,
            new Schedule.Cosine(settings.steps, warmup, peak, peak / 10));
    return usual
        .with(
            new TrainingSettings.Optimizer(usual.optimizer().adamW(), 0, usual.optimizer().clip()))
        .with(new TrainingSettings.Seeds(seed, seed))
        .withLookEvery(settings.steps);
  }

  private static Optimizer optimizer(
      Arm arm,
      TrainingSettings.Optimizer usual,
      Tensor weight,
      Settings settings,
      double[] rotation) {
    return switch (arm) {
      case ADAM -> new AdamW(usual.adamW(), weight);
      case SGD -> new Sgd(Sgd.Momentum.PLAIN, settings.momentum, weight);
      case ROTATED_ADAM -> {
        try (Scope _ = Scope.open()) {
          Tensor turn =
              Tensor.of(rotation, Shape.of("d_model", settings.dModel, "turned", settings.dModel))
                  .to(DType.FLOAT32);
          yield weight.shape().has("d_model")
              ? new RotatedOptimizer(weight, turn, "d_model", w -> new AdamW(usual.adamW(), w))
              : new AdamW(usual.adamW(), weight);
        }
      }
    };
  }

  // ---------------------------------------------------------------- all models of an arm

  private static BasisExperiment summary(Arm arm, List<Measured> models) {
    List<Layer> layers = new ArrayList<>();
    for (int place = 0; place < models.getFirst().seenByNobody.size(); place++) {
      int at = place;
      layers.add(
          new Layer(
              models.getFirst().seenByNobody.get(place).place(),
              estimate(models, m -> m.seenByNobody.get(at).kurtosis().mean()),
              estimate(
                  models,
                  m ->
                      arm == Arm.ROTATED_ADAM
                          ? m.seenByOptimizer.get(at).rotated().mean()
                          : m.seenByNobody.get(at).kurtosis().mean()),
              estimate(models, m -> m.seenByNobody.get(at).rotated().mean())));
    }
    return new BasisExperiment(arm, estimate(models, Measured::loss), layers);
  }

  private static Estimate estimate(List<Measured> models, ToDoubleFunction<Measured> measure) {
    return Estimate.of(models.stream().mapToDouble(measure).toArray());
  }

  /// How the models were trained.
  public Arm arm() {
    return arm;
  }

  /// The cross entropy on what they were not trained on, nats per token, over seeds.
  public Estimate loss() {
    return loss;
  }

  /// The places of the stream, first to last.
  public List<Layer> layers() {
    return layers;
  }
}
