/// Whether the stream has a basis of its own. Takes a model, or a trace of it, and gives what a
/// rotation of the whole stream changes, how far its coordinates are from those of a rotated
/// stream, and which of them stand out.
@NullMarked
package dev.weir.readout.basis;

import org.jspecify.annotations.NullMarked;
