package dev.weir.tensor;

/// One named direction of a tensor, for instance `d_model=768`.
///
/// @param name what the axis counts, in the field's words (`pos`, `head`, `d_model`)
/// @param size how many there are; zero is legal
public record Axis(String name, long size) {

  public Axis {
    if (name.isBlank() || size < 0) {
      throw TensorException.badAxis(name, size);
    }
  }

  /// The same axis under another name, so that two axes of one kind can meet in one tensor.
  ///
  /// @param newName the other name
  public Axis named(String newName) {
    return new Axis(newName, size);
  }

  @Override
  public String toString() {
    return name + "=" + size;
  }
}
