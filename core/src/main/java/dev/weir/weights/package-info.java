/// Step 3 of the data flow: file -> named tensors, and back. Takes a safetensors, GGUF or llama2.c
/// file (or a folder with one), gives a [WeightSource] of memory-mapped [WeightEntry]s. Read
/// [WeightFiles], [WeightSource] and [WeightEntry] first.
@NullMarked
package dev.weir.weights;

import org.jspecify.annotations.NullMarked;
