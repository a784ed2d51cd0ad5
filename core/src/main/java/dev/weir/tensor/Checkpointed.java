package dev.weir.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Gradients of a long computation that does not fit into memory at once (Chen et al. 2016,
/// arXiv:1604.06174): only what passes from one segment to the next is kept, and each segment is
/// computed a second time when its turn in the backward pass comes. One more forward pass buys the
/// memory of all segments but one.
public final class Checkpointed {

  private Checkpointed() {}

  /// A stretch of the computation, for instance a block of a transformer.
  public interface Segment {
    /// Computes the next state from this one. It runs twice and has to do the same both times: luck
    /// comes from a seed, and what it records or prints comes twice.
    ///
    /// @param state tensors of any shapes; empty for the first segment
    /// @return what the next segment needs; of the last, one number: the loss
    List<Tensor> run(List<Tensor> state);
  }

  /// A loss with its derivatives.
  ///
  /// @param loss one number, with no memory of where it came from
  /// @param gradients one tensor for each parameter, of its shape
  public record Result(Tensor loss, List<Tensor> gradients) {}

  /// Runs the segments one after the other and differentiates what the last one gives.
  ///
  /// @param segments one at least; the first gets no tensors, the last returns the loss alone
  /// @param parameters what to differentiate with respect to
  /// @return tensors of the current scope
  /// @throws TensorException if the loss holds several numbers or does not depend on a parameter
  public static Result gradients(List<Segment> segments, List<Tensor> parameters) {
    try (Scope scope = Scope.open();
        Backward backward = new Backward(parameters, scope)) {
      List<List<Tensor>> states = states(segments);
      Tensor loss = states.getLast().getFirst();
      if (loss.shape().elements() != 1) {
        throw TensorException.notOneNumber(loss.shape());
      }
      backward.start(loss);
      for (int i = segments.size() - 1; i >= 0; i--) {
        backward.through(segments.get(i), states.get(i));
      }
      return new Result(scope.keep(loss), backward.gradients());
    }
  }

  /// What enters each segment, and the loss at the end.
  private static List<List<Tensor>> states(List<Segment> segments) {
    List<List<Tensor>> states = new ArrayList<>();
    states.add(List.of());
    for (Segment segment : segments) {
      List<Tensor> before = states.getLast();
      states.add(
          Gradients.untracked(() -> {
            try (Scope scope = Scope.open()) {
              // Aliases, since a segment may hand on what it was given.
              return segment.run(before).stream().map(Tensor::alias).map(scope::keep).toList();
            }
          }));
    }
    return states;
  }

  /// The backward pass, segment by segment from the last.
  private static final class Backward implements AutoCloseable {
    private final List<Tensor> parameters;
    private final Scope outer;
    private final List<Optional<Tensor>> found;

    /// The derivative of the loss by each tensor between the segments, where there is one.
    private List<Optional<Tensor>> incoming = List.of();

    private TensorOwner incomingOwner = new TensorOwner();

    Backward(List<Tensor> parameters, Scope outer) {
      this.parameters = parameters;
      this.outer = outer;
      this.found = new ArrayList<>(Collections.nCopies(parameters.size(), Optional.empty()));
    }

    void start(Tensor loss) {
      incoming = List.of(Optional.of(loss.same(torch.ones_like(loss.handle()))));
    }

    void through(Segment segment, List<Tensor> before) {
      try (Scope scope = Scope.open()) {
        List<Tensor> leaves = before.stream().map(Backward::leaf).toList();
        List<Tensor> after = segment.run(leaves);
        List<Tensor> inputs = new ArrayList<>(leaves);
        inputs.addAll(parameters);
        List<Optional<Tensor>> gradients = derivatives(after, inputs);
        replaceIncoming(gradients.subList(0, leaves.size()));
        add(gradients.subList(leaves.size(), inputs.size()), scope);
      }
    }

    private static Tensor leaf(Tensor tensor) {
      Tensor leaf = tensor.detached();
      if (tensor.dtype().isFloating()) {
        leaf.handle().set_requires_grad(true);
      }
      return leaf;
    }

    private List<Optional<Tensor>> derivatives(List<Tensor> after, List<Tensor> inputs) {
      TensorVector outputs = new TensorVector();
      TensorVector weights = new TensorVector();
      for (int i = 0; i < after.size(); i++) {
        if (after.get(i).handle().requires_grad() && incoming.get(i).isPresent()) {
          outputs.push_back(after.get(i).handle());
          weights.push_back(incoming.get(i).get().handle());
        }
      }
      List<Tensor> tracked =
          inputs.stream().filter(input -> input.handle().requires_grad()).toList();
      if (outputs.empty() || tracked.isEmpty()) {
        return Collections.nCopies(inputs.size(), Optional.empty());
      }
      TensorVector wanted = new TensorVector();
      tracked.forEach(input -> wanted.push_back(input.handle()));
      TensorVector gradients =
          torch.grad(outputs, wanted, weights, new BoolOptional(false), false, true);
      List<Optional<Tensor>> all = new ArrayList<>();
      int next = 0;
      for (Tensor input : inputs) {
        all.add(
            input.handle().requires_grad()
                ? defined(input, gradients.get(next++))
                : Optional.empty());
      }
      return all;
    }

    /// A handle of its own: those of the engine's list go with it.
    private static Optional<Tensor> defined(Tensor like, org.bytedeco.pytorch.Tensor gradient) {
      return gradient.defined()
          ? Optional.of(like.same(new org.bytedeco.pytorch.Tensor(gradient)))
          : Optional.empty();
    }

    /// Those of the last segment are of no use any more.
    private void replaceIncoming(List<Optional<Tensor>> gradients) {
      TensorOwner owner = new TensorOwner();
      List<Optional<Tensor>> owned =
          gradients.stream().map(gradient -> gradient.map(owner::own)).toList();
      incomingOwner.close();
      incomingOwner = owner;
      incoming = owned;
    }

    private void add(List<Optional<Tensor>> some, Scope scope) {
      for (int i = 0; i < found.size(); i++) {
        if (some.get(i).isPresent()) {
          Tensor gradient = some.get(i).get();
          Tensor sum = found.get(i).map(before -> before.plus(gradient)).orElse(gradient);
          found.set(i, Optional.of(scope.keep(sum)));
        }
      }
    }

    @Override
    public void close() {
      incomingOwner.close();
    }

    List<Tensor> gradients() {
      List<Tensor> all = new ArrayList<>();
      for (int i = 0; i < found.size(); i++) {
        int index = i;
        all.add(
            outer.keep(
                found
                    .get(i)
                    .orElseThrow(
                        () -> TensorException.noGradient(index, parameters.get(index).shape()))));
      }
      return all;
    }
  }
}
