package dev.weir.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The named axes of a tensor in the order they lie in memory. No name occurs twice.
///
/// @param axes outermost first; empty for a single number
public record Shape(List<Axis> axes) {

  public Shape {
    axes = List.copyOf(axes);
    for (int i = 1; i < axes.size(); i++) {
      if (find(axes.get(i).name(), axes) != i) {
        throw TensorException.repeatedAxis(axes.toString());
      }
    }
  }

  // Shapes are made with every operation, so what follows uses plain loops: streams would cost more
  // than the operations do.

  /// Where the axis of this name stands, or -1.
  private static int find(String name, List<Axis> axes) {
    for (int i = 0; i < axes.size(); i++) {
      if (axes.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /// A shape of these axes, outermost first.
  ///
  /// @param axes the axes
  public static Shape of(Axis... axes) {
    return new Shape(List.of(axes));
  }

  /// A shape of one axis.
  ///
  /// @param name its name
  /// @param size its size
  public static Shape of(String name, long size) {
    return of(new Axis(name, size));
  }

  /// A shape of two axes.
  ///
  /// @param name1 the outer name
  /// @param size1 the outer size
  /// @param name2 the inner name
  /// @param size2 the inner size
  public static Shape of(String name1, long size1, String name2, long size2) {
    return of(new Axis(name1, size1), new Axis(name2, size2));
  }

  /// A shape of three axes.
  ///
  /// @param name1 the outermost name
  /// @param size1 the outermost size
  /// @param name2 the middle name
  /// @param size2 the middle size
  /// @param name3 the innermost name
  /// @param size3 the innermost size
  public static Shape of(
      String name1, long size1, String name2, long size2, String name3, long size3) {
    return of(new Axis(name1, size1), new Axis(name2, size2), new Axis(name3, size3));
  }

  /// How many axes there are.
  public int rank() {
    return axes.size();
  }

  /// How many numbers a tensor of this shape holds.
  public long elements() {
    long product = 1;
    for (Axis axis : axes) {
      product = Math.multiplyExact(product, axis.size());
    }
    return product;
  }

  /// Whether an axis of this name is here.
  ///
  /// @param name the name looked for
  public boolean has(String name) {
    return find(name, axes) >= 0;
  }

  /// Where the axis of this name stands, counted from the outermost.
  ///
  /// @param name the name looked for
  /// @throws TensorException if no axis has it
  public int indexOf(String name) {
    int index = find(name, axes);
    if (index < 0) {
      throw TensorException.noSuchAxis(name, this);
    }
    return index;
  }

  /// The axis of this name.
  ///
  /// @param name the name looked for
  /// @throws TensorException if no axis has it
  public Axis axis(String name) {
    return axes.get(indexOf(name));
  }

  /// The size of the axis of this name.
  ///
  /// @param name the name looked for
  /// @throws TensorException if no axis has it
  public long size(String name) {
    return axis(name).size();
  }

  /// This shape with one axis replaced.
  ///
  /// @param name the axis to replace
  /// @param replacement what stands there instead, none or several axes
  public Shape with(String name, Axis... replacement) {
    List<Axis> result = new ArrayList<>(axes);
    int index = indexOf(name);
    result.remove(index);
    result.addAll(index, Arrays.asList(replacement));
    return new Shape(result);
  }

  /// This shape with one axis left out.
  ///
  /// @param name the axis to leave out
  public Shape without(String name) {
    return with(name);
  }

  /// The sizes alone, outermost first.
  public long[] sizes() {
    long[] sizes = new long[axes.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = axes.get(i).size();
    }
    return sizes;
  }

  /// The names alone, outermost first.
  public List<String> names() {
    return axes.stream().map(Axis::name).toList();
  }

  /// Whether the outermost axes are these, in this order.
  boolean startsWith(String... names) {
    for (int i = 0; i < names.length; i++) {
      if (i >= axes.size() || !axes.get(i).name().equals(names[i])) {
        return false;
      }
    }
    return true;
  }

  /// The axes of all other names, in order.
  List<Axis> except(String... names) {
    List<Axis> rest = new ArrayList<>(axes.size());
    for (Axis axis : axes) {
      if (!Arrays.asList(names).contains(axis.name())) {
        rest.add(axis);
      }
    }
    return rest;
  }

  @Override
  public String toString() {
    return axes.stream().map(Axis::toString).collect(Collectors.joining(", ", "[", "]"));
  }
}
