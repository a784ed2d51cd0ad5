/// How the stream is used as a memory. Takes runs and weights, gives what becomes of each write:
/// whether it is kept, erased or outgrown, by whom, and what makes up for one that is taken away.
@NullMarked
package dev.weir.readout.memory;

import org.jspecify.annotations.NullMarked;
