package dev.weir.stream;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// Which names somebody may have meant who wrote another: those with the smallest edit distance
/// (Levenshtein 1966: characters put in, taken out or exchanged), first come first among equals.
public final class NearestNames {
  private NearestNames() {}

  /// The nearest names, nearest first.
  ///
  /// @param wanted what was written
  /// @param names those that there are
  /// @param count how many to name at most
  public static List<String> of(String wanted, Collection<String> names, int count) {
    return names.stream()
        .sorted(Comparator.comparingInt(name -> distance(wanted, name)))
        .limit(count)
        .toList();
  }

  static int distance(String from, String to) {
    int[] before = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      before[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] now = new int[to.length() + 1];
      now[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int exchanged = before[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        now[j] = Math.min(exchanged, 1 + Math.min(before[j], now[j - 1]));
      }
      before = now;
    }
    return before[to.length()];
  }
}
