package dev.weir.tensor;

import dev.weir.WeirException;
import java.io.Serial;
import java.time.Duration;

/// Numbers that do not fit together.
public final class TensorException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private TensorException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static TensorException badAxis(String name, long size) {
    return new TensorException(
        "An axis needs a name and a size of at least 0, but got '%s' and %d".formatted(name, size),
        "axis " + name,
        "name the axis and give its size");
  }

  static TensorException repeatedAxis(String axes) {
    return new TensorException(
        "Two axes of one tensor have the same name",
        axes,
        "rename one of them, for instance key_pos beside query_pos");
  }

  static TensorException noSuchAxis(String name, Shape shape) {
    return new TensorException(
        "There is no axis '%s'".formatted(name), shape.toString(), "use one of the axes it has");
  }

  static TensorException unknownDType(String name) {
    return new TensorException(
        "There is no dtype '%s'".formatted(name),
        "--dtype",
        "use float32, bfloat16, float16 or float64");
  }

  static TensorException wrongShape(String name, Shape shape, Shape expected) {
    return new TensorException(
        "%s has shape %s, expected %s".formatted(name, shape, expected),
        name,
        "check that it comes from the same model and the same run");
  }

  static TensorException wrongCount(int count, Shape shape) {
    return new TensorException(
        "%,d numbers do not fill the shape %s, which holds %,d"
            .formatted(count, shape, shape.elements()),
        shape.toString(),
        "give exactly as many numbers as the shape holds");
  }

  static TensorException tooLittleMemory(long has, long needs, Shape shape) {
    return new TensorException(
        "%,d bytes of native memory cannot hold %s, which needs %,d".formatted(has, shape, needs),
        shape.toString(),
        "give native memory of at least that size");
  }

  static TensorException notOneNumber(Shape shape) {
    return new TensorException(
        "One number was asked of a tensor that holds %,d".formatted(shape.elements()),
        shape.toString(),
        "select one element first");
  }

  static TensorException sizesDiffer(String axis, Shape a, Shape b) {
    return new TensorException(
        "Axis '%s' has size %d in one tensor and %d in the other"
            .formatted(axis, a.size(axis), b.size(axis)),
        a + " and " + b,
        "bring both to the same size, or rename one of the axes");
  }

  static TensorException dtypesDiffer(Tensor a, Tensor b) {
    return new TensorException(
        "A product of %s and %s is not defined".formatted(a.dtype(), b.dtype()),
        a.shape() + " and " + b.shape(),
        "convert one of them with to(DType)");
  }

  static TensorException notNeighbours(String axes, Shape shape) {
    return new TensorException(
        "The axes %s do not stand side by side in that order".formatted(axes),
        shape.toString(),
        "bring them together with order(..) first");
  }

  static TensorException notAnOrder(String axes, Shape shape) {
    return new TensorException(
        "%s does not name every axis once".formatted(axes),
        shape.toString(),
        "name every axis once");
  }

  static TensorException outside(String axis, long from, long length, Shape shape) {
    return new TensorException(
        "Indices %d to %d of axis '%s' do not exist".formatted(from, from + length - 1, axis),
        shape.toString(),
        "stay below %d".formatted(shape.size(axis)));
  }

  static TensorException cannotView(Shape from, Shape to) {
    return new TensorException(
        "%,d numbers cannot be seen as %,d".formatted(from.elements(), to.elements()),
        from + " as " + to,
        "check the sizes of the new axes");
  }

  static TensorException unknownDevice(String name) {
    return new TensorException(
        "There is no device '%s'".formatted(name), "--device", "use cpu, cuda or cuda:N");
  }

  static TensorException noCuda(String name, int cards) {
    return new TensorException(
        "The device %s is not here: the engine sees %d CUDA cards".formatted(name, cards),
        "--device",
        "use cpu, or build with ./mvnw -Pcuda on a machine with a CUDA card and driver");
  }

  static TensorException noGradient(int index, Shape shape) {
    return new TensorException(
        "The loss does not depend on parameter %d, of shape %s".formatted(index, shape),
        "gradients",
        "leave out what the model does not use, or compute the loss from it");
  }

  static TensorException wrongSources(int sources, Shape weights) {
    return new TensorException(
        "%d sources cannot be summed with weights for %d"
            .formatted(sources, weights.size(WeightedSum.SOURCE)),
        weights.toString(),
        "give one weight for each source along the axis 'source'");
  }

  static TensorException noSuchMember(int rank, int worldSize) {
    return new TensorException(
        "There is no member %d of a group of %d".formatted(rank, worldSize),
        "rank",
        "count the members from 0 to %d".formatted(worldSize - 1));
  }

  static TensorException nobodyCame(
      int rank, int worldSize, Duration patience, String meeting, String reason) {
    return new TensorException(
        "Member %d did not meet all %d members within %d s: %s"
            .formatted(rank, worldSize, patience.toSeconds(), reason),
        meeting,
        "start all members with the same new file, and see why one of them ended");
  }

  static TensorException memberLost(int rank, int worldSize, Duration patience, String reason) {
    return new TensorException(
        "Member %d of %d lost another one, or waited for longer than %d s: %s"
            .formatted(rank, worldSize, patience.toSeconds(), reason),
        "the processes that train together",
        "see why that process ended, then resume all of them from the last checkpoint");
  }

  static TensorException notClosed(String resource, Exception cause) {
    return new TensorException(
        "A resource could not be closed: " + cause.getMessage(),
        resource,
        "check the file it reads");
  }
}
