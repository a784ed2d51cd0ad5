package dev.weir.study;

import dev.weir.study.Recommendation.Barrier;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// Where the constraints rule a variant out: by pipeline stages, by memory, or by ranks.
final class Barriers {
  /// How many vectors may cross a boundary of pipeline stages. Four lanes do in hyper-connections,
  /// which were trained at 27B parameters for 6.7 % more time (arXiv:2512.24880).
  private static final double MOST_PAYLOAD = 4;

  private final Constraints constraints;

  /// Barriers.
  ///
  /// @param constraints what is run
  Barriers(Constraints constraints) {
    this.constraints = constraints;
  }

  /// Those before a variant, the smallest size first.
  ///
  /// @param costs what it costs
  List<Barrier> before(Costs costs) {
    return Arrays.stream(Scale.Size.values()).flatMap(size -> at(size, costs)).toList();
  }

  private Stream<Barrier> at(Scale.Size size, Costs costs) {
    Scale mine = costs.variant(size);
    Scale theirs = costs.baseline(size);
    return Stream.of(pipeline(mine, theirs), memory(mine, theirs), ranks(mine))
        .flatMap(Optional::stream)
        .map(why -> new Barrier(size, why));
  }

  /// More crosses between pipeline stages than is known to be borne.
  private Optional<String> pipeline(Scale mine, Scale theirs) {
    return mine.worstPayload() <= MOST_PAYLOAD
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "of %d pipeline stages, one is sent %.1f vectors a token where the plain stream sends 1 (%s for a batch, not %s); more than %.0f are borne only if stages keep what they were sent",
                constraints.stages(),
                mine.worstPayload(),
                Wording.bytes(mine.worstCrossing()),
                Wording.bytes(theirs.worstCrossing()),
                MOST_PAYLOAD));
  }

  /// It does not fit where the baseline does.
  private Optional<String> memory(Scale mine, Scale theirs) {
    if (theirs.decodes() && !mine.decodes()) {
      return Optional.of(tooMuch("decoding", mine.decodingMemory(), theirs.decodingMemory()));
    }
    return theirs.trains() && !mine.trains()
        ? Optional.of(tooMuch("training", mine.trainingMemory(), theirs.trainingMemory()))
        : Optional.empty();
  }

  private String tooMuch(String what, double mine, double theirs) {
    return "%s needs %s a device, more than its %s; the baseline needs %s"
        .formatted(
            what, Wording.bytes(mine), Wording.bytes(constraints.memory()), Wording.bytes(theirs));
  }

  /// A local mixer reaches over more than the rank before.
  private Optional<String> ranks(Scale mine) {
    int held = constraints.tokensPerRank();
    return constraints.ranks() == 1 || mine.reach() - 1 <= held
        ? Optional.empty()
        : Optional.of(
            "a mixer that sees %d positions reaches over more than the %d tokens of the rank before"
                .formatted(mine.reach(), held));
  }
}
