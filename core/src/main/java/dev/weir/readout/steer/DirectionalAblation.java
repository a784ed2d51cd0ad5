package dev.weir.readout.steer;

import dev.weir.edit.Edits;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds the one direction without which a model no longer behaves in some way, and takes it out
/// (Arditi et al. 2024, arXiv:2406.11717, section 2 and appendix C).
public final class DirectionalAblation {
  private final List<Candidate> candidates;

  private DirectionalAblation(List<Candidate> candidates) {
    this.candidates = List.copyOf(candidates);
  }

  /// How candidates are judged.
  ///
  /// @param behaviour tokens that begin the behaviour, such as `I` of a refusal
  /// @param positions how many of the last positions give candidates
  /// @param layerShare only layers below this share of all are taken
  /// @param maxKl how far ablation may move the answers to prompts without the behaviour, nats
  /// @param minSteering how much behaviour adding it must give, as a log-odds
  public record Options(
      Set<Integer> behaviour, int positions, double layerShare, double maxKl, double minSteering) {
    public Options {
      behaviour = Set.copyOf(behaviour);
      if (behaviour.isEmpty()) {
        throw SteerException.noBehaviour();
      }
    }

    /// As the paper has it: layers below 0.8, KL at most 0.1, log-odds at least 0; the last
    /// position.
    ///
    /// @param behaviour tokens that begin the behaviour
    public static Options usual(Set<Integer> behaviour) {
      return new Options(behaviour, 1, 0.8, 0.1, 0);
    }
  }

  /// A direction and what it does.
  ///
  /// @param vector the difference of means at its layer and position
  /// @param position counted from the end, `-1` for the last
  /// @param ablation mean log-odds of the behaviour after prompts that have it, without the
  ///   direction
  /// @param steering mean log-odds of the behaviour after prompts that lack it, with it added
  /// @param kl mean `KL(plain ‖ ablated)` after prompts that lack the behaviour, nats
  /// @param passes whether it is within the bounds
  public record Candidate(
      SteeringVector vector,
      int position,
      double ablation,
      double steering,
      double kl,
      boolean passes) {}

  /// Judges the difference of means at each layer and position.
  ///
  /// @param model the model
  /// @param with prompts that have the behaviour
  /// @param without prompts that lack it
  /// @param options how candidates are judged
  public static DirectionalAblation of(
      Transformer model, List<int[]> with, List<int[]> without, Options options) {
    List<Candidate> candidates = new ArrayList<>();
    for (int layer = 0; layer < options.layerShare() * model.spec().nLayers(); layer++) {
      for (int position = -options.positions(); position < 0; position++) {
        SteeringVector.Contrast contrast =
            new SteeringVector.Contrast(model, new HookPoint.ResidPre(layer), position);
        with.forEach(contrast::plus);
        without.forEach(contrast::minus);
        candidates.add(judged(model, contrast.vector(), position, with, without, options));
      }
    }
    candidates.sort(Comparator.comparingDouble(Candidate::ablation));
    return new DirectionalAblation(candidates);
  }

  private static Candidate judged(
      Transformer model,
      SteeringVector vector,
      int position,
      List<int[]> with,
      List<int[]> without,
      Options options) {
    try (Scope _ = Scope.open()) {
      Hooks ablated = Edits.of(model, vector.ablating());
      Hooks added = Edits.of(model, vector.adding(1));
      double ablation = meanOdds(model, with, ablated, options);
      double steering = meanOdds(model, without, added, options);
      double kl =
          without.stream()
              .mapToDouble(tokens ->
                  SteeringSweep.kl(
                      SteeringSweep.logProbabilities(model, tokens, Hooks.none()),
                      SteeringSweep.logProbabilities(model, tokens, ablated)))
              .average()
              .orElseThrow();
      boolean passes = kl <= options.maxKl() && steering >= options.minSteering();
      return new Candidate(vector, position, ablation, steering, kl, passes);
    }
  }

  /// `ln p − ln (1 − p)`, with `p` the probability of the tokens that begin the behaviour.
  private static double meanOdds(
      Transformer model, List<int[]> prompts, Hooks hooks, Options options) {
    return prompts.stream()
        .mapToDouble(tokens -> {
          double[] logs = SteeringSweep.logProbabilities(model, tokens, hooks);
          double is = 0;
          double isNot = 0;
          for (int token = 0; token < logs.length; token++) {
            if (options.behaviour().contains(token)) {
              is += Math.exp(logs[token]);
            } else {
              isNot += Math.exp(logs[token]);
            }
          }
          return Math.log(is) - Math.log(isNot);
        })
        .average()
        .orElseThrow();
  }

  /// Every candidate, the one whose ablation leaves least of the behaviour first.
  public List<Candidate> candidates() {
    return candidates;
  }

  /// The first candidate that is within the bounds; empty if none is.
  public Optional<Candidate> best() {
    return candidates.stream().filter(Candidate::passes).findFirst();
  }

  // ---------------------------------------------------------------- in the weights

  /// The same model whose weights write nothing along a direction, `W ← W − W r̂ r̂ᵀ` for
  /// embeddings, attention and MLPs: it answers as one whose activations are ablated everywhere.
  /// The caller closes it.
  ///
  /// @param model a pre-norm model on the plain pathway, whose blocks have no post-norms
  /// @param vector one direction
  public static Transformer without(Transformer model, SteeringVector vector) {
    requireWritesAsTheyAre(model.spec());
    double[] direction = vector.requireFits(model).direction();
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Tensor r =
          Tensor.of(direction, Shape.of(new Axis("d_model", direction.length)))
              .to(model.dtype())
              .to(model.device());
      Tensor unit = r.dividedBy(r.norm("d_model"));
      Map<String, Tensor> changed = new LinkedHashMap<>();
      model
          .parameters()
          .tensors()
          .forEach(
              (name, weight) -> changed.put(name, writes(name) ? without(weight, unit) : weight));
      TransformerSpec spec = model.spec();
      if (spec.unembedding() == TransformerSpec.Unembedding.TIED) {
        // The unembedding reads and stays as it was.
        changed.put("unembed.W_U", model.parameters().get("embed.W_E"));
        spec = spec.withUnembedding(TransformerSpec.Unembedding.SEPARATE);
      }
      Map<String, Tensor> owned = new LinkedHashMap<>();
      changed.forEach((name, weight) -> owned.put(name, owner.own(weight.copy())));
      return Transformer.of(spec, new Parameters(owned), owner, "without a direction");
    }
  }

  private static Tensor without(Tensor weight, Tensor unit) {
    return weight
        .minus(weight.times(unit).sum("d_model").times(unit))
        .order(weight.shape().names().toArray(String[]::new));
  }

  private static boolean writes(String name) {
    return name.matches("embed\\.W_E|pos_embed\\.W_pos|.*\\.attn\\.[Wb]_O|.*\\.mlp\\.[Wb]_out");
  }

  private static void requireWritesAsTheyAre(TransformerSpec spec) {
    if (!(spec.pathway() instanceof PreNorm)) {
      throw SteerException.noWeightVersion("its pathway does not keep writes as they are");
    }
    for (BlockSpec block : spec.blocks()) {
      if (!(block.ln1Post() instanceof NormSpec.NoNorm)
          || !(block.ln2Post() instanceof NormSpec.NoNorm)) {
        throw SteerException.noWeightVersion("a norm stands between its sublayers and the stream");
      }
      if (!block.local().equals(LocalMixing.none())) {
        throw SteerException.noWeightVersion("its blocks have local mixers");
      }
    }
  }
}
