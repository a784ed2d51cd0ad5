package dev.weir.readout.subvalue;

import dev.weir.model.BlockSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/// What becomes of an answer when neurons that were found for it are set to zero, and when as many
/// others of the same kinds, drawn at random, are (Yu & Ananiadou 2023, arXiv:2312.12141, section
/// 4.2). Neurons are off at every position.
public final class SubvalueIntervention {
  private final int neurons;
  private final Answer before;
  private final Answer found;
  private final List<Answer> random;

  private SubvalueIntervention(int neurons, Answer before, Answer found, List<Answer> random) {
    this.neurons = neurons;
    this.before = before;
    this.found = found;
    this.random = List.copyOf(random);
  }

  /// How the model takes the answer at the end of a text.
  ///
  /// @param probability of it
  /// @param rank how many tokens are likelier
  public record Answer(double probability, int rank) {

    /// One over its place, counted from 1.
    public double reciprocalRank() {
      return 1.0 / (rank + 1);
    }
  }

  /// Runs a text as it is, without the neurons found, and without others.
  ///
  /// @param model the model
  /// @param tokens the text
  /// @param target the answer
  /// @param found MLP neurons and attention neurons; whatever its position, an attention neuron
  ///   counts once
  /// @param controls how often others are drawn, 2 at least
  /// @param generator where the draws come from
  public static SubvalueIntervention of(
      Transformer model,
      int[] tokens,
      int target,
      List<Scored> found,
      int controls,
      RandomGenerator generator) {
    if (controls < 2) {
      throw SubvalueException.noControls(controls);
    }
    Set<Unit> units = new LinkedHashSet<>();
    found.forEach(each -> units.add(anywhere(each.unit())));
    List<Unit> all = everyNeuron(model);
    requireRoom(units, all);
    List<Answer> random = new ArrayList<>();
    for (int i = 0; i < controls; i++) {
      random.add(answer(model, tokens, target, others(units, all, generator)));
    }
    return new SubvalueIntervention(
        units.size(),
        answer(model, tokens, target, List.of()),
        answer(model, tokens, target, List.copyOf(units)),
        random);
  }

  private static void requireRoom(Set<Unit> units, List<Unit> all) {
    for (Class<?> kind : List.of(Unit.MlpNeuron.class, Unit.AttentionNeuron.class)) {
      long taken = units.stream().filter(kind::isInstance).count();
      long there = all.stream().filter(kind::isInstance).count();
      if (2 * taken > there) {
        throw SubvalueException.tooMany((int) taken, there);
      }
    }
  }

  private static Unit anywhere(Unit unit) {
    return unit instanceof Unit.AttentionNeuron(int layer, int head, int neuron, int _)
        ? new Unit.AttentionNeuron(layer, head, neuron, 0)
        : unit;
  }

  private static List<Unit> everyNeuron(Transformer model) {
    List<Unit> all = new ArrayList<>();
    for (int layer = 0; layer < model.spec().nLayers(); layer++) {
      BlockSpec block = model.spec().blocks().get(layer);
      for (int neuron = 0; neuron < block.mlp().neurons(); neuron++) {
        all.add(new Unit.MlpNeuron(layer, neuron));
      }
      for (int head = 0; head < block.attention().nHeads(); head++) {
        for (int neuron = 0; neuron < block.attention().dHead(); neuron++) {
          all.add(new Unit.AttentionNeuron(layer, head, neuron, 0));
        }
      }
    }
    return all;
  }

  /// As many of each kind, none of them found.
  private static List<Unit> others(Set<Unit> units, List<Unit> all, RandomGenerator generator) {
    Set<Unit> drawn = new HashSet<>();
    for (Unit unit : units) {
      Unit other = unit;
      while (units.contains(other)
          || drawn.contains(other)
          || !other.getClass().equals(unit.getClass())) {
        other = all.get(generator.nextInt(all.size()));
      }
      drawn.add(other);
    }
    return List.copyOf(drawn);
  }

  private static Answer answer(Transformer model, int[] tokens, int target, List<Unit> off) {
    try (Scope _ = Scope.open()) {
      Tensor logits = model.logits(List.of(tokens), NeuronsOff.of(model, off)).at("batch", 0);
      Tensor last = Wide.of(logits.at("pos", tokens.length - 1L)).logSoftmax("d_vocab");
      double[] all = last.toDoubles();
      int rank = 0;
      for (double each : all) {
        rank += each > all[target] ? 1 : 0;
      }
      return new Answer(Math.exp(all[target]), rank);
    }
  }

  /// How many neurons were set to zero.
  public int neurons() {
    return neurons;
  }

  /// The answer of the model as it is.
  public Answer before() {
    return before;
  }

  /// The answer without the neurons found.
  public Answer found() {
    return found;
  }

  /// The answers without others, draw by draw.
  public List<Answer> random() {
    return random;
  }

  /// The answer's probability without others, its mean over draws with a 95 % interval.
  public Estimate randomProbability() {
    return Estimate.of(random.stream().mapToDouble(Answer::probability).toArray());
  }

  /// The answer's reciprocal rank without others, its mean over draws with a 95 % interval.
  public Estimate randomReciprocalRank() {
    return Estimate.of(random.stream().mapToDouble(Answer::reciprocalRank).toArray());
  }
}
