package dev.weir.view;

import java.util.List;
import java.util.stream.IntStream;

/// Colours for numbers, readable with any colour vision.
public enum ColourScale {
  /// Dark blue to yellow, perceptually uniform (van der Walt & Smith 2015, matplotlib; CC0).
  VIRIDIS("440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725"),
  /// Blue to yellow, the same to readers with and without colour vision deficiency (Nuñez et al.
  /// 2018, doi:10.1371/journal.pone.0199239).
  CIVIDIS("00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838"),
  /// Purple through white to orange, for numbers around zero (Harrower & Brewer 2003, ColorBrewer
  /// PuOr, Apache-2.0).
  PURPLE_ORANGE("542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806");

  private static final int STRIDE = 7;

  /// Six hexadecimal digits for each point, a space between.
  private final String points;

  ColourScale(String points) {
    this.points = points;
  }

  /// The colour at a share of the way, which is brought into 0 to 1.
  Rgb at(double share) {
    int last = points.length() / STRIDE;
    double place = Math.clamp(share, 0, 1) * last;
    int left = Math.min((int) place, last - 1);
    return point(left).towards(point(left + 1), place - left);
  }

  /// Colours from the low end to the high one, evenly spaced, as `#rrggbb`.
  ///
  /// @param count how many, at least 2
  public List<String> hexes(int count) {
    return IntStream.range(0, count).mapToObj(i -> at((double) i / (count - 1)).hex()).toList();
  }

  private Rgb point(int index) {
    return Rgb.of(Integer.parseInt(points, index * STRIDE, index * STRIDE + 6, 16));
  }
}
