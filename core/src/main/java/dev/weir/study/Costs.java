package dev.weir.study;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/// What a variant is counted to cost at each size ([Scale]), beside the baseline.
final class Costs {
  /// What counts as a saving: formulas agree with operations as they are run within 1 %.
  private static final double LEAST_SAVING = 0.01;

  private final Map<Scale.Size, Scale> variant;
  private final Map<Scale.Size, Scale> baseline;

  private Costs(Map<Scale.Size, Scale> variant, Map<Scale.Size, Scale> baseline) {
    this.variant = variant;
    this.baseline = baseline;
  }

  /// The costs of a variant.
  ///
  /// @param study whose baseline it is compared with
  /// @param variant the variant
  /// @param constraints what is run
  static Costs of(Study study, Variant variant, Constraints constraints) {
    return new Costs(
        scales(study, variant, constraints), scales(study, study.baseline(), constraints));
  }

  private static Map<Scale.Size, Scale> scales(
      Study study, Variant variant, Constraints constraints) {
    Map<Scale.Size, Scale> scales = new EnumMap<>(Scale.Size.class);
    for (Scale.Size size : Scale.Size.values()) {
      scales.put(size, Scale.of(study, variant, size, constraints));
    }
    return scales;
  }

  /// The variant's costs at a size.
  Scale variant(Scale.Size size) {
    return Objects.requireNonNull(variant.get(size), size::label);
  }

  /// The baseline's costs at a size.
  Scale baseline(Scale.Size size) {
    return Objects.requireNonNull(baseline.get(size), size::label);
  }

  // ---------------------------------------------------------------- prices

  /// What a variant costs beside the baseline, in the two ways that a goal asks for.
  ///
  /// @param first the first, as a multiple of the baseline's
  /// @param second the second
  /// @param words what they are
  record Price(double first, double second, String words) {
    /// Whether neither is higher than the baseline's and one is lower.
    boolean saves() {
      return Math.max(first, second) <= 1 && Math.min(first, second) <= 1 - LEAST_SAVING;
    }

    double both() {
      return first * second;
    }
  }

  /// Prices at all sizes, the smallest first.
  ///
  /// @param goal a goal of cost
  List<Price> prices(Goal goal) {
    return Arrays.stream(Scale.Size.values()).map(size -> price(goal, size)).toList();
  }

  /// The price at a size.
  ///
  /// @param goal a goal of cost
  /// @param size how large
  Price price(Goal goal, Scale.Size size) {
    return goal == Goal.LOWER_MEMORY
        ? price(
            "at %s, %.3f times the memory to train and %.3f times to decode",
            size, Scale::trainingMemory, Scale::decodingMemory)
        : price(
            "at %s, %.3f times the operations and %.3f times the bytes read for a decoded token",
            size, Scale::decodeFlops, Scale::decodeBytes);
  }

  private Price price(
      String words,
      Scale.Size size,
      ToDoubleFunction<Scale> oneWay,
      ToDoubleFunction<Scale> anotherWay) {
    double first = multiple(size, oneWay);
    double second = multiple(size, anotherWay);
    return new Price(first, second, String.format(Locale.ROOT, words, size.label(), first, second));
  }

  private double multiple(Scale.Size size, ToDoubleFunction<Scale> cost) {
    return cost.applyAsDouble(variant(size)) / cost.applyAsDouble(baseline(size));
  }
}
