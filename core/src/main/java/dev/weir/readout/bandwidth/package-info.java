/// How much of the stream's width is there, and who uses it. Takes a model, or a trace of it, and
/// gives bottleneck ratios, spectra of the stream, and how far what is written lies where others
/// read.
@NullMarked
package dev.weir.readout.bandwidth;

import org.jspecify.annotations.NullMarked;
