package dev.weir.view;

/// The page that a picture is drawn for.
public enum Theme {
  /// Dark on white.
  LIGHT,
  /// Light on near-black.
  DARK
}
