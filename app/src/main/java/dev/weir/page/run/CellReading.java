package dev.weir.page.run;

import dev.weir.readout.LogitLens;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;

/// What the cells of the plane show: a number each, and a word where the number is of one.
public sealed interface CellReading {

  /// The Euclidean length of the stream.
  record Norm() implements CellReading {}

  /// How far the stream is from where it was at the place before, over its length there.
  record Step() implements CellReading {}

  /// `1 − cosine` between the stream and what it was at the place before.
  record Turn() implements CellReading {}

  /// Where the stream lies along a direction, [Projection#of]: the dot product, less the offset
  /// where there is one.
  ///
  /// @param direction which
  record Dot(Projection direction) implements CellReading {}

  /// The cosine between the stream and a direction's numbers, whatever its offset.
  ///
  /// @param direction which
  record Cosine(Projection direction) implements CellReading {}

  /// Something that the logit lens says.
  ///
  /// @param kind what
  /// @param target which token is followed, where one is
  record Lens(Kind kind, LogitLens.Target target) implements CellReading {
    private static final LogitLens.Variant VARIANT = LogitLens.Variant.NORM_RECOMPUTED;

    /// Which norm the lens sees the stream through, in words.
    ///
    /// @param model of which model
    public static String norm(OpenModel model) {
      return LogitLens.norm(model.transformer(), VARIANT);
    }

    /// How the lens is asked.
    ///
    /// @param top how many of the likeliest tokens
    /// @param target which token is followed
    static LogitLens.Options options(int top, LogitLens.Target target) {
      return new LogitLens.Options(PromptRun.PLACES, VARIANT, top, target);
    }

    double value(LogitLens.Reading reading) {
      return switch (kind) {
        case ENTROPY -> reading.entropy();
        case KL -> reading.klToFinal();
        case PROBABILITY -> reading.targetProbability();
        case RANK -> reading.targetRank();
        case LOGIT -> reading.targetLogit();
        case TOP -> reading.top().getFirst().probability();
        case NORM, CHANGE, TURN, DOT, COSINE ->
            throw new IllegalStateException("The lens says no " + kind.id());
      };
    }
  }

  /// How numbers become colours.
  enum Scale {
    /// From low to high.
    SEQUENTIAL,
    /// Around zero.
    DIVERGING,
    /// From low to high by the logarithm of one more.
    LOGARITHMIC
  }

  /// What a reading must be told.
  enum Asks {
    /// Nothing.
    NOTHING,
    /// A direction.
    DIRECTION,
    /// A token, or it takes the model's own answer at each position.
    TOKEN
  }

  /// The readings there are.
  enum Kind {
    /// As [Norm].
    NORM("Length", "", Scale.SEQUENTIAL, Asks.NOTHING),
    /// As [Step].
    CHANGE("Change since the place before", "of the length there", Scale.SEQUENTIAL, Asks.NOTHING),
    /// As [Turn].
    TURN("Turn since the place before", "1 − cosine", Scale.SEQUENTIAL, Asks.NOTHING),
    /// As [Dot].
    DOT("Dot product with the direction", "", Scale.DIVERGING, Asks.DIRECTION),
    /// As [Cosine].
    COSINE("Cosine with the direction", "", Scale.DIVERGING, Asks.DIRECTION),
    /// The likeliest token through the lens, and its probability.
    TOP("Likeliest token of the lens", "probability", Scale.SEQUENTIAL, Asks.NOTHING),
    /// The entropy of the lens's distribution.
    ENTROPY("Entropy of the lens", "nats", Scale.SEQUENTIAL, Asks.NOTHING),
    /// `KL(final ‖ lens)`.
    KL("KL to the end", "nats", Scale.SEQUENTIAL, Asks.NOTHING),
    /// The probability of a token through the lens.
    PROBABILITY("Probability of the token", "", Scale.SEQUENTIAL, Asks.TOKEN),
    /// How many tokens are likelier.
    RANK("Rank of the token", "0 is the likeliest", Scale.LOGARITHMIC, Asks.TOKEN),
    /// The score of a token through the lens.
    LOGIT("Logit of the token", "", Scale.DIVERGING, Asks.TOKEN);

    private final String title;
    private final String unit;
    private final Scale scale;
    private final Asks asks;

    Kind(String title, String unit, Scale scale, Asks asks) {
      this.title = title;
      this.unit = unit;
      this.scale = scale;
      this.asks = asks;
    }

    /// In links and programs.
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// For a reader, a few words.
    public String title() {
      return title;
    }

    /// What its numbers are in; may be empty.
    public String unit() {
      return unit;
    }

    /// How its numbers become colours.
    public Scale scale() {
      return scale;
    }

    /// What it must be told.
    public Asks asks() {
      return asks;
    }

    /// The one of this name.
    ///
    /// @param id as in links
    /// @throws PageException if there is none
    public static Kind named(String id) {
      return Arrays.stream(values())
          .filter(kind -> kind.id().equals(id))
          .findFirst()
          .orElseThrow(
              () -> PageException.noReading(id, Arrays.stream(values()).map(Kind::id).toList()));
    }

    /// A reading of this kind.
    ///
    /// @param direction asked where the reading is of a direction
    /// @param target asked where it is of a token
    public CellReading of(Supplier<Projection> direction, Supplier<LogitLens.Target> target) {
      return switch (this) {
        case NORM -> new Norm();
        case CHANGE -> new Step();
        case TURN -> new Turn();
        case DOT -> new Dot(direction.get());
        case COSINE -> new Cosine(direction.get());
        case TOP, ENTROPY, KL -> new Lens(this, new LogitLens.Target.FinalTop());
        case PROBABILITY, RANK, LOGIT -> new Lens(this, target.get());
      };
    }
  }

  /// Which of the readings it is.
  default Kind kind() {
    return switch (this) {
      case Norm() -> Kind.NORM;
      case Step() -> Kind.CHANGE;
      case Turn() -> Kind.TURN;
      case Dot(_) -> Kind.DOT;
      case Cosine(_) -> Kind.COSINE;
      case Lens(Kind kind, _) -> kind;
    };
  }

  /// Whether cells say a word beside their number.
  default boolean hasWords() {
    return kind() == Kind.TOP;
  }

  /// Its name in links and programs.
  default String name() {
    return kind().id();
  }
}
