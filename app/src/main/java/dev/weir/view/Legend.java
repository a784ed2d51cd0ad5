package dev.weir.view;

import java.util.ArrayList;
import java.util.List;

/// Which colour stands for which number.
///
/// @param label what the numbers are, with their unit
/// @param scale the colours
/// @param spacing how numbers lie along the colours
/// @param low the number at the first colour; what is below gets the same
/// @param high the number at the last colour; what is above gets the same
public record Legend(String label, ColourScale scale, Spacing spacing, double low, double high) {

  /// How numbers lie along the colours.
  public enum Spacing {
    /// As they are.
    LINEAR,
    /// By the logarithm of one more, for counts and ranks.
    LOGARITHMIC
  }

  public Legend {
    List<String> problems = new ArrayList<>();
    if (!(Double.isFinite(low) && Double.isFinite(high) && low < high)) {
      problems.add(
          "its colours must run from a low to a higher number, not %s to %s".formatted(low, high));
    }
    if (scale == ColourScale.PURPLE_ORANGE && low != -high) {
      problems.add("a diverging scale must reach as far below zero as above");
    }
    if (spacing == Spacing.LOGARITHMIC && low < 0) {
      problems.add("a logarithmic scale begins at 0 or above, not at %s".formatted(low));
    }
    if (!problems.isEmpty()) {
      throw ViewException.badFigure(label, problems);
    }
  }

  /// From a low number to a high one, in viridis.
  ///
  /// @param label what the numbers are, with their unit
  /// @param low the number at the dark end
  /// @param high the number at the bright end
  public static Legend sequential(String label, double low, double high) {
    return new Legend(label, ColourScale.VIRIDIS, Spacing.LINEAR, low, high);
  }

  /// From a low number to a high one by the logarithm of one more, in viridis.
  ///
  /// @param label what the numbers are, with their unit
  /// @param low the number at the dark end, at least 0
  /// @param high the number at the bright end
  public static Legend logarithmic(String label, double low, double high) {
    return new Legend(label, ColourScale.VIRIDIS, Spacing.LOGARITHMIC, low, high);
  }

  /// Around zero: purple below, orange above.
  ///
  /// @param label what the numbers are, with their unit
  /// @param reach the size of the number at either end, above 0
  public static Legend diverging(String label, double reach) {
    return new Legend(label, ColourScale.PURPLE_ORANGE, Spacing.LINEAR, -reach, reach);
  }

  /// The paint of a number; what is not a number is left empty.
  Paint paint(double value) {
    return Double.isNaN(value) ? Ink.EMPTY : scale.at(share(value));
  }

  private double share(double value) {
    return (spaced(value) - spaced(low)) / (spaced(high) - spaced(low));
  }

  private double spaced(double value) {
    return switch (spacing) {
      case LINEAR -> value;
      case LOGARITHMIC -> Math.log1p(Math.max(0, value));
    };
  }

  /// The number at a share of the way along the colours.
  double at(double share) {
    double spaced = spaced(low) + (spaced(high) - spaced(low)) * share;
    return switch (spacing) {
      case LINEAR -> spaced;
      case LOGARITHMIC -> Math.expm1(spaced);
    };
  }

  /// What text on the paint of a number is written with.
  Paint textPaint(double value) {
    return paint(value) instanceof Rgb colour ? colour.textColour() : Ink.TEXT;
  }
}
