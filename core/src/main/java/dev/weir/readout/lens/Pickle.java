package dev.weir.readout.lens;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the pickle of a PyTorch state dict and nothing else. A pickle is a program for a stack
/// machine (Python's `pickletools`); this machine knows the instructions that build dictionaries,
/// tuples, texts and numbers, and the four names that tensors are built with. Whatever else a file
/// asks for is refused, so that reading one never runs anything.
final class Pickle {
  private static final int MOST_STEPS = 10_000_000;

  private final ByteBuffer code;
  private final Path file;
  private final List<Item> stack = new ArrayList<>();
  private final Map<Integer, Item> memo = new HashMap<>();

  private Pickle(byte[] bytes, Path file) {
    this.code = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.file = file;
  }

  /// What stands on the stack.
  private sealed interface Item {
    record Mark() implements Item {}

    record None() implements Item {}

    record Text(String text) implements Item {}

    record Whole(long number) implements Item {}

    record Flag(boolean value) implements Item {}

    record Tuple(List<Item> items) implements Item {}

    record Dict(Map<Item, Item> entries) implements Item {}

    record Name(Known known) implements Item {}

    record Kept(Storage storage) implements Item {}

    record Built(StoredTensor tensor) implements Item {}
  }

  /// The only names of Python that a state dict needs.
  private enum Known {
    ORDERED_DICT,
    REBUILD_TENSOR,
    FLOAT,
    DOUBLE,
    HALF,
    BFLOAT16
  }

  /// Numbers in a file of the archive.
  ///
  /// @param type what kind
  /// @param key the name of the file
  /// @param count how many
  record Storage(Type type, String key, long count) {}

  /// How numbers are stored.
  enum Type {
    FLOAT(4),
    DOUBLE(8),
    HALF(2),
    BFLOAT16(2);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }
  }

  /// A tensor over a storage, row by row.
  ///
  /// @param storage where its numbers are
  /// @param offset the first of them
  /// @param sizes outermost first
  record StoredTensor(Storage storage, long offset, List<Long> sizes) {}

  /// The tensors of a state dict by name, in the order of the file.
  ///
  /// @param bytes the pickle
  /// @param file where it comes from, for messages
  static Map<String, StoredTensor> tensors(byte[] bytes, Path file) {
    return new Pickle(bytes, file).run();
  }

  private Map<String, StoredTensor> run() {
    Item result;
    try {
      result = evaluated();
    } catch (BufferUnderflowException _) {
      throw LensException.badParameters(file, "The list of tensors ends too early");
    }
    if (!(result instanceof Item.Dict(Map<Item, Item> entries))) {
      throw refused("it is no dictionary");
    }
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    entries.forEach((key, value) -> {
      if (!(key instanceof Item.Text(String name))
          || !(value instanceof Item.Built(StoredTensor tensor))) {
        throw refused("an entry is no named tensor");
      }
      tensors.put(name, tensor);
    });
    return tensors;
  }

  private Item evaluated() {
    for (int step = 0; step < MOST_STEPS; step++) {
      int instruction = code.get() & 0xFF;
      if (instruction == '.') {
        return pop();
      }
      perform(instruction);
    }
    throw refused("it is too long");
  }

  private void perform(int instruction) {
    switch (instruction) {
      case 0x80 -> requireProtocol(code.get());
      case '(' -> push(new Item.Mark());
      case 'N' -> push(new Item.None());
      case 0x88 -> push(new Item.Flag(true));
      case 0x89 -> push(new Item.Flag(false));
      case 'K' -> push(new Item.Whole(code.get() & 0xFF));
      case 'M' -> push(new Item.Whole(code.getShort() & 0xFFFF));
      case 'J' -> push(new Item.Whole(code.getInt()));
      case 0x8a -> push(new Item.Whole(longNumber(code.get())));
      case 'X' -> push(new Item.Text(text(code.getInt())));
      case '}' -> push(new Item.Dict(new LinkedHashMap<>()));
      case ')' -> push(new Item.Tuple(List.of()));
      case 't' -> push(new Item.Tuple(popToMark()));
      case 0x85 -> push(new Item.Tuple(popSome(1)));
      case 0x86 -> push(new Item.Tuple(popSome(2)));
      case 0x87 -> push(new Item.Tuple(popSome(3)));
      case 'q' -> memo.put(code.get() & 0xFF, top());
      case 'r' -> memo.put(code.getInt(), top());
      case 'h' -> push(remembered(code.get() & 0xFF));
      case 'j' -> push(remembered(code.getInt()));
      case 'c' -> push(new Item.Name(known(line(), line())));
      case 'Q' -> push(new Item.Kept(storage(pop())));
      case 'R' -> call();
      case 's' -> put(popSome(2));
      case 'u' -> put(popToMark());
      case 'b' -> ignoreAttributes();
      default -> throw refused("instruction 0x%02x".formatted(instruction));
    }
  }

  // ---------------------------------------------------------------- what may be called

  private Known known(String module, String name) {
    return switch (module + "." + name) {
      case "collections.OrderedDict" -> Known.ORDERED_DICT;
      case "torch._utils._rebuild_tensor_v2" -> Known.REBUILD_TENSOR;
      case "torch.FloatStorage" -> Known.FLOAT;
      case "torch.DoubleStorage" -> Known.DOUBLE;
      case "torch.HalfStorage" -> Known.HALF;
      case "torch.BFloat16Storage" -> Known.BFLOAT16;
      default -> throw refused("'%s.%s'".formatted(module, name));
    };
  }

  private void call() {
    Item arguments = pop();
    Item callee = pop();
    if (!(callee instanceof Item.Name(Known known))
        || !(arguments instanceof Item.Tuple(List<Item> given))) {
      throw refused("a call of something unknown");
    }
    switch (known) {
      case ORDERED_DICT -> {
        if (!given.isEmpty()) {
          throw refused("a dictionary made of something else");
        }
        push(new Item.Dict(new LinkedHashMap<>()));
      }
      case REBUILD_TENSOR -> push(new Item.Built(tensor(given)));
      case FLOAT, DOUBLE, HALF, BFLOAT16 -> throw refused("a call of a storage");
    }
  }

  /// `(storage, offset, sizes, strides, requires_grad, hooks)`.
  private StoredTensor tensor(List<Item> given) {
    if (given.size() < 4
        || !(given.get(0) instanceof Item.Kept(Storage storage))
        || !(given.get(1) instanceof Item.Whole(long offset))) {
      throw refused("a tensor without a storage");
    }
    List<Long> sizes = wholes(given.get(2));
    if (!wholes(given.get(3)).equals(rowByRow(sizes))) {
      throw refused("a tensor that does not lie row by row");
    }
    return new StoredTensor(storage, offset, sizes);
  }

  private static List<Long> rowByRow(List<Long> sizes) {
    List<Long> strides = new ArrayList<>();
    long stride = 1;
    for (long size : sizes.reversed()) {
      strides.addFirst(stride);
      stride *= size;
    }
    return strides;
  }

  private List<Long> wholes(Item item) {
    if (!(item instanceof Item.Tuple(List<Item> items))) {
      throw refused("sizes that are no tuple");
    }
    List<Long> wholes = new ArrayList<>();
    for (Item each : items) {
      if (!(each instanceof Item.Whole(long number)) || number < 0) {
        throw refused("a size that is no number");
      }
      wholes.add(number);
    }
    return wholes;
  }

  /// `('storage', type, key, device, count)`.
  private Storage storage(Item id) {
    if (!(id instanceof Item.Tuple(List<Item> parts))
        || parts.size() != 5
        || !parts.get(0).equals(new Item.Text("storage"))
        || !(parts.get(1) instanceof Item.Name(Known known))
        || !(parts.get(2) instanceof Item.Text(String key))
        || !(parts.get(4) instanceof Item.Whole(long count))) {
      throw refused("a reference that is no storage");
    }
    Type type =
        switch (known) {
          case FLOAT -> Type.FLOAT;
          case DOUBLE -> Type.DOUBLE;
          case HALF -> Type.HALF;
          case BFLOAT16 -> Type.BFLOAT16;
          case ORDERED_DICT, REBUILD_TENSOR -> throw refused("a storage of no kind");
        };
    return new Storage(type, key, count);
  }

  /// PyTorch hangs the versions of modules on the dictionary; they say nothing here.
  private void ignoreAttributes() {
    Item attributes = pop();
    if (!(attributes instanceof Item.Dict) || !(top() instanceof Item.Dict)) {
      throw refused("attributes of something that is no dictionary");
    }
  }

  private void put(List<Item> keysAndValues) {
    if (!(top() instanceof Item.Dict(Map<Item, Item> entries)) || keysAndValues.size() % 2 != 0) {
      throw refused("entries of something that is no dictionary");
    }
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      if (!(keysAndValues.get(i) instanceof Item.Text key)) {
        throw refused("a key that is no text");
      }
      entries.put(key, keysAndValues.get(i + 1));
    }
  }

  // ---------------------------------------------------------------- stack and code

  private void requireProtocol(int version) {
    if (version > 4) {
      throw refused("protocol %d".formatted(version));
    }
  }

  private void push(Item item) {
    stack.add(item);
  }

  private Item pop() {
    if (stack.isEmpty()) {
      throw refused("an empty stack");
    }
    return stack.removeLast();
  }

  private Item top() {
    if (stack.isEmpty()) {
      throw refused("an empty stack");
    }
    return stack.getLast();
  }

  private List<Item> popSome(int count) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.addFirst(pop());
    }
    return items;
  }

  private List<Item> popToMark() {
    List<Item> items = new ArrayList<>();
    for (Item item = pop(); !(item instanceof Item.Mark); item = pop()) {
      items.add(item);
    }
    Collections.reverse(items);
    return items;
  }

  private Item remembered(int key) {
    Item item = memo.get(key);
    if (item == null) {
      throw refused("something it never made");
    }
    return item;
  }

  private long longNumber(int length) {
    if (length < 0 || length > 8) {
      throw refused("a number of %d bytes".formatted(length));
    }
    long number = 0;
    for (int i = 0; i < length; i++) {
      number |= (code.get() & 0xFFL) << (8 * i);
    }
    int unused = 64 - 8 * length;
    return length == 0 ? 0 : number << unused >> unused;
  }

  private String text(int length) {
    if (length < 0 || length > code.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] utf8 = new byte[length];
    code.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (int c = code.get(); c != '\n'; c = code.get()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private LensException refused(String what) {
    return LensException.notAStateDict(file, what);
  }
}
