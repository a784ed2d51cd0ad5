package dev.weir.edit;

import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.Stretch;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// One change at one hook point.
record PointEdit(HookPoint point, Target target, Intervention intervention) {

  /// The value to go on with, same shape.
  Tensor applyTo(Tensor value, Stretch stretch) {
    if (untouched(stretch)) {
      return value;
    }
    Tensor changed = changed(value, stretch);
    if (changed == value) {
      return value;
    }
    Tensor result = mask(value, stretch).map(mask -> changed.where(mask, value)).orElse(changed);
    return result.order(value.shape().names().toArray(String[]::new));
  }

  static String positionAxis(Tensor value) {
    return value.shape().has("query_pos") ? "query_pos" : "pos";
  }

  // ---------------------------------------------------------------- where

  private boolean untouched(Stretch stretch) {
    return !(target.positions() instanceof Target.Positions.All)
        && LongStream.of(places(stretch)).noneMatch(touched -> touched == 1);
  }

  /// 1 where a place is changed, row by row.
  private long[] places(Stretch stretch) {
    int rows = stretch.paddings().size();
    int length = Math.toIntExact(stretch.length());
    long[] places = new long[rows * length];
    for (int row = 0; row < rows; row++) {
      for (int place = 0; place < length; place++) {
        boolean touched =
            target.positions().contains(stretch.position(row, place), stretch.textLength(row));
        places[row * length + place] = touched ? 1 : 0;
      }
    }
    return places;
  }

  /// Which numbers of the value are changed, booleans; empty for all of them.
  private Optional<Tensor> mask(Tensor value, Stretch stretch) {
    Optional<Tensor> positions =
        target.positions() instanceof Target.Positions.All
            ? Optional.empty()
            : Optional.of(
                booleans(
                    places(stretch),
                    Shape.of(
                        "batch", stretch.paddings().size(), positionAxis(value), stretch.length()),
                    value));
    Optional<Tensor> heads =
        switch (target.heads()) {
          case Target.Heads.All() -> Optional.empty();
          case Target.Heads.Some(List<Integer> indices) -> Optional.of(headMask(indices, value));
        };
    return positions.isPresent() && heads.isPresent()
        ? Optional.of(positions.get().and(heads.get()))
        : positions.or(() -> heads);
  }

  static Tensor headMask(List<Integer> indices, Tensor value) {
    Axis axis = value.shape().axis(value.shape().has("head") ? "head" : "kv_head");
    long[] chosen = new long[Math.toIntExact(axis.size())];
    indices.forEach(index -> chosen[index] = 1);
    return booleans(chosen, Shape.of(axis), value);
  }

  static Tensor booleans(long[] ones, Shape shape, Tensor like) {
    return Tensor.of(ones, shape).times(-1).atMost(-1).to(like.device());
  }

  // ---------------------------------------------------------------- what

  private Tensor changed(Tensor value, Stretch stretch) {
    return switch (intervention) {
      case Intervention.Ablate.Zero() -> filled(value, 0);
      case Intervention.Ablate.Mean(StreamTrace reference) ->
          filled(value, 0).plus(like(mean(reference), value));
      case Intervention.Ablate.Resample(StreamTrace other) ->
          placed(other.get(point), value, stretch);
      case Intervention.Patch(StreamTrace source) -> placed(source.get(point), value, stretch);
      case Intervention.Steer(Tensor direction, double coefficient) ->
          coefficient == 0 ? value : value.plus(like(direction, value).times(coefficient));
      case Intervention.ProjectOut(Tensor direction) -> projectedOut(value, unit(direction, value));
      case Intervention.SetProjection(Tensor direction, double amount) -> {
        Tensor unit = unit(direction, value);
        yield projectedOut(value, unit).plus(unit.times(amount));
      }
      case Intervention.Erase(Tensor read, Tensor write, Tensor center) -> {
        Tensor found = value.minus(like(center, value)).dot(like(read, value), vectorAxis(center));
        yield value.minus(found.dot(like(write, value), "rank"));
      }
      case Intervention.Replace(Tensor other) -> replaced(other, value, stretch);
    };
  }

  private static Tensor filled(Tensor value, double number) {
    return Tensor.zeros(value.shape(), value.dtype()).to(value.device()).plus(number);
  }

  private static Tensor like(Tensor other, Tensor value) {
    return other.to(value.dtype()).to(value.device());
  }

  private static Tensor unit(Tensor direction, Tensor value) {
    Tensor same = like(direction, value);
    return same.dividedBy(same.norm(vectorAxis(direction)));
  }

  private static Tensor projectedOut(Tensor value, Tensor unit) {
    return value.minus(value.times(unit).sum(vectorAxis(unit)).times(unit));
  }

  private static String vectorAxis(Tensor direction) {
    return direction.shape().axes().getLast().name();
  }

  /// The mean over every position that is not padding.
  private Tensor mean(StreamTrace reference) {
    Tensor all = reference.get(point);
    if (!all.shape().has("batch")) {
      return all.mean("pos");
    }
    List<Tensor> sums = new ArrayList<>();
    List<int[]> texts = reference.tokens();
    long count = 0;
    for (int row = 0; row < texts.size(); row++) {
      long length = Math.min(texts.get(row).length, all.size("pos"));
      sums.add(all.at("batch", row).slice("pos", all.size("pos") - length, length).sum("pos"));
      count += length;
    }
    return Tensor.stack("text", sums).sum("text").times(1.0 / count);
  }

  private Tensor replaced(Tensor other, Tensor value, Stretch stretch) {
    boolean fits =
        other.shape().axes().stream()
            .allMatch(axis ->
                value.shape().has(axis.name())
                    && (axis.name().equals(positionAxis(value))
                        || value.shape().axis(axis.name()).equals(axis)));
    if (!fits) {
      throw EditException.wrongValue(point, other.shape(), value.shape());
    }
    return other.shape().has(positionAxis(value))
        ? placed(filledAlong(other, value), value, stretch)
        : filled(value, 0).plus(like(other, value));
  }

  /// A value for each position, repeated along the axes that it lacks.
  private static Tensor filledAlong(Tensor other, Tensor value) {
    Tensor result = other;
    for (Axis axis : value.shape().axes().reversed()) {
      if (!axis.name().equals("batch") && !result.shape().has(axis.name())) {
        result = result.repeat(axis);
      }
    }
    return result;
  }

  /// Another run's value where this stretch stands, this run's own where the other has none.
  private Tensor placed(Tensor source, Tensor value, Stretch stretch) {
    String axis = positionAxis(value);
    checkTexts(source, value, stretch);
    long has = source.size(axis);
    checkLength(source, has, value, stretch);
    long covered = Math.clamp(has - stretch.start(), 0, stretch.length());
    if (covered == 0) {
      return value;
    }
    Tensor part = like(source.slice(axis, stretch.start(), covered), value);
    Tensor rows =
        (part.shape().has("batch") ? part : part.repeat(value.shape().axis("batch")))
            .order(value.shape().names().toArray(String[]::new));
    Tensor whole =
        covered == stretch.length()
            ? rows
            : Tensor.concat(
                axis, List.of(rows, value.slice(axis, covered, stretch.length() - covered)));
    return whole.require(point.name(), value.shape());
  }

  private void checkTexts(Tensor source, Tensor value, Stretch stretch) {
    if (stretch.padded()) {
      throw EditException.padded(point);
    }
    if (source.shape().has("batch") && source.size("batch") != value.size("batch")) {
      throw EditException.textsDiffer(point, source.size("batch"), value.size("batch"));
    }
  }

  private void checkLength(Tensor source, long has, Tensor value, Stretch stretch) {
    boolean everything = target.positions() instanceof Target.Positions.All;
    boolean keysDiffer =
        value.shape().has("key_pos")
            && has > stretch.start()
            && source.size("key_pos") != value.size("key_pos");
    boolean beyond = false;
    for (int place = 0; place < stretch.length(); place++) {
      long position = stretch.position(0, place);
      beyond |= position >= has && target.positions().contains(position, stretch.textLength(0));
    }
    boolean atOnce = stretch.start() == 0;
    if (keysDiffer || (atOnce && (beyond || (everything && has != stretch.length())))) {
      throw EditException.lengthsDiffer(point, has, stretch.length());
    }
  }
}
