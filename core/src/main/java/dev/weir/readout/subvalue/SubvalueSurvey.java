package dev.weir.readout.subvalue;

import dev.weir.readout.Estimate;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Subvalues and interventions on average over many prompts, which count as independent of each
/// other. Only sums are kept, however many there are.
public final class SubvalueSurvey {
  private final Map<String, Estimate.Running> increases = new LinkedHashMap<>();
  private final Map<String, Estimate.Running> valueNeurons = new LinkedHashMap<>();
  private final Map<Measure, Estimate.Running> effects = new EnumMap<>(Measure.class);
  private int prompts;

  private SubvalueSurvey() {}

  /// What an intervention is measured by.
  public enum Measure {
    /// The answer's probability in the model as it is.
    PROBABILITY_BEFORE,
    /// The answer's probability without the neurons found.
    PROBABILITY_FOUND,
    /// The answer's probability without as many others, the mean over draws.
    PROBABILITY_RANDOM,
    /// One over the answer's place in the model as it is.
    RECIPROCAL_RANK_BEFORE,
    /// One over the answer's place without the neurons found.
    RECIPROCAL_RANK_FOUND,
    /// One over the answer's place without as many others, the mean over draws.
    RECIPROCAL_RANK_RANDOM
  }

  /// A label with a mean over prompts.
  ///
  /// @param label of what
  /// @param mean with its 95 % confidence interval over prompts
  public record Mean(String label, Estimate mean) {}

  /// A survey of no prompts yet.
  public static SubvalueSurvey empty() {
    return new SubvalueSurvey();
  }

  /// Adds a prompt.
  ///
  /// @param found what was found in its run
  /// @param effect what became of its answer
  /// @param valueNeurons how many value neurons of MLPs are counted by block
  public void add(Subvalues found, SubvalueIntervention effect, int valueNeurons) {
    prompts++;
    for (Scored each : found.sublayers()) {
      running(increases, each.unit().label()).add(each.importance());
    }
    count(found, valueNeurons);
    add(Measure.PROBABILITY_BEFORE, effect.before().probability());
    add(Measure.PROBABILITY_FOUND, effect.found().probability());
    add(Measure.PROBABILITY_RANDOM, effect.randomProbability().mean());
    add(Measure.RECIPROCAL_RANK_BEFORE, effect.before().reciprocalRank());
    add(Measure.RECIPROCAL_RANK_FOUND, effect.found().reciprocalRank());
    add(Measure.RECIPROCAL_RANK_RANDOM, effect.randomReciprocalRank().mean());
  }

  private void count(Subvalues found, int top) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    found.mlpNeurons().forEach(each -> counts.put(block(each), 0));
    found.topMlpNeurons(top).forEach(each -> counts.merge(block(each), 1, Integer::sum));
    counts.forEach((block, count) -> running(valueNeurons, block).add(count));
  }

  private static String block(Scored neuron) {
    return neuron.unit() instanceof Unit.MlpNeuron(int layer, int _)
        ? WriterLabels.write(Site.mlp(layer))
        : neuron.unit().label();
  }

  private void add(Measure measure, double value) {
    running(effects, measure).add(value);
  }

  private static <K> Estimate.Running running(Map<K, Estimate.Running> all, K key) {
    return all.computeIfAbsent(key, _ -> new Estimate.Running());
  }

  /// How many prompts were added.
  public int prompts() {
    return prompts;
  }

  /// What each sublayer adds to the answer's log-probability, nats, in the order they write.
  public List<Mean> increases() {
    return means(increases);
  }

  /// How many of the value neurons are in each block's MLP.
  public List<Mean> valueNeurons() {
    return means(valueNeurons);
  }

  private static List<Mean> means(Map<String, Estimate.Running> running) {
    List<Mean> means = new ArrayList<>();
    running.forEach((label, each) -> means.add(new Mean(label, each.estimate())));
    return means;
  }

  /// What became of answers.
  ///
  /// @param measure by what
  public Estimate effect(Measure measure) {
    return effects.getOrDefault(measure, new Estimate.Running()).estimate();
  }
}
