package dev.weir.tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Numbers with named axes. A tensor never changes: each operation makes a new one, or a view of
/// the same memory, in the current [Scope].
///
/// Axes meet by name, whatever their order: `resid.dot(wIn, "d_model")` multiplies `[pos, d_model]`
/// with `[d_mlp, d_model]` or with `[d_model, d_mlp]` and copies neither. Element-wise operations
/// stretch a tensor over the axes that it lacks.
public final class Tensor implements AutoCloseable {
  private final org.bytedeco.pytorch.Tensor handle;
  private final Shape shape;
  private final DType dtype;
  // What the memory belongs to if it is not the engine's: keeps a mapped file reachable.
  private final @Nullable Object memoryOwner;

  Tensor(org.bytedeco.pytorch.Tensor handle, Shape shape, DType dtype) {
    this(handle, shape, dtype, null);
  }

  private Tensor(
      org.bytedeco.pytorch.Tensor handle, Shape shape, DType dtype, @Nullable Object memoryOwner) {
    this.handle = handle;
    this.shape = shape;
    this.dtype = dtype;
    this.memoryOwner = memoryOwner;
  }

  // ---------------------------------------------------------------- making

  /// A float32 tensor of these numbers.
  ///
  /// @param values row by row
  /// @param shape its shape
  public static Tensor of(float[] values, Shape shape) {
    Tensor result = empty(shape, DType.FLOAT32);
    checkCount(values.length, shape);
    result.memory().copyFrom(MemorySegment.ofArray(values));
    return result;
  }

  /// A float64 tensor of these numbers.
  ///
  /// @param values row by row
  /// @param shape its shape
  public static Tensor of(double[] values, Shape shape) {
    Tensor result = empty(shape, DType.FLOAT64);
    checkCount(values.length, shape);
    result.memory().copyFrom(MemorySegment.ofArray(values));
    return result;
  }

  /// An int64 tensor of these numbers.
  ///
  /// @param values row by row
  /// @param shape its shape
  public static Tensor of(long[] values, Shape shape) {
    Tensor result = empty(shape, DType.INT64);
    checkCount(values.length, shape);
    result.memory().copyFrom(MemorySegment.ofArray(values));
    return result;
  }

  /// A tensor over memory that somebody else owns, without a copy. The caller keeps the memory
  /// alive (a mapped file stays open) while the tensor is used, and nobody writes to it.
  ///
  /// @param memory native memory, row by row, at least as long as the shape needs
  /// @param dtype how the numbers are stored
  /// @param shape its shape
  public static Tensor wrap(MemorySegment memory, DType dtype, Shape shape) {
    Engine.start();
    long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    if (!memory.isNative() || memory.byteSize() < bytes) {
      throw TensorException.tooLittleMemory(memory.byteSize(), bytes, shape);
    }
    org.bytedeco.pytorch.Tensor handle =
        torch.from_blob(new Address(memory.address()), shape.sizes(), options(dtype));
    return new Tensor(handle, shape, dtype, memory);
  }

  /// Zeros.
  ///
  /// @param shape its shape
  /// @param dtype how the numbers are stored
  public static Tensor zeros(Shape shape, DType dtype) {
    Engine.start();
    return new Tensor(torch.zeros(shape.sizes(), options(dtype)), shape, dtype);
  }

  /// Memory that nothing was written to yet; only for those who fill it at once.
  private static Tensor empty(Shape shape, DType dtype) {
    return zeros(shape, dtype);
  }

  /// Independent draws from the normal distribution with mean 0, float32. The same source of luck
  /// gives the same numbers on every machine.
  ///
  /// @param shape its shape
  /// @param deviation the standard deviation
  /// @param random where the luck comes from
  public static Tensor gaussian(Shape shape, double deviation, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return of(values, shape);
  }

  /// The whole numbers from `start` on, int64.
  ///
  /// @param start the first
  /// @param axis the axis they lie along
  public static Tensor range(long start, Axis axis) {
    long[] values = new long[Math.toIntExact(axis.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = start + i;
    }
    return of(values, Shape.of(axis));
  }

  // ---------------------------------------------------------------- what it is

  /// Its named axes.
  public Shape shape() {
    return shape;
  }

  /// How its numbers are stored.
  public DType dtype() {
    return dtype;
  }

  /// The size of one axis.
  ///
  /// @param axis its name
  public long size(String axis) {
    return shape.size(axis);
  }

  /// This tensor, if it has the shape that the caller counts on.
  ///
  /// @param name what the caller calls it, for the message
  /// @param expected the shape it should have
  /// @throws TensorException if it has another one
  public Tensor require(String name, Shape expected) {
    if (!shape.equals(expected)) {
      throw TensorException.wrongShape(name, shape, expected);
    }
    return this;
  }

  org.bytedeco.pytorch.Tensor handle() {
    return handle;
  }

  /// Its memory, row by row, without a copy where it already lies so; valid while the current scope
  /// and the tensor live.
  @SuppressWarnings("restricted") // The length is the engine's own.
  public MemorySegment memory() {
    org.bytedeco.pytorch.Tensor flat = handle.is_contiguous() ? handle : handle.contiguous();
    long bytes = shape.elements() * dtype.bytes();
    return bytes == 0
        ? MemorySegment.NULL
        : MemorySegment.ofAddress(flat.data_ptr().address()).reinterpret(bytes);
  }

  /// Its numbers as float32, row by row.
  public float[] toFloats() {
    try (Scope _ = Scope.open()) {
      float[] values = new float[Math.toIntExact(shape.elements())];
      MemorySegment.ofArray(values).copyFrom(to(DType.FLOAT32).onCpu().memory());
      return values;
    }
  }

  /// Its numbers as float64, row by row.
  public double[] toDoubles() {
    try (Scope _ = Scope.open()) {
      double[] values = new double[Math.toIntExact(shape.elements())];
      MemorySegment.ofArray(values).copyFrom(to(DType.FLOAT64).onCpu().memory());
      return values;
    }
  }

  /// Its numbers as whole numbers, row by row.
  public long[] toLongs() {
    try (Scope _ = Scope.open()) {
      long[] values = new long[Math.toIntExact(shape.elements())];
      MemorySegment.ofArray(values).copyFrom(to(DType.INT64).onCpu().memory());
      return values;
    }
  }

  /// Its only number.
  ///
  /// @throws TensorException if it has several
  public double item() {
    if (shape.elements() != 1) {
      throw TensorException.notOneNumber(shape);
    }
    return handle.item_double();
  }

  /// Whether no number is NaN or infinite.
  public boolean isFinite() {
    try (Scope _ = Scope.open()) {
      return torch.isfinite(handle).all().item_bool();
    }
  }

  // ---------------------------------------------------------------- element by element

  /// The sum, element by element; axes meet by name.
  ///
  /// @param other any shape
  public Tensor plus(Tensor other) {
    return zip(other, torch::add);
  }

  /// The difference, element by element; axes meet by name.
  ///
  /// @param other any shape
  public Tensor minus(Tensor other) {
    return zip(other, torch::sub);
  }

  /// The product, element by element; axes meet by name.
  ///
  /// @param other any shape
  public Tensor times(Tensor other) {
    return zip(other, torch::mul);
  }

  /// The quotient, element by element; axes meet by name.
  ///
  /// @param other any shape
  public Tensor dividedBy(Tensor other) {
    return zip(other, torch::div);
  }

  /// The sum of this and of a product, element by element, in one pass; axes meet by name.
  ///
  /// @param factor any shape
  /// @param other any shape
  public Tensor plusProduct(Tensor factor, Tensor other) {
    Shape result = union(union(shape, factor.shape), other.shape);
    var sum = torch.addcmul(aligned(result), factor.aligned(result), other.aligned(result));
    return new Tensor(sum, result, given(sum));
  }

  /// Every number plus this one.
  ///
  /// @param number the summand
  public Tensor plus(double number) {
    return same(torch.add(handle, scalar(number)));
  }

  /// Every number times this one.
  ///
  /// @param number the factor
  public Tensor times(double number) {
    return same(torch.mul(handle, scalar(number)));
  }

  /// The square of every number.
  public Tensor square() {
    return same(torch.square(handle));
  }

  /// The square root of every number.
  public Tensor sqrt() {
    return same(torch.sqrt(handle));
  }

  /// One over the square root of every number.
  public Tensor reciprocalSqrt() {
    return same(torch.rsqrt(handle));
  }

  /// `e` to every number.
  public Tensor exp() {
    return same(torch.exp(handle));
  }

  /// The natural logarithm of every number.
  public Tensor log() {
    return same(torch.log(handle));
  }

  /// The size of every number, without its sign.
  public Tensor abs() {
    return same(torch.abs(handle));
  }

  /// The hyperbolic tangent of every number.
  public Tensor tanh() {
    return same(torch.tanh(handle));
  }

  /// The cosine of every number.
  public Tensor cos() {
    return same(torch.cos(handle));
  }

  /// The sine of every number.
  public Tensor sin() {
    return same(torch.sin(handle));
  }

  /// `1 / (1 + e^-x)`.
  public Tensor sigmoid() {
    return same(torch.sigmoid(handle));
  }

  /// `max(x, 0)`.
  public Tensor relu() {
    return same(torch.relu(handle));
  }

  /// `max(x, least)`; unlike [#relu], a number right at the bound passes its gradient on.
  ///
  /// @param least the smallest number that is left
  public Tensor notBelow(double least) {
    return same(torch.clamp_min(handle, scalar(least)));
  }

  /// `x · sigmoid(x)` (Elfwing et al. 2017, arXiv:1702.03118).
  public Tensor silu() {
    return same(torch.silu(handle));
  }

  /// `x · Φ(x)` (Hendrycks & Gimpel 2016, arXiv:1606.08415).
  public Tensor gelu() {
    return same(torch.gelu(handle));
  }

  /// The tanh approximation of [#gelu] that GPT-2 uses.
  public Tensor geluTanh() {
    return same(torch.gelu(handle, "tanh"));
  }

  /// This tensor where the mask is true, `otherwise` where it is false; axes meet by name.
  ///
  /// @param mask booleans, any shape
  /// @param otherwise the number to put where the mask is false
  public Tensor where(Tensor mask, double otherwise) {
    Shape result = union(shape, mask.shape);
    return new Tensor(
        torch.where(mask.aligned(result), aligned(result), scalar(otherwise)), result, dtype);
  }

  /// This tensor where the mask is true, `otherwise` where it is false; axes meet by name.
  ///
  /// @param mask booleans, any shape
  /// @param otherwise what to put where the mask is false, same kind of numbers, any shape
  public Tensor where(Tensor mask, Tensor otherwise) {
    Shape result = union(union(shape, otherwise.shape), mask.shape);
    return new Tensor(
        torch.where(mask.aligned(result), aligned(result), otherwise.aligned(result)),
        result,
        dtype);
  }

  /// Whether each number is at most the other, booleans; axes meet by name.
  ///
  /// @param other any shape
  public Tensor atMost(Tensor other) {
    Shape result = union(shape, other.shape);
    return new Tensor(torch.le(aligned(result), other.aligned(result)), result, DType.BOOL);
  }

  /// Whether each number is at most this one, booleans.
  ///
  /// @param number the bound
  public Tensor atMost(double number) {
    return new Tensor(torch.le(handle, scalar(number)), shape, DType.BOOL);
  }

  /// Both, for booleans; axes meet by name.
  ///
  /// @param other booleans, any shape
  public Tensor and(Tensor other) {
    return zip(other, torch::bitwise_and);
  }

  /// One or the other, for booleans; axes meet by name.
  ///
  /// @param other booleans, any shape
  public Tensor or(Tensor other) {
    return zip(other, torch::bitwise_or);
  }

  // ---------------------------------------------------------------- along axes

  /// The sum along some axes, which disappear.
  ///
  /// @param axes their names; none for the sum of everything
  public Tensor sum(String... axes) {
    return reduced(torch.sum(handle, indices(axes)), axes);
  }

  /// The mean along some axes, which disappear.
  ///
  /// @param axes their names; none for the mean of everything
  public Tensor mean(String... axes) {
    return reduced(torch.mean(handle, indices(axes)), axes);
  }

  /// The largest number along some axes, which disappear.
  ///
  /// @param axes their names
  public Tensor max(String... axes) {
    return reduced(torch.amax(handle, indices(axes), false), axes);
  }

  /// `ln Σ e^x` along an axis, which disappears.
  ///
  /// @param axis its name
  public Tensor logSumExp(String axis) {
    return reduced(torch.logsumexp(handle, indices(axis)), axis);
  }

  /// Probabilities along an axis.
  ///
  /// @param axis its name
  public Tensor softmax(String axis) {
    return same(torch.softmax(handle, shape.indexOf(axis)));
  }

  /// Log-probabilities along an axis, in nats.
  ///
  /// @param axis its name
  public Tensor logSoftmax(String axis) {
    return same(torch.log_softmax(handle, shape.indexOf(axis)));
  }

  /// The Euclidean length along an axis, which disappears.
  ///
  /// @param axis its name
  public Tensor norm(String axis) {
    return square().sum(axis).sqrt();
  }

  /// Where the largest number along an axis stands, int64; the axis disappears.
  ///
  /// @param axis its name
  public Tensor argmax(String axis) {
    return new Tensor(
        torch.argmax(handle, new LongOptional(shape.indexOf(axis)), false),
        shape.without(axis),
        DType.INT64);
  }

  /// The largest numbers along an axis with where they stand, largest first.
  ///
  /// @param k how many
  /// @param axis its name
  public TopK topK(int k, String axis) {
    var pair = torch.topk(handle, k, shape.indexOf(axis), true, true);
    Shape result = shape.with(axis, new Axis("top", k));
    return new TopK(
        new Tensor(pair.get0(), result, dtype), new Tensor(pair.get1(), result, DType.INT64));
  }

  /// The largest numbers along an axis.
  ///
  /// @param values the numbers, largest first; the axis is called `top`
  /// @param indices where they stand, int64, same shape
  public record TopK(Tensor values, Tensor indices) {}

  // ---------------------------------------------------------------- contraction

  /// The sum of products over the named axes. Axes that both have and that are not named are kept
  /// once and matched; the result has those first, then the rest of this tensor's, then the rest of
  /// the other's.
  ///
  /// Neither tensor is copied when the summed axes stand together at the front or at the end of
  /// each.
  ///
  /// @param other any shape that has the summed axes
  /// @param axes the names to sum over
  public Tensor dot(Tensor other, String... axes) {
    return Contraction.of(this, other, axes);
  }

  /// This tensor, or a copy in a better order, such that [#dot] over these axes never copies it.
  ///
  /// @param axes the names that will be summed over
  public Tensor readyFor(String... axes) {
    return Contraction.needsCopy(this, axes) ? Contraction.laidOut(this, axes) : this;
  }

  /// [#dot] and the addition of a bias in one pass over memory.
  ///
  /// @param weight the other factor; shares no axis with this tensor but those summed over
  /// @param bias its axes are those that the weight brings in, in the same order
  /// @param axes the names to sum over
  public Tensor dotPlus(Tensor weight, Tensor bias, String... axes) {
    return Contraction.of(this, weight, bias, axes);
  }

  // ---------------------------------------------------------------- shape

  /// The same numbers with one axis renamed.
  ///
  /// @param from its name
  /// @param to its new name
  public Tensor rename(String from, String to) {
    return new Tensor(handle, shape.with(from, shape.axis(from).named(to)), dtype, memoryOwner);
  }

  /// One axis seen as several, outermost first.
  ///
  /// @param axis its name
  /// @param parts what it becomes; their sizes multiply to its size
  public Tensor split(String axis, Axis... parts) {
    return viewed(shape.with(axis, parts));
  }

  /// Neighbouring axes seen as one.
  ///
  /// @param into the name of the one
  /// @param axes the names of the neighbours, outermost first
  public Tensor merge(String into, String... axes) {
    List<Axis> result = new ArrayList<>(shape.axes());
    int first = shape.indexOf(axes[0]);
    long size = 1;
    for (int i = 0; i < axes.length; i++) {
      if (shape.indexOf(axes[i]) != first + i) {
        throw TensorException.notNeighbours(Arrays.toString(axes), shape);
      }
      size *= result.remove(first).size();
    }
    result.add(first, new Axis(into, size));
    return viewed(new Shape(result));
  }

  /// The same numbers with the axes in another order.
  ///
  /// @param names every axis once
  public Tensor order(String... names) {
    if (names.length != shape.rank()) {
      throw TensorException.notAnOrder(Arrays.toString(names), shape);
    }
    if (shape.startsWith(names)) {
      return this;
    }
    List<Axis> axes = new ArrayList<>(names.length);
    for (String name : names) {
      axes.add(shape.axis(name));
    }
    Shape result = new Shape(axes); // Refuses a name that is there twice.
    return new Tensor(handle.permute(indices(names)), result, dtype, memoryOwner);
  }

  /// A stretch of an axis, without a copy.
  ///
  /// @param axis its name
  /// @param from the first index
  /// @param length how many
  public Tensor slice(String axis, long from, long length) {
    if (from < 0 || length < 0 || from > shape.size(axis) - length) {
      throw TensorException.outside(axis, from, length, shape);
    }
    return new Tensor(
        handle.narrow(shape.indexOf(axis), from, length),
        shape.with(axis, new Axis(axis, length)),
        dtype,
        memoryOwner);
  }

  /// One index of an axis, which disappears, without a copy.
  ///
  /// @param axis its name
  /// @param index which
  public Tensor at(String axis, long index) {
    if (index < 0 || index >= shape.size(axis)) {
      throw TensorException.outside(axis, index, 1, shape);
    }
    return new Tensor(
        handle.select(shape.indexOf(axis), index), shape.without(axis), dtype, memoryOwner);
  }

  /// Some indices of an axis, copied, in the order given; `indices`' axes stand where the axis
  /// stood.
  ///
  /// @param axis its name
  /// @param indices int64, any shape
  public Tensor take(String axis, Tensor indices) {
    org.bytedeco.pytorch.Tensor flat = indices.handle.reshape(-1);
    org.bytedeco.pytorch.Tensor taken = torch.index_select(handle, shape.indexOf(axis), flat);
    Shape result = shape.with(axis, indices.shape.axes().toArray(Axis[]::new));
    return new Tensor(taken.reshape(result.sizes()), result, dtype);
  }

  /// One number of an axis for each place of the others, which disappears: `indices` says which.
  ///
  /// @param axis its name
  /// @param indices int64, this shape without the axis
  public Tensor pick(String axis, Tensor indices) {
    int index = shape.indexOf(axis);
    Shape rest = shape.without(axis);
    org.bytedeco.pytorch.Tensor which = indices.aligned(rest).unsqueeze(index);
    return new Tensor(torch.gather(handle, index, which).reshape(rest.sizes()), rest, dtype);
  }

  /// The same numbers repeated along a new outermost axis, without a copy.
  ///
  /// @param axis the new axis
  public Tensor repeat(Axis axis) {
    List<Axis> axes = new ArrayList<>(shape.axes());
    axes.addFirst(axis);
    Shape result = new Shape(axes);
    return new Tensor(handle.expand(result.sizes()), result, dtype, memoryOwner);
  }

  /// Tensors one after the other along an axis that they all have.
  ///
  /// @param axis its name
  /// @param parts same shape but for that axis
  public static Tensor concat(String axis, List<Tensor> parts) {
    Tensor first = parts.getFirst();
    long size = 0;
    TensorVector vector = new TensorVector();
    for (Tensor part : parts) {
      size += part.size(axis);
      vector.push_back(part.order(first.shape.names().toArray(String[]::new)).handle);
    }
    return new Tensor(
        torch.cat(vector, first.shape.indexOf(axis)),
        first.shape.with(axis, new Axis(axis, size)),
        first.dtype);
  }

  /// Tensors of one shape stacked along a new outermost axis.
  ///
  /// @param axis the name of the new axis
  /// @param parts same shape
  public static Tensor stack(String axis, List<Tensor> parts) {
    List<Axis> axes = new ArrayList<>(parts.getFirst().shape.axes());
    axes.addFirst(new Axis(axis, parts.size()));
    TensorVector vector = new TensorVector();
    for (Tensor part : parts) {
      vector.push_back(part.require("a part of the stack", parts.getFirst().shape).handle);
    }
    return new Tensor(torch.stack(vector, 0), new Shape(axes), parts.getFirst().dtype);
  }

  /// Tensors stacked along a new outermost axis without a copy, if they lie at equal distances in
  /// one block of memory, as slices of one tensor do.
  ///
  /// @param axis the name of the new axis
  /// @param parts two at least; where their axes have other names, those of the first count
  /// @return empty if they lie otherwise or are parameters of their own
  public static Optional<Tensor> stackInPlace(String axis, List<Tensor> parts) {
    Tensor first = parts.getFirst();
    long[] sizes = first.shape.sizes();
    long[] strides = first.strides();
    long start = first.handle.storage_offset();
    long distance = parts.get(1).handle.storage_offset() - start;
    for (int i = 0; i < parts.size(); i++) {
      Tensor part = parts.get(i);
      if (!part.handle.is_alias_of(first.handle)
          || part.handle.requires_grad()
          || part.handle.storage_offset() != start + i * distance
          || !Arrays.equals(part.shape.sizes(), sizes)
          || !Arrays.equals(part.strides(), strides)) {
        return Optional.empty();
      }
    }
    List<Axis> axes = new ArrayList<>(first.shape.axes());
    axes.addFirst(new Axis(axis, parts.size()));
    Shape result = new Shape(axes);
    return distance <= 0
        ? Optional.empty()
        : Optional.of(first.strided(result, distance, strides, start));
  }

  private long[] strides() {
    long[] strides = new long[shape.rank()];
    for (int i = 0; i < strides.length; i++) {
      strides[i] = handle.stride(i);
    }
    return strides;
  }

  private Tensor strided(Shape result, long outermost, long[] inner, long start) {
    long[] strides = new long[inner.length + 1];
    strides[0] = outermost;
    System.arraycopy(inner, 0, strides, 1, inner.length);
    return new Tensor(
        handle.as_strided(result.sizes(), strides, new LongOptional(start)),
        result,
        dtype,
        memoryOwner);
  }

  /// Another tensor over the same memory that gradients pass through, in the current scope.
  public Tensor view() {
    return new Tensor(handle.view_as(handle), shape, dtype, memoryOwner);
  }

  /// Another tensor over the same memory, with a life of its own.
  public Tensor alias() {
    return new Tensor(handle.detach(), shape, dtype, memoryOwner);
  }

  /// The same numbers in memory of their own, row by row.
  public Tensor copy() {
    return same(handle.contiguous().clone());
  }

  // ---------------------------------------------------------------- storage

  /// The same numbers stored another way; the same tensor if it is stored so already.
  ///
  /// @param other how to store them
  public Tensor to(DType other) {
    if (other == dtype) {
      return this;
    }
    return new Tensor(handle.toType(scalarType(other)), shape, other);
  }

  /// The same numbers on another device; the same tensor if it is there already.
  ///
  /// @param device where to
  public Tensor to(Device device) {
    return switch (device) {
      case Device.Cpu() -> onCpu();
      case Device.Cuda(int index) ->
          same(
              handle.to(
                  new org.bytedeco.pytorch.Device(torch.DeviceType.CUDA, (byte) index),
                  scalarType(dtype)));
    };
  }

  /// Where its numbers are.
  public Device device() {
    return handle.is_cuda() ? new Device.Cuda(handle.device().index()) : new Device.Cpu();
  }

  private Tensor onCpu() {
    return handle.is_cuda() ? same(handle.cpu()) : this;
  }

  /// Frees it now; only for tensors that no scope and no owner holds.
  @Override
  public void close() {
    handle.close();
  }

  @Override
  public String toString() {
    return "%s %s".formatted(dtype, shape);
  }

  // ---------------------------------------------------------------- gradients

  /// A parameter: the same numbers in memory of their own, whose gradient can be asked for.
  public Tensor asParameter() {
    Tensor copy = copy();
    copy.handle.set_requires_grad(true);
    return copy;
  }

  /// The same numbers, with no memory of what they were computed from.
  public Tensor detached() {
    return alias();
  }

  // ---------------------------------------------------------------- inside

  interface Pairwise {
    org.bytedeco.pytorch.Tensor apply(org.bytedeco.pytorch.Tensor a, org.bytedeco.pytorch.Tensor b);
  }

  private Tensor zip(Tensor other, Pairwise operation) {
    Shape result = shape.equals(other.shape) ? shape : union(shape, other.shape);
    org.bytedeco.pytorch.Tensor zipped = operation.apply(aligned(result), other.aligned(result));
    return new Tensor(zipped, result, dtype == other.dtype ? given(zipped) : dtypeOf(zipped));
  }

  /// The dtype of what the engine made of this tensor: whole numbers may have become fractions.
  private DType given(org.bytedeco.pytorch.Tensor result) {
    return dtype.isFloating() ? dtype : dtypeOf(result);
  }

  private static DType dtypeOf(org.bytedeco.pytorch.Tensor tensor) {
    torch.ScalarType type = tensor.scalar_type().intern();
    return Arrays.stream(DType.values())
        .filter(dtype -> scalarType(dtype) == type)
        .findFirst()
        .orElseThrow();
  }

  /// This tensor's axes, then those that only the other has.
  private static Shape union(Shape a, Shape b) {
    List<Axis> axes = new ArrayList<>(a.axes());
    for (Axis axis : b.axes()) {
      if (!a.has(axis.name())) {
        axes.add(axis);
      } else if (a.size(axis.name()) != axis.size()) {
        throw TensorException.sizesDiffer(axis.name(), a, b);
      }
    }
    return new Shape(axes);
  }

  /// The handle with this shape's axes in order, size 1 for those that are missing at the front.
  org.bytedeco.pytorch.Tensor aligned(Shape target) {
    List<Axis> wanted = target.axes();
    List<Axis> mine = shape.axes();
    if (mine.equals(wanted.subList(wanted.size() - mine.size(), wanted.size()))) {
      return handle; // Broadcasting lines up trailing axes by itself.
    }
    long[] view = new long[wanted.size()];
    List<Long> permutation = new ArrayList<>(mine.size());
    for (int i = 0; i < view.length; i++) {
      boolean here = shape.has(wanted.get(i).name());
      view[i] = here ? wanted.get(i).size() : 1;
      if (here) {
        permutation.add((long) shape.indexOf(wanted.get(i).name()));
      }
    }
    long[] order = permutation.stream().mapToLong(Long::longValue).toArray();
    boolean inOrder = true;
    for (int i = 0; i < order.length; i++) {
      inOrder &= order[i] == i;
    }
    return (inOrder ? handle : handle.permute(order)).reshape(view);
  }

  Tensor viewed(Shape result) {
    if (result.elements() != shape.elements()) {
      throw TensorException.cannotView(shape, result);
    }
    return new Tensor(handle.reshape(result.sizes()), result, dtype, memoryOwner);
  }

  Tensor same(org.bytedeco.pytorch.Tensor result) {
    return new Tensor(result, shape, given(result));
  }

  private Tensor reduced(org.bytedeco.pytorch.Tensor result, String... axes) {
    List<Axis> rest = axes.length == 0 ? List.of() : shape.except(axes);
    return new Tensor(result, new Shape(rest), given(result));
  }

  long[] indices(String... axes) {
    long[] indices = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      indices[i] = shape.indexOf(axes[i]);
    }
    return indices;
  }

  /// A whole number stays one, so that token ids and positions do.
  private Scalar scalar(double number) {
    return !dtype.isFloating() && number == Math.rint(number)
        ? new Scalar((long) number)
        : new Scalar(number);
  }

  private static void checkCount(int count, Shape shape) {
    if (count != shape.elements()) {
      throw TensorException.wrongCount(count, shape);
    }
  }

  private static TensorOptions options(DType dtype) {
    return new TensorOptions(scalarType(dtype));
  }

  static torch.ScalarType scalarType(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> torch.ScalarType.Double;
      case FLOAT32 -> torch.ScalarType.Float;
      case BFLOAT16 -> torch.ScalarType.BFloat16;
      case FLOAT16 -> torch.ScalarType.Half;
      case INT64 -> torch.ScalarType.Long;
      case INT32 -> torch.ScalarType.Int;
      case BOOL -> torch.ScalarType.Bool;
    };
  }

  /// A native address as the binding wants it.
  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
