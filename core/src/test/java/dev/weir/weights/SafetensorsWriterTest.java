package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.tensor.DType;
import dev.weir.testing.SharedData;
import dev.weir.weights.SafetensorsWriter.Item;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir private Path folder;

  @Test
  void aRealModelSurvivesTheRoundTripBitForBit() {
    Path copy = folder.resolve("copy.safetensors");
    try (Safetensors model =
        Safetensors.open(SharedData.require("tinystories656k/model.safetensors"))) {
      List<Item> items = model.names().stream().map(model::entry).map(Item::of).toList();
      SafetensorsWriter.write(copy, items, model.metadata());
      try (Safetensors again = Safetensors.open(copy)) {
        assertThat(again.names()).isEqualTo(model.names());
        assertThat(again.metadata()).isEqualTo(model.metadata());
        for (String name : model.names()) {
          WeightEntry entry = again.entry(name);
          assertThat(entry.sizes()).isEqualTo(model.entry(name).sizes());
          assertThat(entry.bytes().mismatch(model.entry(name).bytes())).as(name).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void everyEncodingSurvivesAndIsAligned() {
    List<Item> items =
        Stream.of(Encoding.values())
            .filter(Encoding::isPlain)
            .map(encoding -> item(encoding, new byte[3 * encoding.blockBytes()]))
            .toList();
    Path file = folder.resolve("all.safetensors");
    SafetensorsWriter.write(file, items.reversed(), Map.of("b", "2", "a", "\u00e9\n"));
    try (Safetensors again = Safetensors.open(file)) {
      assertThat(again.names()).hasSameSizeAs(items);
      assertThat(again.metadata()).isEqualTo(Map.of("a", "\u00e9\n", "b", "2"));
      for (String name : again.names()) {
        assertThat(again.entry(name).encoding().name()).isEqualTo(name);
        assertThat(again.entry(name).isAligned()).as(name).isTrue();
      }
    }
  }

  private static Item item(Encoding encoding, byte[] bytes) {
    return new Item(
        encoding.name(), encoding, List.of(3L), channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  @Test
  void theBytesAreTheFormatsAndAlwaysTheSame() throws IOException {
    MemorySegment numbers = MemorySegment.ofArray(new float[] {1, 2});
    List<Item> items = List.of(Item.of("w", DType.FLOAT32, List.of(2L), numbers));
    Path file = folder.resolve("w.safetensors");
    SafetensorsWriter.write(file, items, Map.of("k", "v"));
    String json =
        "{\"__metadata__\":{\"k\":\"v\"},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    int padded = (json.length() + 7) / 8 * 8;
    ByteBuffer expected = TestFiles.little(8 + padded + 8).putLong(padded);
    expected
        .put((json + " ".repeat(padded - json.length())).getBytes(StandardCharsets.UTF_8))
        .putFloat(1)
        .putFloat(2);
    assertThat(Files.readAllBytes(file)).isEqualTo(TestFiles.bytes(expected));
    SafetensorsWriter.write(file, items, Map.of("k", "v"));
    assertThat(Files.readAllBytes(file)).isEqualTo(TestFiles.bytes(expected));
    assertThat(list()).containsExactly("w.safetensors");
  }

  @Test
  void afterAFailureTheOldFileIsThereAndNothingElse() throws IOException {
    Path file = Files.writeString(folder.resolve("w.safetensors"), "old");
    Item tooShort = item(Encoding.F32, new byte[4]);
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(tooShort), Map.of()))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("Its sizes ask for 12 bytes, but 4 were given");
    Item fullDisk =
        new Item(
            "w",
            Encoding.F32,
            List.of(1L),
            _ -> {
              throw new IOException("No space left on device");
            });
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(fullDisk), Map.of()))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("The file cannot be written (No space left on device)");
    assertThat(file).hasContent("old");
    assertThat(list()).containsExactly("w.safetensors");
  }

  @Test
  void whatTheFormatCannotHoldIsRefused() {
    Path file = folder.resolve("w.safetensors");
    Item one = item(Encoding.F32, new byte[12]);
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(one, one), Map.of()))
        .hasMessageContaining("Two tensors have the same name");
    Item blocks = new Item("q", Encoding.Q8_0, List.of(32L), _ -> {});
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(blocks), Map.of()))
        .hasMessageContaining("cannot hold Q8_0 blocks");
    Path nowhere = folder.resolve("gone").resolve("w.safetensors");
    assertThatThrownBy(() -> SafetensorsWriter.write(nowhere, List.of(one), Map.of()))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("cannot be written (there is no such file or folder)");
    assertThatThrownBy(() -> SafetensorsWriter.write(folder, List.of(one), Map.of()))
        .hasMessageContaining("but this is a folder");
  }

  private List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
