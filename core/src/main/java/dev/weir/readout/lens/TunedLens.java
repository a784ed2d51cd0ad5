package dev.weir.readout.lens;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens.Reading;
import dev.weir.readout.LogitLens.Target;
import dev.weir.readout.Places;
import dev.weir.readout.TokenScore;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// What the model would say if it stopped before a block, told by a lens that was tuned to it:
/// `unembed(N_f(x + x A_l + b_l))` (Belrose et al. 2023, "Eliciting Latent Predictions from
/// Transformers with the Tuned Lens", arXiv:2303.08112, eq. 5). What leaves the last block is read
/// as it is.
public final class TunedLens {
  private final LensReadings readings;

  private TunedLens(LensReadings readings) {
    this.readings = readings;
  }

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return Places.LAYERS.capture().withoutLogits();
  }

  /// The lens over a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param translators the lens's maps
  /// @param topK how many of the likeliest tokens to name
  /// @param target whose rank and probability to follow
  /// @throws LensException if the lens is for another number of blocks
  public static TunedLens of(
      Transformer model, StreamTrace trace, Translators translators, int topK, Target target) {
    if (translators.count() != model.spec().nLayers()) {
      throw LensException.otherPlaces(translators.count(), model.spec().nLayers());
    }
    if (trace.tokens().size() != 1) {
      throw LensException.noSuchPart("single text in a trace of", trace.tokens().size(), 1);
    }
    if (target instanceof Target.Token(int id) && (id < 0 || id >= model.spec().dVocabOut())) {
      throw LensException.noSuchPart("token", id, model.spec().dVocabOut());
    }
    return Gradients.untracked(() -> read(model, trace, translators, topK, target));
  }

  private static TunedLens read(
      Transformer model, StreamTrace trace, Translators translators, int topK, Target target) {
    List<Places.Place> places = Places.LAYERS.of(model.spec());
    int last = places.size() - 1;
    List<List<Reading>> readings = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      Tensor end = scores(model, Wide.of(trace.get(places.get(last).point())));
      long[] targets = targets(end, target);
      for (int place = 0; place <= last; place++) {
        try (Scope _ = Scope.open()) {
          Tensor stream = Wide.of(trace.get(places.get(place).point()));
          Tensor shown = place == last ? end : scores(model, translators.applied(place, stream));
          readings.add(read(shown, end, targets, topK, following(trace, end)));
        }
      }
    }
    String norm =
        model.lnFinal() instanceof Norm.NoNorm ? "no final norm" : "final norm recomputed";
    return new TunedLens(
        new LensReadings(
            "tuned lens of " + translators.config().baseModel(),
            norm,
            places.stream().map(Places.Place::label).toList(),
            trace.positions(),
            readings));
  }

  /// `[pos, d_vocab]`.
  static Tensor scores(Transformer model, Tensor stream) {
    Tensor normed =
        model.lnFinal().forward(stream.to(model.dtype()), new NormSite.LnFinal(), Hooks.none());
    return Wide.of(model.unembed(normed));
  }

  private static long[] targets(Tensor end, Target target) {
    return switch (target) {
      case Target.FinalTop() -> end.argmax("d_vocab").toLongs();
      case Target.Token(int id) -> {
        long[] same = new long[Math.toIntExact(end.size("pos"))];
        Arrays.fill(same, id);
        yield same;
      }
    };
  }

  /// The token after each position; -1 where none follows, or where the model has no score for it.
  private static long[] following(StreamTrace trace, Tensor end) {
    int[] tokens = trace.tokens().getFirst();
    return trace.positions().stream()
        .mapToLong(position -> position + 1 < tokens.length ? tokens[position + 1] : -1)
        .map(token -> token < end.size("d_vocab") ? token : -1)
        .toArray();
  }

  /// One place, `[pos, d_vocab]` against the end's.
  private static List<Reading> read(
      Tensor scores, Tensor end, long[] targets, int topK, long[] following) {
    Tensor here = scores.logSoftmax("d_vocab");
    Tensor there = end.logSoftmax("d_vocab");
    double[] entropies = here.exp().times(here).sum("d_vocab").times(-1).toDoubles();
    double[] kls = there.exp().times(there.minus(here)).sum("d_vocab").toDoubles();
    Tensor chosen = picked(here, targets);
    double[] ranks = ranks(here, chosen);
    double[] logits = picked(scores, targets).toDoubles();
    double[] probabilities = chosen.exp().toDoubles();
    double[] next =
        picked(here, Arrays.stream(following).map(t -> Math.max(0, t)).toArray()).toDoubles();
    int k = Math.toIntExact(Math.clamp(topK, 1, here.size("d_vocab")));
    Tensor.TopK top = here.topK(k, "d_vocab");
    double[] topProbabilities = top.values().exp().toDoubles();
    long[] topTokens = top.indices().toLongs();
    return IntStream.range(0, targets.length)
        .mapToObj(i ->
            new Reading(
                tokenScores(topTokens, topProbabilities, i * k, k),
                entropies[i],
                Math.max(0, kls[i]),
                Math.toIntExact(targets[i]),
                logits[i],
                probabilities[i],
                (int) ranks[i],
                following[i] < 0 ? OptionalDouble.empty() : OptionalDouble.of(-next[i])))
        .toList();
  }

  private static Tensor picked(Tensor scores, long[] tokens) {
    return scores.pick(
        "d_vocab", Tensor.of(tokens, Shape.of(scores.shape().axis("pos"))).to(scores.device()));
  }

  /// How many scores are greater, for each position.
  private static double[] ranks(Tensor scores, Tensor chosen) {
    double[] atMost = scores.atMost(chosen).to(DType.FLOAT32).sum("d_vocab").toDoubles();
    return Arrays.stream(atMost).map(count -> scores.size("d_vocab") - count).toArray();
  }

  private static List<TokenScore> tokenScores(
      long[] tokens, double[] probabilities, int from, int count) {
    return IntStream.range(from, from + count)
        .mapToObj(i -> new TokenScore(Math.toIntExact(tokens[i]), probabilities[i]))
        .toList();
  }

  /// What the lens shows at each place and position.
  public LensReadings readings() {
    return readings;
  }
}
