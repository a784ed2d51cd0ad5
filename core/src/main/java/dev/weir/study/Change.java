package dev.weir.study;

import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PathwaySpec;
import dev.weir.train.Mixers;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// What a variant changes of the baseline, read from how its model is put together. A variant may
/// change several things at once.
public enum Change {
  /// How a sublayer's write meets the stream, which stays one vector.
  SHORTCUT,
  /// The stream is several vectors.
  LANES,
  /// Sublayers read what was written earlier in depth, told apart by who wrote it.
  DEPTH_READ,
  /// Neighbouring positions meet in another way than through global attention.
  LOCAL_MIXING,
  /// Attention takes values from the first block.
  FIRST_VALUES,
  /// Width, depth, heads or neurons.
  SHAPE;

  /// In words.
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /// What a variant changes; nothing where it is the baseline under another name.
  ///
  /// @param study whose baseline it is compared with
  /// @param variant the variant
  public static Set<Change> of(Study study, Variant variant) {
    Set<Change> changes = EnumSet.noneOf(Change.class);
    PathwaySpec pathway = spec(study, variant).pathway();
    if (!pathway.equals(spec(study, study.baseline()).pathway())) {
      changes.add(of(pathway));
    }
    Mixers mixers = variant.mixers();
    Mixers plain = study.baseline().mixers();
    if (!mixers.sublayer().equals(plain.sublayer())
        || !mixers.branch().equals(plain.branch())
        || !mixers.canon().equals(plain.canon())) {
      changes.add(LOCAL_MIXING);
    }
    if (mixers.values() != plain.values()) {
      changes.add(FIRST_VALUES);
    }
    if (!variant.shape().equals(study.baseline().shape())) {
      changes.add(SHAPE);
    }
    return changes;
  }

  private static Change of(PathwaySpec pathway) {
    return switch (pathway.state()) {
      case VECTOR -> SHORTCUT;
      case LANES -> LANES;
      case HISTORY -> DEPTH_READ;
    };
  }

  /// How a variant's model is put together, at the study's own size.
  ///
  /// @param study the study
  /// @param variant the variant
  static TransformerSpec spec(Study study, Variant variant) {
    return variant.model(study.model()).spec();
  }
}
