package dev.weir.costs;

import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/// Counts the floating-point operations of every call that Weir makes to its engine, from the
/// shapes of what goes in and what comes out. [CountedClasses] puts it between the two.
///
/// A product of matrices is two operations for each pair of numbers multiplied; element by element,
/// one for each result; a reduction, one for each number reduced; a softmax five, a logarithm of a
/// sum of exponentials four, a LayerNorm seven for each number and two for each vector. A call that
/// it does not know fails the test, so that none is left out in silence.
public final class OperationCount {
  private static final Set<String> ELEMENTWISE =
      Set.of(
          "add",
          "sub",
          "mul",
          "div",
          "square",
          "sqrt",
          "rsqrt",
          "exp",
          "log",
          "tanh",
          "sigmoid",
          "relu",
          "clamp_min",
          "gelu",
          "silu");

  /// Numbers are moved, made, compared for masks or looked at, but nothing is computed.
  private static final Set<String> FREE =
      Set.of(
          "view",
          "reshape",
          "expand",
          "permute",
          "transpose",
          "t",
          "narrow",
          "select",
          "slice",
          "unsqueeze",
          "squeeze",
          "flatten",
          "contiguous",
          "clone",
          "to",
          "cat",
          "stack",
          "zeros",
          "from_blob",
          "index_select",
          "gather",
          "copy_",
          "alias",
          "cpu",
          "detach",
          "isfinite",
          "all",
          "le",
          "bitwise_and",
          "bitwise_or",
          "where",
          "logical_not",
          "arange",
          "set_",
          "as_strided",
          "toType",
          "view_as",
          "retainReference",
          "requires_grad_",
          "empty",
          "put");

  private static final Map<String, Long> COUNTS = new TreeMap<>();

  private OperationCount() {}

  /// Begins anew.
  public static void reset() {
    COUNTS.clear();
  }

  /// How many operations there were since.
  public static long total() {
    return COUNTS.values().stream().mapToLong(Long::longValue).sum();
  }

  /// The same by the engine's names.
  static Map<String, Long> byName() {
    return Map.copyOf(COUNTS);
  }

  /// Links a call of Weir's to the engine: called by the class files that [CountedClasses] makes.
  public static CallSite link(
      MethodHandles.Lookup caller, String name, MethodType type, MethodHandle engine)
      throws ReflectiveOperationException {
    MethodHandle counted =
        MethodHandles.lookup()
            .findStatic(
                OperationCount.class,
                "call",
                MethodType.methodType(
                    Object.class, MethodHandle.class, String.class, Object[].class));
    return new ConstantCallSite(
        MethodHandles.insertArguments(counted, 0, engine.asFixedArity(), name)
            .asCollector(Object[].class, type.parameterCount())
            .asType(type));
  }

  @SuppressWarnings("unused") // Found by name, above.
  private static Object call(MethodHandle engine, String name, Object[] arguments)
      throws Throwable {
    Object result = engine.invokeWithArguments(arguments);
    if (result instanceof Tensor tensor) {
      COUNTS.merge(name, operations(name, arguments, tensor), Long::sum);
    }
    return result;
  }

  private static long operations(String name, Object[] in, Tensor out) {
    if (FREE.contains(name) || !out.is_floating_point()) {
      return 0; // Places in a text are whole numbers.
    }
    if (ELEMENTWISE.contains(name)) {
      return out.numel();
    }
    return switch (name) {
      case "addcmul", "addcmul_" -> 2 * out.numel();
      // Weighted sums alone are computed so: one addition less than sources.
      case "matmul" -> product(name, in, out) - out.numel();
      case "mm", "bmm", "linear", "mv", "addmm", "addmv" -> product(name, in, out);
      case "conv2d" -> out.numel() * (2 * tensor(in, 1).size(-1) - 1);
      case "sum" -> tensor(in, 0).numel() - out.numel();
      case "mean" -> tensor(in, 0).numel();
      case "softmax" -> 5 * tensor(in, 0).numel();
      case "logsumexp" -> 4 * tensor(in, 0).numel();
      case "layer_norm" -> 7 * out.numel() + 2 * out.numel() / out.size(-1);
      case "scaled_dot_product_attention" ->
          attention(tensor(in, 0), tensor(in, 1), (Boolean) in[5]);
      default -> throw new AssertionError("how many operations is the engine's '" + name + "'?");
    };
  }

  private static long product(String name, Object[] in, Tensor out) {
    boolean added = name.startsWith("add");
    Tensor left = tensor(in, added ? 1 : 0);
    boolean biased = added || in.length == 3;
    return 2 * out.numel() * left.size(-1) + (biased ? out.numel() : 0);
  }

  private static long attention(Tensor query, Tensor key, boolean causal) {
    long queries = query.size(2);
    long pairs = causal ? queries * (queries + 1) / 2 : queries * key.size(2);
    long heads = query.size(0) * query.size(1);
    long width = query.size(3);
    return heads * (queries * width + pairs * (4 * width + 5));
  }

  private static Tensor tensor(Object[] arguments, int index) {
    return (Tensor) arguments[index];
  }
}
