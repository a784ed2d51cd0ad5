package dev.weir.view;

import java.util.Arrays;

/// Colours for numbers, readable with any colour vision.
public enum ColourScale {
  /// Dark blue to yellow, perceptually uniform (van der Walt & Smith 2015, matplotlib; CC0).
  VIRIDIS(
      0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
      0xfde725),
  /// Blue to yellow, the same to readers with and without colour vision deficiency (Nuñez et al.
  /// 2018, doi:10.1371/journal.pone.0199239).
  CIVIDIS(
      0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55,
      0xfee838),
  /// Purple through white to orange, for numbers around zero (Harrower & Brewer 2003, ColorBrewer
  /// PuOr, Apache-2.0).
  PURPLE_ORANGE(
      0x542788, 0x8073ac, 0xb2abd2, 0xd8daeb, 0xf7f7f7, 0xfee0b6, 0xfdb863, 0xe08214, 0xb35806);

  private final Rgb[] points;

  ColourScale(int... hex) {
    this.points = Arrays.stream(hex).mapToObj(Rgb::of).toArray(Rgb[]::new);
  }

  /// The colour at a share of the way, which is brought into 0 to 1.
  Rgb at(double share) {
    double place = Math.clamp(share, 0, 1) * (points.length - 1);
    int left = Math.min((int) place, points.length - 2);
    return points[left].towards(points[left + 1], place - left);
  }
}
