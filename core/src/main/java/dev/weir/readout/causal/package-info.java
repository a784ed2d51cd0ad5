/// Readouts that change a run and see what becomes of the answer: takes a model with pairs of
/// prompts, gives for each place how much of the answer goes through it.
@NullMarked
package dev.weir.readout.causal;

import org.jspecify.annotations.NullMarked;
