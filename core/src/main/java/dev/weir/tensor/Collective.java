package dev.weir.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.AllreduceOptions;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;

/// Several processes of one machine that add up their numbers: the engine's own collectives, gloo
/// for tensors in memory and NCCL for tensors on CUDA cards. All members call the same methods in
/// the same order with tensors of the same shapes; each call waits for the others.
///
/// A member that ends or stays away for longer than the patience it was given is an error for the
/// others, which can only end too: what was under way is lost.
public final class Collective implements AutoCloseable {
  /// Small tensors travel together: every message costs as much as 100 kB or so.
  private static final long BUCKET_BYTES = 32L << 20;

  private final int rank;
  private final int worldSize;
  private final Duration patience;
  private final List<Pointer> owned = new ArrayList<>();
  private final Optional<FileStore> store;
  private Optional<Link> gloo = Optional.empty();
  private Optional<Link> nccl = Optional.empty();

  /// One of the engine's libraries, joined.
  ///
  /// @param sum adds up a tensor over all members, in its memory
  /// @param spread writes one member's tensor into everybody's memory
  private record Link(
      Function<TensorVector, Work> sum, Function<TensorVector, Function<Integer, Work>> spread) {}

  private Collective(int rank, int worldSize, Duration patience, Optional<FileStore> store) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.patience = patience;
    this.store = store;
  }

  /// A world of one: nothing to wait for.
  public static Collective alone() {
    return new Collective(0, 1, Duration.ZERO, Optional.empty());
  }

  /// Meets the others.
  ///
  /// @param meeting a file that all members name and that no earlier run has used; it is made
  /// @param rank which member this is, from 0
  /// @param worldSize how many members there are
  /// @param patience how long to wait for the others, here and in every later call
  /// @throws TensorException if the others do not come in time
  public static Collective join(Path meeting, int rank, int worldSize, Duration patience) {
    if (rank < 0 || rank >= worldSize) {
      throw TensorException.noSuchMember(rank, worldSize);
    }
    if (worldSize == 1) {
      return alone();
    }
    Engine.start();
    try (Scope _ = Scope.open()) {
      FileStore store = lasting(new FileStore(meeting.toAbsolutePath().toString(), worldSize));
      Collective collective = new Collective(rank, worldSize, patience, Optional.of(store));
      collective.owned.add(store);
      collective.joinGloo(meeting);
      return collective;
    }
  }

  /// What no scope frees.
  private static <P extends Pointer> P lasting(P pointer) {
    pointer.retainReference();
    PointerScope.getInnerScope().detach(pointer);
    return pointer;
  }

  private void joinGloo(Path meeting) {
    try {
      var options = ProcessGroupGloo.Options.create(milliseconds());
      options.devices(new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname("127.0.0.1")));
      options.threads(1);
      var group = lasting(new ProcessGroupGloo(store.orElseThrow(), rank, worldSize, options));
      owned.add(group);
      gloo =
          Optional.of(
              new Link(group::allreduce, tensors -> root -> group.broadcast(tensors, from(root))));
    } catch (RuntimeException e) {
      close();
      throw TensorException.nobodyCame(rank, worldSize, patience, meeting.toString(), reason(e));
    }
  }

  private Link joinNccl() {
    try (Scope _ = Scope.open()) {
      var options = ProcessGroupNCCL.Options.create();
      var group = lasting(new ProcessGroupNCCL(store.orElseThrow(), rank, worldSize, options));
      owned.add(group);
      return new Link(group::allreduce, tensors -> root -> group.broadcast(tensors, from(root)));
    }
  }

  private static BroadcastOptions from(int root) {
    return new BroadcastOptions().rootRank(root);
  }

  /// The patience as the engine wants it: a 64-bit count. The binding's own way to make one is in a
  /// native library that Weir does not need otherwise, so a field of some options is filled in.
  @SuppressWarnings("restricted") // The engine's own memory, 8 bytes.
  private Milliseconds milliseconds() {
    Milliseconds made = new AllreduceOptions().timeout();
    MemorySegment.ofAddress(made.address())
        .reinterpret(Long.BYTES)
        .set(ValueLayout.JAVA_LONG, 0, patience.toMillis());
    return made;
  }

  /// Which member this is, from 0.
  public int rank() {
    return rank;
  }

  /// How many members there are.
  public int worldSize() {
    return worldSize;
  }

  /// The mean over all members of each tensor, the same bits for every member.
  ///
  /// @param tensors any shapes; the same number of tensors, in the same order, for every member
  /// @return tensors of the current scope, same shapes
  /// @throws TensorException if a member is gone
  public List<Tensor> meanOf(List<Tensor> tensors) {
    if (worldSize == 1) {
      return List.copyOf(tensors);
    }
    return Gradients.untracked(() -> {
      List<Tensor> means = new ArrayList<>();
      for (int from = 0; from < tensors.size(); ) {
        int to = bucketEnd(tensors, from);
        means.addAll(meanOfBucket(tensors.subList(from, to)));
        from = to;
      }
      return means;
    });
  }

  /// As many neighbours as one message may hold, one at least, all stored alike.
  private static int bucketEnd(List<Tensor> tensors, int from) {
    Tensor first = tensors.get(from);
    long bytes = 0;
    int end = from;
    while (end < tensors.size()
        && (end == from || bytes < BUCKET_BYTES)
        && tensors.get(end).dtype() == first.dtype()) {
      bytes += tensors.get(end).shape().elements() * first.dtype().bytes();
      end++;
    }
    return end;
  }

  private List<Tensor> meanOfBucket(List<Tensor> tensors) {
    TensorVector flat = new TensorVector();
    tensors.forEach(tensor -> flat.push_back(tensor.handle().reshape(-1)));
    var bucket = torch.cat(flat, 0);
    finish(link(tensors.getFirst()).sum().apply(new TensorVector(bucket)));
    var mean = bucket.div_(new Scalar((double) worldSize));
    List<Tensor> means = new ArrayList<>();
    long at = 0;
    for (Tensor tensor : tensors) {
      long count = tensor.shape().elements();
      means.add(tensor.same(mean.narrow(0, at, count).view(tensor.shape().sizes())));
      at += count;
    }
    return means;
  }

  /// Writes one member's numbers into everybody's tensors: how all start from the same model.
  ///
  /// @param tensors any shapes, row by row in memory, the same for every member; changed
  /// @param from whose numbers
  /// @throws TensorException if a member is gone
  public void broadcast(List<Tensor> tensors, int from) {
    if (worldSize == 1) {
      return;
    }
    for (Tensor tensor : tensors) {
      try (Scope _ = Scope.open()) {
        var memory = new TensorVector(tensor.handle().detach());
        finish(link(tensor).spread().apply(memory).apply(from));
      }
    }
  }

  private Link link(Tensor tensor) {
    return switch (tensor.device()) {
      case Device.Cpu() -> gloo.orElseThrow();
      case Device.Cuda _ -> {
        if (nccl.isEmpty()) {
          nccl = Optional.of(joinNccl());
        }
        yield nccl.orElseThrow();
      }
    };
  }

  private void finish(Work work) {
    try (Scope _ = Scope.open()) {
      boolean _ = work._wait(milliseconds());
    } catch (RuntimeException e) {
      throw TensorException.memberLost(rank, worldSize, patience, reason(e));
    }
  }

  /// What the engine says, without the addresses of its own code.
  private static String reason(Exception cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason given");
  }

  @Override
  public void close() {
    owned.reversed().forEach(Pointer::releaseReference);
    owned.clear();
  }
}
