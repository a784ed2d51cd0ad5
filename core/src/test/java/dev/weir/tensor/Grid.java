package dev.weir.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/// The readable twin of [Tensor]: numbers looked up by the names of their places, one at a time, in
/// plain Java.
///
/// @param shape the axes
/// @param values row by row
@SuppressWarnings("ArrayRecordComponent") // A test's scratch paper.
record Grid(Shape shape, double[] values) {

  /// One number for each place, by a formula.
  static Grid of(Shape shape, ToDoubleFunction<Map<String, Long>> formula) {
    return new Grid(shape, places(shape).stream().mapToDouble(formula).toArray());
  }

  /// Gaussian numbers.
  static Grid gaussian(Shape shape, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return of(shape, _ -> random.nextGaussian());
  }

  /// Every place of a shape, row by row.
  static List<Map<String, Long>> places(Shape shape) {
    List<Map<String, Long>> places = List.of(Map.of());
    for (Axis axis : shape.axes()) {
      List<Map<String, Long>> longer = new ArrayList<>();
      for (Map<String, Long> place : places) {
        for (long i = 0; i < axis.size(); i++) {
          longer.add(with(place, axis.name(), i));
        }
      }
      places = longer;
    }
    return places;
  }

  static Map<String, Long> with(Map<String, Long> place, String axis, long index) {
    Map<String, Long> more = new HashMap<>(place);
    more.put(axis, index);
    return more;
  }

  /// The number at a place, which may name axes that are not here.
  double at(Map<String, Long> place) {
    long index = 0;
    for (Axis axis : shape.axes()) {
      index = index * axis.size() + place.getOrDefault(axis.name(), 0L);
    }
    return values[Math.toIntExact(index)];
  }

  /// The numbers along an axis at a place.
  double[] along(String axis, Map<String, Long> place) {
    double[] line = new double[Math.toIntExact(shape.size(axis))];
    for (int i = 0; i < line.length; i++) {
      line[i] = at(with(place, axis, i));
    }
    return line;
  }

  /// As a float64 tensor of the current scope.
  Tensor tensor() {
    return Tensor.of(values, shape);
  }

  /// The same numbers under every order of the axes in memory.
  List<Tensor> everyOrder() {
    return orders(shape.names()).stream()
        .map(names -> tensor().order(names.toArray(String[]::new)))
        .toList();
  }

  private static List<List<String>> orders(List<String> names) {
    if (names.isEmpty()) {
      return List.of(List.of());
    }
    List<List<String>> all = new ArrayList<>();
    for (String first : names) {
      List<String> rest = new ArrayList<>(names);
      rest.remove(first);
      for (List<String> order : orders(rest)) {
        List<String> whole = new ArrayList<>(List.of(first));
        whole.addAll(order);
        all.add(whole);
      }
    }
    return all;
  }
}
