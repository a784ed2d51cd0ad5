package dev.weir.view;

/// A place in the plane: of a drawing in pixels, of a chart in the units of its axes.
public record Point(double x, double y) {}
