package dev.weir.readout.depth;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/// A question about depth, or a change of it, that a model has no answer to.
public final class DepthException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private DepthException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static DepthException noSuchBlock(int block, int nLayers) {
    return new DepthException(
        "There is no block %d in a model of %d".formatted(block, nLayers),
        "blocks",
        "use 0 to %d".formatted(nLayers - 1));
  }

  static DepthException noBlockLeft(int nLayers) {
    return new DepthException(
        "Nothing would be left of the model's %d blocks".formatted(nLayers),
        "blocks",
        "leave at least one");
  }

  static DepthException notARange(int first, int last) {
    return new DepthException(
        "Blocks %d to %d are no group".formatted(first, last),
        "blocks",
        "name the first and a later last block, for instance 2-4");
  }

  static DepthException badCount(String what, int count, String fix) {
    return new DepthException("%s %d is not possible".formatted(what, count), "arguments", fix);
  }

  static DepthException blocksStay(String reason) {
    return new DepthException(
        "The blocks of this model cannot change places: " + reason,
        "pathway",
        "silence a block instead (its writes become zero), or use a model on another pathway");
  }

  static DepthException notParallel(String reason) {
    return new DepthException(
        "The blocks of this model cannot run side by side: " + reason,
        "pathway",
        "use a model whose stream is one vector for each position");
  }

  static DepthException severalTexts(String readout, int texts) {
    return new DepthException(
        "%s reads one text, but this trace holds %d".formatted(readout, texts),
        "trace",
        "trace the texts one by one");
  }

  static DepthException tooFewTexts(long texts, int needed) {
    return new DepthException(
        "A map is fitted on some texts and tried on others, but there are only %d".formatted(texts),
        "texts",
        "give at least %d".formatted(needed));
  }

  static DepthException noGraph(String reason) {
    return new DepthException(
        "This model has no contribution graph: " + reason,
        "contribution graph",
        "use a model with attention, an MLP and a stream that leads from block to block");
  }

  static DepthException badThreshold(double threshold) {
    return new DepthException(
        "A threshold of %s is not possible".formatted(threshold),
        "contribution graph",
        "use a share from 0 up to, but not including, 1");
  }

  static DepthException noSuchPosition(int position, int length) {
    return new DepthException(
        "There is no position %d in a text of %d tokens".formatted(position, length),
        "contribution graph",
        "use 0 to %d, or a negative number to count from the end".formatted(length - 1));
  }

  static DepthException cannotMerge(String reason) {
    return new DepthException(
        "These blocks cannot be averaged: " + reason, "blocks", "drop blocks instead of merging");
  }

  static DepthException cannotMap(String reason) {
    return new DepthException(
        "No linear map can stand for these blocks: " + reason,
        "--heal linear",
        "heal with a training run instead");
  }

  static DepthException exists(Path folder) {
    return new DepthException(
        "There is something already",
        folder.toString(),
        "name a folder that is not there yet, or remove it");
  }

  static DepthException unwritable(Path folder, IOException cause) {
    return new DepthException(
        "The model cannot be written: " + cause.getClass().getSimpleName(),
        folder.toString(),
        "check that the folder around it is there, may be written and has room");
  }
}
