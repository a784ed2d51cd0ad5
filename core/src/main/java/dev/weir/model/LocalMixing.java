package dev.weir.model;

import dev.weir.pathway.Weight;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// What mixes neighbouring positions in a block beside attention.
///
/// @param sublayer a sublayer of its own before attention, which reads the stream and writes to it
/// @param ln0 the norm that sublayer reads through
/// @param branch a mixer of attention's values, inside its branch
/// @param canon where short convolutions stand
public record LocalMixing(Sublayer sublayer, NormSpec ln0, Branch branch, Canon canon) {

  /// A sublayer before attention.
  public sealed interface Sublayer {

    /// There is none.
    record None() implements Sublayer {}

    /// Short sliding-window attention: `S = H + ShortSWA(N_0(H))` (arXiv:2603.16039, algorithm 1).
    ///
    /// @param attention how it is put together; its visibility is a sliding window
    record ShortSwa(AttentionSpec attention) implements Sublayer {}

    /// A causal convolution, each feature by itself.
    ///
    /// @param taps how many positions it sees, itself included
    record ShortConv(int taps) implements Sublayer {}
  }

  /// A mixer inside attention's branch.
  public sealed interface Branch {

    /// There is none.
    record None() implements Branch {}

    /// Short sliding-window attention on the projected values, in the place that a short
    /// convolution has elsewhere ("Rethinking SWA", 2025): `v ← v + g SWA(q, k, v)` with
    /// attention's own queries (of a group of heads their mean) and keys, and a learned number `g`
    /// for each key/value head, zero at the start.
    ///
    /// @param window how many positions it sees, itself included
    record ShortSwa(int window) implements Branch {}

    /// A causal convolution of the projected values, `v ← v + conv(v)`.
    ///
    /// @param taps how many positions it sees, itself included
    record ShortConv(int taps) implements Branch {}
  }

  /// Canon layers: causal convolutions with a residual, `h + conv(h)`, each feature by itself
  /// (Allen-Zhu 2025, "Physics of Language Models: Part 4.1", arXiv:2512.17351).
  ///
  /// @param places where they stand
  /// @param taps how many positions each sees, itself included
  public record Canon(Set<Place> places, int taps) {
    public Canon {
      places = Set.copyOf(places);
    }

    /// None at all.
    public static Canon none() {
      return new Canon(Set.of(), 4);
    }

    /// Some of them, four positions each.
    ///
    /// @param letters for instance `ABCD`
    public static Canon of(String letters) {
      Set<Place> places = EnumSet.noneOf(Place.class);
      letters.chars().forEach(c -> places.add(Place.valueOf(String.valueOf((char) c))));
      return new Canon(places, 4);
    }

    boolean at(Place place) {
      return places.contains(place);
    }
  }

  /// Where a Canon layer stands.
  public enum Place {
    /// Between the norm and attention.
    A,
    /// On queries, keys and values.
    B,
    /// Between the norm and the MLP.
    C,
    /// Before the MLP's activation.
    D
  }

  /// Nothing beside attention.
  public static LocalMixing none() {
    return new LocalMixing(
        new Sublayer.None(), new NormSpec.NoNorm(), new Branch.None(), Canon.none());
  }

  /// The same with another sublayer.
  ///
  /// @param other the sublayer
  /// @param norm what it reads through
  public LocalMixing withSublayer(Sublayer other, NormSpec norm) {
    return new LocalMixing(other, norm, branch, canon);
  }

  /// The same with another branch.
  ///
  /// @param other the mixer
  public LocalMixing withBranch(Branch other) {
    return new LocalMixing(sublayer, ln0, other, canon);
  }

  /// The same with other Canon layers.
  ///
  /// @param other where they stand
  public LocalMixing withCanon(Canon other) {
    return new LocalMixing(sublayer, ln0, branch, other);
  }

  /// Whether there is a sublayer before attention.
  public boolean hasSublayer() {
    return !(sublayer instanceof Sublayer.None);
  }

  /// The weights of convolutions and of the branch, by their name within the block; the sublayer's
  /// attention has those of any attention.
  Map<String, Weight> weights(BlockSpec block, int dModel) {
    Axis width = new Axis("d_model", dModel);
    Axis kvHead = new Axis("kv_head", block.attention().nKvHeads());
    Axis dHead = new Axis("d_head", block.attention().dHead());
    Map<String, Weight> weights = new LinkedHashMap<>();
    if (sublayer instanceof Sublayer.ShortConv(int taps)) {
      weights.put("local.conv", conv(taps, width));
    }
    switch (branch) {
      case Branch.None() -> {}
      case Branch.ShortSwa _ ->
          weights.put("attn.branch.gate", Weight.constant(Shape.of(kvHead), 0));
      case Branch.ShortConv(int taps) -> weights.put("attn.branch.conv", conv(taps, kvHead, dHead));
    }
    if (canon.at(Place.A)) {
      weights.put("canon.A", conv(canon.taps, width));
    }
    if (canon.at(Place.B)) {
      Axis head = new Axis("head", block.attention().nHeads());
      weights.put("canon.B_q", conv(canon.taps, head, dHead));
      weights.put("canon.B_k", conv(canon.taps, kvHead, dHead));
      weights.put("canon.B_v", conv(canon.taps, kvHead, dHead));
    }
    if (canon.at(Place.C)) {
      weights.put("canon.C", conv(canon.taps, width));
    }
    if (canon.at(Place.D)) {
      Axis dMlp = new Axis("d_mlp", block.mlp().neurons());
      weights.put("canon.D", conv(canon.taps, dMlp));
      if (block.mlp() instanceof MlpSpec.Gated) {
        weights.put("canon.D_gate", conv(canon.taps, dMlp));
      }
    }
    return weights;
  }

  /// PyTorch's own start of such a convolution.
  private static Weight conv(int taps, Axis... features) {
    Axis[] axes = java.util.Arrays.copyOf(features, features.length + 1);
    axes[features.length] = new Axis("tap", taps);
    return new Weight(
        Shape.of(axes), new Weight.Start.Uniform(1 / Math.sqrt(taps)), Weight.Decay.ON);
  }
}
