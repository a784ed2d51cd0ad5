/// Subvalues: takes a trace of a run, gives what each layer, head and neuron adds to the
/// log-probability of one token, which neurons those listen to, and what happens without them. Read
/// [Subvalues].
@NullMarked
package dev.weir.readout.subvalue;

import org.jspecify.annotations.NullMarked;
