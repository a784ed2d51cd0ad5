package dev.weir.model;

import dev.weir.model.AttentionSpec.Visibility;

/// How many keys a query sees, itself included.
interface Visible {
  /// How many.
  ///
  /// @param visibility which keys it may see
  double keys(Visibility visibility);

  /// On average over the tokens of a text.
  ///
  /// @param context how long it is, in tokens
  static Visible onAverage(long context) {
    return visibility ->
        switch (visibility) {
          case Visibility.Bidirectional() -> context;
          case Visibility.Causal() -> (context + 1) / 2.0;
          case Visibility.SlidingWindow(int size) -> {
            double w = Math.min(size, context);
            yield (w * (w + 1) / 2 + (context - w) * w) / context;
          }
        };
  }

  /// For the last token of a text.
  ///
  /// @param context how long it is, in tokens
  static Visible atTheEnd(long context) {
    return visibility ->
        switch (visibility) {
          case Visibility.Bidirectional(), Visibility.Causal() -> context;
          case Visibility.SlidingWindow(int size) -> Math.min(size, context);
        };
  }
}
