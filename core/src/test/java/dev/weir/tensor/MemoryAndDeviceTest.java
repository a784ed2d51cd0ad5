package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where numbers lie.
class MemoryAndDeviceTest {

  @Test
  void aTensorOverAMappedFileIsNotACopy(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("numbers");
    ByteBuffer bytes = ByteBuffer.allocate(6 * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      bytes.putFloat(i + 0.5f);
    }
    Files.write(file, bytes.array());
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file);
        Scope _ = Scope.open()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 24, arena);
      Tensor tensor = Tensor.wrap(mapped, DType.FLOAT32, Shape.of("a", 2, "b", 3));
      assertThat(tensor.memory().address()).isEqualTo(mapped.address());
      assertThat(tensor.toFloats()).containsExactly(0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f);
      // Views, too, look at the file.
      assertThat(tensor.at("a", 1).memory().address()).isEqualTo(mapped.address() + 12);
      assertThat(tensor.rename("a", "c").merge("d", "c", "b").alias().memory().address())
          .isEqualTo(mapped.address());
      assertThat(tensor.order("b", "a").toFloats())
          .containsExactly(0.5f, 3.5f, 1.5f, 4.5f, 2.5f, 5.5f);
    }
  }

  @Test
  void memoryThatIsTooSmallOrNotNativeIsRefused() {
    try (Arena arena = Arena.ofConfined();
        Scope _ = Scope.open()) {
      MemorySegment small = arena.allocate(20);
      Shape shape = Shape.of("a", 2, "b", 3);
      assertThatThrownBy(() -> Tensor.wrap(small, DType.FLOAT32, shape))
          .hasMessageStartingWith(
              "20 bytes of native memory cannot hold [a=2, b=3], which needs 24");
      MemorySegment heap = MemorySegment.ofArray(new float[6]);
      assertThatThrownBy(() -> Tensor.wrap(heap, DType.FLOAT32, shape))
          .isInstanceOf(TensorException.class);
    }
  }

  @Test
  void aShapeTooLargeToCountIsRefusedBeforeAnythingIsAllocated() {
    Shape huge = Shape.of("a", Long.MAX_VALUE, "b", 3);
    assertThatThrownBy(huge::elements).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> Tensor.of(new float[2], Shape.of("a", 3)))
        .hasMessageStartingWith("2 numbers do not fill the shape [a=3], which holds 3");
  }

  @Test
  void emptyTensorsAreLegal() {
    try (Scope _ = Scope.open()) {
      Tensor none = Tensor.of(new float[0], Shape.of("pos", 0, "d_model", 4));
      assertThat(none.toFloats()).isEmpty();
      assertThat(none.sum("pos").toFloats()).containsExactly(0, 0, 0, 0);
    }
  }

  @Test
  void theProcessorIsAlwaysThere() {
    assertThat(Device.parse("cpu")).isEqualTo(new Device.Cpu()).hasToString("cpu");
    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.zeros(Shape.of("a", 1), DType.FLOAT32);
      assertThat(tensor.device()).isEqualTo(new Device.Cpu());
      assertThat(tensor.to(new Device.Cpu())).isSameAs(tensor);
    }
  }

  @Test
  void aCardThatIsNotThereIsOneLine() {
    Engine.start();
    Assumptions.assumeTrue(torch.cuda_device_count() == 0, "Skipped: this machine has a CUDA card");
    for (String name : new String[] {"cuda", "cuda:0", "cuda:7"}) {
      assertThatThrownBy(() -> Device.parse(name))
          .isInstanceOf(TensorException.class)
          .hasMessage(
              ("The device %s is not here: the engine sees 0 CUDA cards. Where: --device. To fix: use"
                      + " cpu, or build with ./mvnw -Pcuda on a machine with a CUDA card and driver.")
                  .formatted(name));
    }
  }

  @Test
  void aDeviceOfNoKnownKindIsOneLine() {
    for (String name : new String[] {"", "gpu", "cuda:", "cuda:-1", "cuda:99999999999", "CPU"}) {
      assertThatThrownBy(() -> Device.parse(name))
          .isInstanceOf(TensorException.class)
          .hasMessageStartingWith("There is no device '" + name + "'");
    }
  }

  @Test
  void dtypesHaveTheNamesThatUsersCallThemBy() {
    for (DType dtype : new DType[] {DType.FLOAT64, DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}) {
      assertThat(DType.parse(dtype.toString())).isEqualTo(dtype);
    }
    assertThat(DType.parse("BF16")).isEqualTo(DType.BFLOAT16);
    assertThat(DType.parse("half")).isEqualTo(DType.FLOAT16);
    assertThat(DType.parse("f64")).isEqualTo(DType.FLOAT64);
    assertThat(DType.parse("fp32")).isEqualTo(DType.FLOAT32);
    assertThatThrownBy(() -> DType.parse("int8"))
        .hasMessageStartingWith("There is no dtype 'int8'");
  }
}
