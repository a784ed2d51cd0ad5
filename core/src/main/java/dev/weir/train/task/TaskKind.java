package dev.weir.train.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A kind of task: what it is called, what can be set, and how it is made.
///
/// @param name as it is written
/// @param summary what it asks for, in one line
/// @param source author, year and where to read about it
/// @param parameters what can be set, in the order of the task's name
/// @param make the task of some settings, complete and within their ranges
public record TaskKind(
    String name,
    String summary,
    String source,
    List<Parameter> parameters,
    Function<Settings, Task> make) {

  public TaskKind {
    parameters = List.copyOf(parameters);
  }

  /// Numbers by parameter.
  ///
  /// @param values complete
  public record Settings(Map<String, Double> values) {
    public Settings {
      values = Map.copyOf(values);
    }

    int whole(String name) {
      return (int) real(name);
    }

    double real(String name) {
      Double value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException("no parameter " + name);
      }
      return value;
    }
  }

  /// The task of these settings; what they do not name is as usual.
  ///
  /// @param settings `pairs=8,queries=4`, or nothing
  /// @throws TaskException if a setting is unknown, out of range, or does not fit the others
  public Task of(String settings) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (!settings.isBlank()) {
      for (String setting : settings.split(",", -1)) {
        set(setting.strip(), values);
      }
    }
    parameters.forEach(parameter -> values.putIfAbsent(parameter.name(), parameter.usual()));
    requireRanges(values);
    return make.apply(new Settings(values));
  }

  private void set(String setting, Map<String, Double> values) {
    int equals = setting.indexOf('=');
    String parameter = equals < 0 ? setting : setting.substring(0, equals).strip();
    List<String> known = parameters.stream().map(Parameter::name).toList();
    if (!known.contains(parameter)) {
      throw TaskException.unknownParameter(name, parameter, known);
    }
    try {
      double value = Double.parseDouble(setting.substring(equals + 1).strip());
      if (values.put(parameter, value) != null) {
        throw TaskException.setTwice(name, parameter);
      }
    } catch (NumberFormatException e) {
      throw TaskException.noSetting(name, setting, example());
    }
  }

  private String example() {
    Parameter first = parameters.getFirst();
    return first.name() + "=" + written(first, first.usual());
  }

  private void requireRanges(Map<String, Double> values) {
    List<String> problems = new ArrayList<>();
    for (Parameter parameter : parameters) {
      double value = values.getOrDefault(parameter.name(), parameter.usual());
      if (!parameter.allows(value)) {
        problems.add(
            "%s is %s, but it must be %s"
                .formatted(parameter.name(), written(parameter, value), parameter.range()));
      }
    }
    if (!problems.isEmpty()) {
      throw TaskException.badSettings(name, problems);
    }
  }

  /// The full name of a task, `mess3:x=0.05,a=0.85,length=10`.
  ///
  /// @param values one for each parameter, in their order
  String spelled(double... values) {
    List<String> settings = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      Parameter parameter = parameters.get(i);
      settings.add(parameter.name() + "=" + written(parameter, values[i]));
    }
    return name + settings.stream().collect(Collectors.joining(",", ":", ""));
  }

  /// What a record's constructor checks, so that no task exists that could not be written.
  Map<String, Double> checked(double... values) {
    Map<String, Double> named = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      named.put(parameters.get(i).name(), values[i]);
    }
    requireRanges(named);
    return named;
  }

  private static String written(Parameter parameter, double value) {
    return parameter.kind() == Parameter.Kind.WHOLE && value == Math.rint(value)
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
