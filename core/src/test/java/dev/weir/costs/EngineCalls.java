package dev.weir.costs;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueArrayRef;
import org.bytedeco.pytorch.RecordFunction;
import org.bytedeco.pytorch.global.torch;

/// Sees every operation that the engine dispatches, also those that its own backward pass asks for,
/// through the engine's observers (`at::RecordFunctionCallback`).
final class EngineCalls implements AutoCloseable {
  /// The engine's structure: two functions, a probability, a byte for each scope, what is wanted.
  private static final int SCOPES = 10;

  private static final int START = 0;
  private static final int END = 8;
  private static final int PROBABILITY = 16;
  private static final int FIRST_SCOPE = 24;
  private static final int WANTS_INPUTS = FIRST_SCOPE + SCOPES;
  private static final int SIZE = 40;

  private final Arena arena = Arena.ofShared();
  private final BiConsumer<String, List<long[]>> listener;
  private final long handle;

  EngineCalls(BiConsumer<String, List<long[]>> listener) {
    this.listener = listener;
    MemorySegment callback = arena.allocate(SIZE, 8);
    callback.set(ValueLayout.ADDRESS, START, start());
    callback.set(ValueLayout.ADDRESS, END, MemorySegment.NULL);
    callback.set(ValueLayout.JAVA_DOUBLE, PROBABILITY, 1);
    callback.set(ValueLayout.JAVA_BYTE, FIRST_SCOPE, (byte) 1);
    callback.set(ValueLayout.JAVA_BYTE, WANTS_INPUTS, (byte) 1);
    handle = torch.addGlobalCallback(new Address(callback.address()));
  }

  @SuppressWarnings("restricted") // The engine calls it with the signature that it declares.
  private MemorySegment start() {
    try {
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.lookup()
                  .bind(
                      this,
                      "started",
                      MethodType.methodType(
                          MemorySegment.class, MemorySegment.class, MemorySegment.class)),
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
              arena);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("started", e);
    }
  }

  /// The engine wants an owning pointer back, which is returned through memory: none.
  @SuppressWarnings({"restricted", "unused"}) // Found by name, above.
  private MemorySegment started(MemorySegment result, MemorySegment call) {
    result.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, 0);
    RecordFunction function = new RecordFunction(new Address(call.address()));
    IValueArrayRef inputs = function.inputs();
    List<long[]> shapes = new ArrayList<>();
    for (long i = 0; i < function.num_inputs(); i++) {
      IValue input = inputs.at(i);
      if (input.isTensor()) {
        org.bytedeco.pytorch.Tensor tensor = input.toTensor();
        shapes.add(tensor.defined() ? tensor.sizes().vec().get() : new long[] {0});
      }
    }
    listener.accept(function.name().getString(), shapes);
    return result;
  }

  private static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  @Override
  public void close() {
    torch.removeCallback(handle);
    arena.close();
  }
}
