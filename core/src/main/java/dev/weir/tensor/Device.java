package dev.weir.tensor;

import org.bytedeco.pytorch.global.torch;

/// Where numbers live and are worked on.
public sealed interface Device {

  /// The processor.
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /// A CUDA card.
  ///
  /// @param index which card, from 0
  record Cuda(int index) implements Device {
    @Override
    public String toString() {
      return "cuda:" + index;
    }
  }

  /// The device a user calls by this name: `cpu`, `cuda` or `cuda:1`.
  ///
  /// @param name the name
  /// @throws TensorException if there is no such device here
  static Device parse(String name) {
    if (name.equals("cpu")) {
      return new Cpu();
    }
    if (!name.matches("cuda(:\\d{1,3})?")) {
      throw TensorException.unknownDevice(name);
    }
    int index = name.length() > 4 ? Integer.parseInt(name.substring(5)) : 0;
    Engine.start();
    if (index >= torch.cuda_device_count()) {
      throw TensorException.noCuda(name, torch.cuda_device_count());
    }
    return new Cuda(index);
  }
}
