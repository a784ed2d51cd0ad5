package dev.weir.train;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What mixes positions in each block of a model to be trained, beside global attention.
///
/// @param sublayer a sublayer of its own before attention
/// @param branch a mixer of attention's values
/// @param canon where Canon layers stand, for instance `ABCD`; empty for nowhere
/// @param values where attention's values come from
public record Mixers(Local sublayer, Local branch, String canon, AttentionSpec.Values values) {
  private static final Pattern SPELLING = Pattern.compile("(\\w+)(?::(window|taps)=(\\d{1,9}))?");
  private static final Map<Kind, Integer> USUAL_REACH =
      Map.of(Kind.NONE, 0, Kind.SHORTSWA, 16, Kind.SHORTCONV, 4);

  /// Which mixer.
  public enum Kind {
    /// None.
    NONE,
    /// Short sliding-window attention (arXiv:2603.16039, algorithm 1).
    SHORTSWA,
    /// A causal convolution, each feature by itself.
    SHORTCONV;

    private String unit() {
      return this == SHORTSWA ? "window" : "taps";
    }
  }

  /// A mixer of neighbouring positions.
  ///
  /// @param kind which
  /// @param reach how many positions it sees, itself included
  public record Local(Kind kind, int reach) {

    /// None.
    public static Local none() {
      return new Local(Kind.NONE, 0);
    }

    /// As it is spelled: `none`, `shortswa`, `shortswa:window=16`, `shortconv`, `shortconv:taps=4`.
    ///
    /// @param text what a user wrote
    /// @throws TrainException if it means nothing
    public static Local parse(String text) {
      Matcher matcher = SPELLING.matcher(text.strip().toLowerCase(Locale.ROOT));
      if (!matcher.matches()) {
        throw unknown(text);
      }
      Kind kind =
          Arrays.stream(Kind.values())
              .filter(known -> known.name().equalsIgnoreCase(matcher.group(1)))
              .findFirst()
              .orElseThrow(() -> unknown(text));
      String unit = matcher.group(2);
      if (unit == null) {
        return new Local(kind, USUAL_REACH.getOrDefault(kind, 0));
      }
      if (kind == Kind.NONE || !unit.equals(kind.unit())) {
        throw unknown(text);
      }
      return new Local(kind, Integer.parseInt(matcher.group(3)));
    }

    private static TrainException unknown(String text) {
      return TrainException.badModel(
          "'%s' is no local mixer".formatted(text),
          "use none, shortswa:window=16 or shortconv:taps=4");
    }

    @Override
    public String toString() {
      String name = kind.name().toLowerCase(Locale.ROOT);
      return kind == Kind.NONE ? name : "%s:%s=%d".formatted(name, kind.unit(), reach);
    }
  }

  public Mixers {
    canon = canon.strip().toUpperCase(Locale.ROOT);
    if (!canon.matches("[ABCD]*")) {
      throw TrainException.badModel(
          "Canon layers stand at A, B, C and D, not at '%s'".formatted(canon),
          "use some of these letters, for instance ABCD");
    }
  }

  /// None at all.
  public static Mixers none() {
    return new Mixers(Local.none(), Local.none(), "", AttentionSpec.Values.OWN);
  }

  /// Whether a position meets those before it in another way than through global attention.
  boolean mixNeighbours() {
    return sublayer.kind != Kind.NONE || branch.kind != Kind.NONE || !canon.isEmpty();
  }

  /// A block with these mixers.
  ///
  /// @param block a block without any
  /// @param reads the norm that sublayers read through
  BlockSpec in(BlockSpec block, NormSpec reads) {
    LocalMixing local =
        LocalMixing.none().withBranch(branchSpec()).withCanon(LocalMixing.Canon.of(canon));
    return block
        .withAttention(block.attention().withValues(values))
        .withLocal(
            sublayer.kind == Kind.NONE
                ? local
                : local.withSublayer(sublayerSpec(block.attention()), reads));
  }

  private LocalMixing.Sublayer sublayerSpec(AttentionSpec global) {
    return switch (sublayer.kind) {
      case NONE -> new LocalMixing.Sublayer.None();
      case SHORTSWA -> new LocalMixing.Sublayer.ShortSwa(global.withWindow(sublayer.reach));
      case SHORTCONV -> new LocalMixing.Sublayer.ShortConv(sublayer.reach);
    };
  }

  private LocalMixing.Branch branchSpec() {
    return switch (branch.kind) {
      case NONE -> new LocalMixing.Branch.None();
      case SHORTSWA -> new LocalMixing.Branch.ShortSwa(branch.reach);
      case SHORTCONV -> new LocalMixing.Branch.ShortConv(branch.reach);
    };
  }
}
