package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.weights.SafetensorsWriter.Item;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Damaged files of every format: each opens and can be read to its end, or is refused with a
/// message of one line. Nothing else may come out.
class WeightMutationTest {
  private static final int RANDOM_MUTATIONS = 700;

  private static final long[] ABSURD = {
    Long.MIN_VALUE, -1, Long.MAX_VALUE, Integer.MAX_VALUE, 0xFFFFFFFFL, 1L << 40, 100_000_000, 0, 1
  };

  @TempDir private Path folder;
  private int opened;
  private int refused;

  @Test
  void damagedSafetensors() throws IOException {
    List<Item> items = new ArrayList<>();
    for (Encoding encoding : Encoding.values()) {
      if (encoding.isPlain()) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[6 * encoding.blockBytes()]);
        items.add(Item.of(new WeightEntry("layer." + encoding, encoding, List.of(2L, 3L), bytes)));
      }
    }
    Path good = folder.resolve("good.safetensors");
    SafetensorsWriter.write(good, items, Map.of("tied", "layer.F32"));
    attack(Files.readAllBytes(good), "a.safetensors", 1);
    attackNumbers(Files.readAllBytes(good), "a.safetensors", 2);
  }

  @Test
  void damagedGguf() throws IOException {
    attack(Files.readAllBytes(GgufTest.golden("blocks.gguf")), "a.gguf", 3);
  }

  @Test
  void damagedLlama2c() {
    attack(TestFiles.llama2cV0(3), "a.bin", 4);
    attack(TestFiles.llama2cV0(-3), "a.bin", 5);
    byte[] version1 = Arrays.copyOf(new byte[] {0x32, 0x34, 0x6b, 0x61, 1}, 256 + 4 * 272);
    System.arraycopy(TestFiles.llama2cV0(3), 0, version1, 8, 28);
    version1[36] = 1;
    attack(version1, "a.bin", 6);
  }

  @Test
  void damagedIndex() throws IOException {
    for (String shard : List.of("one", "two")) {
      MemorySegment bytes = MemorySegment.ofArray(new byte[8]);
      SafetensorsWriter.write(
          folder.resolve(shard + ".safetensors"),
          List.of(Item.of(new WeightEntry(shard, Encoding.F32, List.of(2L), bytes))),
          Map.of());
    }
    String index =
        "{\"metadata\":{\"total_size\":16},"
            + "\"weight_map\":{\"one\":\"one.safetensors\",\"two\":\"two.safetensors\"}}";
    attack(index.getBytes(StandardCharsets.UTF_8), "model.safetensors.index.json", 7);
  }

  private void attack(byte[] good, String name, long seed) {
    Path file = folder.resolve(name);
    assertThat(opens(TestFiles.write(file, good))).as("the undamaged file").isTrue();
    RandomGenerator random = new SplittableRandom(seed);
    for (int length = 0; length < Math.min(good.length, 300); length++) {
      attempt(file, Arrays.copyOf(good, length));
    }
    for (int i = 0; i < RANDOM_MUTATIONS; i++) {
      attempt(file, mutate(good, random));
    }
    for (int offset = 0; offset <= Math.min(good.length - 8, 64); offset += 4) {
      for (long absurd : ABSURD) {
        byte[] bytes = good.clone();
        little(bytes).putLong(offset, absurd);
        attempt(file, bytes);
      }
    }
    assertThat(opened + refused).isGreaterThan(RANDOM_MUTATIONS);
    assertThat(refused).as("mutations that were noticed").isGreaterThan(RANDOM_MUTATIONS / 10);
  }

  /// Replaces one number of the JSON header by another, which the length of the file survives.
  private void attackNumbers(byte[] good, String name, long seed) {
    RandomGenerator random = new SplittableRandom(seed);
    for (int i = 0; i < RANDOM_MUTATIONS; i++) {
      byte[] bytes = good.clone();
      int header = (int) little(bytes).getLong(0);
      for (int edits = random.nextInt(1, 4); edits > 0; ) {
        int at = 8 + random.nextInt(header);
        if (Character.isDigit(bytes[at])) {
          bytes[at] = (byte) random.nextInt('0', '9' + 1);
          edits--;
        }
      }
      attempt(folder.resolve(name), bytes);
    }
  }

  private static byte[] mutate(byte[] good, RandomGenerator random) {
    byte[] bytes = good.clone();
    // Headers come first and matter most.
    int reach = random.nextBoolean() ? Math.min(bytes.length, 1024) : bytes.length;
    return switch (random.nextInt(5)) {
      case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> flipBits(bytes, random.nextInt(1, 9), reach, random);
      case 2 -> overwrite(bytes, random.nextInt(Math.max(1, reach - 8)), random);
      case 3 -> splice(bytes, reach, random);
      default -> remove(bytes, reach, random);
    };
  }

  private static byte[] flipBits(byte[] bytes, int flips, int reach, RandomGenerator random) {
    for (int i = 0; i < flips; i++) {
      bytes[random.nextInt(reach)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  private static byte[] overwrite(byte[] bytes, int at, RandomGenerator random) {
    little(bytes).putLong(at, ABSURD[random.nextInt(ABSURD.length)]);
    return bytes;
  }

  /// Copies one piece over another.
  private static byte[] splice(byte[] bytes, int reach, RandomGenerator random) {
    int length = random.nextInt(1, Math.min(64, bytes.length / 2));
    int from = random.nextInt(bytes.length - length);
    int to = random.nextInt(Math.max(1, reach - length));
    System.arraycopy(bytes.clone(), from, bytes, to, length);
    return bytes;
  }

  private static byte[] remove(byte[] bytes, int reach, RandomGenerator random) {
    int at = random.nextInt(reach);
    int length = Math.min(random.nextInt(1, 16), bytes.length - at);
    byte[] shorter = Arrays.copyOf(bytes, bytes.length - length);
    System.arraycopy(bytes, at + length, shorter, at, bytes.length - at - length);
    return shorter;
  }

  private void attempt(Path file, byte[] bytes) {
    if (opens(TestFiles.write(file, bytes))) {
      opened++;
    } else {
      refused++;
    }
  }

  /// Whether a file opens; if it does, everything in it is read.
  private static boolean opens(Path file) {
    try (WeightSource source = WeightFiles.open(file)) {
      for (String name : source.names()) {
        WeightEntry entry = source.entry(name);
        assertThat(entry.toFloats()).hasSize((int) entry.elements());
        entry.firstNonFinite();
        entry.isAligned();
      }
      if (source instanceof Gguf gguf) {
        readMetadata(gguf.keyValues());
      }
      source.metadata();
      return true;
    } catch (WeightException e) {
      assertThat(e.getMessage()).doesNotContain("\n", "\r").contains("Where: ", "To fix: ");
      assertThat(e.getMessage()).hasSizeLessThan(2000);
      return false;
    }
  }

  private static void readMetadata(GgufMetadata pairs) {
    for (String key : pairs.keys()) {
      for (Runnable read :
          List.<Runnable>of(
              () -> pairs.text(key),
              () -> pairs.number(key),
              () -> pairs.flag(key),
              () -> pairs.texts(key),
              () -> pairs.wholes(key),
              () -> pairs.floats(key))) {
        try {
          read.run();
        } catch (WeightException e) {
          assertThat(e.getMessage()).doesNotContain("\n");
        }
      }
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
