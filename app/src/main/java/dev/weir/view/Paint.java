package dev.weir.view;

/// What a mark is drawn with: a colour of its own or a role that the theme fills.
sealed interface Paint permits Rgb, Ink {}
