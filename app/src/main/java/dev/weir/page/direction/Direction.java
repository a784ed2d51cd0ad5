package dev.weir.page.direction;

/// A direction of the stream, in memory under its id.
///
/// @param id made from the numbers
/// @param name short
/// @param description what it is, in a sentence
/// @param width how many numbers
/// @param length Euclidean, in raw coordinates
/// @param offset what is taken from its product with the stream, so that its 0 means something
/// @param recipe what it was made from
public record Direction(
    String id,
    String name,
    String description,
    int width,
    double length,
    double offset,
    DirectionRecipe recipe) {}
