package dev.weir.readout;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/// What the model would say if it stopped at a place of the stream: the stream through the final
/// norm and the unembedding (nostalgebraist 2020, "interpreting GPT: the logit lens").
public final class LogitLens {
  /// Scores held at a time: 2²⁴ numbers are 64 MiB in float32.
  private static final long SCORES_AT_A_TIME = 1L << 24;

  private final Options options;
  private final String norm;
  private final List<String> places;
  private final List<Integer> positions;
  private final Reading[][] readings;
  private final int[] answers;

  private LogitLens(Options options, String norm, List<String> places, List<Integer> positions) {
    this.options = options;
    this.norm = norm;
    this.places = places;
    this.positions = positions;
    this.readings = new Reading[places.size()][positions.size()];
    this.answers = new int[positions.size()];
  }

  /// How the stream is brought to size before it is unembedded.
  public enum Variant {
    /// The final norm is computed anew at each place: the original lens.
    NORM_RECOMPUTED,
    /// The scale that the final norm had in this run is used at every place, so that the lens is
    /// the running sum of direct logit attribution.
    FINAL_SCALE
  }

  /// Which token is followed.
  public sealed interface Target {

    /// The token that the model itself finds likeliest, position by position.
    record FinalTop() implements Target {}

    /// One token.
    ///
    /// @param id which
    record Token(int id) implements Target {}
  }

  /// What to read.
  ///
  /// @param places at which places
  /// @param variant which norm
  /// @param topK how many of the likeliest tokens to name
  /// @param target whose rank and probability to follow
  public record Options(Places places, Variant variant, int topK, Target target) {

    /// Before each sublayer and at the end, the original lens, five tokens, the final top token.
    public static Options usual() {
      return new Options(Places.SUBLAYERS, Variant.NORM_RECOMPUTED, 5, new Target.FinalTop());
    }

    /// The same with the norm taken the other way.
    ///
    /// @param other which norm
    public Options with(Variant other) {
      return new Options(places, other, topK, target);
    }

    /// The same at other places.
    ///
    /// @param other at which places
    public Options with(Places other) {
      return new Options(other, variant, topK, target);
    }

    /// The same for another token.
    ///
    /// @param other which token is followed
    public Options with(Target other) {
      return new Options(places, variant, topK, other);
    }
  }

  /// What the lens shows at one place and position.
  ///
  /// @param top the likeliest tokens, first to last
  /// @param entropy of the whole distribution, nats
  /// @param klToFinal `KL(final ‖ lens)`, nats
  /// @param target the token that is followed
  /// @param targetLogit the score of it
  /// @param targetProbability of it
  /// @param targetRank how many tokens are likelier
  /// @param crossEntropy of the token that came next, nats; empty at the end of the text
  public record Reading(
      List<TokenScore> top,
      double entropy,
      double klToFinal,
      int target,
      double targetLogit,
      double targetProbability,
      int targetRank,
      OptionalDouble crossEntropy) {
    public Reading {
      top = List.copyOf(top);
    }
  }

  /// What a run must keep; the logits are not needed.
  ///
  /// @param options what will be read
  public static Capture capture(Options options) {
    return options.places().capture().withoutLogits();
  }

  /// The lens over a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param options what to read
  public static LogitLens of(Transformer model, StreamTrace trace, Options options) {
    return of(model, trace, options, 0, options.places().of(model.spec()).size());
  }

  /// The lens over some of the places of a run; nothing is computed for the others. The end of the
  /// stream, with which places are compared, need not be among them.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @param options what to read
  /// @param from the first place; the methods of the lens count from it
  /// @param to one past the last place
  public static LogitLens of(
      Transformer model, StreamTrace trace, Options options, int from, int to) {
    return of(model, trace, options, from, to, SCORES_AT_A_TIME);
  }

  static LogitLens of(
      Transformer model, StreamTrace trace, Options options, int from, int to, long scores) {
    if (trace.tokens().size() != 1) {
      throw ReadoutException.severalTexts("The logit lens", trace.tokens().size());
    }
    if (options.target() instanceof Target.Token(int id)
        && (id < 0 || id >= model.spec().dVocabOut())) {
      throw ReadoutException.tokenOutside(id, model.spec().dVocabOut());
    }
    List<Places.Place> all = options.places().of(model.spec());
    if (from < 0 || from >= to || to > all.size()) {
      throw ReadoutException.noSuchPlaces(from, to, all.size());
    }
    List<Places.Place> places = all.subList(from, to);
    LogitLens lens =
        new LogitLens(
            options,
            norm(model, options.variant()),
            places.stream().map(Places.Place::label).toList(),
            trace.positions());
    lens.read(model, trace, places, all.getLast(), scores);
    return lens;
  }

  /// Reads as many places and positions at a time as give so many scores at most, two rows at
  /// least.
  private void read(
      Transformer model,
      StreamTrace trace,
      List<Places.Place> places,
      Places.Place end,
      long scores) {
    // Places are compared with the end, whose scores lie beside theirs.
    long rows = Math.max(2, scores / model.spec().dVocabOut());
    int count = Math.toIntExact(Math.clamp(rows / (places.size() + 1), 1, positions.size()));
    int depth = Math.toIntExact(Math.clamp(rows / count - 1, 1, places.size()));
    for (int from = 0; from < positions.size(); from += count) {
      for (int first = 0; first < places.size(); first += depth) {
        List<Places.Place> some = places.subList(first, Math.min(first + depth, places.size()));
        int positionsHere = Math.min(count, positions.size() - from);
        read(model, trace, new Stretch(some, end, first, from, positionsHere));
      }
    }
  }

  /// What is read at a time.
  ///
  /// @param places which places
  /// @param end what they are compared with
  /// @param first index of the first place
  /// @param from index of the first position
  /// @param count how many positions
  private record Stretch(
      List<Places.Place> places, Places.Place end, int first, int from, int count) {

    /// `[place, pos, d_model]`, the end's last.
    Tensor streams(StreamTrace trace) {
      List<Places.Place> withEnd = new ArrayList<>(places);
      if (!places.contains(end)) {
        withEnd.add(end);
      }
      return Tensor.stack(
          "place",
          withEnd.stream().map(p -> trace.get(p.point()).slice("pos", from, count)).toList());
    }
  }

  /// Which norm the stream passes, in words.
  ///
  /// @param model whose stream
  /// @param variant which way the norm is taken
  public static String norm(Transformer model, Variant variant) {
    if (model.lnFinal() instanceof Norm.NoNorm) {
      return "no final norm";
    }
    return switch (variant) {
      case NORM_RECOMPUTED -> "final norm recomputed";
      case FINAL_SCALE -> "final norm with the scale of the final stream";
    };
  }

  private void read(Transformer model, StreamTrace trace, Stretch stretch) {
    try (Scope _ = Scope.open()) {
      Tensor scores = Wide.of(model.unembed(normalized(model, stretch.streams(trace))));
      add(scores, trace.tokens().getFirst(), stretch);
    }
  }

  /// `[place, pos, d_model]`.
  private Tensor normalized(Transformer model, Tensor stack) {
    Norm norm = model.lnFinal();
    if (options.variant() == Variant.NORM_RECOMPUTED || norm instanceof Norm.NoNorm) {
      return norm.forward(stack, new NormSite.LnFinal(), Hooks.none());
    }
    Tensor last = Wide.of(stack.at("place", stack.size("place") - 1));
    FrozenNorm frozen = new FrozenNorm(norm, Optional.of(norm.scale(last)));
    Tensor scaled = frozen.applied(Wide.of(stack));
    return frozen.shift().map(scaled::plus).orElse(scaled).to(stack.dtype());
  }

  /// Reads a stretch of places and positions.
  ///
  /// @param scores `[place, pos, d_vocab]`, the end's last
  private void add(Tensor scores, int[] tokens, Stretch stretch) {
    Axis place = scores.shape().axis("place");
    long last = place.size() - 1;
    Tensor probabilities = scores.softmax("d_vocab");
    // ln Σ e^score from the likeliest token: two cheap passes instead of a second exponential.
    Tensor total = scores.max("d_vocab").minus(probabilities.max("d_vocab").log());
    // Cross entropies of the lens under two distributions: its own and the final one.
    Tensor own = total.minus(dot(probabilities, scores));
    Tensor underFinal =
        total.minus(scores.dot(probabilities.at("place", last), "d_vocab").order("place", "pos"));
    Tensor kl = underFinal.minus(underFinal.at("place", last));
    int k = Math.toIntExact(Math.min(Math.max(1, options.topK()), scores.size("d_vocab")));
    Tensor.TopK top = scores.topK(k, "d_vocab");
    Tensor answer = top.indices().at("place", last).at("top", 0);
    Tensor targets = targets(answer);
    Tensor targetScores = scores.pick("d_vocab", targets.repeat(place));
    long[] following = following(tokens, stretch.from(), scores);
    Tensor next = Tensor.of(clamped(following), targets.shape()).to(scores.device());
    Tensor nextScores = scores.pick("d_vocab", next.repeat(place));
    Numbers numbers =
        new Numbers(
            top.values().minus(total).exp().toDoubles(),
            top.indices().toLongs(),
            own.toDoubles(),
            kl.toDoubles(),
            targets.toLongs(),
            targetScores.toDoubles(),
            targetScores.minus(total).exp().toDoubles(),
            TextScore.ranks(scores, targetScores),
            total.minus(nextScores).toDoubles());
    long[] answered = answer.toLongs();
    for (int i = 0; i < answered.length; i++) {
      int index = stretch.from() + i;
      answers[index] = Math.toIntExact(answered[i]);
      for (int p = 0; p < stretch.places().size(); p++) {
        readings[stretch.first() + p][index] =
            numbers.reading(p * answered.length + i, i, k, following[i] < 0);
      }
    }
  }

  /// One product for each place and position, none of them kept.
  private static Tensor dot(Tensor probabilities, Tensor scores) {
    return probabilities.dot(scores, "d_vocab").order("place", "pos");
  }

  private Tensor targets(Tensor finalTop) {
    return switch (options.target()) {
      case Target.FinalTop() -> finalTop;
      case Target.Token(int id) -> finalTop.times(0).plus(id);
    };
  }

  /// The token after each position; -1 at the end of the text, or where the model has no such
  /// score.
  private long[] following(int[] tokens, int from, Tensor scores) {
    return IntStream.range(from, from + Math.toIntExact(scores.size("pos")))
        .map(i -> positions.get(i) + 1)
        .map(position -> position < tokens.length ? tokens[position] : -1)
        .mapToLong(token -> token < scores.size("d_vocab") ? token : -1)
        .toArray();
  }

  private static long[] clamped(long[] tokens) {
    return Arrays.stream(tokens).map(token -> Math.max(0, token)).toArray();
  }

  @SuppressWarnings("ArrayRecordComponent") // Never leaves this class.
  private record Numbers(
      double[] topProbabilities,
      long[] topTokens,
      double[] entropies,
      double[] klToFinal,
      long[] targets,
      double[] targetLogits,
      double[] targetProbabilities,
      long[] targetRanks,
      double[] crossEntropies) {

    Reading reading(int row, int position, int k, boolean ends) {
      return new Reading(
          TextScore.scores(topTokens, topProbabilities, row * k, k),
          entropies[row],
          Math.max(0, klToFinal[row]),
          Math.toIntExact(targets[position]),
          targetLogits[row],
          targetProbabilities[row],
          Math.toIntExact(targetRanks[row]),
          ends ? OptionalDouble.empty() : OptionalDouble.of(crossEntropies[row]));
    }
  }

  // ---------------------------------------------------------------- what it says

  /// What was read.
  public Options options() {
    return options;
  }

  /// Which norm the stream passed, in words.
  public String norm() {
    return norm;
  }

  /// The places, first to last; the last of a whole run is the model's own answer.
  public List<String> places() {
    return places;
  }

  /// The positions of the text, in the order of the index that the methods here take.
  public List<Integer> positions() {
    return positions;
  }

  /// What the lens shows at one place and position.
  ///
  /// @param place index of the place
  /// @param index index of the position
  public Reading at(int place, int index) {
    if (index < 0 || index >= positions.size()) {
      throw ReadoutException.noSuchPosition(index, positions.size());
    }
    return readings[place][index];
  }

  /// The mean of `KL(final ‖ lens)` over all positions, nats.
  ///
  /// @param place index of the place
  public double meanKl(int place) {
    return indices().mapToDouble(i -> at(place, i).klToFinal()).average().orElse(Double.NaN);
  }

  /// The mean cross entropy of the tokens that came next, nats; NaN where none did.
  ///
  /// @param place index of the place
  public double meanCrossEntropy(int place) {
    return indices()
        .mapToObj(i -> at(place, i).crossEntropy())
        .flatMapToDouble(OptionalDouble::stream)
        .average()
        .orElse(Double.NaN);
  }

  /// At which share of the positions the lens already has the final top token first.
  ///
  /// @param place index of the place
  public double agreement(int place) {
    return indices()
        .mapToDouble(i -> at(place, i).top().getFirst().token() == answers[i] ? 1 : 0)
        .average()
        .orElse(Double.NaN);
  }

  private IntStream indices() {
    return IntStream.range(0, positions.size());
  }
}
